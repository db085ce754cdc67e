//! Sealing something for one device through Olm.

use cloister_e2ee::{DeviceContent, DeviceMessage, Primitives};
use cloister_proof::{Prekey, encode};
use cloister_wire::{
    Bytes, DeviceId, ErrorCode, Octets, UserId,
    channel::Wrap,
    key::{ClaimKeys, ClaimedKeys, Envelope, SendToDevice, ToDeviceClass, ToDeviceItem},
    limits::CLAIMS_PER_REQUEST,
};

use crate::{
    core::{Core, Shared, refuse},
    flow::call::{CallError, to_cbor},
    store::{Parcel, SentItem, Store, StoreError},
    view::Refusal,
};

/// Opens a session to every one of these devices that has none. Those that have no prekey
/// left stay without.
pub(crate) async fn ensure_sessions<P: Primitives>(
    shared: &Shared<P>,
    devices: &[(UserId, DeviceId)],
) -> Result<(), Refusal> {
    let lacking = {
        let core = shared.core();
        let has = |device: &DeviceId| core.store.has_olm_session(*device);
        devices
            .iter()
            .filter_map(|one| has(&one.1).map(|has| (!has).then_some(*one)).transpose())
            .collect::<Result<Vec<_>, _>>()?
    };
    for chunk in lacking.chunks(CLAIMS_PER_REQUEST) {
        let claim = ClaimKeys {
            devices: chunk.iter().map(|(_, device)| *device).collect(),
        };
        let claimed: Result<ClaimedKeys, CallError> =
            shared.post("/api/v1/keys/claim".to_owned(), &claim).await;
        let claimed = claimed?;
        let mut core = shared.core();
        for key in claimed.keys {
            let Some(bytes) = key.key else { continue };
            if chunk.contains(&(key.user, key.device)) {
                open_session(&mut core, (key.user, key.device), &bytes, false)?;
            }
        }
    }
    Ok(())
}

/// Opens a new session to a device with a prekey that the server handed out.
fn open_session<P: Primitives>(
    core: &mut Core<P>,
    (user, device): (UserId, DeviceId),
    prekey: &Bytes,
    replaces: bool,
) -> Result<(), Refusal> {
    let forged = || {
        refuse(
            ErrorCode::TrustViolation,
            "The server handed out a key that the device did not sign.",
        )
    };
    let cert = core.store.cert(user, device)?.ok_or_else(|| {
        refuse(
            ErrorCode::RosterUnverifiable,
            "A device is in no device log.",
        )
    })?;
    let prekey = Prekey::verify(prekey.as_ref(), &cert).map_err(|_| forged())?;
    let account = core.store.account()?.ok_or(StoreError::Unreadable)?;
    let session = P::open_session(&account, &cert.identity, &prekey.key, &mut core.chance)
        .ok_or_else(forged)?;
    let now = core.now;
    // A session that replaces a broken one goes before those that were heard in the past.
    let heard_at = replaces.then_some(now);
    core.store
        .commit(|store: &Store<P>| store.put_olm(device, &session, now, heard_at))?;
    Ok(())
}

/// Replaces the session with a device whose last item could not be opened.
pub(crate) async fn renew_session<P: Primitives>(
    shared: &Shared<P>,
    user: UserId,
    device: DeviceId,
) -> Result<bool, Refusal> {
    let claim = ClaimKeys {
        devices: vec![device],
    };
    let claimed: ClaimedKeys = shared.post("/api/v1/keys/claim".to_owned(), &claim).await?;
    let key = claimed
        .keys
        .into_iter()
        .find(|key| key.device == device && key.user == user)
        .and_then(|key| key.key);
    let Some(key) = key else { return Ok(false) };
    open_session(&mut shared.core(), (user, device), &key, true)?;
    Ok(true)
}

/// Seals something for one device and puts it among what must be delivered; the caller commits.
/// A device without a session stays without.
pub(crate) fn seal_parcel<P: Primitives>(
    core: &mut Core<P>,
    to: (UserId, DeviceId, u32),
    class: ToDeviceClass,
    content: &DeviceContent,
) -> Result<(), Refusal> {
    let Some(wrap) = seal(core, to, class, content)? else {
        return Ok(());
    };
    let item = ToDeviceItem {
        device: wrap.device,
        dedupe_id: wrap.dedupe_id,
        class,
        envelope: wrap.envelope,
    };
    core.store.put_parcel(&Parcel {
        number: 0,
        channel: None,
        path: "/api/v1/to-device".to_owned(),
        body: to_cbor(&SendToDevice { items: vec![item] }),
        session: None,
        devices: Vec::new(),
    })?;
    core.store.raise_writes()?;
    Ok(())
}

/// Seals `content` for one device; the caller commits. None: there is no session with it.
pub(crate) fn seal<P: Primitives>(
    core: &mut Core<P>,
    to: (UserId, DeviceId, u32),
    class: ToDeviceClass,
    content: &DeviceContent,
) -> Result<Option<Wrap>, Refusal> {
    let (user, device, reg_id) = to;
    let unknown = || {
        refuse(
            ErrorCode::RosterUnverifiable,
            "A device is in no device log.",
        )
    };
    let Some(mut session) = core.store.olm_sessions(device)?.into_iter().next() else {
        return Ok(None);
    };
    let recipient = core.store.cert(user, device)?.ok_or_else(unknown)?;
    let me = core.store.me()?;
    let log = core.store.devlog(me.user)?.ok_or_else(unknown)?;
    let own = log.devices.get(&me.device).ok_or_else(unknown)?;
    let dedupe_id = Octets(core.draw());
    let message = DeviceMessage {
        v: 1,
        content: content.clone(),
        sender_user: me.user,
        sender_device: me.device,
        sender_signing: own.cert.signing,
        sender_log_version: log.version,
        sender_log_head: log.head,
        recipient_user: user,
        recipient_device: device,
        recipient_signing: recipient.signing,
        dedupe_id,
    };
    let Some(sealed) = P::encrypt(&mut session, &message.to_bytes()) else {
        return Ok(None);
    };
    let now = core.now;
    core.store.put_olm(device, &session, now, None)?;
    core.store.put_sent_item(
        &SentItem {
            dedupe_id,
            device,
            class,
            content: encode(content),
            resent: 0,
        },
        now,
    )?;
    let envelope = Envelope {
        reg_id,
        kind: sealed.kind,
        ct: Bytes(sealed.ct),
    };
    Ok(Some(Wrap {
        device,
        dedupe_id,
        envelope,
    }))
}
