-- How long messages are kept: the shortest of what channel, guild and instance say. Days; times are
-- ms UTC.

ALTER TABLE channel ADD COLUMN retention_days BIGINT CHECK (retention_days BETWEEN 1 AND 3650);
ALTER TABLE guild ADD COLUMN retention_days BIGINT CHECK (retention_days BETWEEN 1 AND 3650);
-- As the configuration says.
ALTER TABLE instance ADD COLUMN retention_days BIGINT CHECK (retention_days BETWEEN 1 AND 3650);

-- Everything of the channel up to here was looked at, and went.
ALTER TABLE channel ADD COLUMN retained_seq BIGINT NOT NULL DEFAULT 0;

-- Each time that what is too old was looked for.
CREATE TABLE retention_run (
    started_at      BIGINT NOT NULL PRIMARY KEY,
    -- Empty: it was interrupted, and is taken up again.
    ended_at        BIGINT,
    next_at         BIGINT NOT NULL,
    channels        BIGINT NOT NULL CHECK (channels >= 0),
    messages        BIGINT NOT NULL CHECK (messages >= 0)
);
