-- Channels, who reads them, what was said there, and how keys travel. Times are ms UTC; ids are
-- UUIDv7 in 16 bytes; hashes have 32 bytes.

-- A text channel of a guild, or a direct conversation. Its row is the point of order: a send and
-- a change of its audience both lock it.
CREATE TABLE channel (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    guild_id        BLOB REFERENCES guild (id) ON DELETE CASCADE,
    name            TEXT NOT NULL CHECK (length(name) <= 80),
    position        INTEGER NOT NULL CHECK (position >= 0),
    suite           INTEGER NOT NULL CHECK (suite >= 1),
    -- The audience, as the newest epoch record says it.
    epoch           INTEGER NOT NULL CHECK (epoch >= 0),
    roster_hash     BLOB NOT NULL CHECK (length(roster_hash) = 32),
    -- Sessions that were begun in an earlier epoch than this are not used any more.
    rotate_floor    INTEGER NOT NULL CHECK (rotate_floor >= 0 AND rotate_floor <= epoch),
    record_hash     BLOB NOT NULL CHECK (length(record_hash) = 32),
    -- The transcript.
    last_seq        INTEGER NOT NULL CHECK (last_seq >= 0),
    head            BLOB NOT NULL CHECK (length(head) = 32),
    last_at         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX channel_by_guild ON channel (guild_id, position);

-- The two people of a direct conversation, the smaller id first.
CREATE TABLE dm (
    channel_id      BLOB NOT NULL PRIMARY KEY REFERENCES channel (id) ON DELETE CASCADE,
    low_id          BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    high_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    UNIQUE (low_id, high_id),
    CHECK (low_id < high_id)
) STRICT;
CREATE INDEX dm_by_high ON dm (high_id);

-- From where somebody reads a channel, and how far they have read.
CREATE TABLE reader (
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    joined_seq      INTEGER NOT NULL CHECK (joined_seq >= 0),
    read_seq        INTEGER NOT NULL CHECK (read_seq >= 0),
    PRIMARY KEY (channel_id, user_id)
) STRICT;
CREATE INDEX reader_by_user ON reader (user_id);

-- Rosters, each stored once; many channels share one.
CREATE TABLE roster (
    hash            BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    devices         BLOB NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE epoch_record (
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    epoch           INTEGER NOT NULL CHECK (epoch >= 1),
    record          BLOB NOT NULL,
    -- Sibling hashes, one after the other.
    path            BLOB NOT NULL CHECK (length(path) % 32 = 0),
    leaf            INTEGER NOT NULL CHECK (leaf >= 0 AND leaf < leaves),
    leaves          INTEGER NOT NULL,
    signature       BLOB NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (channel_id, epoch)
) STRICT;

CREATE TABLE message (
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL CHECK (seq >= 1),
    id              BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    sender_user     BLOB NOT NULL CHECK (length(sender_user) = 16),
    sender_device   BLOB NOT NULL CHECK (length(sender_device) = 16),
    txn             BLOB NOT NULL CHECK (length(txn) = 16),
    at              INTEGER NOT NULL,
    epoch           INTEGER NOT NULL CHECK (epoch >= 1),
    roster_hash     BLOB NOT NULL CHECK (length(roster_hash) = 32),
    suite           INTEGER NOT NULL CHECK (suite >= 1),
    class           TEXT NOT NULL CHECK (class IN ('message', 'annotation', 'control')),
    target_id       BLOB CHECK (length(target_id) = 16),
    thread_id       BLOB CHECK (length(thread_id) = 16),
    -- CBOR of whom the message notifies.
    notify          BLOB,
    ttl_s           INTEGER CHECK (ttl_s > 0),
    -- Every message of a group names its session and the index in it: no key and nonce twice.
    group_session   BLOB CHECK (length(group_session) = 32),
    group_index     INTEGER CHECK (group_index >= 0),
    ct              BLOB CHECK (length(ct) >= 16),
    -- When and by whom the content was removed; its hash stays for the transcript.
    scrubbed_at     INTEGER,
    scrubbed_by     BLOB CHECK (length(scrubbed_by) = 16),
    ct_hash         BLOB CHECK (length(ct_hash) = 32),
    c2              BLOB NOT NULL CHECK (length(c2) = 32),
    frank_tag       BLOB NOT NULL CHECK (length(frank_tag) = 36),
    -- The transcript's head after this message.
    head            BLOB NOT NULL CHECK (length(head) = 32),
    PRIMARY KEY (channel_id, seq),
    UNIQUE (sender_device, txn),
    CHECK ((group_session IS NULL) = (group_index IS NULL)),
    CHECK ((class = 'message') = (target_id IS NULL)),
    CHECK ((ct IS NULL) = (scrubbed_at IS NOT NULL)),
    CHECK ((scrubbed_at IS NULL) = (scrubbed_by IS NULL)),
    CHECK ((scrubbed_at IS NULL) = (ct_hash IS NULL))
) STRICT;

-- A Megolm session of one device in one channel, and to whom its key was handed.
CREATE TABLE group_session (
    device_id       BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    id              BLOB NOT NULL CHECK (length(id) = 32),
    channel_id      BLOB NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    created_epoch   INTEGER NOT NULL CHECK (created_epoch >= 1),
    -- The newest epoch whose whole roster is covered; 0 before the first.
    covered_epoch   INTEGER NOT NULL CHECK (covered_epoch >= 0),
    -- From this index on every covered device can read.
    from_index      INTEGER NOT NULL CHECK (from_index >= 0),
    last_index      INTEGER NOT NULL CHECK (last_index >= -1),
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (device_id, id)
) STRICT;
CREATE INDEX group_session_by_channel ON group_session (channel_id);

CREATE TABLE coverage (
    device_id       BLOB NOT NULL,
    session_id      BLOB NOT NULL,
    recipient_id    BLOB NOT NULL CHECK (length(recipient_id) = 16),
    reg_id          INTEGER NOT NULL,
    -- One of the two: from which index on the device can read, or why it can't.
    from_index      INTEGER CHECK (from_index >= 0),
    withheld        TEXT CHECK (withheld IN ('trust_violation', 'min_trust', 'no_prekey')),
    PRIMARY KEY (device_id, session_id, recipient_id),
    FOREIGN KEY (device_id, session_id) REFERENCES group_session (device_id, id) ON DELETE CASCADE,
    CHECK ((from_index IS NULL) <> (withheld IS NULL))
) STRICT;

-- Signed prekeys. A claimed one leaves its hash, so that it is never taken in again.
CREATE TABLE one_time_key (
    device_id       BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    key_id          INTEGER NOT NULL CHECK (key_id >= 0),
    hash            BLOB NOT NULL CHECK (length(hash) = 32),
    signed          BLOB,
    created_at      INTEGER NOT NULL,
    claimed_at      INTEGER,
    PRIMARY KEY (device_id, key_id),
    CHECK ((signed IS NULL) = (claimed_at IS NOT NULL))
) STRICT;
CREATE INDEX one_time_key_unclaimed ON one_time_key (device_id, key_id) WHERE claimed_at IS NULL;
CREATE INDEX one_time_key_by_age ON one_time_key (created_at);

CREATE TABLE fallback_key (
    device_id       BLOB NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    key_id          INTEGER NOT NULL CHECK (key_id >= 0),
    signed          BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    used_at         INTEGER
) STRICT;

-- Who claimed a one-time key of whom, for the limits on it.
CREATE TABLE key_claim (
    claimer_id      BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    target_id       BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    at              INTEGER NOT NULL,
    PRIMARY KEY (claimer_id, target_id)
) STRICT;
CREATE INDEX key_claim_by_time ON key_claim (claimer_id, at);

-- The queue from device to device: numbered without gaps, deleted only when acknowledged.
CREATE TABLE inbox (
    device_id       BLOB NOT NULL PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    last_seq        INTEGER NOT NULL CHECK (last_seq >= 0),
    acked_seq       INTEGER NOT NULL CHECK (acked_seq >= 0 AND acked_seq <= last_seq)
) STRICT;

CREATE TABLE inbox_item (
    device_id       BLOB NOT NULL REFERENCES inbox (device_id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL CHECK (seq >= 1),
    at              INTEGER NOT NULL,
    sender_user     BLOB NOT NULL CHECK (length(sender_user) = 16),
    sender_device   BLOB NOT NULL CHECK (length(sender_device) = 16),
    dedupe_id       BLOB NOT NULL CHECK (length(dedupe_id) = 32),
    class           TEXT NOT NULL CHECK (class IN ('room_key', 'dm_key', 'secret', 'control', 'verification')),
    -- A ciphertext with its kind, or why somebody could not open one, or that a key is withheld.
    kind            INTEGER CHECK (kind IN (0, 1, 2)),
    ct              BLOB,
    nack            TEXT CHECK (nack IN ('unknown_prekey', 'no_session', 'corrupt')),
    withheld        TEXT CHECK (withheld IN ('trust_violation', 'min_trust', 'no_prekey')),
    about_channel   BLOB CHECK (length(about_channel) = 16),
    about_session   BLOB CHECK (length(about_session) = 32),
    PRIMARY KEY (device_id, seq),
    CHECK ((kind IS NULL) = (ct IS NULL)),
    CHECK ((ct IS NULL) <> (nack IS NULL AND withheld IS NULL)),
    CHECK (nack IS NULL OR withheld IS NULL),
    CHECK ((withheld IS NULL) = (about_channel IS NULL)),
    CHECK ((withheld IS NULL) = (about_session IS NULL))
) STRICT;
CREATE UNIQUE INDEX inbox_item_once ON inbox_item (device_id, sender_device, dedupe_id)
    WHERE nack IS NULL;

-- The signed log of a guild, and what its entries amount to.
CREATE TABLE guild_log (
    guild_id        BLOB NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL CHECK (seq >= 1),
    entry           BLOB NOT NULL,
    at              INTEGER NOT NULL,
    PRIMARY KEY (guild_id, seq)
) STRICT;

CREATE TABLE guild_log_state (
    guild_id        BLOB NOT NULL PRIMARY KEY REFERENCES guild (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL CHECK (seq >= 0),
    head            BLOB NOT NULL CHECK (length(head) = 32),
    state           BLOB NOT NULL
) STRICT;
