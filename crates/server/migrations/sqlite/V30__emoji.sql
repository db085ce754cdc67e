-- Emoji that guilds make themselves; their pictures stand beside the guild's.

CREATE TABLE emoji (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    name            TEXT NOT NULL CHECK (length(name) BETWEEN 2 AND 20),
    picture         BLOB NOT NULL CHECK (length(picture) = 32),
    by_id           BLOB NOT NULL CHECK (length(by_id) = 16),
    created_at      INTEGER NOT NULL,
    UNIQUE (guild_id, name)
) STRICT;
CREATE INDEX emoji_by_picture ON emoji (guild_id, picture);
