-- How guilds are governed: roles, categories, overwrites, moderation, and the audit log.
-- What @everyone may never hold stands here as a number too: 9241107155115835392 of 64 bits, signed.

CREATE TABLE role (
    id              UUID NOT NULL PRIMARY KEY,
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    -- 1 is the lowest; without gaps.
    position        BIGINT NOT NULL CHECK (position BETWEEN 1 AND 250),
    color           TEXT CHECK (color ~ '^#[0-9a-f]{6}$'),
    hoisted_at      BIGINT,
    mentionable_at  BIGINT,
    permissions     BIGINT NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE INDEX role_by_guild ON role (guild_id, position);

CREATE TABLE member_role (
    guild_id        UUID NOT NULL,
    user_id         UUID NOT NULL,
    role_id         UUID NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, user_id, role_id),
    FOREIGN KEY (guild_id, user_id) REFERENCES member (guild_id, user_id) ON DELETE CASCADE
);
CREATE INDEX member_role_by_role ON member_role (role_id);

CREATE TABLE category (
    id              UUID NOT NULL PRIMARY KEY,
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    position        BIGINT NOT NULL CHECK (position >= 0),
    created_at      BIGINT NOT NULL
);
CREATE INDEX category_by_guild ON category (guild_id, position);

ALTER TABLE channel ADD COLUMN category_id UUID REFERENCES category (id);
ALTER TABLE channel ADD COLUMN topic TEXT NOT NULL DEFAULT '' CHECK (length(topic) <= 1024);
ALTER TABLE channel ADD COLUMN slow_mode_s BIGINT NOT NULL DEFAULT 0
    CHECK (slow_mode_s BETWEEN 0 AND 21600);

-- When somebody last sent in a channel with slow mode.
ALTER TABLE reader ADD COLUMN sent_at BIGINT;

-- What a category or channel gives and refuses. Who has no subject is everyone.
CREATE TABLE overwrite (
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    -- A category's or a channel's id.
    place_id        UUID NOT NULL,
    place           TEXT NOT NULL CHECK (place IN ('category', 'channel')),
    subject         TEXT NOT NULL CHECK (subject IN ('everyone', 'role', 'member')),
    -- The guild's id for everyone, else a role's or a person's.
    subject_id      UUID NOT NULL,
    allow           BIGINT NOT NULL,
    deny            BIGINT NOT NULL,
    PRIMARY KEY (place_id, subject_id),
    CHECK ((allow & deny) = 0),
    CHECK (((allow | deny) & ('-9223372036854775808'::bigint)) = 0),
    CHECK (subject <> 'everyone' OR (allow & ('-9205636918593716224'::bigint)) = 0)
);
CREATE INDEX overwrite_by_guild ON overwrite (guild_id);
CREATE INDEX overwrite_by_subject ON overwrite (subject_id);

CREATE TABLE ban (
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    by_id           UUID,
    reason          TEXT CHECK (length(reason) BETWEEN 1 AND 512),
    at              BIGINT NOT NULL,
    -- Empty: until somebody lifts it.
    until_at        BIGINT,
    PRIMARY KEY (guild_id, user_id),
    CHECK (until_at IS NULL OR until_at > at)
);

-- Outlives leaving and coming back.
CREATE TABLE member_timeout (
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    until_at        BIGINT NOT NULL,
    PRIMARY KEY (guild_id, user_id)
);
CREATE INDEX member_timeout_by_end ON member_timeout (until_at);

-- What is closed, and since when.
CREATE TABLE guild_gate (
    guild_id        UUID NOT NULL PRIMARY KEY REFERENCES guild (id) ON DELETE CASCADE,
    joins_closed_at BIGINT,
    invites_closed_at BIGINT,
    newcomer_s      BIGINT NOT NULL CHECK (newcomer_s BETWEEN 0 AND 2592000)
);

-- Who came by which invitation.
CREATE TABLE member_join (
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at              BIGINT NOT NULL,
    code            TEXT NOT NULL,
    invited_by      UUID,
    PRIMARY KEY (guild_id, user_id, at)
);
CREATE INDEX member_join_by_time ON member_join (guild_id, at);

-- How one person keeps another; the other is never told.
CREATE TABLE relation (
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    other_id        UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    relation        TEXT NOT NULL CHECK (relation IN ('friend', 'muted', 'blocked')),
    at              BIGINT NOT NULL,
    PRIMARY KEY (user_id, other_id),
    CHECK (user_id <> other_id)
);
CREATE INDEX relation_by_other ON relation (other_id);

CREATE TABLE contact (
    user_id         UUID NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    who             TEXT NOT NULL CHECK (who IN ('guilds', 'requests', 'friends', 'nobody'))
);

-- The chain of what was done; where it stands is in its last row's head and in audit_head.
CREATE TABLE audit (
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    seq             BIGINT NOT NULL CHECK (seq >= 1),
    at              BIGINT NOT NULL,
    actor_id        UUID,
    device_id       UUID,
    action          TEXT NOT NULL CHECK (length(action) BETWEEN 3 AND 40),
    target          TEXT NOT NULL CHECK (length(target) <= 128),
    before_json     TEXT,
    after_json      TEXT,
    reason          TEXT CHECK (length(reason) BETWEEN 1 AND 512),
    digest          BYTEA NOT NULL CHECK (length(digest) = 32),
    head            BYTEA NOT NULL CHECK (length(head) = 32),
    PRIMARY KEY (guild_id, seq)
);
CREATE INDEX audit_by_actor ON audit (guild_id, actor_id, seq);
CREATE INDEX audit_by_action ON audit (guild_id, action, seq);
CREATE INDEX audit_by_target ON audit (guild_id, target, seq);

CREATE TABLE audit_head (
    guild_id        UUID NOT NULL PRIMARY KEY REFERENCES guild (id) ON DELETE CASCADE,
    seq             BIGINT NOT NULL CHECK (seq >= 0),
    head            BYTEA NOT NULL CHECK (length(head) = 32)
);
