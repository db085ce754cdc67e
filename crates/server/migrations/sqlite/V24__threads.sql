-- Threads: what hangs on a message of a channel. Times are ms UTC.

CREATE TABLE thread (
    root_id         BLOB NOT NULL PRIMARY KEY CHECK (length(root_id) = 16),
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    root_seq        INTEGER NOT NULL CHECK (root_seq >= 1),
    started_by      BLOB NOT NULL CHECK (length(started_by) = 16),
    started_at      INTEGER NOT NULL,
    -- Since when nobody writes in it.
    archived_at     INTEGER,
    messages        INTEGER NOT NULL CHECK (messages >= 1),
    last_seq        INTEGER NOT NULL CHECK (last_seq > root_seq),
    last_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX thread_by_channel ON thread (channel_id, last_seq);

-- How far somebody has read a thread.
CREATE TABLE thread_reader (
    root_id         BLOB NOT NULL REFERENCES thread (root_id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    channel_id      BLOB NOT NULL CHECK (length(channel_id) = 16),
    read_seq        INTEGER NOT NULL CHECK (read_seq >= 0),
    moved_at        INTEGER NOT NULL,
    PRIMARY KEY (root_id, user_id)
) STRICT;
CREATE INDEX thread_reader_by_user ON thread_reader (user_id, moved_at, root_id);

CREATE INDEX message_by_thread ON message (thread_id, seq) WHERE thread_id IS NOT NULL;
