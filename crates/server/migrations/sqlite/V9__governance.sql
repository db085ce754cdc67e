-- How guilds are governed: roles, categories, overwrites, moderation, and the audit log.
-- What @everyone may never hold stands here as a number too: 9241107155115835392 of 64 bits, signed.

CREATE TABLE role (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    -- 1 is the lowest; without gaps.
    position        INTEGER NOT NULL CHECK (position BETWEEN 1 AND 250),
    color           TEXT CHECK (color GLOB '#[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'),
    hoisted_at      INTEGER,
    mentionable_at  INTEGER,
    permissions     INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX role_by_guild ON role (guild_id, position);

CREATE TABLE member_role (
    guild_id        BLOB NOT NULL,
    user_id         BLOB NOT NULL,
    role_id         BLOB NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, user_id, role_id),
    FOREIGN KEY (guild_id, user_id) REFERENCES member (guild_id, user_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX member_role_by_role ON member_role (role_id);

CREATE TABLE category (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    position        INTEGER NOT NULL CHECK (position >= 0),
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX category_by_guild ON category (guild_id, position);

ALTER TABLE channel ADD COLUMN category_id BLOB REFERENCES category (id);
ALTER TABLE channel ADD COLUMN topic TEXT NOT NULL DEFAULT '' CHECK (length(topic) <= 1024);
ALTER TABLE channel ADD COLUMN slow_mode_s INTEGER NOT NULL DEFAULT 0
    CHECK (slow_mode_s BETWEEN 0 AND 21600);

-- When somebody last sent in a channel with slow mode.
ALTER TABLE reader ADD COLUMN sent_at INTEGER;

-- What a category or channel gives and refuses. Who has no subject is everyone.
CREATE TABLE overwrite (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    -- A category's or a channel's id.
    place_id        BLOB NOT NULL CHECK (length(place_id) = 16),
    place           TEXT NOT NULL CHECK (place IN ('category', 'channel')),
    subject         TEXT NOT NULL CHECK (subject IN ('everyone', 'role', 'member')),
    -- The guild's id for everyone, else a role's or a person's.
    subject_id      BLOB NOT NULL CHECK (length(subject_id) = 16),
    allow           INTEGER NOT NULL,
    deny            INTEGER NOT NULL,
    PRIMARY KEY (place_id, subject_id),
    CHECK ((allow & deny) = 0),
    CHECK (((allow | deny) & (-9223372036854775808)) = 0),
    CHECK (subject <> 'everyone' OR (allow & (-9205636918593716224)) = 0)
) STRICT;
CREATE INDEX overwrite_by_guild ON overwrite (guild_id);
CREATE INDEX overwrite_by_subject ON overwrite (subject_id);

CREATE TABLE ban (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    by_id           BLOB,
    reason          TEXT CHECK (length(reason) BETWEEN 1 AND 512),
    at              INTEGER NOT NULL,
    -- Empty: until somebody lifts it.
    until_at        INTEGER,
    PRIMARY KEY (guild_id, user_id),
    CHECK (until_at IS NULL OR until_at > at)
) STRICT;

-- Outlives leaving and coming back.
CREATE TABLE member_timeout (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    until_at        INTEGER NOT NULL,
    PRIMARY KEY (guild_id, user_id)
) STRICT;
CREATE INDEX member_timeout_by_end ON member_timeout (until_at);

-- What is closed, and since when.
CREATE TABLE guild_gate (
    guild_id        BLOB NOT NULL PRIMARY KEY REFERENCES guild (id) ON DELETE CASCADE,
    joins_closed_at INTEGER,
    invites_closed_at INTEGER,
    newcomer_s      INTEGER NOT NULL CHECK (newcomer_s BETWEEN 0 AND 2592000)
) STRICT;

-- Who came by which invitation.
CREATE TABLE member_join (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at              INTEGER NOT NULL,
    code            TEXT NOT NULL,
    invited_by      BLOB,
    PRIMARY KEY (guild_id, user_id, at)
) STRICT;
CREATE INDEX member_join_by_time ON member_join (guild_id, at);

-- How one person keeps another; the other is never told.
CREATE TABLE relation (
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    other_id        BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    relation        TEXT NOT NULL CHECK (relation IN ('friend', 'muted', 'blocked')),
    at              INTEGER NOT NULL,
    PRIMARY KEY (user_id, other_id),
    CHECK (user_id <> other_id)
) STRICT;
CREATE INDEX relation_by_other ON relation (other_id);

CREATE TABLE contact (
    user_id         BLOB NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    who             TEXT NOT NULL CHECK (who IN ('guilds', 'requests', 'friends', 'nobody'))
) STRICT;

-- The chain of what was done; where it stands is in its last row's head and in audit_head.
CREATE TABLE audit (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL CHECK (seq >= 1),
    at              INTEGER NOT NULL,
    actor_id        BLOB CHECK (length(actor_id) = 16),
    device_id       BLOB CHECK (length(device_id) = 16),
    action          TEXT NOT NULL CHECK (length(action) BETWEEN 3 AND 40),
    target          TEXT NOT NULL CHECK (length(target) <= 128),
    before_json     TEXT,
    after_json      TEXT,
    reason          TEXT CHECK (length(reason) BETWEEN 1 AND 512),
    digest          BLOB NOT NULL CHECK (length(digest) = 32),
    head            BLOB NOT NULL CHECK (length(head) = 32),
    PRIMARY KEY (guild_id, seq)
) STRICT;
CREATE INDEX audit_by_actor ON audit (guild_id, actor_id, seq);
CREATE INDEX audit_by_action ON audit (guild_id, action, seq);
CREATE INDEX audit_by_target ON audit (guild_id, target, seq);

CREATE TABLE audit_head (
    guild_id        BLOB NOT NULL PRIMARY KEY REFERENCES guild (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL CHECK (seq >= 0),
    head            BLOB NOT NULL CHECK (length(head) = 32)
) STRICT;
