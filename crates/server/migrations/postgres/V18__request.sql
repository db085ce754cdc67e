-- A conversation that somebody begins waits for the other, until they take it up or decline it.
ALTER TABLE dm ADD COLUMN waits_for UUID;
ALTER TABLE dm ADD COLUMN declined_at BIGINT;

-- What members agree to before they write, and which text each of them agreed to last.
ALTER TABLE guild ADD COLUMN rules TEXT CHECK (length(rules) BETWEEN 1 AND 4000);
ALTER TABLE guild ADD COLUMN rules_n BIGINT NOT NULL DEFAULT 0;
ALTER TABLE member ADD COLUMN rules_n BIGINT NOT NULL DEFAULT 0;
