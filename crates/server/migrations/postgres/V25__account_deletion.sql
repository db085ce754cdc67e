-- Accounts whose owners have asked for an end to them. Times are ms UTC.

ALTER TABLE account ADD COLUMN deletion_asked_at BIGINT;
-- When everything of it goes, unless its owner keeps it until then.
ALTER TABLE account ADD COLUMN deletion_at BIGINT;
-- Nothing is left but an id, and the public keys that others' logs were signed with.
ALTER TABLE account ADD COLUMN deleted_at BIGINT;
CREATE INDEX account_by_deletion ON account (deletion_at) WHERE deletion_at IS NOT NULL;

-- One of the two has deleted their account: nobody writes any more.
ALTER TABLE dm ADD COLUMN gone_at BIGINT;
