//! Prekeys: a device uploads signed ones, others claim each once.

use std::collections::{BTreeMap, BTreeSet};

use cloister_proof::{Prekey, ProofError, Purpose, Signed, prekey::PrekeyKind};
use cloister_wire::{
    Bytes, DeviceId, ErrorCode, Hash, UserId,
    gateway::Event,
    key::{ClaimKeys, ClaimedKey, ClaimedKeys, KeyCounts, UploadKeys},
    limits,
};

use crate::{
    Error, Result,
    access::{Act, Enrol, Permit, System},
    gateway::bus::{Audience, Notice},
    store::{self, db::Tx, device_target::Target},
};

/// One device takes one one-time key of another in this time; the rest is served by the fallback.
const CLAIM_AGAIN_MS: u64 = 3_600_000;
/// Devices whose keys one device may claim in `CLAIM_WINDOW_MS`.
const CLAIMS_PER_WINDOW: u64 = 2_000;
const CLAIM_WINDOW_MS: u64 = 600_000;
const DAY_MS: u64 = 24 * 3_600_000;
/// Unclaimed one-time keys leave the server after this; devices keep the private half longer.
const UNCLAIMED_MS: u64 = 30 * DAY_MS;
/// Claimed keys are remembered, so that they are never taken in again.
const CLAIMED_MS: u64 = 90 * DAY_MS;

/// Whose prekeys they are, and what their signatures are checked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    pub user: UserId,
    pub device: DeviceId,
    pub signing_key: Hash,
}

/// Takes in signed prekeys of the device that asks.
pub fn upload(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Enrol>,
    request: &UploadKeys,
) -> Result<KeyCounts> {
    let device = store::device_target::get(tx, permit.device)?.ok_or_else(Error::not_found)?;
    let (user, signing_key) = (device.user, device.signing_key);
    take_in(
        tx,
        &Holder {
            user,
            device: permit.device,
            signing_key,
        },
        request,
    )
}

/// Takes in signed prekeys. The same again changes nothing.
pub(super) fn take_in(tx: &mut Tx<'_>, holder: &Holder, request: &UploadKeys) -> Result<KeyCounts> {
    if request.one_time.len() > limits::ONE_TIME_KEYS_PER_DEVICE {
        return Err(too_many());
    }
    if request.replace {
        store::prekey::delete_unclaimed(tx, holder.device)?;
    }
    for bytes in &request.one_time {
        let prekey = check(bytes, holder, PrekeyKind::OneTime)?;
        let hash = cloister_proof::hash(&[bytes.as_ref()]);
        match store::prekey::hash(tx, holder.device, prekey.key_id)? {
            None => store::prekey::insert(tx, holder.device, prekey.key_id, &hash, bytes)?,
            Some(known) if known == hash => {}
            Some(_) => return Err(conflict()),
        }
    }
    if let Some(bytes) = &request.fallback {
        let prekey = check(bytes, holder, PrekeyKind::Fallback)?;
        match store::prekey::fallback(tx, holder.device)? {
            Some((key_id, known)) if key_id == prekey.key_id && known != *bytes => {
                return Err(conflict());
            }
            Some((key_id, _)) if key_id > prekey.key_id => return Err(conflict()),
            _ => store::prekey::put_fallback(tx, holder.device, prekey.key_id, bytes)?,
        }
    }
    let counts = store::prekey::counts(tx, holder.device)?;
    if counts.one_time as usize > limits::ONE_TIME_KEYS_PER_DEVICE {
        return Err(too_many());
    }
    Ok(counts)
}

/// Hands out one key of each device that the claimer may write to. Devices that it may not write
/// to, or that are gone, are missing from the answer.
pub fn claim(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    request: &ClaimKeys,
) -> Result<ClaimedKeys> {
    if request.devices.len() > limits::CLAIMS_PER_REQUEST {
        return Err(Error::refuse(
            ErrorCode::TooLarge,
            "Claim keys of at most 100 devices.",
        ));
    }
    let devices: BTreeSet<DeviceId> = request.devices.iter().copied().collect();
    let since = tx.now().saturating_sub(CLAIM_WINDOW_MS);
    let claimed = store::prekey::claims_since(tx, permit.device, since)?;
    if claimed + devices.len() as u64 > CLAIMS_PER_WINDOW {
        return Err(Error::rate_limited(CLAIM_WINDOW_MS));
    }
    let mut reachable = BTreeMap::from([(permit.user, true)]);
    let mut keys = Vec::new();
    for device in devices {
        let Some(target) = store::device_target::get(tx, device)? else {
            continue;
        };
        let may = match reachable.get(&target.user) {
            Some(known) => *known,
            None => {
                let may = store::dm::may_reach(tx, [permit.user, target.user])?;
                reachable.insert(target.user, may);
                may
            }
        };
        if may && target.is_awake() && device != permit.device {
            keys.push(claim_one(tx, permit, device, &target)?);
        }
    }
    Ok(ClaimedKeys { keys })
}

/// Deletes what is too old.
pub fn prune(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<u64> {
    let now = tx.now();
    store::prekey::prune(
        tx,
        now.saturating_sub(UNCLAIMED_MS),
        now.saturating_sub(CLAIMED_MS),
        now.saturating_sub(CLAIM_AGAIN_MS.max(CLAIM_WINDOW_MS)),
    )
}

fn claim_one(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    device: DeviceId,
    target: &Target,
) -> Result<ClaimedKey> {
    let last = store::prekey::claimed_at(tx, permit.device, device)?;
    let again = last.is_some_and(|at| tx.now() < at + CLAIM_AGAIN_MS);
    let one_time = if again {
        None
    } else {
        store::prekey::take_one_time(tx, device)?
    };
    let key = match one_time {
        Some(key) => {
            store::prekey::put_claim(tx, permit.device, device)?;
            tell_if_low(tx, device)?;
            Some(key)
        }
        None => fall_back(tx, device)?,
    };
    Ok(ClaimedKey {
        device,
        user: target.user,
        devlog_version: target.devlog_version,
        key,
    })
}

fn fall_back(tx: &mut Tx<'_>, device: DeviceId) -> Result<Option<Bytes>> {
    let Some((_, key)) = store::prekey::fallback(tx, device)? else {
        return Ok(None);
    };
    if store::prekey::use_fallback(tx, device)? {
        let counts = store::prekey::counts(tx, device)?;
        tell(tx, device, &counts);
    }
    Ok(Some(key))
}

/// Tells the device once when its keys begin to run out, and when they have. Whoever was not
/// connected learns it from `ready`.
fn tell_if_low(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    let counts = store::prekey::counts(tx, device)?;
    let left = counts.one_time as usize;
    if left + 1 == limits::ONE_TIME_KEYS_LOW || left == 0 {
        tell(tx, device, &counts);
    }
    Ok(())
}

fn tell(tx: &mut Tx<'_>, device: DeviceId, counts: &KeyCounts) {
    let event = Event::KeysLow {
        one_time: counts.one_time,
        fallback_used: counts.fallback_used,
    };
    tx.emit(Notice::event(Audience::Device(device), event));
}

fn check(bytes: &Bytes, holder: &Holder, kind: PrekeyKind) -> Result<Prekey> {
    let read = || -> Result<Prekey, ProofError> {
        let signed = Signed::parse(bytes.as_ref())?;
        signed.verify(Purpose::Prekey, &holder.signing_key)?;
        signed.open()
    };
    let prekey =
        read().map_err(|_| Error::bad_signature("A prekey's signature does not check."))?;
    let own = prekey.user == holder.user && prekey.device == holder.device;
    if own && prekey.kind == kind && i64::try_from(prekey.key_id).is_ok() {
        Ok(prekey)
    } else {
        Err(Error::bad_signature(
            "A prekey is of another device or another kind.",
        ))
    }
}

fn conflict() -> Error {
    Error::refuse(
        ErrorCode::OtkConflict,
        "A prekey with this number was uploaded before with other content.",
    )
}

fn too_many() -> Error {
    Error::refuse(
        ErrorCode::TooMany,
        "A device keeps at most 100 one-time keys on the server.",
    )
}
