-- Invitations that are paused, memberships that end with the last connection, and what is being
-- removed of people who were banned. Times are ms UTC.

ALTER TABLE invite ADD COLUMN paused_at BIGINT;
-- Who comes in by it stays until their last connection ends.
ALTER TABLE invite ADD COLUMN temporary_at BIGINT;
ALTER TABLE member ADD COLUMN temporary_at BIGINT;
CREATE INDEX member_by_temporary ON member (temporary_at) WHERE temporary_at IS NOT NULL;

-- What somebody said in a channel since a time goes, from the newest on; removed a piece at a time.
CREATE TABLE sweep (
    channel_id      UUID NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL,
    by_id           UUID NOT NULL,
    since           BIGINT NOT NULL,
    -- Everything from here on was looked at.
    before_seq      BIGINT NOT NULL CHECK (before_seq >= 1),
    removed         BIGINT NOT NULL CHECK (removed >= 0),
    PRIMARY KEY (channel_id, user_id)
);
