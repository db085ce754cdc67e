//! A person's devices: the log says which are theirs; rows, queues and audiences follow it.

use cloister_proof::{
    DeviceOffer, ProofError,
    devlog::{Body, DeviceLog},
    epoch::EpochCause,
};
use cloister_wire::{
    Bytes, DeviceId, ErrorCode,
    account::{AppendDevlog, DeviceStanding, KnownLog, RenameDevice, UserLog},
    gateway::{CloseCode, Event},
    key::UploadKeys,
    limits,
};

use super::{
    account::{check_device_name, check_vault, holder},
    ending, epoch, inbox, prekey,
};
use crate::{
    Error, Result,
    access::{Act, Anyone, Enrol, Permit},
    app::Parts,
    gateway::bus::Notice,
    limit::Window,
    store::{self, account::Account, db::Tx, device::NewDevice},
};

const HOUR_MINUTES: u64 = 60;
/// Logs in one query.
const LOGS_PER_QUERY: usize = 500;

/// A new device, which waits until the person's log names it.
pub(super) fn enrol(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Anyone>,
    account: &Account,
    cert: &Bytes,
    keys: &UploadKeys,
    name_ct: &Bytes,
) -> Result<DeviceId> {
    let offer = DeviceOffer::verify(cert.as_ref())
        .map_err(|_| Error::bad_signature("The new device's keys do not check."))?;
    let devlog = store::device::page_entries(tx, permit, account.id)?;
    // Who the account is now: it may have started over.
    let genesis = DeviceLog::replay(&devlog).map(|log| log.genesis).ok();
    if offer.cert.user != account.id || Some(offer.genesis) != genesis {
        return Err(Error::invalid(
            "The new device was made for another account.",
        ));
    }
    if offer.cert.device.0.get_version_num() != 7 {
        return Err(Error::invalid(
            "Ids of people and devices are UUIDs of version 7.",
        ));
    }
    check_device_name(name_ct)?;
    if store::device::count(tx, permit, account.id)? >= limits::DEVICES_PER_USER {
        return Err(Error::refuse(
            ErrorCode::TooManyDevices,
            "This account has 8 devices already. Remove one of them first.",
        ));
    }
    let device = NewDevice {
        cert: &offer.cert,
        signed: cert,
        name_ct,
        active_at: None,
    };
    if !store::device::insert(tx, permit, &device)? {
        return Err(Error::invalid(
            "This device's id was used before. Draw another one.",
        ));
    }
    prekey::take_in(tx, &holder(&offer.cert), keys)?;
    Ok(offer.cert.device)
}

/// Appends what a device of the person signed. A waiting device may only add itself, which
/// takes the recovery key.
pub fn append(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Enrol>,
    request: &AppendDevlog,
) -> Result<()> {
    let entry = &request.entry;
    let key = parts.keys.hash_secret("devlog", permit.user.as_bytes());
    let most = parts.config.limits.devlog_entries_per_account;
    let window = Window::per_minutes(most, HOUR_MINUTES);
    store::attempt::spend(tx, permit, &key, window)?.allowed()?;
    let before = store::device::lock_log(tx, permit)?;
    if before.version >= limits::DEVLOG_ENTRIES {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "The history of these devices is full.",
        ));
    }
    let mut log = before.clone();
    let body = log
        .append(entry.as_ref())
        .map_err(|error| refusal(error, &before, entry))?;
    if permit.standing == DeviceStanding::Pending && !adds_itself(&body, permit.device) {
        return Err(Error::refuse(
            ErrorCode::DevicePending,
            "Approve this device first, from another one or with the recovery key.",
        ));
    }
    check_time(tx, &body, entry)?;
    keep_vault(tx, permit, &body, request.vault.as_ref())?;
    store::device::append_entry(tx, permit, &log, entry)?;
    let audience = epoch::acquaintances(tx, permit.user)?;
    let (user, version) = (permit.user, log.version);
    let appended = Event::DevlogAppended {
        user,
        version,
        entry: entry.clone(),
    };
    tx.emit(Notice::event(audience, appended));
    match follow(tx, permit, &body)? {
        Some(cause) => epoch::bump_person(tx, &parts.authority, user, cause),
        None => Ok(()),
    }
}

/// The waiting time of a recovery key is as long as it says: entries that begin and end it bear
/// the time at which the server takes them.
fn check_time(tx: &Tx<'_>, body: &Body, entry: &Bytes) -> Result<()> {
    if !matches!(
        body,
        Body::ProposeRecovery { .. } | Body::SetRecovery { .. }
    ) {
        return Ok(());
    }
    let at_ms = cloister_proof::Signed::parse(entry.as_ref())
        .and_then(|signed| signed.open::<cloister_proof::devlog::Entry>())
        .map_err(|_| Error::malformed("The device log's entry can't be read."))?
        .at_ms;
    if at_ms.abs_diff(tx.now()) > limits::CLOCK_SKEW_MS {
        return Err(Error::invalid(
            "The clock of this device is more than five minutes off. Set it right first.",
        ));
    }
    Ok(())
}

/// A vault comes with the entry that names it, and with no other.
fn keep_vault(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Enrol>,
    body: &Body,
    vault: Option<&Bytes>,
) -> Result<()> {
    match (body, vault) {
        (Body::SetVault { digest, .. } | Body::SetRecovery { digest, .. }, Some(vault))
            if cloister_proof::hash(&[vault.as_ref()]) == *digest =>
        {
            check_vault(vault)?;
            store::account::update_vault(tx, permit, vault)
        }
        (Body::SetVault { .. } | Body::SetRecovery { .. }, _) | (_, Some(_)) => Err(
            Error::invalid("The vault and the log's entry about it do not belong together."),
        ),
        (_, None) => Ok(()),
    }
}

/// Makes the rows say what the log says now; names what that is for audiences, if anything.
fn follow(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>, body: &Body) -> Result<Option<EpochCause>> {
    match body {
        // Starting over has a request of its own.
        Body::Genesis { .. } => Err(Error::invalid("A log is not begun anew by an entry of it.")),
        Body::ProposeRecovery { .. } | Body::CancelRecovery { .. } | Body::SetRecovery { .. } => {
            Ok(None)
        }
        Body::AddDevice {
            offer, approver, ..
        } => {
            let device = offered(offer)?;
            let stored = store::device::get_own(tx, permit, device)?;
            let waits = stored.is_some_and(|stored| {
                stored.standing == DeviceStanding::Pending && stored.cert == *offer
            });
            if !waits {
                return Err(Error::invalid("No such device waits for approval."));
            }
            store::device::update_active(tx, permit, device)?;
            if let Some(approver) = approver
                && store::device::is_verified(tx, *approver)?
            {
                store::device::update_verified(tx, device)?;
            }
            Ok(Some(EpochCause::DeviceAdded))
        }
        Body::Revoke { device, also, .. } => {
            for device in std::iter::once(device).chain(also) {
                revoke(tx, permit, *device)?;
            }
            Ok(Some(EpochCause::DeviceRevoked))
        }
        Body::Renew { device, reg_id } => {
            if !store::device::is_dormant(tx, *device)? {
                return Err(Error::invalid("This device was not away."));
            }
            store::device::update_reg_id(tx, permit, *device, *reg_id)?;
            Ok(Some(EpochCause::DeviceRenewed))
        }
        Body::SetVault { .. } => Ok(None),
    }
}

fn revoke(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>, device: DeviceId) -> Result<()> {
    store::device::update_revoked(tx, permit, device)?;
    ending::end_all_of(tx, permit, device, "device revoked")?;
    inbox::close(tx, device)?;
    tx.emit(Notice::DeviceRevoked {
        device,
        code: CloseCode::Unauthenticated,
    });
    Ok(())
}

/// Sends a waiting device away. One that the log names is revoked by the log.
pub fn dismiss(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>, device: DeviceId) -> Result<()> {
    let stored = store::device::get_own(tx, permit, device)?.ok_or_else(Error::not_found)?;
    let own_wish = permit.device == device || permit.standing == DeviceStanding::Active;
    if stored.standing != DeviceStanding::Pending || !own_wish {
        return Err(Error::forbidden());
    }
    revoke(tx, permit, device)
}

pub fn rename(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    device: DeviceId,
    request: &RenameDevice,
) -> Result<()> {
    check_device_name(&request.name_ct)?;
    if store::device::update_name(tx, permit, device, &request.name_ct)? {
        Ok(())
    } else {
        Err(Error::not_found())
    }
}

/// The logs that were asked for, of people whom the asker may know. A waiting device knows only
/// its own person.
pub fn logs(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Enrol>,
    known: &[KnownLog],
) -> Result<Vec<UserLog>> {
    if known.len() > LOGS_PER_QUERY {
        return Err(Error::invalid(
            "At most 500 device logs can be asked for at once.",
        ));
    }
    let mut logs = Vec::new();
    for one in known {
        if permit.standing == DeviceStanding::Pending && one.user != permit.user {
            continue;
        }
        logs.extend(store::device::get_log(tx, permit, one)?);
    }
    Ok(logs)
}

fn adds_itself(body: &Body, device: DeviceId) -> bool {
    matches!(body, Body::AddDevice { offer, approver: None, .. }
        if offered(offer).is_ok_and(|offered| offered == device))
}

fn offered(offer: &Bytes) -> Result<DeviceId> {
    cloister_proof::DeviceOffer::verify(offer.as_ref())
        .map(|offer| offer.cert.device)
        .map_err(|_| Error::bad_signature("The new device's keys do not check."))
}

fn refusal(error: ProofError, log: &DeviceLog, entry: &Bytes) -> Error {
    let stale = || {
        let signed = cloister_proof::Signed::parse(entry.as_ref()).ok()?;
        let entry: cloister_proof::devlog::Entry = signed.open().ok()?;
        Some(entry.version != log.version + 1 || entry.prev != Some(log.head))
    };
    match error {
        ProofError::Malformed => Error::malformed("The device log's entry can't be read."),
        ProofError::Broken if stale() == Some(true) => Error::refuse(
            ErrorCode::DevlogStale,
            "The device log has changed in the meantime. Fetch it and try again.",
        ),
        _ => Error::bad_signature("The device log's entry does not check."),
    }
}
