-- Threads: what hangs on a message of a channel. Times are ms UTC.

CREATE TABLE thread (
    root_id         UUID NOT NULL PRIMARY KEY,
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    root_seq        BIGINT NOT NULL CHECK (root_seq >= 1),
    started_by      UUID NOT NULL,
    started_at      BIGINT NOT NULL,
    -- Since when nobody writes in it.
    archived_at     BIGINT,
    messages        BIGINT NOT NULL CHECK (messages >= 1),
    last_seq        BIGINT NOT NULL CHECK (last_seq > root_seq),
    last_at         BIGINT NOT NULL
);
CREATE INDEX thread_by_channel ON thread (channel_id, last_seq);

-- How far somebody has read a thread.
CREATE TABLE thread_reader (
    root_id         UUID NOT NULL REFERENCES thread (root_id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    channel_id      UUID NOT NULL,
    read_seq        BIGINT NOT NULL CHECK (read_seq >= 0),
    moved_at        BIGINT NOT NULL,
    PRIMARY KEY (root_id, user_id)
);
CREATE INDEX thread_reader_by_user ON thread_reader (user_id, moved_at, root_id);

CREATE INDEX message_by_thread ON message (thread_id, seq) WHERE thread_id IS NOT NULL;
