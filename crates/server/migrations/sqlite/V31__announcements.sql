-- Since when only those with the right to announce write in a channel (ms UTC).

ALTER TABLE channel ADD COLUMN announcements_at INTEGER;
