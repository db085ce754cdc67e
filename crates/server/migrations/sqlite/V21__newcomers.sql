-- What newcomers may not do yet, and members whom a moderator has put in quarantine. Times are ms
-- UTC.

ALTER TABLE guild_gate ADD COLUMN links_s INTEGER NOT NULL DEFAULT 0
    CHECK (links_s BETWEEN 0 AND 2592000);
ALTER TABLE guild_gate ADD COLUMN mentions_s INTEGER NOT NULL DEFAULT 0
    CHECK (mentions_s BETWEEN 0 AND 2592000);
-- A moderator no longer counts them as new.
ALTER TABLE member ADD COLUMN settled_at INTEGER;

-- Outlives leaving and coming back, until a moderator lifts it.
CREATE TABLE member_quarantine (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at              INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) STRICT;
