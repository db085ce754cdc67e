-- Emoji that guilds make themselves; their pictures stand beside the guild's.

CREATE TABLE emoji (
    id              UUID NOT NULL PRIMARY KEY,
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    name            TEXT NOT NULL CHECK (length(name) BETWEEN 2 AND 20),
    picture         BYTEA NOT NULL CHECK (length(picture) = 32),
    by_id           UUID NOT NULL,
    created_at      BIGINT NOT NULL,
    UNIQUE (guild_id, name)
);
CREATE INDEX emoji_by_picture ON emoji (guild_id, picture);
