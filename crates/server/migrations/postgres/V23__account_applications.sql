-- Applying for an account. Times are ms UTC.

-- What applicants are asked, as a list in JSON.
ALTER TABLE instance ADD COLUMN questions TEXT CHECK (length(questions) <= 16384);

CREATE TABLE account_application (
    id              UUID NOT NULL PRIMARY KEY,
    username        TEXT NOT NULL CHECK (length(username) BETWEEN 3 AND 32),
    username_key    TEXT NOT NULL,
    display_name    TEXT NOT NULL CHECK (length(display_name) BETWEEN 1 AND 48),
    -- Address and answers; emptied 30 days after the decision.
    sealed          BYTEA,
    created_at      BIGINT NOT NULL,
    decision        TEXT CHECK (decision IN ('approved', 'rejected')),
    decided_at      BIGINT,
    decided_by      UUID REFERENCES account (id) ON DELETE SET NULL ON UPDATE CASCADE,
    reason          TEXT CHECK (length(reason) <= 500),
    -- Keyed hash of what lets the applicant in, until when, and whether it went by mail alone.
    code_hash       BYTEA UNIQUE CHECK (length(code_hash) = 32),
    code_until      BIGINT,
    mailed_at       BIGINT,
    used_at         BIGINT,
    CHECK ((decision IS NULL) = (decided_at IS NULL))
);
CREATE UNIQUE INDEX account_application_waiting ON account_application (username_key) WHERE decided_at IS NULL;
CREATE INDEX account_application_by_decision ON account_application (decided_at);
