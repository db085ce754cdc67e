-- Guilds, their members, and invitations to a guild or to the instance.

CREATE TABLE guild (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind            TEXT NOT NULL DEFAULT 'guild' CHECK (kind IN ('guild', 'group')),
    name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    owner_id        BLOB NOT NULL REFERENCES account (id),
    -- Permissions of @everyone; none of the dangerous ones.
    everyone        INTEGER NOT NULL,
    -- Raised by every change of rights or membership.
    access_version  INTEGER NOT NULL CHECK (access_version >= 1),
    member_count    INTEGER NOT NULL CHECK (member_count >= 0),
    created_at      INTEGER NOT NULL,
    CHECK (kind = 'group' OR (everyone & (-9205636918593716224)) = 0)
) STRICT;
CREATE INDEX guild_by_owner ON guild (owner_id);

CREATE TABLE member (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    joined_at       INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) STRICT;
CREATE INDEX member_by_user ON member (user_id);

-- Everybody who ever was a member: their device logs verify what they signed in the guild's log.
CREATE TABLE guild_signer (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id),
    PRIMARY KEY (guild_id, user_id)
) STRICT;

CREATE TABLE invite (
    -- HMAC of the code, which is a secret: whoever holds it may come in.
    code_hash       BLOB NOT NULL PRIMARY KEY CHECK (length(code_hash) = 32),
    -- A guild's invite is also in its signed log, by its code, which members see.
    code            TEXT UNIQUE CHECK (length(code) BETWEEN 4 AND 64),
    guild_id        BLOB REFERENCES guild (id) ON DELETE CASCADE,
    -- The signed certificate of an invite to a guild.
    cert            BLOB,
    created_by      BLOB REFERENCES account (id) ON DELETE CASCADE,
    -- 0: no limit.
    uses            INTEGER NOT NULL CHECK (uses >= 0),
    used            INTEGER NOT NULL CHECK (used >= 0 AND (uses = 0 OR used <= uses)),
    -- Accounts made with it; never more than it may be used.
    registered      INTEGER NOT NULL CHECK (registered >= 0 AND (uses = 0 OR registered <= uses)),
    expires_at      INTEGER,
    ended_at        INTEGER,
    created_at      INTEGER NOT NULL,
    CHECK ((guild_id IS NULL) = (code IS NULL)),
    CHECK (guild_id IS NULL OR created_by IS NOT NULL),
    CHECK (expires_at IS NULL OR expires_at > created_at)
) STRICT;
CREATE INDEX invite_by_guild ON invite (guild_id);
