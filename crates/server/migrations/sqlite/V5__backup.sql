-- The key backup: records that a person's clients sealed, by names that say nothing. And devices
-- that sleep.

CREATE TABLE backup (
    user_id         BLOB NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    -- The newest version: records of older ones are read and deleted, not written.
    version         INTEGER NOT NULL CHECK (version >= 0),
    -- The last number that was given to a record.
    serial          INTEGER NOT NULL CHECK (serial >= 0),
    records         INTEGER NOT NULL CHECK (records >= 0),
    bytes           INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;

CREATE TABLE backup_record (
    user_id         BLOB NOT NULL REFERENCES backup (user_id) ON DELETE CASCADE,
    version         INTEGER NOT NULL CHECK (version >= 1),
    id              BLOB NOT NULL CHECK (length(id) = 16),
    serial          INTEGER NOT NULL CHECK (serial >= 1),
    sealed          BLOB NOT NULL CHECK (length(sealed) BETWEEN 28 AND 4096),
    at              INTEGER NOT NULL,
    PRIMARY KEY (user_id, version, id),
    UNIQUE (user_id, serial)
) STRICT;

-- A device that was away for too long, or for which too much waits: in no audience until it is
-- back with new keys.
ALTER TABLE device ADD COLUMN dormant_at INTEGER;
-- How much waits, and since when it is more than may wait.
ALTER TABLE inbox ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN full_at INTEGER;
