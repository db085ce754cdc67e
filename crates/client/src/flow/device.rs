//! One's own devices: adding, revoking, naming, noticing that one was added.

use std::collections::BTreeSet;

use cloister_e2ee::{DeviceContent, Primitives, SigningKey};
use cloister_proof::{
    DeviceLog, DeviceOffer, Purpose, Signed, Signer,
    devlog::{Body, DeviceRecord, Enrolment, Entry, RevokeReason},
    fingerprint::{self, DeviceCode},
};
use cloister_wire::{
    Bytes, DeviceId, ErrorCode, Hash,
    account::{DeviceStanding, Devices, RenameDevice},
    key::{SendToDevice, ToDeviceClass, ToDeviceItem},
};

use crate::{
    core::{Shared, refuse},
    engine::{Method, Outgoing},
    flow::{
        account, backup,
        call::{CallError, to_cbor},
        envelope, own, people, prekeys, queue, recovery, vault, verify,
    },
    store::{Parcel, StoreError, Trouble},
    view::{CommandReply, Refusal, Topic},
};

/// How often a log entry is signed anew because another one came first.
const TRIES: usize = 5;

/// Which of one's waiting devices is meant.
pub(crate) enum Wanted {
    /// Its code, as somebody typed it.
    Typed(String),
    /// What a camera read from its screen.
    Read(DeviceCode),
    /// It showed the same emoji, and has this signing key.
    Compared(DeviceId, Hash),
}

impl Wanted {
    fn is(&self, offer: &DeviceOffer) -> bool {
        match self {
            Self::Typed(code) => fingerprint::device_code(offer) == *code,
            Self::Read(code) => DeviceCode::of(offer) == *code,
            Self::Compared(device, signing) => {
                offer.cert.device == *device && offer.cert.signing == *signing
            }
        }
    }
}

/// Approves the device that shows `code`, typed or read by a camera.
pub(crate) async fn approve<P: Primitives>(
    shared: &Shared<P>,
    code: &str,
) -> Result<CommandReply, Refusal> {
    match DeviceCode::parse(code) {
        Some(read) => admit(shared, &Wanted::Read(read), Enrolment::Qr).await,
        None => {
            let typed = Wanted::Typed(fingerprint::normalise(code));
            admit(shared, &typed, Enrolment::Code).await
        }
    }
}

/// Signs that a waiting device is one of this person's.
pub(crate) async fn admit<P: Primitives>(
    shared: &Shared<P>,
    wanted: &Wanted,
    how: Enrolment,
) -> Result<CommandReply, Refusal> {
    let list: Devices = shared.get("/api/v1/devices".to_owned()).await?;
    let unknown = || {
        refuse(
            ErrorCode::CodeUnknown,
            "No device of yours is waiting with that code. Check it on the new device.",
        )
    };
    let (offer_bytes, offer) = list
        .devices
        .iter()
        .filter(|device| device.standing == DeviceStanding::Pending)
        .filter_map(|device| {
            DeviceOffer::verify(device.cert.as_ref())
                .ok()
                .map(|offer| (device.cert.clone(), offer))
        })
        .find(|(_, offer)| wanted.is(offer))
        .ok_or_else(unknown)?;
    {
        let core = shared.core();
        let me = core.store.me()?;
        let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
        if offer.cert.user != me.user || offer.genesis != log.genesis {
            return Err(refuse(
                ErrorCode::TrustViolation,
                "That device was shown another account than yours. Don't approve it.",
            ));
        }
    }
    append(shared, |log, me| Body::AddDevice {
        offer: offer_bytes.clone(),
        how,
        approver: log.devices.contains_key(&me).then_some(me),
    })
    .await?;
    greet(shared, &offer).await?;
    let cert = &offer.cert;
    vault::tell(shared, (cert.user, cert.device, cert.reg_id)).await?;
    queue::resend(shared);
    reload(shared);
    Ok(CommandReply::Done)
}

/// Hands the new device what all of one's devices share.
async fn greet<P: Primitives>(shared: &Shared<P>, offer: &DeviceOffer) -> Result<(), Refusal> {
    envelope::ensure_sessions(shared, &[(offer.cert.user, offer.cert.device)]).await?;
    let mut core = shared.core();
    let Some(account_key) = core.store.account_key()? else {
        return Ok(());
    };
    let content = DeviceContent::Welcome { account_key };
    let to = (offer.cert.user, offer.cert.device, offer.cert.reg_id);
    core.store.begin()?;
    let sealed = envelope::seal(&mut core, to, ToDeviceClass::Secret, &content);
    let done = sealed.and_then(|wrap| {
        let wrap = wrap.ok_or_else(|| {
            refuse(
                ErrorCode::Unavailable,
                "The new device has no keys yet. Try again in a moment.",
            )
        })?;
        let item = ToDeviceItem {
            device: wrap.device,
            dedupe_id: wrap.dedupe_id,
            class: ToDeviceClass::Secret,
            envelope: wrap.envelope,
        };
        let body = to_cbor(&SendToDevice { items: vec![item] });
        let parcel = Parcel {
            number: 0,
            channel: None,
            path: "/api/v1/to-device".to_owned(),
            body,
            session: None,
            devices: Vec::new(),
        };
        core.store.put_parcel(&parcel)?;
        core.store.raise_writes()?;
        let records = core.store.person_records()?;
        verify::pack_records(&mut core, to, &records)?;
        own::pack_all(&mut core, to)
    });
    core.store.end(done)
}

/// Adds this device with the signature of the recovery key, or of another way into the vault.
pub(crate) async fn add_self<P: Primitives>(
    shared: &Shared<P>,
    signer: &SigningKey,
) -> Result<(), Refusal> {
    let offer = shared
        .core()
        .store
        .me()?
        .offer
        .ok_or(StoreError::Unreadable)?;
    append_signed(shared, signer, |_, _| Body::AddDevice {
        offer: offer.clone(),
        how: Enrolment::Recovery,
        approver: None,
    })
    .await
}

pub(crate) async fn revoke<P: Primitives>(
    shared: &Shared<P>,
    device: DeviceId,
    also: Vec<DeviceId>,
    reason: RevokeReason,
) -> Result<CommandReply, Refusal> {
    let waits = {
        let core = shared.core();
        let me = core.store.me()?;
        let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
        if also.contains(&me.device) {
            return Err(refuse(
                ErrorCode::Invalid,
                "This device can't be removed along with another. Sign out here instead.",
            ));
        }
        !log.devices.contains_key(&device)
    };
    if waits {
        // It is in no log: the server just sends it away.
        shared
            .call(Method::Delete, format!("/api/v1/devices/{device}"), None)
            .await?;
    } else {
        // A device that is gone against its will knew the key of the backup.
        if reason != RevokeReason::SignedOut {
            shared.core().store.put_rotation_owed(&device)?;
        }
        append(shared, |log, _| Body::Revoke {
            device,
            reason,
            also: also
                .iter()
                .filter(|one| **one != device)
                .filter(|one| log.devices.get(one).is_some_and(DeviceRecord::active))
                .copied()
                .collect(),
        })
        .await?;
        if reason != RevokeReason::SignedOut {
            let gone: Vec<DeviceId> = std::iter::once(device).chain(also).collect();
            recovery::forget_asked_by(shared, &gone).await?;
        }
    }
    reload(shared);
    vault::rotate_soon(shared);
    Ok(CommandReply::Done)
}

pub(crate) async fn rename<P: Primitives>(
    shared: &Shared<P>,
    device: DeviceId,
    name: &str,
) -> Result<CommandReply, Refusal> {
    let sealed = {
        let mut core = shared.core();
        let none = || {
            refuse(
                ErrorCode::DevicePending,
                "This device has no account key yet. Wait until it is approved.",
            )
        };
        let key = core.store.account_key()?.ok_or_else(none)?;
        account::seal_name(&mut core, &key.0, name)
    };
    shared
        .tell_server(
            Method::Put,
            format!("/api/v1/devices/{device}/name"),
            &RenameDevice {
                name_ct: Bytes(sealed),
            },
        )
        .await?;
    reload(shared);
    Ok(CommandReply::Done)
}

/// Signs an entry with this device and appends it to one's own log.
pub(crate) async fn append<P: Primitives>(
    shared: &Shared<P>,
    body: impl Fn(&DeviceLog, DeviceId) -> Body,
) -> Result<(), Refusal> {
    let account = shared
        .core()
        .store
        .account()?
        .ok_or(StoreError::Unreadable)?;
    append_signed(shared, &account, body).await
}

async fn append_signed<P: Primitives>(
    shared: &Shared<P>,
    signer: &(impl Signer + Sync),
    body: impl Fn(&DeviceLog, DeviceId) -> Body,
) -> Result<(), Refusal> {
    for _ in 0..TRIES {
        let (entry, me) = {
            let core = shared.core();
            let me = core.store.me()?;
            let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
            let body = body(&log, me.device);
            let entry = Entry {
                v: 1,
                user: me.user,
                version: log.version + 1,
                prev: Some(log.head),
                at_ms: core.now,
                body,
            };
            (
                Signed::seal(Purpose::Devlog, &entry, &[signer]).to_bytes(),
                me,
            )
        };
        match shared
            .call(
                Method::Post,
                "/api/v1/devlog".to_owned(),
                Some(to_cbor(&account::append_body(entry.clone()))),
            )
            .await
        {
            Ok(_) => {
                grow_own_log(shared, &entry)?;
                return Ok(());
            }
            Err(error) if error.code() == ErrorCode::DevlogStale => {
                people::refresh(shared, &BTreeSet::from([me.user])).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(refuse(
        ErrorCode::DevlogStale,
        "Another device changed the device list at the same moment. Try again.",
    ))
}

/// Comes back after so long a time that the server took this device out of every audience: with
/// new prekeys, and under a new registration.
pub(crate) async fn renew<P: Primitives>(
    shared: &Shared<P>,
    queue_seq: u64,
) -> Result<(), Refusal> {
    {
        let core = shared.core();
        core.store.commit(|store| {
            // What waited is gone; numbers go on from there.
            store.put_queue_seq(queue_seq)?;
            store.put_acked_seq(queue_seq)?;
            store.forget_audiences()
        })?;
    }
    prekeys::replace(shared).await?;
    append(shared, |log, me| Body::Renew {
        device: me,
        reg_id: log.devices.get(&me).map_or(1, |record| record.reg_id) + 1,
    })
    .await?;
    backup::bring_all(shared);
    Ok(())
}

/// Applies an entry of one's own log, and notices what it says about this device.
pub(crate) fn grow_own_log<P: Primitives>(shared: &Shared<P>, entry: &[u8]) -> Result<(), Refusal> {
    {
        let core = shared.core();
        let me = core.store.me()?;
        let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
        // An entry that is already applied comes again as an event.
        let mut grown = log;
        if let Ok(body) = grown.append(entry) {
            core.store.put_devlog(&grown)?;
            // What was sent to it while it slept was thrown away.
            if let Body::Renew { device, reg_id } = body
                && device != me.device
            {
                let to = (me.user, device, reg_id);
                drop(core);
                vault::tell_soon(shared, to);
            }
        }
    }
    notice_standing(shared)
}

/// Compares this device's standing with its own log.
pub(crate) fn notice_standing<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let mut core = shared.core();
    let mut me = core.store.me()?;
    let Some(log) = core.store.devlog(me.user)? else {
        return Ok(());
    };
    let standing = match log.devices.get(&me.device) {
        None => DeviceStanding::Pending,
        Some(record) if record.active() => DeviceStanding::Active,
        Some(_) => DeviceStanding::Revoked,
    };
    core.tell(Topic::Devices);
    recovery::settle(&mut core, &log)?;
    if log.proposal.is_some() {
        let shared = shared.clone();
        core.spawn_later(async move { recovery::ripen(&shared) });
    }
    if standing == me.standing {
        return Ok(());
    }
    me.standing = standing;
    core.store.put_identity(&me)?;
    core.tell(Topic::Session);
    match standing {
        DeviceStanding::Active => {
            // A full account of guilds and channels comes with a new connection.
            core.link.gateway = None;
            core.send(Outgoing::CloseSocket);
        }
        DeviceStanding::Revoked => {
            drop(core);
            // Its own person came back without it, or somebody with their password did.
            let ours = log.devices.get(&me.device).map(|record| record.added);
            let begun = log.lives.last().map(|life| life.version);
            shared.end(if ours < begun {
                Trouble::StartedOver
            } else {
                Trouble::Revoked
            });
        }
        DeviceStanding::Pending => {}
    }
    Ok(())
}

/// Brings the list of one's devices anew.
pub(crate) fn reload<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("devices".to_owned(), |shared| async move {
        // A device that waits for approval has no list.
        let _ = fetch(&shared).await;
    });
}

/// Brings the list of one's devices now.
pub(crate) async fn fetch<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let list: Result<Devices, CallError> = shared.get("/api/v1/devices".to_owned()).await;
    let list = list?;
    let mut core = shared.core();
    core.store.put_device_list(&list.devices)?;
    core.tell(Topic::Devices);
    Ok(())
}
