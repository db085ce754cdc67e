//! Accounts that are about to go, and what of a person is left when theirs is gone: an id that
//! stands for nobody, and the public keys with which others verify what that person signed.

use cloister_wire::{ChannelId, DeviceId, GuildId, UserId, deletion::DELETED_NAME};

use super::{
    account::name_key,
    db::{Sql, Tx},
};
use crate::{
    Result,
    access::{Permit, System},
    params, sql,
};

sql! {
    GET = "SELECT username, operator_at, deletion_asked_at, deletion_at FROM account
        WHERE id = $1 AND deleted_at IS NULL";
    PUT = "UPDATE account SET deletion_asked_at = $2, deletion_at = $3
        WHERE id = $1 AND deleted_at IS NULL";
    DUE = "SELECT id FROM account WHERE deletion_at <= $1 ORDER BY deletion_at, id LIMIT $2";
    IS_PENDING = "SELECT 1 FROM account WHERE id = $1 AND deletion_at IS NOT NULL";
    OWNS = "SELECT id FROM guild WHERE owner_id = $1 AND (kind = 'guild' OR member_count > 1)
        ORDER BY id";
    DELETE_LONELY = "DELETE FROM guild WHERE owner_id = $1 AND kind = 'group'";
    OTHER_OPERATORS = "SELECT 1 FROM account WHERE operator_at IS NOT NULL AND id <> $1
        AND deletion_at IS NULL AND disabled_at IS NULL LIMIT 1";
    DEVICES_OF = "SELECT id FROM device WHERE user_id = $1 ORDER BY id";
    // What they said goes from every channel where a device of theirs ever sent anything.
    SWEEP = "INSERT INTO sweep (channel_id, user_id, by_id, since, before_seq, removed)
        SELECT id, $1, $1, 0, last_seq + 1, 0 FROM channel WHERE last_seq > 0 AND id IN
        (SELECT m.channel_id FROM message AS m JOIN device AS d ON d.id = m.sender_device
        WHERE d.user_id = $1)
        ON CONFLICT (channel_id, user_id) DO UPDATE
        SET by_id = excluded.by_id, since = 0, before_seq = excluded.before_seq";
    CONVERSATIONS = "SELECT channel_id, CASE WHEN low_id = $1 THEN high_id ELSE low_id END AS peer
        FROM dm WHERE low_id = $1 OR high_id = $1 ORDER BY channel_id";
    CLOSE_CONVERSATIONS = "UPDATE dm SET gone_at = $2, waits_for = NULL, declined_at = NULL
        WHERE low_id = $1 OR high_id = $1";
    // With its sign-ins, keys, and whatever waits for it.
    DEVICES = "DELETE FROM device WHERE user_id = $1";
    EMAIL = "DELETE FROM email WHERE user_id = $1";
    MAIL = "DELETE FROM mail WHERE user_id = $1";
    BACKUP = "DELETE FROM backup WHERE user_id = $1";
    TOTP = "DELETE FROM totp WHERE user_id = $1";
    BACKUP_CODES = "DELETE FROM backup_code WHERE user_id = $1";
    ONE_TIMES = "DELETE FROM one_time WHERE user_id = $1";
    EVENTS = "DELETE FROM security_event WHERE user_id = $1";
    READERS = "DELETE FROM reader WHERE user_id = $1";
    THREAD_READERS = "DELETE FROM thread_reader WHERE user_id = $1";
    CHANNEL_READERS = "DELETE FROM channel_reader WHERE user_id = $1";
    WAITING = "DELETE FROM channel_waiting WHERE user_id = $1";
    WISHES = "DELETE FROM history_wish WHERE user_id = $1";
    RELATIONS = "DELETE FROM relation WHERE user_id = $1 OR other_id = $1";
    CONTACT = "DELETE FROM contact WHERE user_id = $1";
    APPLICATIONS = "DELETE FROM application WHERE user_id = $1";
    BANS = "DELETE FROM ban WHERE user_id = $1";
    TIMEOUTS = "DELETE FROM member_timeout WHERE user_id = $1";
    QUARANTINES = "DELETE FROM member_quarantine WHERE user_id = $1";
    JOINS = "DELETE FROM member_join WHERE user_id = $1";
    INVITES = "DELETE FROM invite WHERE created_by = $1";
    EMPTY = "UPDATE account SET username = $2, username_key = $3, display_name = $4,
        password_hash = '', vault = NULL, operator_at = NULL, disabled_at = $5,
        deletion_asked_at = NULL, deletion_at = NULL, deleted_at = $5 WHERE id = $1";
}

/// Everything that is a person's own and nobody else's.
const OWN: [Sql; 21] = [
    DEVICES,
    EMAIL,
    MAIL,
    BACKUP,
    TOTP,
    BACKUP_CODES,
    ONE_TIMES,
    EVENTS,
    READERS,
    THREAD_READERS,
    CHANNEL_READERS,
    WAITING,
    WISHES,
    RELATIONS,
    CONTACT,
    APPLICATIONS,
    BANS,
    TIMEOUTS,
    QUARANTINES,
    JOINS,
    INVITES,
];

/// How an account stands.
#[derive(Debug, Clone)]
pub struct Standing {
    pub username: String,
    pub operator_at: Option<u64>,
    pub asked_at: Option<u64>,
    /// When it goes.
    pub at: Option<u64>,
}

/// None for an account that is gone.
pub fn get<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<Option<Standing>> {
    tx.maybe(GET, params![user], |row| {
        Ok(Standing {
            username: row.get("username")?,
            operator_at: row.get("operator_at")?,
            asked_at: row.get("deletion_asked_at")?,
            at: row.get("deletion_at")?,
        })
    })
}

/// It goes at `at`, or not.
pub fn put<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
    (asked_at, at): (Option<u64>, Option<u64>),
) -> Result<()> {
    tx.execute(PUT, params![user, asked_at, at]).map(|_| ())
}

/// Whose time has come, the longest due first.
pub fn page_due(tx: &mut Tx<'_>, _: &Permit<'_, System>, limit: u32) -> Result<Vec<UserId>> {
    let now = tx.now();
    tx.query(DUE, params![now, limit], |row| row.get(0))
}

pub fn is_pending(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    Ok(tx.maybe(IS_PENDING, params![user], |_| Ok(()))?.is_some())
}

/// Guilds that the person owns, and group conversations with others in them.
pub fn page_owned<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<Vec<GuildId>> {
    tx.query(OWNS, params![user], |row| row.get(0))
}

/// Whether somebody else runs the instance who stays.
pub fn has_other_operators<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<bool> {
    let found = tx.maybe(OTHER_OPERATORS, params![user], |_| Ok(()))?;
    Ok(found.is_some())
}

pub fn page_devices(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    user: UserId,
) -> Result<Vec<DeviceId>> {
    tx.query(DEVICES_OF, params![user], |row| row.get(0))
}

/// Group conversations in which nobody else is.
pub fn delete_lonely(tx: &mut Tx<'_>, _: &Permit<'_, System>, user: UserId) -> Result<()> {
    tx.execute(DELETE_LONELY, params![user]).map(|_| ())
}

/// Everything that the person said is to be removed, channel by channel.
pub fn begin_sweep(tx: &mut Tx<'_>, _: &Permit<'_, System>, user: UserId) -> Result<()> {
    tx.execute(SWEEP, params![user]).map(|_| ())
}

/// The person's direct conversations, each with whom.
pub fn page_conversations(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    user: UserId,
) -> Result<Vec<(ChannelId, UserId)>> {
    tx.query(CONVERSATIONS, params![user], |row| {
        Ok((row.get("channel_id")?, row.get("peer")?))
    })
}

/// Deletes what is the person's own, and empties the account. Its name is free again, and
/// `username` stands in its place.
pub fn erase(tx: &mut Tx<'_>, _: &Permit<'_, System>, user: UserId, username: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(CLOSE_CONVERSATIONS, params![user, now])?;
    for own in OWN {
        tx.execute(own, params![user])?;
    }
    let key = name_key(username);
    tx.execute(EMPTY, params![user, username, &key, DELETED_NAME, now])
        .map(|_| ())
}
