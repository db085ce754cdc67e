-- Terms of roles: when the server gives one by itself, and what must be so for it to count. Times are
-- ms UTC. What a role that is given by itself may never hold stands here as a number, as for everyone.

ALTER TABLE role ADD COLUMN automatic TEXT CHECK (automatic IS NULL
    OR (automatic IN ('joined', 'stayed', 'agreed') AND (permissions & (-9205636918593716224)) = 0));
ALTER TABLE role ADD COLUMN automatic_days INTEGER CHECK (automatic_days BETWEEN 1 AND 3650);

-- Whom the server gave a role: it gives it once, so that what was taken away stays away.
CREATE TABLE automatic_role (
    guild_id        BLOB NOT NULL,
    user_id         BLOB NOT NULL,
    role_id         BLOB NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, user_id, role_id),
    FOREIGN KEY (guild_id, user_id) REFERENCES member (guild_id, user_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX automatic_role_by_role ON automatic_role (role_id);

CREATE TABLE role_constraint (
    role_id         BLOB NOT NULL PRIMARY KEY REFERENCES role (id) ON DELETE CASCADE,
    second_factor_at INTEGER,
    verified_device_at INTEGER,
    expires_at      INTEGER,
    -- Hours: the days as bits from Monday on, and minutes.
    days            INTEGER CHECK (days BETWEEN 1 AND 127),
    from_min        INTEGER CHECK (from_min BETWEEN 0 AND 1439),
    until_min       INTEGER CHECK (until_min BETWEEN 0 AND 1439),
    offset_min      INTEGER CHECK (offset_min BETWEEN -840 AND 840),
    -- Networks, with a blank between them.
    networks        TEXT CHECK (length(networks) BETWEEN 3 AND 1000)
) STRICT;

-- Nobody holds both.
CREATE TABLE role_exclusion (
    low_id          BLOB NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    high_id         BLOB NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    PRIMARY KEY (low_id, high_id),
    CHECK (low_id < high_id)
) STRICT;
CREATE INDEX role_exclusion_by_high ON role_exclusion (high_id);

-- The account began with it, or a verified device approved it.
ALTER TABLE device ADD COLUMN verified_at INTEGER;
