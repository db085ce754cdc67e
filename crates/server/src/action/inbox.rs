//! The queue from device to device. Items are inserted in the transaction of the request that
//! caused them and deleted only when their recipient says that it has stored them.

use std::collections::BTreeSet;

use cloister_wire::{
    DeviceId, ErrorCode, Hash,
    account::DeviceStanding,
    channel::WithholdCode,
    gateway::Event,
    key::{
        AckToDevice, Envelope, NackToDevice, QueuedBody, SendToDevice, ToDeviceClass, ToDeviceItem,
    },
    limits,
};

use crate::{
    Error, Result,
    access::{Actor, Enrol, Permit, channel::Send},
    gateway::bus::{Audience, Notice},
    store::{
        self,
        db::Tx,
        inbox::{New, NewBody, Waiting},
    },
};

/// What may wait of one person for one device of somebody else.
const SENDER_ITEMS_MAX: u64 = limits::QUEUE_ITEMS_MAX / 4;
const SENDER_BYTES_MAX: u64 = limits::QUEUE_BYTES_MAX / 4;

/// One ciphertext on its way to one device.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    pub recipient: DeviceId,
    pub dedupe_id: Hash,
    pub class: ToDeviceClass,
    pub envelope: &'a Envelope,
}

/// Items that have no request of their own.
/// A device that waits for approval may only compare emoji with its person's own devices.
pub fn send(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>, request: &SendToDevice) -> Result<()> {
    if request.items.len() > limits::ENVELOPES_PER_SHARE {
        return Err(Error::refuse(
            ErrorCode::TooLarge,
            "Send at most 100 items at once.",
        ));
    }
    let mut reachable = BTreeSet::new();
    // Queues are locked in the order of their ids, so that two senders can't block each other.
    let mut items: Vec<&ToDeviceItem> = request.items.iter().collect();
    items.sort_by_key(|item| item.device);
    for item in items {
        let target = store::device_target::get(tx, item.device)?.ok_or_else(Error::not_found)?;
        let own = target.user == permit.user;
        let waits = permit.standing == DeviceStanding::Pending;
        if waits && !(own && item.class == ToDeviceClass::Verification) {
            return Err(Error::refuse(
                ErrorCode::DevicePending,
                "Approve this device first, from another one or with the recovery key.",
            ));
        }
        if !own && !reachable.contains(&target.user) {
            if !store::dm::may_reach(tx, [permit.user, target.user])? {
                return Err(Error::not_found());
            }
            reachable.insert(target.user);
        }
        // Only one's own other device may be served before it is in the log, or while it sleeps.
        if !(target.is_awake() || own && target.revoked_at.is_none()) {
            return Err(Error::not_found());
        }
        if target.reg_id != item.envelope.reg_id {
            return Err(Error::refuse(
                ErrorCode::DevicesStale,
                "That device has come back with new keys. Fetch them and try again.",
            ));
        }
        let parcel = Parcel {
            recipient: item.device,
            dedupe_id: item.dedupe_id,
            class: item.class,
            envelope: &item.envelope,
        };
        deliver(tx, permit, &parcel)?;
    }
    Ok(())
}

/// Puts a ciphertext into its recipient's queue. The same one twice is there once.
pub(super) fn deliver(tx: &mut Tx<'_>, sender: &Actor, parcel: &Parcel<'_>) -> Result<()> {
    check_envelope(parcel.class, parcel.envelope)?;
    if store::inbox::is_known(tx, parcel.recipient, sender.device, &parcel.dedupe_id)? {
        return Ok(());
    }
    let new = New {
        sender_user: sender.user,
        sender_device: sender.device,
        dedupe_id: parcel.dedupe_id,
        class: parcel.class,
        body: NewBody::Sealed {
            kind: parcel.envelope.kind,
            ct: &parcel.envelope.ct,
        },
    };
    let all = append(tx, parcel.recipient, &new)?;
    leave_room(tx, sender, parcel.recipient, all)
}

/// One person alone can't fill the queue of somebody else's device, which would put it to sleep.
fn leave_room(tx: &mut Tx<'_>, sender: &Actor, recipient: DeviceId, all: Waiting) -> Result<()> {
    // Only a queue that is long already is looked through.
    if all.items <= SENDER_ITEMS_MAX && all.bytes <= SENDER_BYTES_MAX {
        return Ok(());
    }
    let theirs = store::inbox::waiting_from(tx, recipient, sender.user)?;
    if theirs.items <= SENDER_ITEMS_MAX && theirs.bytes <= SENDER_BYTES_MAX {
        return Ok(());
    }
    let target = store::device_target::get(tx, recipient)?;
    if target.is_some_and(|target| target.user == sender.user) {
        return Ok(());
    }
    Err(Error::refuse(
        ErrorCode::TooMany,
        "Too much of yours waits for one of the devices: it has not connected for a long time.",
    ))
}

/// Says to a device that the sender gives it no key for a session, and why.
pub(super) fn withhold(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    recipient: DeviceId,
    session: &Hash,
    code: WithholdCode,
) -> Result<()> {
    let dedupe_id = cloister_proof::hash(&[b"cloister/withheld/v1", &session.0, &[code as u8]]);
    if store::inbox::is_known(tx, recipient, permit.device(), &dedupe_id)? {
        return Ok(());
    }
    let new = New {
        sender_user: permit.user(),
        sender_device: permit.device(),
        dedupe_id,
        class: ToDeviceClass::Control,
        body: NewBody::Withheld {
            channel: permit.channel(),
            session,
            code,
        },
    };
    append(tx, recipient, &new)?;
    Ok(())
}

/// The device has decrypted and stored everything up to `seq`.
pub fn acknowledge(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Enrol>,
    request: &AckToDevice,
) -> Result<()> {
    let position = store::inbox::lock(tx, permit.device)?;
    if request.seq > position.last_seq {
        return Err(Error::invalid("Nothing with that number was ever queued."));
    }
    store::inbox::acknowledge(tx, permit.device, request.seq)?;
    store::inbox::raise_writes(tx, permit.device, request.writes)
}

/// The device could not open one item: it is done with it here, and its sender hears of it.
pub fn refuse(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>, request: &NackToDevice) -> Result<()> {
    store::inbox::lock(tx, permit.device)?;
    let item = store::inbox::get(tx, permit.device, request.seq)?.ok_or_else(Error::not_found)?;
    if !matches!(item.body, QueuedBody::Sealed { .. }) {
        return Err(Error::invalid("That is no ciphertext."));
    }
    store::inbox::delete(tx, permit.device, request.seq)?;
    let sender = store::device_target::get(tx, item.sender_device)?;
    if !sender.is_some_and(|target| target.is_awake()) {
        return Ok(());
    }
    let nack = New {
        sender_user: permit.user,
        sender_device: permit.device,
        dedupe_id: item.dedupe_id,
        class: item.class,
        body: NewBody::Nack(request.reason),
    };
    append(tx, item.sender_device, &nack)?;
    Ok(())
}

/// A revoked device: nothing waits for it, nobody shares with it, nobody claims its keys.
pub(super) fn close(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    store::inbox::empty(tx, device)?;
    store::prekey::delete_all(tx, device)?;
    store::group_session::forget_device(tx, device)
}

/// Puts an item at the end of a queue and says what waits there now.
fn append(tx: &mut Tx<'_>, recipient: DeviceId, new: &New<'_>) -> Result<Waiting> {
    let (waiting, item) = store::inbox::append(tx, recipient, new)?;
    let over = |times: u64| {
        waiting.items > times * limits::QUEUE_ITEMS_MAX
            || waiting.bytes > times * limits::QUEUE_BYTES_MAX
    };
    if over(1) {
        store::inbox::mark_full(tx, recipient)?;
    }
    // The device is put to sleep within a minute; nothing is dropped before that.
    if over(2) {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "Too much waits for one of the devices: it has not connected for a long time.",
        ));
    }
    tx.emit(Notice::event(
        Audience::Device(recipient),
        Event::ToDevice { item },
    ));
    Ok(waiting)
}

fn check_envelope(class: ToDeviceClass, envelope: &Envelope) -> Result<()> {
    let kinds = match class {
        ToDeviceClass::Verification => 2..=2,
        _ => 0..=1,
    };
    if !kinds.contains(&envelope.kind) || envelope.ct.0.is_empty() {
        return Err(Error::invalid(
            "An envelope is of kind 0 or 1 and holds a ciphertext; a step of a verification is of kind 2.",
        ));
    }
    if envelope.ct.0.len() > limits::ENVELOPE_BYTES {
        return Err(Error::refuse(
            ErrorCode::TooLarge,
            "An envelope is too large.",
        ));
    }
    Ok(())
}
