//! Installations of people, and the signed log of which are theirs.

use cloister_proof::{DeviceCert, DeviceLog};
use cloister_wire::{
    Bytes, DeviceId, Hash, UserId,
    account::{Device, DeviceStanding, KnownLog, UserLog},
    limits::SETTLED_DEVICE_MS,
};

use super::{account, db::Tx, session::standing};
use crate::{
    Error, Result,
    access::{Act, Anyone, Enrol, Permit, System},
    params, sql,
};

sql! {
    INSERT = "INSERT INTO device
        (id, user_id, reg_id, cert, signing_key, identity_key, name_ct, created_at, active_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    COUNT = "SELECT count(*) FROM device WHERE user_id = $1 AND revoked_at IS NULL";
    GET = "SELECT user_id, cert, signing_key, active_at, revoked_at, cloned_at FROM device WHERE id = $1";
    LIST = "SELECT id, cert, name_ct, created_at, last_seen_at, active_at, revoked_at FROM device
        WHERE user_id = $1 ORDER BY id";
    ACTIVATE = "UPDATE device SET active_at = $2 WHERE id = $1";
    VERIFIED = "UPDATE device SET verified_at = $2 WHERE id = $1";
    VERIFIED_AT = "SELECT verified_at, active_at FROM device WHERE id = $1";
    REVOKE = "UPDATE device SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    RENEW = "UPDATE device SET reg_id = $2, dormant_at = NULL WHERE id = $1";
    DORMANT = "UPDATE device SET dormant_at = $2 WHERE id = $1 AND dormant_at IS NULL
        AND active_at IS NOT NULL AND revoked_at IS NULL";
    ASLEEP = "SELECT dormant_at FROM device WHERE id = $1";
    AWAY = "SELECT d.id, d.user_id FROM device AS d LEFT JOIN inbox AS i ON i.device_id = d.id
        WHERE d.active_at IS NOT NULL AND d.revoked_at IS NULL AND d.dormant_at IS NULL
        AND (i.full_at IS NOT NULL OR coalesce(d.last_seen_at, d.created_at) < $1)
        ORDER BY d.user_id, d.id LIMIT 100";
    RENAME = "UPDATE device SET name_ct = $3 WHERE id = $1 AND user_id = $2";
    SEEN = "UPDATE device SET last_seen_at = $2 WHERE id = $1";
    INSERT_ENTRY = "INSERT INTO devlog (user_id, version, entry, at) VALUES ($1, $2, $3, $4)";
    PAGE_ENTRIES = "SELECT entry FROM devlog WHERE user_id = $1 AND version > $2 ORDER BY version";
    GET_VISIBLE = "SELECT username, display_name FROM account WHERE id = $1 AND (id = $2
        OR EXISTS (SELECT 1 FROM guild_signer AS g JOIN member AS m ON m.guild_id = g.guild_id
            WHERE g.user_id = $1 AND m.user_id = $2)
        OR EXISTS (SELECT 1 FROM dm WHERE low_id = $1 AND high_id = $2)
        OR EXISTS (SELECT 1 FROM dm WHERE low_id = $2 AND high_id = $1))";
}

/// A device as the server keeps it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub user: UserId,
    /// As the device offered it; for the first device, its part of the genesis.
    pub cert: Bytes,
    pub signing_key: Hash,
    pub standing: DeviceStanding,
    pub cloned_at: Option<u64>,
}

/// A device that is about to be.
#[derive(Debug)]
pub struct NewDevice<'a> {
    pub cert: &'a DeviceCert,
    pub signed: &'a Bytes,
    pub name_ct: &'a Bytes,
    /// Absent for one that waits for approval.
    pub active_at: Option<u64>,
}

/// Makes the device, unless its id was ever used.
#[must_use = "the id may have been used"]
pub fn insert(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, device: &NewDevice<'_>) -> Result<bool> {
    let now = tx.now();
    let cert = device.cert;
    let inserted = tx.execute(
        INSERT,
        params![
            cert.device,
            cert.user,
            cert.reg_id,
            device.signed,
            &cert.signing,
            &cert.identity,
            device.name_ct,
            now,
            device.active_at
        ],
    )?;
    Ok(inserted == 1)
}

/// Devices that are not revoked.
pub fn count(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, user: UserId) -> Result<usize> {
    tx.one(COUNT, params![user], |row| row.get(0))
}

/// For signing in with it.
pub fn get(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, device: DeviceId) -> Result<Option<Stored>> {
    read_stored(tx, device)
}

/// One of the person's own.
pub fn get_own(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Enrol>,
    device: DeviceId,
) -> Result<Option<Stored>> {
    Ok(read_stored(tx, device)?.filter(|stored| stored.user == permit.user))
}

/// All of the person's own.
pub fn page(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Vec<Device>> {
    tx.query(LIST, params![permit.user], |row| {
        Ok(Device {
            id: row.get("id")?,
            standing: standing(row)?,
            cert: row.get("cert")?,
            name_ct: row.get("name_ct")?,
            created_at: row.get("created_at")?,
            last_seen_at: row.get("last_seen_at")?,
        })
    })
}

pub fn update_active(tx: &mut Tx<'_>, _: &Permit<'_, Enrol>, device: DeviceId) -> Result<()> {
    let now = tx.now();
    tx.execute(ACTIVATE, params![device, now]).map(|_| ())
}

/// The account began with it, or a verified device approved it.
pub fn update_verified(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    let now = tx.now();
    tx.execute(VERIFIED, params![device, now]).map(|_| ())
}

/// Whether it counts as verified: after a week in the log every device does.
pub fn is_verified(tx: &mut Tx<'_>, device: DeviceId) -> Result<bool> {
    let settled = tx.now().saturating_sub(SETTLED_DEVICE_MS);
    let found = tx.maybe(VERIFIED_AT, params![device], |row| {
        let verified: Option<u64> = row.get(0)?;
        let active: Option<u64> = row.get(1)?;
        Ok(verified.is_some() || active.is_some_and(|at| at <= settled))
    })?;
    Ok(found.unwrap_or(false))
}

pub fn update_revoked(tx: &mut Tx<'_>, _: &Permit<'_, Enrol>, device: DeviceId) -> Result<()> {
    let now = tx.now();
    tx.execute(REVOKE, params![device, now]).map(|_| ())
}

pub fn update_reg_id(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Enrol>,
    device: DeviceId,
    reg_id: u32,
) -> Result<()> {
    tx.execute(RENEW, params![device, reg_id]).map(|_| ())
}

/// Renames one of the person's own devices; says whether there is such a one.
pub fn update_name(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    device: DeviceId,
    name_ct: &Bytes,
) -> Result<bool> {
    Ok(tx.execute(RENAME, params![device, permit.user, name_ct])? == 1)
}

pub fn update_seen(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, device: DeviceId) -> Result<()> {
    let now = tx.now();
    tx.execute(SEEN, params![device, now]).map(|_| ())
}

/// The first entry of a log, or the one with which it starts over: who the person is.
pub fn begin_log(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    log: &DeviceLog,
    entry: &Bytes,
) -> Result<()> {
    insert_entry(tx, log, entry)
}

/// The person's own log, locked until the transaction ends so that versions are given once.
pub fn lock_log(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>) -> Result<DeviceLog> {
    account::lock(tx, permit.user)?;
    replay(tx, permit.user)
}

pub fn append_entry(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Enrol>,
    log: &DeviceLog,
    entry: &Bytes,
) -> Result<()> {
    debug_assert_eq!(log.user, permit.user);
    insert_entry(tx, log, entry)
}

/// Every entry of a person who signs in.
pub fn page_entries(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, user: UserId) -> Result<Vec<Bytes>> {
    entries(tx, user, 0)
}

/// The entries that the asker does not hold, of a person whom they may know: themself, somebody
/// of a guild of theirs (past members too, since their signatures stay), or the other of a
/// direct conversation.
pub fn get_log(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Enrol>,
    known: &KnownLog,
) -> Result<Option<UserLog>> {
    let names = tx.maybe(GET_VISIBLE, params![known.user, permit.user], |row| {
        Ok((row.get("username")?, row.get("display_name")?))
    })?;
    let Some((username, display_name)) = names else {
        return Ok(None);
    };
    let version = known.version.unwrap_or(0);
    let entries = entries(tx, known.user, version)?;
    Ok(Some(UserLog {
        user: known.user,
        username,
        display_name,
        first_version: version + 1,
        entries,
    }))
}

/// A person's log, verified. Runs before there is a permit: guild logs and rosters are built
/// from it.
pub fn replay(tx: &mut Tx<'_>, user: UserId) -> Result<DeviceLog> {
    let entries = entries(tx, user, 0)?;
    DeviceLog::replay(&entries).map_err(Error::internal)
}

fn entries(tx: &mut Tx<'_>, user: UserId, after: u64) -> Result<Vec<Bytes>> {
    tx.query(PAGE_ENTRIES, params![user, after], |row| row.get(0))
}

fn insert_entry(tx: &mut Tx<'_>, log: &DeviceLog, entry: &Bytes) -> Result<()> {
    let now = tx.now();
    tx.execute(INSERT_ENTRY, params![log.user, log.version, entry, now])?;
    account::update_devlog(tx, log.user, log.version, &log.head)
}

fn read_stored(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<Stored>> {
    tx.maybe(GET, params![device], |row| {
        Ok(Stored {
            user: row.get("user_id")?,
            cert: row.get("cert")?,
            signing_key: row.get("signing_key")?,
            standing: standing(row)?,
            cloned_at: row.get("cloned_at")?,
        })
    })
}

/// Devices that were not here since before `before`, or for which too much waits.
pub fn away(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    before: u64,
) -> Result<Vec<(DeviceId, UserId)>> {
    tx.query(AWAY, params![before], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Puts a device to sleep; false if it sleeps already or is gone.
pub fn set_dormant(tx: &mut Tx<'_>, _: &Permit<'_, System>, device: DeviceId) -> Result<bool> {
    let now = tx.now();
    Ok(tx.execute(DORMANT, params![device, now])? == 1)
}

/// Whether the device sleeps.
pub(crate) fn is_dormant(tx: &mut Tx<'_>, device: DeviceId) -> Result<bool> {
    let at: Option<u64> = tx.one(ASLEEP, params![device], |row| row.get(0))?;
    Ok(at.is_some())
}
