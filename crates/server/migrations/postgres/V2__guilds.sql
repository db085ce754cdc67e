-- Guilds, their members, and invitations to a guild or to the instance.

CREATE TABLE guild (
    id              UUID NOT NULL PRIMARY KEY,
    kind            TEXT NOT NULL DEFAULT 'guild' CHECK (kind IN ('guild', 'group')),
    name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    owner_id        UUID NOT NULL REFERENCES account (id),
    -- Permissions of @everyone; none of the dangerous ones.
    everyone        BIGINT NOT NULL,
    -- Raised by every change of rights or membership.
    access_version  BIGINT NOT NULL CHECK (access_version >= 1),
    member_count    BIGINT NOT NULL CHECK (member_count >= 0),
    created_at      BIGINT NOT NULL,
    CHECK (kind = 'group' OR (everyone & ('-9205636918593716224'::bigint)) = 0)
);
CREATE INDEX guild_by_owner ON guild (owner_id);

CREATE TABLE member (
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    joined_at       BIGINT NOT NULL,
    PRIMARY KEY (guild_id, user_id)
);
CREATE INDEX member_by_user ON member (user_id);

-- Everybody who ever was a member: their device logs verify what they signed in the guild's log.
CREATE TABLE guild_signer (
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id),
    PRIMARY KEY (guild_id, user_id)
);

CREATE TABLE invite (
    -- HMAC of the code, which is a secret: whoever holds it may come in.
    code_hash       BYTEA NOT NULL PRIMARY KEY CHECK (length(code_hash) = 32),
    -- A guild's invite is also in its signed log, by its code, which members see.
    code            TEXT UNIQUE CHECK (length(code) BETWEEN 4 AND 64),
    guild_id        UUID REFERENCES guild (id) ON DELETE CASCADE,
    -- The signed certificate of an invite to a guild.
    cert            BYTEA,
    created_by      UUID REFERENCES account (id) ON DELETE CASCADE,
    -- 0: no limit.
    uses            BIGINT NOT NULL CHECK (uses >= 0),
    used            BIGINT NOT NULL CHECK (used >= 0 AND (uses = 0 OR used <= uses)),
    -- Accounts made with it; never more than it may be used.
    registered      BIGINT NOT NULL CHECK (registered >= 0 AND (uses = 0 OR registered <= uses)),
    expires_at      BIGINT,
    ended_at        BIGINT,
    created_at      BIGINT NOT NULL,
    CHECK ((guild_id IS NULL) = (code IS NULL)),
    CHECK (guild_id IS NULL OR created_by IS NOT NULL),
    CHECK (expires_at IS NULL OR expires_at > created_at)
);
CREATE INDEX invite_by_guild ON invite (guild_id);
