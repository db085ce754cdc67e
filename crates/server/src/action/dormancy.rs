//! Devices that do not come for what waits for them. They leave every audience, so that nobody
//! encrypts for them, and what waited is thrown away; nothing is dropped from the queue of a
//! device that is in an audience. When such a device is back it gets new keys, says so in its
//! log (`Renew`), and brings back from the backup what it missed.

use cloister_proof::epoch::EpochCause;
use cloister_wire::{DeviceId, UserId, gateway::CloseCode, limits};

use super::epoch;
use crate::{
    Result,
    access::{Permit, System},
    gateway::bus::Notice,
    seal::authority::Authority,
    store::{self, db::Tx},
};

/// Who is to be put to sleep now; at most a hundred.
pub fn away(tx: &mut Tx<'_>, permit: &Permit<'_, System>) -> Result<Vec<(DeviceId, UserId)>> {
    let before = tx.now().saturating_sub(limits::DORMANT_MS);
    store::device::away(tx, permit, before)
}

/// Puts one device to sleep, if it is still away.
pub fn put_to_sleep(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Permit<'_, System>,
    (device, user): (DeviceId, UserId),
) -> Result<()> {
    store::account::lock(tx, user)?;
    store::inbox::lock(tx, device)?;
    if !away(tx, permit)?.contains(&(device, user)) {
        return Ok(());
    }
    if !store::device::set_dormant(tx, permit, device)? {
        return Ok(());
    }
    store::inbox::empty(tx, device)?;
    store::prekey::delete_all(tx, device)?;
    store::group_session::forget_recipient(tx, device)?;
    // If it is connected and only slow, it comes back and hears of it.
    tx.emit(Notice::DeviceRevoked {
        device,
        code: CloseCode::SlowReader,
    });
    epoch::bump_person(tx, authority, user, EpochCause::Left)
}
