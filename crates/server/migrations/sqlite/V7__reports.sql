-- Reports of messages. What was revealed and the reporter's words are encrypted at rest; ids are
-- not references, for a report outlives what it is about.
CREATE TABLE report (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    channel_id      BLOB NOT NULL CHECK (length(channel_id) = 16),
    guild_id        BLOB,
    -- Whom it is for: those who moderate the guild, or those who run the instance.
    recipient       TEXT NOT NULL CHECK (recipient IN ('guild', 'operator')),
    reporter_id     BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    subject_id      BLOB NOT NULL CHECK (length(subject_id) = 16),
    reason          TEXT NOT NULL CHECK (reason IN
        ('spam', 'harassment', 'threats', 'illegal', 'self_harm', 'other')),
    note            BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    resolution      TEXT CHECK (resolution IN ('action_taken', 'no_action')),
    resolved_by     BLOB,
    resolved_at     INTEGER,
    -- Who is looking at it, and what they wrote down for others who look; the words are sealed.
    claimed_by      BLOB,
    claimed_at      INTEGER,
    finding         BLOB,
    CHECK (recipient = 'operator' OR guild_id IS NOT NULL),
    CHECK ((resolution IS NULL) = (resolved_at IS NULL)),
    CHECK ((claimed_by IS NULL) = (claimed_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX report_once ON report (reporter_id, subject_id, recipient);
CREATE INDEX report_of_guild ON report (guild_id, created_at) WHERE recipient = 'guild';
CREATE INDEX report_of_operator ON report (created_at) WHERE recipient = 'operator';

CREATE TABLE report_message (
    report_id       BLOB NOT NULL REFERENCES report (id) ON DELETE CASCADE,
    place           INTEGER NOT NULL CHECK (place >= 0),
    message_id      BLOB NOT NULL CHECK (length(message_id) = 16),
    seq             INTEGER NOT NULL CHECK (seq >= 1),
    at              INTEGER NOT NULL,
    sender_id       BLOB NOT NULL CHECK (length(sender_id) = 16),
    sender_device   BLOB NOT NULL CHECK (length(sender_device) = 16),
    content         BLOB NOT NULL,
    PRIMARY KEY (report_id, place)
) STRICT;
