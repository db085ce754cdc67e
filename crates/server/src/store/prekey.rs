//! Signed prekeys that wait to be claimed, and who claimed whose.

use cloister_wire::{Bytes, DeviceId, Hash, key::KeyCounts};

use super::db::Tx;
use crate::{
    Result,
    access::{Enrol, Permit},
    params, sql,
};
sql! {
    HASH = "SELECT hash FROM one_time_key WHERE device_id = $1 AND key_id = $2";
    INSERT = "INSERT INTO one_time_key (device_id, key_id, hash, signed, created_at) \
              VALUES ($1, $2, $3, $4, $5)";
    COUNT = "SELECT COUNT(*) FROM one_time_key WHERE device_id = $1 AND claimed_at IS NULL";
    DELETE_UNCLAIMED = "DELETE FROM one_time_key WHERE device_id = $1 AND claimed_at IS NULL";
    DELETE_ALL = "DELETE FROM one_time_key WHERE device_id = $1";
    NEXT = "SELECT key_id, signed FROM one_time_key WHERE device_id = $1 \
            AND claimed_at IS NULL ORDER BY key_id LIMIT 1 FOR UPDATE SKIP LOCKED";
    TAKE = "UPDATE one_time_key SET claimed_at = $3, signed = NULL \
            WHERE device_id = $1 AND key_id = $2 AND claimed_at IS NULL";
    PUT_FALLBACK = "INSERT INTO fallback_key (device_id, key_id, signed, created_at) \
                    VALUES ($1, $2, $3, $4) ON CONFLICT (device_id) DO UPDATE \
                    SET key_id = excluded.key_id, signed = excluded.signed, \
                    created_at = excluded.created_at, used_at = NULL \
                    WHERE fallback_key.key_id <> excluded.key_id";
    FALLBACK = "SELECT key_id, signed, used_at FROM fallback_key WHERE device_id = $1";
    USE_FALLBACK = "UPDATE fallback_key SET used_at = $2 WHERE device_id = $1 AND used_at IS NULL";
    DELETE_FALLBACK = "DELETE FROM fallback_key WHERE device_id = $1";
    CLAIMED_AT = "SELECT at FROM key_claim WHERE claimer_id = $1 AND target_id = $2";
    CLAIMS_SINCE = "SELECT COUNT(*) FROM key_claim WHERE claimer_id = $1 AND at > $2";
    PUT_CLAIM = "INSERT INTO key_claim (claimer_id, target_id, at) VALUES ($1, $2, $3) \
                 ON CONFLICT (claimer_id, target_id) DO UPDATE SET at = excluded.at";
    PRUNE = "DELETE FROM one_time_key WHERE claimed_at IS NULL AND created_at < $1";
    PRUNE_CLAIMED = "DELETE FROM one_time_key WHERE claimed_at < $1";
    PRUNE_CLAIMS = "DELETE FROM key_claim WHERE at < $1";
}

/// Hash of the key that was uploaded under this id, claimed or not.
pub fn hash(tx: &mut Tx<'_>, device: DeviceId, key_id: u64) -> Result<Option<Hash>> {
    tx.maybe(HASH, params![device, key_id], |row| row.get(0))
}

pub fn insert(
    tx: &mut Tx<'_>,
    device: DeviceId,
    key_id: u64,
    hash: &Hash,
    signed: &Bytes,
) -> Result<()> {
    let now = tx.now();
    tx.execute(INSERT, params![device, key_id, hash, signed, now])?;
    Ok(())
}

pub fn counts(tx: &mut Tx<'_>, device: DeviceId) -> Result<KeyCounts> {
    let one_time = tx.one(COUNT, params![device], |row| row.get(0))?;
    let used: Option<Option<u64>> =
        tx.maybe(FALLBACK, params![device], |row| row.get("used_at"))?;
    Ok(KeyCounts {
        one_time,
        fallback_used: used.flatten().is_some(),
    })
}

pub fn delete_unclaimed(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    tx.execute(DELETE_UNCLAIMED, params![device])?;
    Ok(())
}

/// The counts of the device that asks.
pub fn count_own(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>) -> Result<KeyCounts> {
    counts(tx, permit.device)
}

/// A revoked device has no keys any more.
pub fn delete_all(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    tx.execute(DELETE_ALL, params![device])?;
    tx.execute(DELETE_FALLBACK, params![device])?;
    Ok(())
}

/// Takes one unclaimed one-time key, each once.
pub fn take_one_time(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<Bytes>> {
    let next = tx.maybe(NEXT, params![device], |row| {
        Ok((row.get::<u64>("key_id")?, row.get::<Bytes>("signed")?))
    })?;
    let Some((key_id, signed)) = next else {
        return Ok(None);
    };
    let now = tx.now();
    tx.execute(TAKE, params![device, key_id, now])?;
    Ok(Some(signed))
}

/// The same id again keeps what is there.
pub fn put_fallback(tx: &mut Tx<'_>, device: DeviceId, key_id: u64, signed: &Bytes) -> Result<()> {
    let now = tx.now();
    tx.execute(PUT_FALLBACK, params![device, key_id, signed, now])?;
    Ok(())
}

/// The fallback key with its id.
pub fn fallback(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<(u64, Bytes)>> {
    tx.maybe(FALLBACK, params![device], |row| {
        Ok((row.get("key_id")?, row.get("signed")?))
    })
}

/// Marks the fallback key as handed out. `true`: for the first time.
pub fn use_fallback(tx: &mut Tx<'_>, device: DeviceId) -> Result<bool> {
    let now = tx.now();
    Ok(tx.execute(USE_FALLBACK, params![device, now])? == 1)
}

/// When this device last claimed a one-time key of another one.
pub fn claimed_at(tx: &mut Tx<'_>, claimer: DeviceId, target: DeviceId) -> Result<Option<u64>> {
    tx.maybe(CLAIMED_AT, params![claimer, target], |row| row.get(0))
}

/// Devices whose keys this device has claimed since then.
pub fn claims_since(tx: &mut Tx<'_>, claimer: DeviceId, since: u64) -> Result<u64> {
    tx.one(CLAIMS_SINCE, params![claimer, since], |row| row.get(0))
}

pub fn put_claim(tx: &mut Tx<'_>, claimer: DeviceId, target: DeviceId) -> Result<()> {
    let now = tx.now();
    tx.execute(PUT_CLAIM, params![claimer, target, now])?;
    Ok(())
}

/// Deletes unclaimed keys older than `unclaimed_before`, the memory of claimed ones from before
/// `claimed_before`, and claims from before `claims_before`.
pub fn prune(
    tx: &mut Tx<'_>,
    unclaimed_before: u64,
    claimed_before: u64,
    claims_before: u64,
) -> Result<u64> {
    let pruned = tx.execute(PRUNE, params![unclaimed_before])?;
    tx.execute(PRUNE_CLAIMED, params![claimed_before])?;
    tx.execute(PRUNE_CLAIMS, params![claims_before])?;
    Ok(pruned)
}
