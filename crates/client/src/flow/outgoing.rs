//! Messages on their way out. One flow per channel empties its outbox in order: whatever is
//! encrypted is stored with the moved ratchet before it leaves, and the same bytes are sent
//! again until there is an answer.
//!
//! There is no way from here to the server but through [`seal_group`] and [`seal_direct`]: if
//! the audience does not check or a key is missing, the message stays where it is.

mod sealing;

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{
    ChannelId, ErrorCode, Txn,
    channel::{Send, Sent},
};

use self::sealing::{seal_direct, seal_group};
use crate::{
    core::{Core, Shared},
    engine::Method,
    flow::{
        audience,
        call::{CallError, from_cbor, read},
        connect, expiry, incoming,
    },
    store::{EntryState, OutboxRow, Parcel, StoreError},
    view::{Connection, Refusal, Topic},
};

/// Refusals of one message after which the person is asked.
const ATTEMPTS_MAX: u32 = 24;
const RETRY_MS: u64 = 2_000;

/// Starts emptying a channel's outbox, if that is not going on already.
pub(crate) fn pump<P: Primitives>(shared: &Shared<P>, channel: ChannelId) {
    shared.spawn_single(format!("pump {channel}"), move |shared| async move {
        empty(&shared, channel).await;
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
    if !matches!(core.store.trouble(), Ok(None)) {
        // The sign-in is over: the message waits for the next one.
        return Next::Stop;
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
    if error.code == ErrorCode::TargetGone && is_moot(&entry) {
        forget(&mut core, &entry);
    } else {
        give_back(&mut core, &entry, error);
    }
    Next::GoOn
}

/// Nobody misses a reaction to, or a deletion of, what is gone.
fn is_moot(entry: &OutboxRow) -> bool {
    !matches!(
        entry.saying.content,
        MessageContent::Text { .. } | MessageContent::Poll { .. } | MessageContent::Edit { .. }
    )
}

fn forget<P: Primitives>(core: &mut Core<P>, entry: &OutboxRow) {
    if let Err(error) = core.store.delete_entry(entry.entry) {
        core.fail(&Refusal::from(error));
    }
    core.tell(Topic::Outbox);
    core.tell(Topic::Timeline {
        channel: entry.channel,
    });
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
            if entry.saying.frame.ttl_s.is_some() {
                expiry::watch(shared);
            }
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
    // What proves one's own words, too, is in the ciphertext.
    if let Some(row) = core.store.channel(entry.channel)? {
        incoming::open(core, &row, &message)?;
    }
    core.store.commit(|store| {
        incoming::place_own(store, &message, &entry.saying.content, now)?;
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

/// A message of this person that the server has acknowledged by showing it.
pub(crate) fn acknowledged<P: Primitives>(
    core: &mut Core<P>,
    txn: Txn,
) -> Result<Option<MessageContent>, StoreError> {
    let Some(entry) = core.store.entry(txn)? else {
        return Ok(None);
    };
    core.store.delete_entry(txn)?;
    core.tell(Topic::Outbox);
    Ok(Some(entry.saying.content))
}
