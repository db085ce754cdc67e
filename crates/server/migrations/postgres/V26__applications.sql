-- Joining by application. Times are ms UTC.

-- What somebody is asked who wants to join, as JSON; empty: joining takes no application.
ALTER TABLE guild ADD COLUMN questions TEXT CHECK (length(questions) BETWEEN 2 AND 4000);

CREATE TABLE application (
    guild_id        UUID NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at              BIGINT NOT NULL,
    -- By which invitation they came to apply.
    code            TEXT NOT NULL,
    invited_by      UUID,
    -- Questions with answers, as JSON.
    answers         TEXT NOT NULL CHECK (length(answers) <= 16000),
    -- Set once it was declined.
    declined_at     BIGINT,
    reason          TEXT CHECK (length(reason) BETWEEN 1 AND 512),
    PRIMARY KEY (guild_id, user_id)
);
CREATE INDEX application_by_user ON application (user_id);
