-- People's e-mail addresses, and mails that wait to be handed on.

-- Of the mail server's account, sealed with the keyring.
ALTER TABLE instance ADD COLUMN mail_password BYTEA;

-- Addresses are sealed; a proved one is found by its keyed hash.
CREATE TABLE email (
    user_id         UUID NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE,
    proved          BYTEA,
    proved_hash     BYTEA UNIQUE CHECK (length(proved_hash) = 32),
    -- One that waits for proof.
    wanted          BYTEA,
    -- The proved one before, to which its owner can go back until then.
    former          BYTEA,
    former_until    BIGINT,
    CHECK ((proved IS NULL) = (proved_hash IS NULL)),
    CHECK ((former IS NULL) = (former_until IS NULL))
);

CREATE TABLE mail (
    id              UUID NOT NULL PRIMARY KEY,
    -- What becomes a letter when its turn comes, or one that is written.
    kind            TEXT NOT NULL CHECK (kind IN ('notice', 'forgot', 'letter')),
    user_id         UUID REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE,
    event_id        UUID,
    -- The letter, or what somebody typed who forgot their password. Emptied at the end.
    sealed          BYTEA,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    next_at         BIGINT NOT NULL,
    tries           BIGINT NOT NULL CHECK (tries >= 0),
    -- When its last byte was about to go out: whether it arrived is known by the answer alone.
    handed_at       BIGINT,
    ended_at        BIGINT,
    ended_how       TEXT CHECK (ended_how IN ('sent', 'refused', 'expired', 'unknown', 'nobody')),
    -- What the mail server said last.
    said            TEXT CHECK (length(said) <= 512)
);
CREATE INDEX mail_by_turn ON mail (next_at);
CREATE INDEX mail_by_end ON mail (ended_at);
