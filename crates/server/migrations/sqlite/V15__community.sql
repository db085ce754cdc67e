-- How a guild and its people look: nicknames and pictures.

-- What somebody is called in one guild.
ALTER TABLE member ADD COLUMN nickname TEXT CHECK (length(nickname) BETWEEN 1 AND 48);

-- Hashes of the guild's pictures.
ALTER TABLE guild ADD COLUMN icon BLOB CHECK (length(icon) = 32);
ALTER TABLE guild ADD COLUMN banner BLOB CHECK (length(banner) = 32);

-- The pictures that a guild uses, by their SHA-256.
CREATE TABLE picture (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    hash            BLOB NOT NULL CHECK (length(hash) = 32),
    format          TEXT NOT NULL CHECK (format IN ('png', 'jpeg', 'webp')),
    bytes           BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 163840),
    at              INTEGER NOT NULL,
    PRIMARY KEY (guild_id, hash)
) STRICT;
