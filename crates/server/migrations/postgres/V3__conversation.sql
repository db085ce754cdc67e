-- Channels, who reads them, what was said there, and how keys travel. Times are ms UTC; ids are
-- UUIDv7 as UUID; hashes have 32 bytes.

-- A text channel of a guild, or a direct conversation. Its row is the point of order: a send and
-- a change of its audience both lock it.
CREATE TABLE channel (
    id              UUID NOT NULL PRIMARY KEY,
    guild_id        UUID REFERENCES guild (id) ON DELETE CASCADE,
    name            TEXT NOT NULL CHECK (length(name) <= 80),
    position        BIGINT NOT NULL CHECK (position >= 0),
    suite           BIGINT NOT NULL CHECK (suite >= 1),
    -- The audience, as the newest epoch record says it.
    epoch           BIGINT NOT NULL CHECK (epoch >= 0),
    roster_hash     BYTEA NOT NULL CHECK (length(roster_hash) = 32),
    -- Sessions that were begun in an earlier epoch than this are not used any more.
    rotate_floor    BIGINT NOT NULL CHECK (rotate_floor >= 0 AND rotate_floor <= epoch),
    record_hash     BYTEA NOT NULL CHECK (length(record_hash) = 32),
    -- The transcript.
    last_seq        BIGINT NOT NULL CHECK (last_seq >= 0),
    head            BYTEA NOT NULL CHECK (length(head) = 32),
    last_at         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE INDEX channel_by_guild ON channel (guild_id, position);

-- The two people of a direct conversation, the smaller id first.
CREATE TABLE dm (
    channel_id      UUID NOT NULL PRIMARY KEY REFERENCES channel (id) ON DELETE CASCADE,
    low_id          UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    high_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    UNIQUE (low_id, high_id),
    CHECK (low_id < high_id)
);
CREATE INDEX dm_by_high ON dm (high_id);

-- From where somebody reads a channel, and how far they have read.
CREATE TABLE reader (
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    joined_seq      BIGINT NOT NULL CHECK (joined_seq >= 0),
    read_seq        BIGINT NOT NULL CHECK (read_seq >= 0),
    PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX reader_by_user ON reader (user_id);

-- Rosters, each stored once; many channels share one.
CREATE TABLE roster (
    hash            BYTEA NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    devices         BYTEA NOT NULL,
    created_at      BIGINT NOT NULL
);

CREATE TABLE epoch_record (
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    epoch           BIGINT NOT NULL CHECK (epoch >= 1),
    record          BYTEA NOT NULL,
    -- Sibling hashes, one after the other.
    path            BYTEA NOT NULL CHECK (length(path) % 32 = 0),
    leaf            BIGINT NOT NULL CHECK (leaf >= 0 AND leaf < leaves),
    leaves          BIGINT NOT NULL,
    signature       BYTEA NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (channel_id, epoch)
);

CREATE TABLE message (
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    seq             BIGINT NOT NULL CHECK (seq >= 1),
    id              UUID NOT NULL UNIQUE,
    sender_user     UUID NOT NULL,
    sender_device   UUID NOT NULL,
    txn             UUID NOT NULL,
    at              BIGINT NOT NULL,
    epoch           BIGINT NOT NULL CHECK (epoch >= 1),
    roster_hash     BYTEA NOT NULL CHECK (length(roster_hash) = 32),
    suite           BIGINT NOT NULL CHECK (suite >= 1),
    class           TEXT NOT NULL CHECK (class IN ('message', 'annotation', 'control')),
    target_id       UUID,
    thread_id       UUID,
    -- CBOR of whom the message notifies.
    notify          BYTEA,
    ttl_s           BIGINT CHECK (ttl_s > 0),
    -- Every message of a group names its session and the index in it: no key and nonce twice.
    group_session   BYTEA CHECK (length(group_session) = 32),
    group_index     BIGINT CHECK (group_index >= 0),
    ct              BYTEA CHECK (length(ct) >= 16),
    -- When and by whom the content was removed; its hash stays for the transcript.
    scrubbed_at     BIGINT,
    scrubbed_by     UUID,
    ct_hash         BYTEA CHECK (length(ct_hash) = 32),
    c2              BYTEA NOT NULL CHECK (length(c2) = 32),
    frank_tag       BYTEA NOT NULL CHECK (length(frank_tag) = 36),
    -- The transcript's head after this message.
    head            BYTEA NOT NULL CHECK (length(head) = 32),
    PRIMARY KEY (channel_id, seq),
    UNIQUE (sender_device, txn),
    CHECK ((group_session IS NULL) = (group_index IS NULL)),
    CHECK ((class = 'message') = (target_id IS NULL)),
    CHECK ((ct IS NULL) = (scrubbed_at IS NOT NULL)),
    CHECK ((scrubbed_at IS NULL) = (scrubbed_by IS NULL)),
    CHECK ((scrubbed_at IS NULL) = (ct_hash IS NULL))
);

-- A Megolm session of one device in one channel, and to whom its key was handed.
CREATE TABLE group_session (
    device_id       UUID NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    id              BYTEA NOT NULL CHECK (length(id) = 32),
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    created_epoch   BIGINT NOT NULL CHECK (created_epoch >= 1),
    -- The newest epoch whose whole roster is covered; 0 before the first.
    covered_epoch   BIGINT NOT NULL CHECK (covered_epoch >= 0),
    -- From this index on every covered device can read.
    from_index      BIGINT NOT NULL CHECK (from_index >= 0),
    last_index      BIGINT NOT NULL CHECK (last_index >= -1),
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (device_id, id)
);
CREATE INDEX group_session_by_channel ON group_session (channel_id);

CREATE TABLE coverage (
    device_id       UUID NOT NULL,
    session_id      BYTEA NOT NULL,
    recipient_id    UUID NOT NULL,
    reg_id          BIGINT NOT NULL,
    -- One of the two: from which index on the device can read, or why it can't.
    from_index      BIGINT CHECK (from_index >= 0),
    withheld        TEXT CHECK (withheld IN ('trust_violation', 'min_trust', 'no_prekey')),
    PRIMARY KEY (device_id, session_id, recipient_id),
    FOREIGN KEY (device_id, session_id) REFERENCES group_session (device_id, id) ON DELETE CASCADE,
    CHECK ((from_index IS NULL) <> (withheld IS NULL))
);

-- Signed prekeys. A claimed one leaves its hash, so that it is never taken in again.
CREATE TABLE one_time_key (
    device_id       UUID NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    key_id          BIGINT NOT NULL CHECK (key_id >= 0),
    hash            BYTEA NOT NULL CHECK (length(hash) = 32),
    signed          BYTEA,
    created_at      BIGINT NOT NULL,
    claimed_at      BIGINT,
    PRIMARY KEY (device_id, key_id),
    CHECK ((signed IS NULL) = (claimed_at IS NOT NULL))
);
CREATE INDEX one_time_key_unclaimed ON one_time_key (device_id, key_id) WHERE claimed_at IS NULL;
CREATE INDEX one_time_key_by_age ON one_time_key (created_at);

CREATE TABLE fallback_key (
    device_id       UUID NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    key_id          BIGINT NOT NULL CHECK (key_id >= 0),
    signed          BYTEA NOT NULL,
    created_at      BIGINT NOT NULL,
    used_at         BIGINT
);

-- Who claimed a one-time key of whom, for the limits on it.
CREATE TABLE key_claim (
    claimer_id      UUID NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    target_id       UUID NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    at              BIGINT NOT NULL,
    PRIMARY KEY (claimer_id, target_id)
);
CREATE INDEX key_claim_by_time ON key_claim (claimer_id, at);

-- The queue from device to device: numbered without gaps, deleted only when acknowledged.
CREATE TABLE inbox (
    device_id       UUID NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    last_seq        BIGINT NOT NULL CHECK (last_seq >= 0),
    acked_seq       BIGINT NOT NULL CHECK (acked_seq >= 0 AND acked_seq <= last_seq)
);

CREATE TABLE inbox_item (
    device_id       UUID NOT NULL REFERENCES inbox (device_id) ON DELETE CASCADE,
    seq             BIGINT NOT NULL CHECK (seq >= 1),
    at              BIGINT NOT NULL,
    sender_user     UUID NOT NULL,
    sender_device   UUID NOT NULL,
    dedupe_id       BYTEA NOT NULL CHECK (length(dedupe_id) = 32),
    class           TEXT NOT NULL CHECK (class IN ('room_key', 'dm_key', 'secret', 'control', 'verification')),
    -- A ciphertext with its kind, or why somebody could not open one, or that a key is withheld.
    kind            BIGINT CHECK (kind IN (0, 1, 2)),
    ct              BYTEA,
    nack            TEXT CHECK (nack IN ('unknown_prekey', 'no_session', 'corrupt')),
    withheld        TEXT CHECK (withheld IN ('trust_violation', 'min_trust', 'no_prekey')),
    about_channel   UUID,
    about_session   BYTEA CHECK (length(about_session) = 32),
    PRIMARY KEY (device_id, seq),
    CHECK ((kind IS NULL) = (ct IS NULL)),
    CHECK ((ct IS NULL) <> (nack IS NULL AND withheld IS NULL)),
    CHECK (nack IS NULL OR withheld IS NULL),
    CHECK ((withheld IS NULL) = (about_channel IS NULL)),
    CHECK ((withheld IS NULL) = (about_session IS NULL))
);
CREATE UNIQUE INDEX inbox_item_once ON inbox_item (device_id, sender_device, dedupe_id)
    WHERE nack IS NULL;

-- The signed log of a guild, and what its entries amount to.
CREATE TABLE guild_log (
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    seq             BIGINT NOT NULL CHECK (seq >= 1),
    entry           BYTEA NOT NULL,
    at              BIGINT NOT NULL,
    PRIMARY KEY (guild_id, seq)
);

CREATE TABLE guild_log_state (
    guild_id        UUID NOT NULL PRIMARY KEY REFERENCES guild (id) ON DELETE CASCADE,
    seq             BIGINT NOT NULL CHECK (seq >= 0),
    head            BYTEA NOT NULL CHECK (length(head) = 32),
    state           BYTEA NOT NULL
);
