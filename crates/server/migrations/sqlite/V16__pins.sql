-- Messages that a channel keeps at hand. Times are ms UTC.

CREATE TABLE pin (
    message_id      BLOB NOT NULL PRIMARY KEY CHECK (length(message_id) = 16),
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL CHECK (seq >= 1),
    at              INTEGER NOT NULL,
    by_user         BLOB NOT NULL CHECK (length(by_user) = 16)
) STRICT;
CREATE INDEX pin_by_channel ON pin (channel_id, at);

-- Raised by every change of the channel's pins: a client that was away sees that it must ask.
ALTER TABLE channel ADD COLUMN pin_version INTEGER NOT NULL DEFAULT 0;
