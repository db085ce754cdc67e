//! Messages on their way in: put in order, opened, watched for a server that shows different
//! people different histories.

mod handed;
pub(crate) mod transcript;

use cloister_e2ee::{OpenError, Plain, Primitives, content::MessageContent, direct};
use cloister_proof::{Context, transcript as chain};
use cloister_wire::{
    ChannelId, Hash,
    channel::{History, Message, MessageClass, SealedContent, SignedHead, WithholdCode},
    limits::{HISTORY_PAGE, NAME_CHARS},
};

use self::{
    handed::open_handed,
    transcript::{compare_seen, take_head},
};
use crate::{
    core::{Core, Shared},
    flow::{backup, call::CallError, expiry, outgoing, queue, remark, sync::log_head},
    store::{ChannelRow, Evidence, MessageState, Store, StoreError},
    view::{CommandReply, Refusal, Topic, Undecryptable},
};

/// Pages that are brought at once where nothing but threads was written.
const PAGES_OF_THREADS: u32 = 10;

/// A message that the gateway brought.
pub(crate) fn arrive<P: Primitives>(
    shared: &Shared<P>,
    message: &Message,
    head: &SignedHead,
) -> Result<(), Refusal> {
    let channel = message.channel;
    let gap = {
        let mut core = shared.core();
        let Some(row) = core.store.channel(channel)? else {
            return Ok(());
        };
        if message.seq <= row.high && row.low <= row.high {
            return Ok(());
        }
        let gap = message.seq != row.high + 1;
        if !gap {
            core.store.begin()?;
            let done = append(&mut core, &row, message, Some(head));
            core.store.end(done)?;
            tell(&mut core, &row);
        }
        gap
    };
    if gap {
        catch_up(shared, channel);
    }
    if message.ttl_s.is_some() {
        expiry::watch(shared);
    }
    queue::settle(shared);
    Ok(())
}

/// Brings everything newer than what is here.
pub(crate) fn catch_up<P: Primitives>(shared: &Shared<P>, channel: ChannelId) {
    shared.spawn_single(format!("catch up {channel}"), move |shared| async move {
        loop {
            match newer_page(&shared, channel).await {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => {
                    shared.core().fail(&error);
                    break;
                }
            }
        }
        expiry::watch(&shared);
        queue::settle(&shared);
    });
}

/// One page of newer messages; true when there are no more.
async fn newer_page<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<bool, Refusal> {
    let Some(row) = shared.core().store.channel(channel)? else {
        return Ok(true);
    };
    let after = row.high;
    let path = format!(
        "/api/v1/channels/{channel}/messages?after={after}&limit={HISTORY_PAGE}&annotations=0"
    );
    let page: Result<History, CallError> = shared.get(path).await;
    let page = page?;
    let mut core = shared.core();
    // An event may have brought some of them meanwhile.
    let Some(mut row) = core.store.channel(channel)? else {
        return Ok(true);
    };
    if row.high < after {
        // Left and entered again meanwhile: this page continues what is not here any more.
        return Ok(false);
    }
    skip_absence(&core.store, &mut row, &page)?;
    if row.head.is_none()
        && page
            .messages
            .first()
            .is_some_and(|first| first.seq == row.high + 1)
    {
        core.store.put_head(channel, &page.prev_head)?;
        row.head = Some(page.prev_head);
    }
    core.store.begin()?;
    let done = (|| {
        for message in &page.messages {
            let current = core.store.channel(channel)?.ok_or(StoreError::Unreadable)?;
            if message.seq == current.high + 1 {
                append(&mut core, &current, message, None)?;
            }
        }
        Ok::<(), Refusal>(())
    })();
    core.store.end(done)?;
    take_head(&mut core, channel, &page.head)?;
    tell(&mut core, &row);
    Ok(page.end || page.messages.is_empty())
}

/// Whoever left and came back goes on from there: what was said between is not for them.
fn skip_absence<P: Primitives>(
    store: &Store<P>,
    row: &mut ChannelRow,
    page: &History,
) -> Result<(), StoreError> {
    let (next, head) = match page.messages.first() {
        Some(first) => (first.seq, page.prev_head),
        None => (page.head.seq + 1, page.head.head),
    };
    if next <= row.high + 1 || next > row.view.joined_seq + 1 {
        return Ok(());
    }
    let channel = row.view.id;
    (row.low, row.high, row.head) = (next, next - 1, Some(head));
    store.commit(|store| {
        store.put_range(channel, row.low, row.high, row.reached_start)?;
        store.put_head(channel, &head)
    })
}

/// Brings everything newer than what is here; where nothing is here, the newest page.
pub(crate) async fn load_newest<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<CommandReply, Refusal> {
    while !newer_page(shared, channel).await? {}
    queue::settle(shared);
    backup::restore(shared);
    let newest = shared.core().store.timeline(channel, None, 1)?;
    if newest.is_empty() {
        return load_older(shared, channel).await;
    }
    let row = shared.core().store.channel(channel)?;
    Ok(CommandReply::History {
        loaded: 0,
        reached_start: row.is_some_and(|row| row.reached_start),
    })
}

/// Brings older messages, until some of them stand in the channel itself and not in a thread.
pub(crate) async fn load_older<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<CommandReply, Refusal> {
    let mut brought = 0;
    for _ in 0..PAGES_OF_THREADS {
        let (loaded, shown, reached_start) = older_page(shared, channel).await?;
        brought += loaded;
        if shown > 0 || reached_start {
            return Ok(CommandReply::History {
                loaded: brought,
                reached_start,
            });
        }
    }
    Ok(CommandReply::History {
        loaded: brought,
        reached_start: false,
    })
}

/// One page of older messages: how many came, how many of them stand in the channel itself, and
/// whether there are no more.
async fn older_page<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<(u32, usize, bool), Refusal> {
    let row = shared
        .core()
        .store
        .channel(channel)?
        .ok_or_else(super::audience::gone)?;
    if row.reached_start {
        return Ok((0, 0, true));
    }
    let path = format!(
        "/api/v1/channels/{channel}/messages?before={}&limit={HISTORY_PAGE}&annotations=0",
        row.low
    );
    let page: History = shared.get(path).await?;
    let mut core = shared.core();
    let now = core.now;
    core.store.begin()?;
    let done = (|| {
        let row = core.store.channel(channel)?.ok_or(StoreError::Unreadable)?;
        for message in &page.messages {
            let state = known_or_open(&mut core, &row, message)?;
            remark::place(&core.store, message, &state, now)?;
            core.store.take_in(message.id)?;
        }
        let low = page
            .messages
            .first()
            .map_or(row.low, |first| first.seq.min(row.low));
        Ok::<(), Refusal>(core.store.put_range(channel, low, row.high, page.end)?)
    })();
    core.store.end(done)?;
    tell(&mut core, &row);
    drop(core);
    expiry::watch(shared);
    queue::settle(shared);
    // Other devices may have brought keys into the backup since it was last looked at.
    backup::restore(shared);
    let own =
        |message: &&Message| message.class == MessageClass::Message && message.thread.is_none();
    let shown = page.messages.iter().filter(own).count();
    Ok((page.messages.len() as u32, shown, page.end))
}

/// Appends the next message of a channel; the caller commits.
fn append<P: Primitives>(
    core: &mut Core<P>,
    row: &ChannelRow,
    message: &Message,
    signed: Option<&SignedHead>,
) -> Result<(), Refusal> {
    let channel = message.channel;
    let now = core.now;
    let state = known_or_open(core, row, message)?;
    remark::place(&core.store, message, &state, now)?;
    core.store.take_in(message.id)?;
    let low = if row.low > row.high {
        message.seq
    } else {
        row.low
    };
    core.store
        .put_range(channel, low, message.seq, row.reached_start)?;
    let head = row
        .head
        .map(|head| chain::next(&head, message.id, message.sender_device, &message.content));
    if let (None, Some(signed)) = (head, signed)
        && signed.seq == message.seq
    {
        core.store.put_head(channel, &signed.head)?;
        core.store
            .note_transcript(channel, message.seq, &signed.head)?;
    }
    if let Some(head) = head {
        core.store.put_head(channel, &head)?;
        core.store.note_transcript(channel, message.seq, &head)?;
    }
    if let Some(signed) = signed {
        take_head(core, channel, signed)?;
    }
    Ok(())
}

pub(crate) fn known_or_open<P: Primitives>(
    core: &mut Core<P>,
    row: &ChannelRow,
    message: &Message,
) -> Result<MessageState, Refusal> {
    let me = core.store.me()?;
    if message.sender_device == me.device
        && let Some(content) = outgoing::acknowledged(core, message.txn)?
    {
        // One's own words are known; what proves them is inside the ciphertext.
        open(core, row, message)?;
        return Ok(MessageState::Open(content));
    }
    if let Some(state) = core.store.settled(message.id)? {
        return Ok(state);
    }
    open(core, row, message)
}

/// Opens a message as far as the keys here allow.
pub(crate) fn open<P: Primitives>(
    core: &mut Core<P>,
    row: &ChannelRow,
    message: &Message,
) -> Result<MessageState, Refusal> {
    let context = Context::of_message(message);
    let opened = match &message.content {
        SealedContent::Group {
            session,
            msg_index,
            ct,
        } => open_group(core, message, session, *msg_index, ct.as_ref())?,
        SealedContent::Direct { ct } => open_direct(core, message, &context, ct.as_ref())?,
        SealedContent::Scrubbed { by, .. } => return Ok(MessageState::Removed(*by)),
    };
    let padded = match opened {
        Opened::Padded(padded) => padded,
        Opened::Closed(cause) => return Ok(MessageState::Closed(cause)),
        Opened::NoKey => return without_key(core, row, message),
    };
    Ok(match Plain::open(&padded, &context, &message.c2) {
        Ok(plain) => {
            compare_seen(core, message.channel, &plain.seen())?;
            if let (Some(guild), Some(seen)) = (row.view.guild, plain.log_seen()) {
                log_head::compare(core, guild, &seen)?;
            }
            let misplaced = matches!(plain.content, MessageContent::Name { .. })
                && !core.store.is_group(row)?;
            if plain.content.class() == message.class && !misplaced {
                core.store
                    .put_evidence(message.id, &Evidence::of(message, &context, &plain))?;
                MessageState::Open(bounded(plain.content))
            } else {
                // An edit dressed as a message, or the other way round.
                MessageState::Closed(Undecryptable::Corrupt)
            }
        }
        Err(OpenError::Mismatch) => MessageState::Closed(Undecryptable::WrongSender),
        Err(_) => MessageState::Closed(Undecryptable::Corrupt),
    })
}

/// A name is shown in small places: what is too long is cut.
fn bounded(content: MessageContent) -> MessageContent {
    match content {
        MessageContent::Name { name } => MessageContent::Name {
            name: name.chars().take(NAME_CHARS).collect(),
        },
        other => other,
    }
}

/// Why a message's key is not here: its sender doesn't give it to this device, the message was
/// sent before this device was among the recipients, or the key is still to come.
fn without_key<P: Primitives>(
    core: &Core<P>,
    row: &ChannelRow,
    message: &Message,
) -> Result<MessageState, Refusal> {
    let why = match &message.content {
        SealedContent::Group { session, .. } => {
            core.store
                .withheld(message.channel, session, message.sender_device)?
        }
        _ => None,
    };
    // What the sender says counts more than the epoch: a device that was away hears of a channel
    // only when it comes back, in a later epoch than the one in which it was added.
    Ok(match why {
        None if row.first_epoch.is_some_and(|first| message.epoch < first) => MessageState::Before,
        None => MessageState::Waiting,
        Some(WithholdCode::MinTrust) => MessageState::Closed(Undecryptable::WithheldUnvouched),
        Some(WithholdCode::TrustViolation) => {
            MessageState::Closed(Undecryptable::WithheldViolation)
        }
        Some(WithholdCode::NoPrekey) => MessageState::Closed(Undecryptable::WithheldNoKeys),
    })
}

enum Opened {
    Padded(Vec<u8>),
    Closed(Undecryptable),
    NoKey,
}

fn open_group<P: Primitives>(
    core: &mut Core<P>,
    message: &Message,
    session: &Hash,
    msg_index: u32,
    ct: &[u8],
) -> Result<Opened, Refusal> {
    let Some(mut inbound) = core.store.inbound(session)? else {
        return open_handed(core, message, session, msg_index, ct);
    };
    let belongs = inbound.channel == message.channel
        && inbound.sender_user == message.sender_user
        && inbound.sender_device == message.sender_device
        && inbound.suite == message.suite;
    if !belongs {
        return Ok(Opened::Closed(Undecryptable::WrongSender));
    }
    if core.store.index_taken(session, msg_index, message.id)? {
        return Ok(Opened::Closed(Undecryptable::Replayed));
    }
    Ok(match P::inbound_decrypt(&mut inbound.ratchet, ct) {
        Ok((padded, index)) if index == msg_index => Opened::Padded(padded),
        Err(OpenError::NoKey) => return open_handed(core, message, session, msg_index, ct),
        Ok(_) | Err(_) => Opened::Closed(Undecryptable::Corrupt),
    })
}

fn open_direct<P: Primitives>(
    core: &mut Core<P>,
    message: &Message,
    context: &Context,
    ct: &[u8],
) -> Result<Opened, Refusal> {
    let Some((key, ciphertext)) =
        core.store
            .dm_key(message.channel, message.sender_device, message.txn)?
    else {
        return Ok(Opened::NoKey);
    };
    if cloister_proof::hash(&[ct]) != ciphertext {
        return Ok(Opened::Closed(Undecryptable::Corrupt));
    }
    Ok(direct::open(&key, context, ct)
        .map_or(Opened::Closed(Undecryptable::Corrupt), Opened::Padded))
}

/// Stores a message of this device that the server has acknowledged.
pub(crate) fn place_own<P: Primitives>(
    store: &Store<P>,
    message: &Message,
    content: &MessageContent,
    now: u64,
) -> Result<(), StoreError> {
    remark::place(store, message, &MessageState::Open(content.clone()), now)
}

/// Tries sealed messages again: a key has come.
pub(crate) fn reopen<P: Primitives>(core: &mut Core<P>, sealed: &[Message]) -> Result<(), Refusal> {
    for message in sealed {
        let Some(row) = core.store.channel(message.channel)? else {
            continue;
        };
        let now = core.now;
        let state = open(core, &row, message)?;
        if state != MessageState::Waiting {
            core.store
                .commit(|store| remark::place(store, message, &state, now))?;
            tell(core, &row);
        }
    }
    Ok(())
}

pub(crate) fn tell<P: Primitives>(core: &mut Core<P>, row: &ChannelRow) {
    let channel = row.view.id;
    core.tell(Topic::Timeline { channel });
    core.tell(Topic::Channel { channel });
    core.tell(Topic::Recovery);
    core.tell(Topic::Search);
    core.tell(Topic::Dms);
    if let Some(guild) = row.view.guild {
        core.tell(Topic::Guilds);
        core.tell_counts(guild);
    }
}
