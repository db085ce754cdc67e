//! What the server remembers of a device's connections, to notice copies of its store.

use cloister_wire::{DeviceId, Hash, account::DeviceStanding, gateway::Ready};

use super::{db::Tx, dm, guild_view, inbox, prekey};
use crate::{
    Result,
    access::{Enrol, Permit},
    params, sql,
};

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

/// Where everything stands, for a device that has just connected. One that waits for approval
/// learns of nothing but itself.
pub fn ready(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>, gateway: Hash) -> Result<Ready> {
    let (guilds, dms) = match permit.standing {
        DeviceStanding::Active => (
            guild_view::page_of_user(tx, permit)?,
            dm::views_of(tx, permit.user)?,
        ),
        DeviceStanding::Pending | DeviceStanding::Revoked => (Vec::new(), Vec::new()),
    };
    let keys = prekey::counts(tx, permit.device)?;
    Ok(Ready {
        gateway,
        user: permit.user,
        device: permit.device,
        session: permit.session,
        n: 0,
        guilds,
        dms,
        queue_seq: inbox::position(tx, permit.device)?.last_seq,
        one_time_keys: keys.one_time,
        fallback_used: keys.fallback_used,
        devlog_version: tx.one(DEVLOG_VERSION, params![permit.device], |row| row.get(0))?,
        dormant: super::device::is_dormant(tx, permit.device)?,
        deletion_at: super::deletion::get(tx, permit, permit.user)?.and_then(|one| one.at),
        server_time: tx.now(),
    })
}
