-- What guards accounts: locks, second factors, single-use secrets, and what happened.

-- Wrong guesses in a row, by a keyed hash of the name: the table names nobody, and a name that
-- nobody has is counted alike.
CREATE TABLE lockout (
    key_hash        BYTEA NOT NULL PRIMARY KEY CHECK (length(key_hash) = 32),
    failures        BIGINT NOT NULL CHECK (failures >= 0),
    locked_until    BIGINT,
    last_at         BIGINT NOT NULL
);
CREATE INDEX lockout_by_time ON lockout (last_at);

CREATE TABLE security_event (
    id              UUID NOT NULL PRIMARY KEY,
    -- Empty for what happened to the instance.
    user_id         UUID REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE,
    kind            TEXT NOT NULL CHECK (length(kind) <= 64),
    at              BIGINT NOT NULL,
    device_id       UUID,
    -- Emptied after 30 days; the place stays.
    address         TEXT NOT NULL CHECK (length(address) <= 64),
    place           TEXT NOT NULL CHECK (length(place) <= 64),
    user_agent      TEXT NOT NULL CHECK (length(user_agent) <= 512),
    -- When the person was shown it; empty for what they need not look at.
    seen_at         BIGINT,
    notable_at      BIGINT,
    -- The operator who did it from a client, and what changed.
    by_user         UUID REFERENCES account (id) ON DELETE SET NULL ON UPDATE CASCADE,
    about           TEXT NOT NULL DEFAULT '' CHECK (length(about) <= 256)
);
CREATE INDEX security_event_by_user ON security_event (user_id, id);
CREATE INDEX security_event_by_time ON security_event (at);

-- A secret shared with the person's authenticator, sealed with the server's keyring.
CREATE TABLE totp (
    user_id         UUID NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE,
    sealed          BYTEA NOT NULL,
    created_at      BIGINT NOT NULL,
    activated_at    BIGINT,
    -- The newest time step that was used: a code opens once.
    last_step       BIGINT NOT NULL
);

CREATE TABLE backup_code (
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE,
    code_hash       BYTEA NOT NULL CHECK (length(code_hash) = 32),
    created_at      BIGINT NOT NULL,
    used_at         BIGINT,
    PRIMARY KEY (user_id, code_hash)
);

-- Secrets that are good for one use: the rest of a sign-in, links in mails.
CREATE TABLE one_time (
    token_hash      BYTEA NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE,
    purpose         TEXT NOT NULL CHECK (length(purpose) <= 32),
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    CHECK (expires_at > created_at)
);
CREATE INDEX one_time_by_user ON one_time (user_id, purpose);
CREATE INDEX one_time_by_expiry ON one_time (expires_at);
