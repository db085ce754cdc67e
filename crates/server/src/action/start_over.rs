//! Starting over within an account, for somebody who has neither a device nor the recovery key
//! left. It needs the password and the second factor, and that no device of the account was here
//! for three days: whoever has a living device lets a new one in with it, and whoever stole a
//! password can't throw the living devices out.
//!
//! Everybody sees the account as another one from then on: the log says so, guilds take it as
//! somebody whom nobody vouched for, and whoever had verified the person encrypts nothing to them
//! until they decide.

use cloister_proof::{
    DeviceCert, DeviceLog, ProofError, Signed,
    devlog::{Body, Entry},
    epoch::EpochCause,
};
use cloister_wire::{Bytes, ErrorCode, UserId, gateway::CloseCode, gateway::Event, limits};

use super::{
    account::{First, begin_device, check_vault},
    ending, epoch, inbox,
};
use crate::{
    Error, Result,
    access::{Anyone, Permit},
    app::Parts,
    gateway::bus::{Audience, Notice},
    store::{self, db::Tx},
};

/// From when on the account can start over.
pub(super) fn ripe_at(tx: &mut Tx<'_>, permit: &Permit<'_, Anyone>, user: UserId) -> Result<u64> {
    let awake = store::start_over::last_awake(tx, permit, user)?;
    Ok(awake.map_or(0, |awake| awake + limits::START_OVER_MS))
}

/// Ends everything that the account was, and begins it anew with the device that signs in.
pub(super) fn start_over(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    first: &First<'_>,
) -> Result<DeviceCert> {
    let user = first.user;
    store::account::lock(tx, user)?;
    let before = store::device::replay(tx, user)?;
    let (log, cert) = continued(before, first)?;
    let wait = ripe_at(tx, permit, user)?.saturating_sub(tx.now());
    if wait > 0 {
        let sentence =
            "A device of this account was here less than three days ago. Approve this one with it.";
        return Err(Error::refuse(ErrorCode::StartOverTooSoon, sentence).retry_after(wait));
    }
    check_time(tx, first.genesis)?;
    // The old devices hear of it before their connections end.
    let audience = epoch::acquaintances(tx, user)?;
    let appended = Event::DevlogAppended {
        user,
        version: log.version,
        entry: first.genesis.clone(),
    };
    tx.emit(Notice::event(audience, appended));
    for device in store::start_over::revoke_devices(tx, permit, user)? {
        ending::end_all_of(tx, permit, device, "the account started over")?;
        inbox::close(tx, device)?;
        tx.emit(Notice::DeviceRevoked {
            device,
            code: CloseCode::Unauthenticated,
        });
    }
    store::start_over::take_everything(tx, permit, user)?;
    begin_device(tx, permit, &log, &cert, first)?;
    leave_audiences(tx, parts, permit, user)?;
    Ok(cert)
}

/// The log with a genesis that says that it starts over, and the device that it names.
fn continued(mut log: DeviceLog, first: &First<'_>) -> Result<(DeviceLog, DeviceCert)> {
    let stale = |error| match error {
        ProofError::Broken => Error::refuse(
            ErrorCode::DevlogStale,
            "The device log has changed in the meantime. Fetch it and try again.",
        ),
        _ => Error::bad_signature("The account's new beginning does not check."),
    };
    let body = log.append(first.genesis.as_ref()).map_err(stale)?;
    let Body::Genesis { device, vault, .. } = body else {
        return Err(Error::bad_signature(
            "The account's new beginning does not check.",
        ));
    };
    check_vault(first.vault)?;
    if cloister_proof::hash(&[first.vault.as_ref()]) != vault {
        return Err(Error::bad_signature(
            "The account's new beginning names another vault.",
        ));
    }
    Ok((log, device))
}

/// Everybody is shown when it was.
fn check_time(tx: &Tx<'_>, genesis: &Bytes) -> Result<()> {
    let at_ms = Signed::parse(genesis.as_ref())
        .and_then(|signed| signed.open::<Entry>())
        .map_err(|_| Error::malformed("The account's new beginning can't be read."))?
        .at_ms;
    if at_ms.abs_diff(tx.now()) > limits::CLOCK_SKEW_MS {
        return Err(Error::invalid(
            "The clock of this device is more than five minutes off. Set it right first.",
        ));
    }
    Ok(())
}

/// Nobody encrypts to the old devices any more, and everybody sees who holds which roles.
fn leave_audiences(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    user: UserId,
) -> Result<()> {
    for guild in store::epoch::guilds_of_person(tx, user)? {
        let access_version = store::guild::update_access(tx, permit, guild, 0)?;
        let Some(member) = store::guild::get_member(tx, guild, user)? else {
            continue;
        };
        let audience = Audience::Guild {
            guild,
            access_version,
        };
        let event = Event::MemberChanged {
            guild,
            member,
            access_version,
        };
        tx.emit(Notice::event(audience, event));
    }
    epoch::bump_person(tx, &parts.authority, user, EpochCause::DeviceRevoked)
}
