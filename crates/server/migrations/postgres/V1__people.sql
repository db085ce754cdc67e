-- People, their sign-ins and their devices. Times are ms UTC; ids are UUIDv7 as UUID.

CREATE TABLE instance (
    only_row        BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    incarnation     BIGINT NOT NULL CHECK (incarnation >= 1),
    created_at      BIGINT NOT NULL,
    -- HMAC of the token in the set-up link; empty once an operator exists.
    set_up_hash     BYTEA CHECK (length(set_up_hash) = 32),
    -- Who must have a second factor, as the configuration says.
    second_factor   TEXT CHECK (second_factor IN ('nobody', 'staff', 'all'))
);

CREATE TABLE account (
    id              UUID NOT NULL PRIMARY KEY,
    -- As the person writes it; unique by what it is read as.
    username        TEXT NOT NULL CHECK (length(username) BETWEEN 3 AND 32),
    username_key    TEXT NOT NULL UNIQUE,
    display_name    TEXT NOT NULL CHECK (length(display_name) BETWEEN 1 AND 48),
    password_hash   TEXT NOT NULL,
    -- Sealed by the person's clients; the newest entry about it in the device log has its hash.
    vault           BYTEA,
    -- Entries in the device log; 0 until the first sign-in of an account made by the operator.
    devlog_length   BIGINT NOT NULL DEFAULT 0 CHECK (devlog_length >= 0),
    devlog_head     BYTEA CHECK (length(devlog_head) = 32),
    operator_at     BIGINT,
    disabled_at     BIGINT,
    created_at      BIGINT NOT NULL
);

CREATE TABLE device (
    id              UUID NOT NULL PRIMARY KEY,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    reg_id          BIGINT NOT NULL CHECK (reg_id >= 0),
    cert            BYTEA NOT NULL,
    signing_key     BYTEA NOT NULL CHECK (length(signing_key) = 32),
    identity_key    BYTEA NOT NULL CHECK (length(identity_key) = 32),
    name_ct         BYTEA NOT NULL CHECK (length(name_ct) <= 256),
    created_at      BIGINT NOT NULL,
    last_seen_at    BIGINT,
    -- A device is pending until the log names it, then active until the log revokes it.
    active_at       BIGINT,
    revoked_at      BIGINT,
    -- The newest counter of ratchet commits, and the pair of connect nonces.
    writes          BIGINT NOT NULL DEFAULT 0 CHECK (writes >= 0),
    last_nonce      BYTEA CHECK (length(last_nonce) = 32),
    next_nonce      BYTEA CHECK (length(next_nonce) = 32),
    cloned_at       BIGINT
);
CREATE INDEX device_by_user ON device (user_id);

CREATE TABLE devlog (
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    version         BIGINT NOT NULL CHECK (version >= 0),
    entry           BYTEA NOT NULL,
    at              BIGINT NOT NULL,
    PRIMARY KEY (user_id, version)
);

-- A sign-in: the family of its refresh tokens.
CREATE TABLE session (
    id              UUID NOT NULL PRIMARY KEY,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    device_id       UUID NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    client          TEXT NOT NULL CHECK (client IN ('browser', 'native')),
    created_at      BIGINT NOT NULL,
    last_seen_at    BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    ended_why       TEXT,
    -- From where, as the program said of itself and as far as the person is told.
    user_agent      TEXT NOT NULL CHECK (length(user_agent) <= 512),
    place           TEXT NOT NULL,
    -- When the person last gave password and second factor here.
    proved_at       BIGINT NOT NULL,
    CHECK (expires_at > created_at),
    CHECK (expires_at <= created_at + 7776000000)
);
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_device ON session (device_id);
CREATE INDEX session_by_expiry ON session (expires_at);
CREATE INDEX session_by_end ON session (ended_at);

CREATE TABLE refresh_token (
    token_hash      BYTEA NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    session_id      UUID NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    -- Once used, the token that replaced it, sealed so that a lost answer can be repeated.
    used_at         BIGINT,
    successor       BYTEA,
    CHECK (expires_at > created_at)
);
CREATE INDEX refresh_token_by_session ON refresh_token (session_id);
CREATE INDEX refresh_token_by_expiry ON refresh_token (expires_at);

CREATE TABLE challenge (
    nonce           BYTEA NOT NULL PRIMARY KEY CHECK (length(nonce) = 32),
    device_id       UUID NOT NULL,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX challenge_by_expiry ON challenge (expires_at);

-- Attempts that guard accounts outlive a restart.
CREATE TABLE attempt (
    key_hash        BYTEA NOT NULL PRIMARY KEY CHECK (length(key_hash) = 32),
    -- When, ms UTC, 8 bytes each, oldest first; and when the newest is forgotten.
    times           BYTEA NOT NULL,
    until           BIGINT NOT NULL
);
