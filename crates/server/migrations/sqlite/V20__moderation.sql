-- Invitations that are paused, memberships that end with the last connection, and what is being
-- removed of people who were banned. Times are ms UTC.

ALTER TABLE invite ADD COLUMN paused_at INTEGER;
-- Who comes in by it stays until their last connection ends.
ALTER TABLE invite ADD COLUMN temporary_at INTEGER;
ALTER TABLE member ADD COLUMN temporary_at INTEGER;
CREATE INDEX member_by_temporary ON member (temporary_at) WHERE temporary_at IS NOT NULL;

-- What somebody said in a channel since a time goes, from the newest on; removed a piece at a time.
CREATE TABLE sweep (
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL CHECK (length(user_id) = 16),
    by_id           BLOB NOT NULL CHECK (length(by_id) = 16),
    since           INTEGER NOT NULL,
    -- Everything from here on was looked at.
    before_seq      INTEGER NOT NULL CHECK (before_seq >= 1),
    removed         INTEGER NOT NULL CHECK (removed >= 0),
    PRIMARY KEY (channel_id, user_id)
) STRICT;
