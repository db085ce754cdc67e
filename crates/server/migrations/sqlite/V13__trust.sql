-- The member's account started over, and has not come back to the guild as who it is now: in no
-- audience of the guild until then.
ALTER TABLE member ADD COLUMN started_over_at INTEGER;
