-- Reports of messages. What was revealed and the reporter's words are encrypted at rest; ids are
-- not references, for a report outlives what it is about.
CREATE TABLE report (
    id              UUID NOT NULL PRIMARY KEY,
    channel_id      UUID NOT NULL,
    guild_id        UUID,
    -- Whom it is for: those who moderate the guild, or those who run the instance.
    recipient       TEXT NOT NULL CHECK (recipient IN ('guild', 'operator')),
    reporter_id     UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    subject_id      UUID NOT NULL,
    reason          TEXT NOT NULL CHECK (reason IN
        ('spam', 'harassment', 'threats', 'illegal', 'self_harm', 'other')),
    note            BYTEA NOT NULL,
    created_at      BIGINT NOT NULL,
    resolution      TEXT CHECK (resolution IN ('action_taken', 'no_action')),
    resolved_by     UUID,
    resolved_at     BIGINT,
    -- Who is looking at it, and what they wrote down for others who look; the words are sealed.
    claimed_by      UUID,
    claimed_at      BIGINT,
    finding         BYTEA,
    CHECK (recipient = 'operator' OR guild_id IS NOT NULL),
    CHECK ((resolution IS NULL) = (resolved_at IS NULL)),
    CHECK ((claimed_by IS NULL) = (claimed_at IS NULL))
);
CREATE UNIQUE INDEX report_once ON report (reporter_id, subject_id, recipient);
CREATE INDEX report_of_guild ON report (guild_id, created_at) WHERE recipient = 'guild';
CREATE INDEX report_of_operator ON report (created_at) WHERE recipient = 'operator';

CREATE TABLE report_message (
    report_id       UUID NOT NULL REFERENCES report (id) ON DELETE CASCADE,
    place           BIGINT NOT NULL CHECK (place >= 0),
    message_id      UUID NOT NULL,
    seq             BIGINT NOT NULL CHECK (seq >= 1),
    at              BIGINT NOT NULL,
    sender_id       UUID NOT NULL,
    sender_device   UUID NOT NULL,
    content         BYTEA NOT NULL,
    PRIMARY KEY (report_id, place)
);
