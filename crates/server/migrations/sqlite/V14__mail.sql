-- People's e-mail addresses, and mails that wait to be handed on.

-- Of the mail server's account, sealed with the keyring.
ALTER TABLE instance ADD COLUMN mail_password BLOB;

-- Addresses are sealed; a proved one is found by its keyed hash.
CREATE TABLE email (
    user_id         BLOB NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE,
    proved          BLOB,
    proved_hash     BLOB UNIQUE CHECK (length(proved_hash) = 32),
    -- One that waits for proof.
    wanted          BLOB,
    -- The proved one before, to which its owner can go back until then.
    former          BLOB,
    former_until    INTEGER,
    CHECK ((proved IS NULL) = (proved_hash IS NULL)),
    CHECK ((former IS NULL) = (former_until IS NULL))
) STRICT;

CREATE TABLE mail (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- What becomes a letter when its turn comes, or one that is written.
    kind            TEXT NOT NULL CHECK (kind IN ('notice', 'forgot', 'letter')),
    user_id         BLOB REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE,
    event_id        BLOB CHECK (length(event_id) = 16),
    -- The letter, or what somebody typed who forgot their password. Emptied at the end.
    sealed          BLOB,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    next_at         INTEGER NOT NULL,
    tries           INTEGER NOT NULL CHECK (tries >= 0),
    -- When its last byte was about to go out: whether it arrived is known by the answer alone.
    handed_at       INTEGER,
    ended_at        INTEGER,
    ended_how       TEXT CHECK (ended_how IN ('sent', 'refused', 'expired', 'unknown', 'nobody')),
    -- What the mail server said last.
    said            TEXT CHECK (length(said) <= 512)
) STRICT;
CREATE INDEX mail_by_turn ON mail (next_at);
CREATE INDEX mail_by_end ON mail (ended_at);
