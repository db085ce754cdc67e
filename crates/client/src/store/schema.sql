CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- People whose device logs this device has verified and pinned.
CREATE TABLE person (
    user BLOB PRIMARY KEY,
    username TEXT NOT NULL,
    display_name TEXT NOT NULL,
    log BLOB,
    violation TEXT,
    -- How often they had started over when this device first met them, or when it was noted.
    starts_noted INTEGER NOT NULL DEFAULT 0,
    -- How often they have begun, as the pinned log has it.
    lives INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Whom this person has verified, and whose new keys they accepted.
CREATE TABLE person_record (user BLOB PRIMARY KEY, record BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE guild (
    guild BLOB PRIMARY KEY,
    view BLOB NOT NULL,
    log BLOB,
    -- The guild's first operation, as an invite link promised it.
    genesis BLOB,
    violation TEXT,
    members_version INTEGER NOT NULL DEFAULT -1,
    -- The newest signed checkpoint of the audit log that follows from all those before it.
    audit BLOB,
    -- The newest place of the log that the server signed.
    log_head BLOB
) STRICT, WITHOUT ROWID;

-- Where each guild's log stood after its newest entries.
CREATE TABLE guild_head (
    guild BLOB NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    PRIMARY KEY (guild, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    guild BLOB NOT NULL REFERENCES guild ON DELETE CASCADE,
    user BLOB NOT NULL,
    joined_at INTEGER NOT NULL,
    roles BLOB NOT NULL,
    nickname TEXT,
    timed_out_until INTEGER,
    -- Until their last connection ends.
    temporary INTEGER NOT NULL,
    settled_at INTEGER,
    quarantined_at INTEGER,
    PRIMARY KEY (guild, user)
) STRICT, WITHOUT ROWID;

-- Guilds that this person applied to by a link, and what it said of them.
CREATE TABLE applied (guild BLOB PRIMARY KEY, genesis BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Pictures of guilds, by the hash of their bytes.
CREATE TABLE picture (hash BLOB PRIMARY KEY, format TEXT NOT NULL, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- How this person keeps others, as the server last told it.
CREATE TABLE relation (user BLOB PRIMARY KEY, relation TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE invite_seed (guild BLOB NOT NULL, code TEXT PRIMARY KEY, seed TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE channel (
    channel BLOB PRIMARY KEY,
    guild BLOB,
    peer BLOB,
    -- Somebody has begun the conversation, and the other has not taken it up: 1 this person is
    -- asked, 2 the other is, 3 this person declined, 4 the other's account is gone.
    request INTEGER,
    -- Messages go when they are so old, in ms; empty: they are kept.
    kept_ms INTEGER,
    view BLOB NOT NULL,
    last_at INTEGER NOT NULL DEFAULT 0,
    draft TEXT NOT NULL DEFAULT '',
    -- What its people call a conversation of several, and which message said so.
    title TEXT,
    title_seq INTEGER NOT NULL DEFAULT 0,
    -- Messages low..=high are here without a gap; low > high: none.
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    reached_start INTEGER NOT NULL DEFAULT 0,
    -- The transcript at `high`, and the newest signed head.
    head BLOB,
    signed_head BLOB,
    -- The audience as verified: epoch, record hash, floor, roster.
    epoch INTEGER NOT NULL DEFAULT 0,
    record_hash BLOB,
    floor INTEGER NOT NULL DEFAULT 0,
    roster BLOB,
    -- The first epoch whose roster had this device.
    first_epoch INTEGER,
    stale_at INTEGER,
    -- How far the server knows that this person has read.
    told_read INTEGER NOT NULL DEFAULT 0,
    -- The newest removal by somebody else than the author that took effect here.
    scrub_seq INTEGER NOT NULL DEFAULT 0,
    -- When keys of earlier messages were asked for, if none have come since.
    history_asked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
    channel BLOB NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    author BLOB NOT NULL,
    device BLOB NOT NULL,
    txn BLOB NOT NULL,
    class INTEGER NOT NULL,
    state INTEGER NOT NULL,
    body TEXT,
    cause INTEGER,
    -- The sealed message, until it was opened.
    sealed BLOB,
    session BLOB,
    msg_index INTEGER,
    since INTEGER NOT NULL,
    -- What it is about, and what it says whole; `body` is its text as it stands now.
    target BLOB,
    content BLOB,
    edited_at INTEGER,
    -- Who removed its content.
    removed_by BLOB,
    -- When it disappears, by the server's clock.
    expires_at INTEGER,
    -- Names this person, or everyone.
    calls_me INTEGER NOT NULL DEFAULT 0,
    -- Where it stands in the search index, in the order of time; none: not there (yet).
    place INTEGER,
    -- The message in whose thread it stands.
    thread BLOB,
    -- 1: it came with a thread, and what stands around it in the channel did not.
    aside INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (channel, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_thread ON message (thread, seq) WHERE thread IS NOT NULL;
CREATE UNIQUE INDEX message_id ON message (id);
CREATE INDEX message_session ON message (session, msg_index) WHERE session IS NOT NULL;
CREATE INDEX message_closed ON message (state, channel) WHERE state <> 0;
CREATE INDEX message_txn ON message (device, txn);
CREATE INDEX message_kept ON message (channel, at) WHERE class = 0 AND state <> 4;
CREATE INDEX message_expiry ON message (expires_at) WHERE expires_at IS NOT NULL AND state <> 4;
CREATE INDEX message_calls ON message (at) WHERE calls_me = 1;
CREATE INDEX message_about ON message (target, seq) WHERE target IS NOT NULL;
CREATE UNIQUE INDEX message_place ON message (place) WHERE place IS NOT NULL;
CREATE INDEX message_unplaced ON message (at) WHERE place IS NULL AND state = 0 AND class = 0;

-- Threads, by the message that they hang on.
CREATE TABLE thread (
    root BLOB PRIMARY KEY,
    channel BLOB NOT NULL,
    started_by BLOB NOT NULL,
    started_at INTEGER NOT NULL,
    archived_at INTEGER,
    messages INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    -- This person began it, wrote in it or was named in it.
    mine INTEGER NOT NULL DEFAULT 0,
    -- What they chose, if they did: 1 to be told of it, 0 not to be.
    follow INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_channel ON thread (channel, last_seq);

-- How far this person has read threads, and how far the server knows it.
CREATE TABLE thread_read (
    root BLOB PRIMARY KEY,
    channel BLOB NOT NULL,
    read_seq INTEGER NOT NULL,
    told_read INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What each channel keeps at hand, as the server lists it.
CREATE TABLE pins (channel BLOB PRIMARY KEY, version INTEGER NOT NULL, list BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- What this person keeps for themself on all their devices, by name; `due`: the others lack it.
CREATE TABLE own_note (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    at INTEGER NOT NULL,
    device BLOB NOT NULL,
    due INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Words of opened messages, cut and folded by src/search/word.rs, and what else they can be found
-- by. The index holds no text of its own; what is deleted from it is overwritten.
CREATE VIRTUAL TABLE search USING fts5 (body, marks, content = '', columnsize = 0, tokenize = 'ascii');

-- What proves who wrote an opened message, for reports.
CREATE TABLE evidence (message BLOB PRIMARY KEY, proof BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- The transcript's head after each of the newest messages, as this device computed it.
CREATE TABLE transcript (
    channel BLOB NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    PRIMARY KEY (channel, seq)
) STRICT, WITHOUT ROWID;

-- The server was caught with two histories of a channel, or two logs of a guild: nothing is sent
-- there until the person has looked at it.
CREATE TABLE fork (
    place BLOB PRIMARY KEY,
    sentence TEXT NOT NULL,
    -- What the server signed, as one text that anybody can check.
    proof TEXT NOT NULL,
    at INTEGER NOT NULL,
    accepted_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    entry BLOB PRIMARY KEY,
    channel BLOB NOT NULL,
    place INTEGER NOT NULL,
    body TEXT NOT NULL,
    -- What is said, and what the server must know of it.
    content BLOB NOT NULL,
    frame BLOB NOT NULL,
    at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    -- The exact request, once it was encrypted.
    request BLOB,
    code TEXT,
    message TEXT,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Messages that leave later, from this device.
CREATE TABLE scheduled (entry BLOB PRIMARY KEY, channel BLOB NOT NULL, body TEXT NOT NULL, due_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Exact requests that were encrypted and not yet acknowledged (shares and answers to nacks).
CREATE TABLE parcel (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    channel BLOB,
    path TEXT NOT NULL,
    body BLOB NOT NULL,
    session BLOB,
    devices BLOB NOT NULL
) STRICT;

CREATE TABLE outbound (
    channel BLOB PRIMARY KEY,
    session BLOB NOT NULL,
    ratchet BLOB NOT NULL,
    created_epoch INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    shared_history INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Which devices hold the outbound session, at which registration.
CREATE TABLE coverage (
    session BLOB NOT NULL,
    device BLOB NOT NULL,
    reg_id INTEGER NOT NULL,
    PRIMARY KEY (session, device)
) STRICT, WITHOUT ROWID;

-- Devices that get no key of the outbound session, and why.
CREATE TABLE withheld_from (
    session BLOB NOT NULL,
    device BLOB NOT NULL,
    code INTEGER NOT NULL,
    PRIMARY KEY (session, device)
) STRICT, WITHOUT ROWID;

-- Sessions whose key others do not give to this device, as the server says.
CREATE TABLE withheld (
    session BLOB NOT NULL,
    channel BLOB NOT NULL,
    sender_device BLOB NOT NULL,
    code INTEGER NOT NULL,
    PRIMARY KEY (session, sender_device)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbound (
    session BLOB PRIMARY KEY,
    channel BLOB NOT NULL,
    sender_user BLOB NOT NULL,
    sender_device BLOB NOT NULL,
    ratchet BLOB NOT NULL,
    first_index INTEGER NOT NULL,
    created_epoch INTEGER NOT NULL,
    shared_history INTEGER NOT NULL,
    suite INTEGER NOT NULL,
    -- 1: from one's own backup, not from the sender.
    restored INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX inbound_channel ON inbound (channel);

-- What the backup should hold, and how far it does.
CREATE TABLE backup (
    -- 0: group session, 1: key of a direct message, 2: decision about a person.
    kind INTEGER NOT NULL,
    name BLOB NOT NULL,
    -- The version in which the present form is acknowledged; 0: in none.
    version INTEGER NOT NULL DEFAULT 0,
    -- The record that the next form replaces.
    serial INTEGER NOT NULL DEFAULT 0,
    serial_version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX backup_version ON backup (version);
-- Group sessions that somebody else than their sender handed over: what was said before one came.
-- They never stand in for what came from the sender.
CREATE TABLE history_key (
    session BLOB NOT NULL,
    -- Who handed it over.
    via BLOB NOT NULL,
    channel BLOB NOT NULL,
    sender_user BLOB NOT NULL,
    sender_device BLOB NOT NULL,
    ratchet BLOB NOT NULL,
    first_index INTEGER NOT NULL,
    created_epoch INTEGER NOT NULL,
    suite INTEGER NOT NULL,
    PRIMARY KEY (session, via)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_key_channel ON history_key (channel);

-- Messages that were opened with such a session. That stays, whatever comes later.
CREATE TABLE message_via (message BLOB PRIMARY KEY, via BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- What was handed over before the log that says whether it may be taken was here.
CREATE TABLE history_waiting (
    dedupe_id BLOB PRIMARY KEY,
    channel BLOB NOT NULL,
    via BLOB NOT NULL,
    device BLOB NOT NULL,
    keys BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dm_key (
    channel BLOB NOT NULL,
    sender_device BLOB NOT NULL,
    txn BLOB NOT NULL,
    key BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (channel, sender_device, txn)
) STRICT, WITHOUT ROWID;

CREATE TABLE olm (
    device BLOB NOT NULL,
    session TEXT NOT NULL,
    ratchet BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- When it last opened something; it is what we answer with.
    heard_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (device, session)
) STRICT, WITHOUT ROWID;

-- Items of the queue that took effect: each does so once.
CREATE TABLE taken (dedupe_id BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- What was sent to devices, in case one says that it could not open it.
CREATE TABLE sent_item (
    dedupe_id BLOB PRIMARY KEY,
    device BLOB NOT NULL,
    class INTEGER NOT NULL,
    content BLOB NOT NULL,
    at INTEGER NOT NULL,
    resent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Items that could not be opened here, until the server has taken the report.
CREATE TABLE nack (seq INTEGER PRIMARY KEY, reason INTEGER NOT NULL, device BLOB NOT NULL, at INTEGER NOT NULL, reported INTEGER NOT NULL DEFAULT 0) STRICT;

-- Items that somebody could not open and that are not sealed again yet.
CREATE TABLE owed (dedupe_id BLOB PRIMARY KEY, user BLOB NOT NULL, device BLOB NOT NULL) STRICT, WITHOUT ROWID;
