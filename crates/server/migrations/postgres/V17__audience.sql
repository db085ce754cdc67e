-- An audience has room for so many devices: who came when there was none waits for a place, and
-- the channel may go on in another one.
ALTER TABLE channel ADD COLUMN waiting BIGINT NOT NULL DEFAULT 0 CHECK (waiting >= 0);
ALTER TABLE channel ADD COLUMN continues UUID REFERENCES channel (id) ON DELETE SET NULL;
CREATE UNIQUE INDEX channel_by_continues ON channel (continues);

CREATE TABLE channel_waiting (
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    since           BIGINT NOT NULL,
    PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX channel_waiting_by_user ON channel_waiting (user_id);
