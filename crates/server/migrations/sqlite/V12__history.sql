-- Earlier messages for those who come later. Times are ms UTC.

-- Members whom somebody vouches for read messages newer than this one; empty: from when they came.
ALTER TABLE channel ADD COLUMN shared_since INTEGER CHECK (shared_since >= 0);

-- Somebody who may read earlier messages of a channel and has no keys for them yet.
CREATE TABLE history_wish (
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    -- The device that asked; empty: nobody asked, the person came.
    device_id       BLOB CHECK (length(device_id) = 16),
    at              INTEGER NOT NULL,
    -- The device that is handing them over.
    claimed_by      BLOB CHECK (length(claimed_by) = 16),
    claimed_at      INTEGER,
    PRIMARY KEY (channel_id, user_id),
    CHECK ((claimed_by IS NULL) = (claimed_at IS NULL))
) STRICT;
CREATE INDEX history_wish_by_user ON history_wish (user_id);
