-- How long messages are kept: the shortest of what channel, guild and instance say. Days; times are
-- ms UTC.

ALTER TABLE channel ADD COLUMN retention_days INTEGER CHECK (retention_days BETWEEN 1 AND 3650);
ALTER TABLE guild ADD COLUMN retention_days INTEGER CHECK (retention_days BETWEEN 1 AND 3650);
-- As the configuration says.
ALTER TABLE instance ADD COLUMN retention_days INTEGER CHECK (retention_days BETWEEN 1 AND 3650);

-- Everything of the channel up to here was looked at, and went.
ALTER TABLE channel ADD COLUMN retained_seq INTEGER NOT NULL DEFAULT 0;

-- Each time that what is too old was looked for.
CREATE TABLE retention_run (
    started_at      INTEGER NOT NULL PRIMARY KEY,
    -- Empty: it was interrupted, and is taken up again.
    ended_at        INTEGER,
    next_at         INTEGER NOT NULL,
    channels        INTEGER NOT NULL CHECK (channels >= 0),
    messages        INTEGER NOT NULL CHECK (messages >= 0)
) STRICT;
