-- An audience has room for so many devices: who came when there was none waits for a place, and
-- the channel may go on in another one.
ALTER TABLE channel ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0);
ALTER TABLE channel ADD COLUMN continues BLOB REFERENCES channel (id) ON DELETE SET NULL;
CREATE UNIQUE INDEX channel_by_continues ON channel (continues);

CREATE TABLE channel_waiting (
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    since           INTEGER NOT NULL,
    PRIMARY KEY (channel_id, user_id)
) STRICT;
CREATE INDEX channel_waiting_by_user ON channel_waiting (user_id);
