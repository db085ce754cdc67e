-- What is said about messages, and removals of them. Times are ms UTC.

-- Removals by somebody else than the author, numbered in each channel: a client that was away
-- asks for those after the last one that it knows.
CREATE TABLE scrub (
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    n               BIGINT NOT NULL CHECK (n >= 1),
    message_id      UUID NOT NULL,
    at              BIGINT NOT NULL,
    by_user         UUID NOT NULL,
    PRIMARY KEY (channel_id, n)
);

ALTER TABLE channel ADD COLUMN scrub_seq BIGINT NOT NULL DEFAULT 0;

CREATE INDEX message_by_target ON message (target_id, seq) WHERE target_id IS NOT NULL;

-- When a message disappears, if it does.
ALTER TABLE message ADD COLUMN expires_at BIGINT;

CREATE INDEX message_by_expiry ON message (expires_at)
    WHERE expires_at IS NOT NULL AND scrubbed_at IS NULL;
