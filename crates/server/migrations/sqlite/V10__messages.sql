-- What is said about messages, and removals of them. Times are ms UTC.

-- Removals by somebody else than the author, numbered in each channel: a client that was away
-- asks for those after the last one that it knows.
CREATE TABLE scrub (
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    n               INTEGER NOT NULL CHECK (n >= 1),
    message_id      BLOB NOT NULL CHECK (length(message_id) = 16),
    at              INTEGER NOT NULL,
    by_user         BLOB NOT NULL CHECK (length(by_user) = 16),
    PRIMARY KEY (channel_id, n)
) STRICT;

ALTER TABLE channel ADD COLUMN scrub_seq INTEGER NOT NULL DEFAULT 0;

CREATE INDEX message_by_target ON message (target_id, seq) WHERE target_id IS NOT NULL;

-- When a message disappears, if it does.
ALTER TABLE message ADD COLUMN expires_at INTEGER;

CREATE INDEX message_by_expiry ON message (expires_at)
    WHERE expires_at IS NOT NULL AND scrubbed_at IS NULL;
