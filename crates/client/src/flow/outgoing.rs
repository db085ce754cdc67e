//! Messages on their way out. One flow per channel empties its outbox in order: whatever is
//! encrypted is stored with the moved ratchet before it leaves, and the same bytes are sent
//! again until there is an answer.
//!
//! There is no way from here to the server but through [`seal_group`] and [`seal_direct`]: if
//! the audience does not check or a key is missing, the message stays where it is.

use cloister_e2ee::{DeviceContent, Plain, Primitives, content::MessageContent, direct};
use cloister_proof::{Context, policy::SUITE_TEXT, transcript};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, ErrorCode, Hash, Txn, UserId,
    channel::{MessageClass, SealedContent, Send, Sent, Share, Withhold, WithholdCode},
    key::ToDeviceClass,
    limits::{ENVELOPES_PER_SHARE, ROTATION_MESSAGES, ROTATION_MS},
};

use crate::{
    core::{Core, Shared, refuse},
    engine::Method,
    flow::{
        audience,
        call::{CallError, from_cbor, read, to_cbor},
        connect, envelope, incoming,
    },
    store::{Audience, EntryState, InboundRow, OutboundRow, OutboxRow, Parcel, StoreError},
    view::{Connection, Refusal, Topic},
};

/// Refusals of one message after which the person is asked.
const ATTEMPTS_MAX: u32 = 24;
const RETRY_MS: u64 = 2_000;

/// Starts emptying a channel's outbox, if that is not going on already.
pub(crate) fn pump<P: Primitives>(shared: &Shared<P>, channel: ChannelId) {
    shared.spawn_single(format!("pump {channel}"), move |shared| async move {
        empty(&shared, channel).await
    });
}

/// What to do after one attempt.
enum Next {
    GoOn,
    Wait(u64),
    Stop,
}

async fn empty<P: Primitives>(shared: &Shared<P>, channel: ChannelId) {
    loop {
        let next = match attempt(shared, channel).await {
            Ok(next) => next,
            Err(error) => put_off(shared, channel, &error),
        };
        match next {
            Next::GoOn => {}
            Next::Wait(ms) => {
                let ms = shared.core().jitter(ms);
                shared.sleep(ms).await;
            }
            Next::Stop => return,
        }
    }
}

/// A step failed. If it can't be cured by time, the message is given back to the person.
fn put_off<P: Primitives>(shared: &Shared<P>, channel: ChannelId, error: &Refusal) -> Next {
    let mut core = shared.core();
    core.fail(error);
    let passing = matches!(
        error.code,
        ErrorCode::Unavailable | ErrorCode::RateLimited | ErrorCode::Internal
    );
    match error.code {
        ErrorCode::Offline => {
            return if core.link.connection == Connection::Online {
                Next::Wait(RETRY_MS)
            } else {
                Next::Stop
            };
        }
        ErrorCode::SignedOut
        | ErrorCode::Unauthenticated
        | ErrorCode::DeviceCloned
        | ErrorCode::DeviceRevoked => return Next::Stop,
        _ => {}
    }
    let Ok(Some(entry)) = core.store.next_entry(channel) else {
        return Next::Stop;
    };
    if passing && entry.attempts < ATTEMPTS_MAX {
        if core.store.raise_attempts(entry.entry).is_err() {
            return Next::Stop;
        }
        return Next::Wait(error.retry_after_ms.unwrap_or(RETRY_MS));
    }
    give_back(&mut core, &entry, error);
    Next::GoOn
}

fn give_back<P: Primitives>(core: &mut Core<P>, entry: &OutboxRow, error: &Refusal) {
    let state = EntryState::Failed {
        code: error.code,
        message: error.message.clone(),
    };
    if let Err(error) = core.store.put_entry_state(entry.entry, &state) {
        core.fail(&Refusal::from(error));
    }
    core.tell(Topic::Outbox);
    core.tell(Topic::Timeline {
        channel: entry.channel,
    });
}

async fn attempt<P: Primitives>(shared: &Shared<P>, channel: ChannelId) -> Result<Next, Refusal> {
    let (parcel, entry) = {
        let core = shared.core();
        (
            core.store.next_parcel(Some(channel))?,
            core.store.next_entry(channel)?,
        )
    };
    if let Some(parcel) = parcel {
        return deliver(shared, channel, parcel).await;
    }
    let Some(entry) = entry else {
        return Ok(Next::Stop);
    };
    match &entry.state {
        EntryState::Sealed(request) => post(shared, &entry, request.clone()).await,
        EntryState::Queued => {
            let audience = audience::current(shared, channel).await?;
            let row = shared
                .core()
                .store
                .channel(channel)?
                .ok_or_else(audience::gone)?;
            match row.peer {
                Some(_) => seal_direct(shared, &entry, &audience).await?,
                None => seal_group(shared, &entry, &audience).await?,
            }
            Ok(Next::GoOn)
        }
        EntryState::Failed { .. } => Ok(Next::Stop),
    }
}

/// Sends a share that was encrypted before.
async fn deliver<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    parcel: Parcel,
) -> Result<Next, Refusal> {
    let answer = shared
        .call(Method::Post, parcel.path.clone(), Some(parcel.body.clone()))
        .await;
    match answer {
        Ok(_) => {
            let core = shared.core();
            core.store.commit(|store| {
                if let Some(session) = &parcel.session {
                    store.cover(session, &parcel.devices)?;
                }
                store.delete_parcel(parcel.number)
            })?;
            Ok(Next::GoOn)
        }
        Err(CallError::NoAnswer) => Err(CallError::NoAnswer.into()),
        Err(error) if error.retry_later() => {
            Ok(Next::Wait(error.retry_after_ms().unwrap_or(RETRY_MS)))
        }
        Err(error) => {
            // What was encrypted is void; the devices are covered by another share.
            shared.core().store.delete_parcel(parcel.number)?;
            adapt(shared, channel, error).await
        }
    }
}

/// Sends an encrypted message, and learns from the answer.
async fn post<P: Primitives>(
    shared: &Shared<P>,
    entry: &OutboxRow,
    request: Vec<u8>,
) -> Result<Next, Refusal> {
    let path = format!("/api/v1/channels/{}/messages", entry.channel);
    match shared.call(Method::Post, path, Some(request.clone())).await {
        Ok(bytes) => {
            let sent: Sent = read(&bytes)?;
            arrived(&mut shared.core(), entry, &request, &sent)?;
            Ok(Next::GoOn)
        }
        Err(CallError::NoAnswer) => Err(CallError::NoAnswer.into()),
        Err(error) if error.retry_later() => {
            shared.core().store.raise_attempts(entry.entry)?;
            Ok(Next::Wait(error.retry_after_ms().unwrap_or(RETRY_MS)))
        }
        Err(error) => {
            {
                let core = shared.core();
                core.store.commit(|store| {
                    store.put_entry_state(entry.entry, &EntryState::Queued)?;
                    store.raise_attempts(entry.entry)
                })?;
                if entry.attempts >= ATTEMPTS_MAX {
                    return Err(error.into());
                }
            }
            adapt(shared, entry.channel, error).await
        }
    }
}

/// The server has it: the message is a message now.
fn arrived<P: Primitives>(
    core: &mut Core<P>,
    entry: &OutboxRow,
    request: &[u8],
    sent: &Sent,
) -> Result<(), Refusal> {
    let send: Send = from_cbor(request).ok_or(StoreError::Unreadable)?;
    let me = core.store.me()?;
    let now = core.now;
    let message = cloister_wire::channel::Message {
        id: sent.id,
        channel: entry.channel,
        seq: sent.seq,
        at: sent.at,
        sender_user: me.user,
        sender_device: me.device,
        txn: entry.entry,
        epoch: send.epoch,
        roster_hash: send.roster_hash,
        suite: send.suite,
        class: send.class,
        target: send.target,
        thread: send.thread,
        notify: send.notify,
        ttl_s: send.ttl_s,
        content: send.content,
        c2: send.c2,
        frank_tag: sent.frank_tag.clone(),
    };
    core.store.commit(|store| {
        incoming::place_own(store, &message, &entry.body, now)?;
        store.delete_entry(entry.entry)
    })?;
    for topic in [
        Topic::Outbox,
        Topic::Timeline {
            channel: entry.channel,
        },
        Topic::Guilds,
        Topic::Dms,
        Topic::Recovery,
    ] {
        core.tell(topic);
    }
    Ok(())
}

/// Learns from a refusal: takes the new audience, ends what must not be used any more.
async fn adapt<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    error: CallError,
) -> Result<Next, Refusal> {
    let CallError::Refused { body, .. } = error else {
        return Err(error.into());
    };
    let view = body.epoch.as_deref();
    match body.code {
        ErrorCode::EpochStale | ErrorCode::DevicesMismatch | ErrorCode::DevicesStale => {}
        ErrorCode::ShareRequired => {
            let core = shared.core();
            if let (Some(outbound), Some(view)) = (core.store.outbound(channel)?, view) {
                core.store.uncover(&outbound.session, &view.missing)?;
            }
        }
        ErrorCode::RotateRequired => end_session(shared, channel)?,
        ErrorCode::IndexStale => {
            // Only a store that was rolled back sends an old index. The gateway finds out.
            end_session(shared, channel)?;
            connect::hurry(shared);
        }
        _ => return Err(CallError::Refused { status: 400, body }.into()),
    }
    let now = shared.core().now;
    shared.core().store.mark_stale(channel, now)?;
    if let Some(view) = view.filter(|view| !view.records.is_empty()) {
        // If it does not check, the next attempt asks for a whole one and says why it failed.
        if let Err(error) = audience::take(shared, view).await {
            shared.core().fail(&error);
        }
    }
    Ok(Next::Wait(20))
}

fn end_session<P: Primitives>(shared: &Shared<P>, channel: ChannelId) -> Result<(), Refusal> {
    let core = shared.core();
    Ok(core.store.commit(|store| store.end_outbound(channel))?)
}

/// Encrypts a channel message with Megolm, after everybody in the audience holds the session.
async fn seal_group<P: Primitives>(
    shared: &Shared<P>,
    entry: &OutboxRow,
    audience: &Audience,
) -> Result<(), Refusal> {
    let channel = entry.channel;
    let outbound = usable_session(&mut shared.core(), channel, audience)?;
    let lacking = lacking(&shared.core(), &outbound.session, audience)?;
    if !lacking.is_empty() {
        return share(shared, channel, audience, &outbound, lacking).await;
    }
    let mut core = shared.core();
    let mut outbound = outbound;
    let session = outbound.session;
    let msg_index = P::outbound_index(&outbound.ratchet);
    let placeholder = SealedContent::Group {
        session,
        msg_index,
        ct: Bytes::default(),
    };
    let (mut send, plain) = compose(&mut core, entry, audience, placeholder)?;
    let ct = Bytes(P::outbound_encrypt(
        &mut outbound.ratchet,
        &plain.to_padded(),
    ));
    outbound.sent += 1;
    send.content = SealedContent::Group {
        session,
        msg_index,
        ct,
    };
    core.store.commit(|store| {
        send.writes = store.raise_writes()?;
        store.put_outbound(channel, &outbound)?;
        store.put_entry_state(entry.entry, &EntryState::Sealed(to_cbor(&send)))
    })?;
    Ok(())
}

/// Encrypts a direct message under a key of its own, and that key for every device.
async fn seal_direct<P: Primitives>(
    shared: &Shared<P>,
    entry: &OutboxRow,
    audience: &Audience,
) -> Result<(), Refusal> {
    let me = shared.core().store.me()?;
    let others: Vec<_> = audience
        .roster
        .entries()
        .filter(|one| one.device != me.device)
        .copied()
        .collect();
    let devices: Vec<(UserId, DeviceId)> =
        others.iter().map(|one| (one.user, one.device)).collect();
    if !audience::distrusted(&shared.core(), &audience.roster)?.is_empty() {
        return Err(refuse(
            ErrorCode::TrustViolation,
            "Their keys changed in a way that can't be right. Nothing is sent until you know why.",
        ));
    }
    envelope::ensure_sessions(shared, &devices).await?;
    let mut core = shared.core();
    let (mut send, plain) = compose(
        &mut core,
        entry,
        audience,
        SealedContent::Direct {
            ct: Bytes::default(),
        },
    )?;
    let context = Context::of_send(entry.channel, me.user, me.device, &send);
    let (key, ct) = direct::seal(&context, &plain.to_padded(), &mut core.chance);
    let ciphertext = cloister_proof::hash(&[&ct]);
    send.content = SealedContent::Direct { ct: Bytes(ct) };
    core.store.begin()?;
    let content = DeviceContent::DmKey {
        channel: entry.channel,
        txn: entry.entry,
        key,
        ciphertext,
    };
    let sealed = others.iter().try_for_each(|one| {
        let to = (one.user, one.device, one.reg_id);
        let wrap = envelope::seal(&mut core, to, ToDeviceClass::DmKey, &content)?;
        send.wraps.push(wrap.ok_or_else(|| {
            refuse(
                ErrorCode::Unavailable,
                "A device of theirs has no keys left. Trying again.",
            )
        })?);
        Ok::<(), Refusal>(())
    });
    let done = sealed.and_then(|()| {
        core.store
            .put_dm_key(entry.channel, me.device, entry.entry, &key, &ciphertext)?;
        send.writes = core.store.raise_writes()?;
        Ok(core
            .store
            .put_entry_state(entry.entry, &EntryState::Sealed(to_cbor(&send)))?)
    });
    core.store.end(done)
}

/// The request without its ciphertext, and the plaintext bound to it.
fn compose<P: Primitives>(
    core: &mut Core<P>,
    entry: &OutboxRow,
    audience: &Audience,
    content: SealedContent,
) -> Result<(Send, Plain), Refusal> {
    let me = core.store.me()?;
    let row = core
        .store
        .channel(entry.channel)?
        .ok_or_else(audience::gone)?;
    let mut send = Send {
        txn: entry.entry,
        epoch: audience.epoch,
        roster_hash: audience::roster_hash(audience),
        suite: SUITE_TEXT,
        class: MessageClass::Message,
        target: None,
        thread: None,
        notify: None,
        ttl_s: None,
        content,
        c2: cloister_wire::Octets([0; 32]),
        wraps: Vec::new(),
        writes: 0,
    };
    let context = Context::of_send(entry.channel, me.user, me.device, &send);
    let seen = row.signed_head.unwrap_or(transcript::NOTHING_SEEN);
    let text = MessageContent::Text {
        body: entry.body.clone(),
    };
    let plain = Plain::new(context, core.now, text, &seen, &mut core.chance);
    send.c2 = plain.commitment();
    Ok((send, plain))
}

/// The session to send with: the current one, or a new one where that must not go on.
fn usable_session<P: Primitives>(
    core: &mut Core<P>,
    channel: ChannelId,
    audience: &Audience,
) -> Result<OutboundRow<P>, Refusal> {
    let row = core.store.channel(channel)?.ok_or_else(audience::gone)?;
    let shared_history = match row
        .view
        .guild
        .map(|guild| core.store.guild_log(guild))
        .transpose()?
        .flatten()
    {
        Some(log) => log
            .policies
            .get(&channel)
            .is_some_and(|policy| policy.history == cloister_proof::policy::HistoryRule::Shared),
        None => false,
    };
    if let Some(outbound) = core.store.outbound(channel)? {
        let worn = outbound.sent >= ROTATION_MESSAGES
            || core.now.saturating_sub(outbound.created_at) >= ROTATION_MS;
        if !worn
            && outbound.created_epoch >= audience.floor
            && outbound.shared_history == shared_history
        {
            return Ok(outbound);
        }
    }
    let me = core.store.me()?;
    let ratchet = P::new_outbound(&mut core.chance);
    let own = P::inbound(&P::outbound_key(&ratchet)).ok_or(StoreError::Unreadable)?;
    let session = P::outbound_id(&ratchet);
    let outbound = OutboundRow {
        session,
        ratchet,
        created_epoch: audience.epoch,
        created_at: core.now,
        shared_history,
        sent: 0,
    };
    let inbound = InboundRow {
        session,
        channel,
        sender_user: me.user,
        sender_device: me.device,
        ratchet: own,
        created_epoch: audience.epoch,
        shared_history,
        suite: SUITE_TEXT,
    };
    core.store.commit(|store| {
        store.end_outbound(channel)?;
        store.put_outbound(channel, &outbound)?;
        store.put_inbound(&inbound)?;
        store.raise_writes()
    })?;
    Ok(outbound)
}

/// Devices of the audience that do not hold the session.
fn lacking<P: Primitives>(
    core: &Core<P>,
    session: &Hash,
    audience: &Audience,
) -> Result<Vec<(UserId, DeviceId, u32)>, Refusal> {
    let me = core.store.me()?;
    let covered: std::collections::BTreeSet<(DeviceId, u32)> =
        core.store.covered(session)?.into_iter().collect();
    Ok(audience
        .roster
        .entries()
        .filter(|one| one.device != me.device && !covered.contains(&(one.device, one.reg_id)))
        .map(|one| (one.user, one.device, one.reg_id))
        .collect())
}

/// Encrypts the session for devices that lack it, as parcels that will be delivered first.
async fn share<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    audience: &Audience,
    outbound: &OutboundRow<P>,
    lacking: Vec<(UserId, DeviceId, u32)>,
) -> Result<(), Refusal> {
    let devices: Vec<(UserId, DeviceId)> = lacking
        .iter()
        .map(|(user, device, _)| (*user, *device))
        .collect();
    envelope::ensure_sessions(shared, &devices).await?;
    let mut core = shared.core();
    let distrusted = audience::distrusted(&core, &audience.roster)?;
    let content = DeviceContent::RoomKey {
        channel,
        session: outbound.session,
        key: Bytes(P::outbound_key(&outbound.ratchet)),
        created_epoch: outbound.created_epoch,
        shared_history: u8::from(outbound.shared_history),
        suite: SUITE_TEXT,
    };
    core.store.begin()?;
    let done = lacking.chunks(ENVELOPES_PER_SHARE).try_for_each(|chunk| {
        let mut request = Share {
            session: outbound.session,
            epoch: audience.epoch,
            roster_hash: audience::roster_hash(audience),
            from_index: P::outbound_index(&outbound.ratchet),
            shared_history: outbound.shared_history,
            envelopes: Vec::with_capacity(chunk.len()),
            withheld: Vec::new(),
            writes: 0,
        };
        for to in chunk {
            if distrusted.contains(&to.0) {
                request.withheld.push(Withhold {
                    device: to.1,
                    code: WithholdCode::TrustViolation,
                });
            } else if let Some(wrap) =
                envelope::seal(&mut core, *to, ToDeviceClass::RoomKey, &content)?
            {
                request.envelopes.push(wrap);
            } else {
                request.withheld.push(Withhold {
                    device: to.1,
                    code: WithholdCode::NoPrekey,
                });
            }
        }
        request.writes = core.store.raise_writes()?;
        let devices = chunk
            .iter()
            .map(|(_, device, reg_id)| (*device, *reg_id))
            .collect();
        let path = format!("/api/v1/channels/{channel}/shares");
        let parcel = Parcel {
            number: 0,
            channel: Some(channel),
            path,
            body: to_cbor(&request),
            session: Some(outbound.session),
            devices,
        };
        Ok::<(), Refusal>(core.store.put_parcel(&parcel)?)
    });
    core.store.end(done)
}

/// A message of this person that the server has acknowledged by showing it.
pub(crate) fn acknowledged<P: Primitives>(
    core: &mut Core<P>,
    txn: Txn,
) -> Result<Option<String>, StoreError> {
    let Some(entry) = core.store.entry(txn)? else {
        return Ok(None);
    };
    core.store.delete_entry(txn)?;
    core.tell(Topic::Outbox);
    Ok(Some(entry.body))
}
