//! What people say about messages: edits, reactions and deletions take effect on their target,
//! in whatever order the two arrive and are opened.

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{
    ChannelId, MessageId,
    channel::{Message, MessageClass, Scrub, Scrubs},
};

use crate::{
    core::Shared,
    flow::{call::CallError, incoming},
    store::{MessageState, Store, StoreError},
    view::Refusal,
};

/// Stores a message as far as it was opened, with its effect, or with the effects on it of what
/// came before it.
pub(crate) fn place<P: Primitives>(
    store: &Store<P>,
    message: &Message,
    state: &MessageState,
    now: u64,
) -> Result<(), StoreError> {
    store.put_message(message, state, now)?;
    store.note_thread(message)?;
    if !matches!(state, MessageState::Open(_)) {
        return Ok(());
    }
    match message.class {
        MessageClass::Message => settle(store, message.id),
        MessageClass::Annotation | MessageClass::Control => match message.target {
            Some(target) => settle(store, target),
            None => Ok(()),
        },
    }
}

/// Brings a message in line with what its author said about it. Nobody else's edit or deletion
/// counts: who sent it was checked when it was opened, and the server can't change it.
fn settle<P: Primitives>(store: &Store<P>, target: MessageId) -> Result<(), StoreError> {
    let Some(row) = store.message(target)? else {
        return Ok(());
    };
    let mut edit = None;
    for remark in store.remarks(target)? {
        if remark.author != row.author {
            continue;
        }
        match remark.content {
            MessageContent::Deletion => return store.scrub(target, row.author),
            MessageContent::Edit { body } => edit = Some((body, remark.at)),
            _ => {}
        }
    }
    match edit {
        Some((body, at)) => store.put_edit(target, &body, at),
        None => Ok(()),
    }
}

/// Somebody with the right removed messages.
pub(crate) fn scrubbed<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    scrubs: &[Scrub],
) -> Result<(), Refusal> {
    {
        let mut core = shared.core();
        let Some(row) = core.store.channel(channel)? else {
            return Ok(());
        };
        core.store.update_channel_view(channel, |view| {
            let newest = scrubs.last().map_or(0, |scrub| scrub.n);
            view.scrub_seq = view.scrub_seq.max(newest);
        })?;
        if scrubs
            .first()
            .is_none_or(|scrub| scrub.n <= row.scrub_seq + 1)
        {
            core.store.commit(|store| take(store, channel, scrubs))?;
            incoming::tell(&mut core, &row);
            return Ok(());
        }
    }
    catch_up(shared, channel);
    Ok(())
}

/// Brings the removals that were missed.
pub(crate) fn catch_up<P: Primitives>(shared: &Shared<P>, channel: ChannelId) {
    shared.spawn_single(format!("scrubs {channel}"), move |shared| async move {
        if let Err(error) = bring(&shared, channel).await {
            shared.core().fail(&error);
        }
    });
}

async fn bring<P: Primitives>(shared: &Shared<P>, channel: ChannelId) -> Result<(), Refusal> {
    loop {
        let Some(row) = shared.core().store.channel(channel)? else {
            return Ok(());
        };
        let path = format!("/api/v1/channels/{channel}/scrubs?after={}", row.scrub_seq);
        let page: Result<Scrubs, CallError> = shared.get(path).await;
        let page = page?;
        let mut core = shared.core();
        core.store
            .commit(|store| take(store, channel, &page.scrubs))?;
        incoming::tell(&mut core, &row);
        if page.end || page.scrubs.is_empty() {
            return Ok(());
        }
    }
}

fn take<P: Primitives>(
    store: &Store<P>,
    channel: ChannelId,
    scrubs: &[Scrub],
) -> Result<(), StoreError> {
    for scrub in scrubs {
        // The server's word is enough to take away, never to change; and only in this channel.
        if store
            .message(scrub.message)?
            .is_some_and(|row| row.channel == channel)
        {
            store.scrub(scrub.message, scrub.by)?;
        }
        store.put_scrub_seq(channel, scrub.n)?;
    }
    Ok(())
}
