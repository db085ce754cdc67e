-- Messages that a channel keeps at hand. Times are ms UTC.

CREATE TABLE pin (
    message_id      UUID NOT NULL PRIMARY KEY,
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    seq             BIGINT NOT NULL CHECK (seq >= 1),
    at              BIGINT NOT NULL,
    by_user         UUID NOT NULL
);
CREATE INDEX pin_by_channel ON pin (channel_id, at);

-- Raised by every change of the channel's pins: a client that was away sees that it must ask.
ALTER TABLE channel ADD COLUMN pin_version BIGINT NOT NULL DEFAULT 0;
