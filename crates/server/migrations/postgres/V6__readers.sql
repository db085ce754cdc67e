-- Conversations of several people, and channels that only some members read.

-- Everybody in the guild, or those in channel_reader.
ALTER TABLE channel ADD COLUMN readers TEXT NOT NULL DEFAULT 'everyone'
    CHECK (readers IN ('everyone', 'listed'));

-- Who may read a listed channel, as the signed log of its guild says it.
CREATE TABLE channel_reader (
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX channel_reader_by_user ON channel_reader (user_id);
