//! What the server remembers of a device's connections, to notice copies of its store.

use cloister_wire::{DeviceId, Hash};

use super::db::Tx;
use crate::{Result, params, sql};

sql! {
    LOCK = "SELECT writes, last_nonce, next_nonce FROM device WHERE id = $1 FOR UPDATE";
    CONNECT = "UPDATE device SET last_nonce = $2, next_nonce = $3, writes = $4, \
               last_seen_at = $5 WHERE id = $1";
    SUSPEND = "UPDATE device SET cloned_at = $2 WHERE id = $1 AND cloned_at IS NULL";
    DEVLOG_VERSION = "SELECT devlog_length FROM account a JOIN device d ON d.user_id = a.id \
                      WHERE d.id = $1";
}

/// The newest pair of connect nonces and counter of ratchet commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub writes: u64,
    pub last_nonce: Option<Hash>,
    pub next_nonce: Option<Hash>,
}

pub fn lock(tx: &mut Tx<'_>, device: DeviceId) -> Result<Trace> {
    tx.one(LOCK, params![device], |row| {
        Ok(Trace {
            writes: row.get("writes")?,
            last_nonce: row.get("last_nonce")?,
            next_nonce: row.get("next_nonce")?,
        })
    })
}

pub fn update(tx: &mut Tx<'_>, device: DeviceId, trace: &Trace) -> Result<()> {
    let (last, next) = (trace.last_nonce.as_ref(), trace.next_nonce.as_ref());
    let now = tx.now();
    tx.execute(CONNECT, params![device, last, next, trace.writes, now])?;
    Ok(())
}

/// The device does nothing more until it was replaced.
pub fn suspend(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    let now = tx.now();
    tx.execute(SUSPEND, params![device, now])?;
    Ok(())
}

/// Version of the device log of the device's person.
pub fn devlog_version(tx: &mut Tx<'_>, device: DeviceId) -> Result<u64> {
    tx.one(DEVLOG_VERSION, params![device], |row| row.get(0))
}
