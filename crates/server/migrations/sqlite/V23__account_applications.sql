-- Applying for an account. Times are ms UTC.

-- What applicants are asked, as a list in JSON.
ALTER TABLE instance ADD COLUMN questions TEXT CHECK (length(questions) <= 16384);

CREATE TABLE account_application (
    id              BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    username        TEXT NOT NULL CHECK (length(username) BETWEEN 3 AND 32),
    username_key    TEXT NOT NULL,
    display_name    TEXT NOT NULL CHECK (length(display_name) BETWEEN 1 AND 48),
    -- Address and answers; emptied 30 days after the decision.
    sealed          BLOB,
    created_at      INTEGER NOT NULL,
    decision        TEXT CHECK (decision IN ('approved', 'rejected')),
    decided_at      INTEGER,
    decided_by      BLOB REFERENCES account (id) ON DELETE SET NULL ON UPDATE CASCADE,
    reason          TEXT CHECK (length(reason) <= 500),
    -- Keyed hash of what lets the applicant in, until when, and whether it went by mail alone.
    code_hash       BLOB UNIQUE CHECK (length(code_hash) = 32),
    code_until      INTEGER,
    mailed_at       INTEGER,
    used_at         INTEGER,
    CHECK ((decision IS NULL) = (decided_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX account_application_waiting ON account_application (username_key) WHERE decided_at IS NULL;
CREATE INDEX account_application_by_decision ON account_application (decided_at);
