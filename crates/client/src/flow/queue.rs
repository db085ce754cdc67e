//! What other devices sent to this one: taken in order, each item once, acknowledged when its
//! effect is in the store.

mod nack;

use std::collections::BTreeSet;

use cloister_e2ee::{DeviceContent, DeviceMessage, OlmCiphertext, OpenError, Primitives};
use cloister_proof::{DeviceCert, DeviceOffer};
use cloister_wire::{
    ChannelId, ErrorCode, Hash, UserId,
    channel::WithholdCode,
    key::{AckToDevice, NackReason, NackToDevice, QueuePage, QueuedBody, QueuedItem},
};

pub(crate) use self::nack::{answer_nacks, resend};
use crate::{
    core::{Core, Shared},
    engine::Method,
    flow::{
        account, backup, call::CallError, device, health, history, incoming, own, people, vault,
        verify,
    },
    store::{Identity, InboundRow, MessageState, StoreError},
    view::{Refusal, Topic, Undecryptable},
};

/// An item is sent again at most so often.
const RESENDS_MAX: u32 = 3;
/// A new session with a device is made at most so often because of nacks.
const RENEW_MS: u64 = 3_600_000;
/// Time for pushes to come before the queue is asked.
const SETTLE_MS: u64 = 250;

/// An item that the gateway brought.
pub(crate) fn arrive<P: Primitives>(shared: &Shared<P>, item: &QueuedItem) -> Result<(), Refusal> {
    let in_order = {
        let mut core = shared.core();
        let next = core.store.queue_seq()? + 1;
        if item.seq < next {
            return Ok(());
        }
        let known = core
            .store
            .cert(item.sender_user, item.sender_device)?
            .is_some();
        let in_order = item.seq == next && known;
        if in_order {
            take(shared, &mut core, item)?;
        }
        in_order
    };
    if in_order {
        acknowledge(shared);
    } else {
        drain(shared);
    }
    Ok(())
}

/// Reads the queue to its end.
pub(crate) fn drain<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("drain".to_owned(), |shared| async move {
        if let Err(error) = read_to_end(&shared).await {
            shared.core().fail(&error);
        }
        acknowledge(&shared);
    });
}

async fn read_to_end<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    loop {
        let after = shared.core().store.queue_seq()?;
        let page: Result<QueuePage, CallError> =
            shared.get(format!("/api/v1/to-device?after={after}")).await;
        let page = page?;
        let strangers: BTreeSet<UserId> = {
            let core = shared.core();
            let known = |item: &&QueuedItem| {
                !matches!(
                    core.store.cert(item.sender_user, item.sender_device),
                    Ok(Some(_))
                )
            };
            page.items
                .iter()
                .filter(known)
                .map(|item| item.sender_user)
                .collect()
        };
        if !strangers.is_empty() {
            people::refresh(shared, &strangers).await?;
        }
        let mut core = shared.core();
        for item in &page.items {
            if item.seq == core.store.queue_seq()? + 1 {
                take(shared, &mut core, item)?;
            }
        }
        let stuck = page
            .items
            .last()
            .is_some_and(|last| core.store.queue_seq().is_ok_and(|seq| seq < last.seq));
        if stuck {
            return Err(crate::core::refuse(
                ErrorCode::Internal,
                "The server left out items of this device's queue.",
            ));
        }
        if page.end {
            return Ok(());
        }
    }
}

/// Takes one item: its effect, the moved ratchet and the place in the queue are one step.
fn take<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    item: &QueuedItem,
) -> Result<(), Refusal> {
    core.store.begin()?;
    let done = apply(shared, core, item).and_then(|()| Ok(core.store.put_queue_seq(item.seq)?));
    core.store.end(done)
}

fn apply<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    item: &QueuedItem,
) -> Result<(), Refusal> {
    let now = core.now;
    match &item.body {
        QueuedBody::Nack { .. } => {
            // Each report names an item of this device; it is answered once, after a crash too.
            let (user, device) = (item.sender_user, item.sender_device);
            core.store.owe(&item.dedupe_id, user, device)?;
            let flow = shared.clone();
            core.spawn_later(async move { answer_nacks(&flow) });
            Ok(())
        }
        QueuedBody::Withheld {
            channel,
            session,
            code,
        } => withheld(core, item, *channel, session, *code),
        QueuedBody::Sealed { kind: 2, ct } => {
            if core.store.was_taken(&item.dedupe_id)? {
                return Ok(());
            }
            core.store.take_item(&item.dedupe_id, now)?;
            verify::take(shared, core, (item.sender_user, item.sender_device), &ct.0)
        }
        QueuedBody::Sealed { .. } if core.store.was_taken(&item.dedupe_id)? => Ok(()),
        QueuedBody::Sealed { kind, ct } => {
            let Some(sender) = core.store.cert(item.sender_user, item.sender_device)? else {
                // Nobody's log has this device: what it says counts for nothing.
                return Ok(());
            };
            let letter = OlmCiphertext {
                kind: *kind,
                ct: ct.0.clone(),
            };
            match open_letter(core, &sender, &letter)? {
                Ok(plain) => {
                    core.store.take_item(&item.dedupe_id, now)?;
                    core.store.raise_writes()?;
                    effect(shared, core, item, &sender, &plain)
                }
                Err(reason) => {
                    Ok(core
                        .store
                        .put_nack(item.seq, reason, item.sender_device, now)?)
                }
            }
        }
    }
}

/// The server says that a sender gives this device no key. Nobody signed that, so it only says
/// why a key is missing: it takes none away, and one that comes after all is used.
fn withheld<P: Primitives>(
    core: &mut Core<P>,
    item: &QueuedItem,
    channel: ChannelId,
    session: &Hash,
    code: WithholdCode,
) -> Result<(), Refusal> {
    core.store
        .put_withheld(channel, session, item.sender_device, code)?;
    let sealed = core.store.sealed_in(channel, Some(session))?;
    incoming::reopen(core, &sealed)
}

/// Opens an Olm message with the session it belongs to, or with the one that it opens.
fn open_letter<P: Primitives>(
    core: &mut Core<P>,
    sender: &DeviceCert,
    letter: &OlmCiphertext,
) -> Result<Result<Vec<u8>, NackReason>, Refusal> {
    let now = core.now;
    let opened_id = P::opened_session_id(letter);
    let mut tried = false;
    for mut session in core.store.olm_sessions(sender.device)? {
        if opened_id
            .as_ref()
            .is_some_and(|id| *id != P::session_id(&session))
        {
            continue;
        }
        tried = true;
        if let Ok(plain) = P::decrypt(&mut session, letter) {
            core.store
                .put_olm(sender.device, &session, now, Some(now))?;
            return Ok(Ok(plain));
        }
    }
    if tried || letter.kind != 0 {
        return Ok(Err(if tried {
            NackReason::Corrupt
        } else {
            NackReason::NoSession
        }));
    }
    let mut account = core.store.account()?.ok_or(StoreError::Unreadable)?;
    match P::accept_session(&mut account, &sender.identity, letter) {
        Ok((session, plain)) => {
            core.store.put_account(&account)?;
            core.store
                .put_olm(sender.device, &session, now, Some(now))?;
            Ok(Ok(plain))
        }
        Err(OpenError::UnknownPrekey) => Ok(Err(NackReason::UnknownPrekey)),
        Err(_) => Ok(Err(NackReason::Corrupt)),
    }
}

/// What this device is to others. Before it is approved, its offer says so.
pub(crate) fn own_cert<P: Primitives>(
    core: &Core<P>,
    me: &Identity,
) -> Result<Option<DeviceCert>, Refusal> {
    let offered = || {
        let offer = me.offer.as_ref()?;
        DeviceOffer::verify(offer.as_ref())
            .ok()
            .map(|offer| offer.cert)
    };
    Ok(core.store.cert(me.user, me.device)?.or_else(offered))
}

fn effect<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    item: &QueuedItem,
    sender: &DeviceCert,
    plain: &[u8],
) -> Result<(), Refusal> {
    let me = core.store.me()?;
    let Some(own_cert) = own_cert(core, &me)? else {
        return Ok(());
    };
    let Ok(message) = DeviceMessage::open(plain, sender, &own_cert, &item.dedupe_id) else {
        return Ok(());
    };
    compare_log(core, &message)?;
    let mine = sender.user == me.user;
    match message.content {
        DeviceContent::RoomKey {
            channel,
            session,
            key,
            created_epoch,
            shared_history,
            suite,
        } => {
            let Some(ratchet) =
                P::inbound(key.as_ref()).filter(|ratchet| P::inbound_id(ratchet) == session)
            else {
                return Ok(());
            };
            let row = InboundRow {
                session,
                channel,
                sender_user: sender.user,
                sender_device: sender.device,
                ratchet,
                created_epoch,
                shared_history: shared_history == 1,
                suite,
                restored: false,
            };
            take_key(core, row)
        }
        DeviceContent::DmKey {
            channel,
            txn,
            key,
            ciphertext,
        } => {
            core.store
                .put_dm_key(channel, sender.device, txn, &key, &ciphertext)?;
            let sealed = core.store.sealed_txn(channel, sender.device, txn)?;
            incoming::reopen(core, sealed.as_slice())
        }
        DeviceContent::Welcome { account_key } if mine => {
            core.store.put_account_key(&account_key)?;
            core.tell(Topic::Devices);
            Ok(())
        }
        DeviceContent::Secrets { secrets, vault } if mine => Ok(vault::receive(
            shared,
            core,
            sender.device,
            &secrets,
            vault,
        )?),
        DeviceContent::History { channel, keys } => history::take(core, item, channel, keys),
        DeviceContent::Records { records } if mine => verify::merge(core, &records),
        DeviceContent::Notes { notes } if mine => own::merge(core, &notes),
        DeviceContent::CodeRead { secret } => {
            verify::code_was_read(core, (sender.user, sender.device), &secret)
        }
        DeviceContent::Welcome { .. }
        | DeviceContent::Records { .. }
        | DeviceContent::Notes { .. }
        | DeviceContent::Secrets { .. } => Ok(()),
    }
}

/// A key from its sender. It never takes away how far back one from the same sender reaches, and
/// what the backup said gives way to it.
fn take_key<P: Primitives>(core: &mut Core<P>, mut row: InboundRow<P>) -> Result<(), Refusal> {
    let mut known = core.store.inbound(&row.session)?;
    let same = |known: &InboundRow<P>| {
        known.sender_device == row.sender_device && known.channel == row.channel
    };
    if let Some(restored) = known.take_if(|known| known.restored) {
        let belongs = same(&restored);
        let mut before = restored.ratchet;
        if let Some(merged) = P::inbound_merge(&mut row.ratchet, &mut before)
            && belongs
        {
            row.ratchet = merged;
        }
    }
    let better = known.is_none_or(|known| {
        let first = P::inbound_first_index;
        same(&known) && first(&row.ratchet) < first(&known.ratchet)
    });
    if better {
        core.store.put_inbound(&row)?;
        let sealed = core.store.sealed_in(row.channel, Some(&row.session))?;
        incoming::reopen(core, &sealed)?;
    }
    Ok(())
}

/// The sender says what its own log is; at the same version it must be the one pinned here.
fn compare_log<P: Primitives>(core: &mut Core<P>, message: &DeviceMessage) -> Result<(), Refusal> {
    let Some(log) = core.store.devlog(message.sender_user)? else {
        return Ok(());
    };
    if log.version == message.sender_log_version && log.head != message.sender_log_head {
        core.store.put_violation(
            message.sender_user,
            "The server shows them another device log than it shows here.",
        )?;
        core.alarm = Some("The server shows different people different device logs.".to_owned());
        core.tell(Topic::Session);
    }
    Ok(())
}

/// Tells the server how far the queue was taken, and what could not be opened.
pub(crate) fn acknowledge<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("ack".to_owned(), |shared| async move {
        if let Err(error) = report(&shared).await {
            shared.core().fail(&error);
        }
        give_name(&shared).await;
    });
}

async fn report<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    // An acknowledgement takes away everything before it: what could not be opened is reported
    // first, also what came while an earlier report was on its way.
    loop {
        let next = shared.core().store.next_nack()?;
        let Some((seq, reason)) = next else { break };
        match shared
            .tell_server(
                Method::Post,
                "/api/v1/to-device/nack".to_owned(),
                &NackToDevice { seq, reason },
            )
            .await
        {
            // Not found: an earlier report arrived and its answer did not.
            Ok(()) | Err(CallError::Refused { status: 404, .. }) => {
                shared.core().store.report_nack(seq)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let (seq, acked, writes) = {
        let core = shared.core();
        (
            core.store.queue_seq()?,
            core.store.acked_seq()?,
            core.store.writes()?,
        )
    };
    if seq > acked {
        shared
            .tell_server(
                Method::Post,
                "/api/v1/to-device/ack".to_owned(),
                &AckToDevice { seq, writes },
            )
            .await?;
        shared.core().store.put_acked_seq(seq)?;
    }
    Ok(())
}

/// A device that was just approved has a name waiting for the account key.
async fn give_name<P: Primitives>(shared: &Shared<P>) {
    let (name, me, ready) = {
        let core = shared.core();
        let name = core.store.device_name().ok().flatten();
        let ready = matches!(core.store.account_key(), Ok(Some(_)));
        (name, core.store.identity().ok().flatten(), ready)
    };
    let (Some(name), Some(me), true) = (name, me, ready) else {
        return;
    };
    if account::state_of(me.standing) != crate::view::DeviceState::Active {
        return;
    }
    if device::rename(shared, me.device, &name).await.is_ok() {
        let mut core = shared.core();
        if let Err(error) = core.store.forget("device_name") {
            core.fail(&Refusal::from(error));
        }
    }
}

/// Decides about messages without a key. A key comes no later than the message that needs it,
/// so: once the queue was read to its end after the message came, its key is missing.
pub(crate) fn settle<P: Primitives>(shared: &Shared<P>) {
    let waiting = shared.core().store.waiting(u64::MAX >> 1);
    if !matches!(waiting, Ok(messages) if !messages.is_empty()) {
        return;
    }
    shared.spawn_single("settle".to_owned(), |shared| async move {
        shared.sleep(SETTLE_MS).await;
        let since = shared.core().now;
        if let Err(error) = read_to_end(&shared).await {
            shared.core().fail(&error);
            return;
        }
        acknowledge(&shared);
        let decided = decide(&mut shared.core(), since);
        // Another device of this person may have it.
        backup::restore(&shared);
        health::tell(&shared, health::When::Decided);
        if let Err(error) = decided {
            shared.core().fail(&error);
        }
    });
}

fn decide<P: Primitives>(core: &mut Core<P>, since: u64) -> Result<(), Refusal> {
    for message in core.store.waiting(since)? {
        let Some(row) = core.store.channel(message.channel)? else {
            continue;
        };
        let now = core.now;
        let state = match incoming::open(core, &row, &message)? {
            MessageState::Waiting if core.store.nack_pending(message.sender_device, now)? => {
                continue;
            }
            MessageState::Waiting if history::came_after(core, &row, &message)? => {
                MessageState::Before
            }
            MessageState::Waiting => MessageState::Closed(Undecryptable::KeyMissing),
            state => state,
        };
        core.store.put_message(&message, &state, now)?;
        incoming::tell(core, &row);
    }
    Ok(())
}
