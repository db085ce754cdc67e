//! Threads: bringing them, writing in them, following them, and how far this person has read. The
//! server keeps one cursor a person and thread; whom a thread concerns is decided here.

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{
    ChannelId, ErrorCode, MessageId,
    channel::Message,
    limits::TTL_MAX_S,
    thread::{MarkThreadRead, SetThread, ThreadPage, ThreadReads, ThreadState, Threads},
};

use super::{expiry, incoming, own, queue, reading, remark, say};
use crate::{
    core::{Core, Outcome, Shared, refuse},
    engine::Method,
    flow::call::CallError,
    store::{Frame, MessageState, Saying, StoreError, follow_name},
    view::{CommandReply, Refusal, Topic},
};

/// Cursors that moved shortly before the newest known one are asked for again: of two that moved
/// at once, the server may have told one only.
const OVERLAP_MS: u64 = 60_000;

/// Puts a message for a thread into the outbox.
pub(super) fn send<P: Primitives>(
    shared: &Shared<P>,
    root: MessageId,
    body: &str,
    reply: Option<MessageId>,
    ttl_s: Option<u32>,
) -> Outcome {
    if ttl_s.is_some_and(|ttl_s| !(1..=TTL_MAX_S).contains(&ttl_s)) {
        return Err(refuse(
            ErrorCode::Invalid,
            "A message that disappears lives a second to 90 days.",
        ));
    }
    let body = say::checked(body)?;
    let on = say::known(shared, root)?;
    if on.thread.is_some() {
        return Err(refuse(
            ErrorCode::Invalid,
            "A thread hangs on a message that stands in the channel itself.",
        ));
    }
    let begun = shared.core().store.thread(root)?;
    if begun.as_ref().is_some_and(|row| row.archived_at.is_some()) {
        return Err(refuse(
            ErrorCode::ThreadClosed,
            "This thread was closed. Open it again, or write in the channel.",
        ));
    }
    if begun.is_none() && matches!(on.state, MessageState::Removed(_)) {
        return Err(refuse(
            ErrorCode::TargetGone,
            "The message that this is about is gone.",
        ));
    }
    let answered = match reply {
        Some(message) => Some(say::known(shared, message)?),
        None => None,
    };
    if answered
        .as_ref()
        .is_some_and(|one| one.thread != Some(root))
    {
        return Err(refuse(
            ErrorCode::Invalid,
            "An answer stands in the thread of its question.",
        ));
    }
    let also = answered.map(|one| one.author);
    let (body, notify) = say::addressed(shared, on.channel, &body, also)?;
    let content = MessageContent::Text {
        body,
        reply,
        forwarded: None,
    };
    let frame = Frame {
        notify,
        ttl_s,
        thread: Some(root),
        ..Frame::default()
    };
    own::keep::<P, String>(shared, &draft_name(root), None)?;
    say::say(
        shared,
        on.channel,
        Saying { content, frame },
        say::Draft::Kept,
    )
}

fn draft_name(root: MessageId) -> String {
    format!("{}{root}", own::THREAD_DRAFT)
}

/// The text of an unfinished message.
pub(crate) fn draft<P: Primitives>(core: &Core<P>, root: MessageId) -> Result<String, StoreError> {
    Ok(core.store.own(&draft_name(root))?.unwrap_or_default())
}

pub(super) fn keep_draft<P: Primitives>(
    shared: &Shared<P>,
    root: MessageId,
    body: &str,
) -> Outcome {
    let channel = say::known(shared, root)?.channel;
    if draft(&shared.core(), root)? != body {
        let kept = Some(body.to_owned()).filter(|body| !body.is_empty());
        own::keep(shared, &draft_name(root), kept.as_ref())?;
        shared.core().tell(Topic::Timeline { channel });
    }
    Ok(CommandReply::Done)
}

/// Everything up to `seq` has been seen.
pub(super) fn mark<P: Primitives>(shared: &Shared<P>, root: MessageId, seq: u64) -> Outcome {
    {
        let mut core = shared.core();
        let Some(row) = core.store.thread(root)? else {
            return Err(refuse(ErrorCode::NotFound, "That thread is not here."));
        };
        if core
            .store
            .put_thread_read(row.channel, root, seq.min(row.last_seq))?
        {
            tell(&mut core, root)?;
        }
    }
    reading::tell_server(shared);
    Ok(CommandReply::Done)
}

/// Threads of a channel that this person follows have been seen.
pub(super) fn mark_all<P: Primitives>(
    core: &mut Core<P>,
    channel: ChannelId,
) -> Result<(), Refusal> {
    for row in core.store.threads_to_read(channel)? {
        core.store
            .put_thread_read(channel, row.root, row.last_seq)?;
        tell(core, row.root)?;
    }
    Ok(())
}

/// Another device of this person has read further.
pub(super) fn read_elsewhere<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    root: MessageId,
    (seq, at): (u64, u64),
) -> Result<(), Refusal> {
    let mut core = shared.core();
    core.store.put_thread_told(channel, root, seq)?;
    let known = core.store.thread_reads()?.unwrap_or(0);
    core.store.put_thread_reads(&known.max(at))?;
    Ok(tell(&mut core, root)?)
}

/// Tells the server what it does not know yet.
pub(super) async fn tell_server<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let rows = shared.core().store.unsaid_thread_reads()?;
    for (channel, root, seq) in rows {
        let path = format!("/api/v1/channels/{channel}/threads/{root}/read");
        let told = shared
            .tell_server(Method::Put, path, &MarkThreadRead { seq })
            .await;
        match told.map_err(Refusal::from) {
            Ok(()) => {}
            // Gone meanwhile, or never there: nothing is left to say about it.
            Err(error)
                if matches!(
                    error.code,
                    ErrorCode::NotFound | ErrorCode::TargetGone | ErrorCode::Invalid
                ) => {}
            Err(error) => return Err(error),
        }
        shared.core().store.put_thread_told(channel, root, seq)?;
    }
    Ok(())
}

/// Brings cursors that moved while this device was away.
pub(crate) fn look<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("thread reads".to_owned(), |shared| async move {
        if let Err(error) = bring_reads(&shared).await {
            shared.core().fail(&error);
        }
    });
}

async fn bring_reads<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let mut since = shared.core().store.thread_reads()?.unwrap_or(0);
    since = since.saturating_sub(OVERLAP_MS);
    let mut after = MessageId::from_bytes([0; 16]);
    loop {
        let path = format!("/api/v1/threads/reads?since={since}&after={after}");
        let page: Result<ThreadReads, CallError> = shared.get(path).await;
        let page = page?;
        let mut core = shared.core();
        core.store.commit(|store| {
            for read in &page.reads {
                store.put_thread_told(read.channel, read.thread, read.seq)?;
            }
            if let Some(last) = page.reads.last() {
                let known = store.thread_reads()?.unwrap_or(0);
                store.put_thread_reads(&known.max(last.moved_at))?;
            }
            Ok::<(), StoreError>(())
        })?;
        for read in &page.reads {
            tell(&mut core, read.thread)?;
        }
        match page.reads.last() {
            Some(last) if !page.end => (since, after) = (last.moved_at, last.thread),
            _ => return Ok(()),
        }
    }
}

/// Closes a thread, or opens it again. It comes back as an event.
pub(super) async fn set<P: Primitives>(
    shared: &Shared<P>,
    root: MessageId,
    state: ThreadState,
) -> Outcome {
    let channel = say::known(shared, root)?.channel;
    let path = format!("/api/v1/channels/{channel}/threads/{root}");
    shared
        .tell_server(Method::Put, path, &SetThread { state })
        .await?;
    Ok(CommandReply::Done)
}

/// Chooses whether this person is told of what is written, on all their devices.
pub(super) async fn follow<P: Primitives>(
    shared: &Shared<P>,
    root: MessageId,
    follow: Option<bool>,
) -> Outcome {
    say::known(shared, root)?;
    shared.core().store.put_follow(root, follow)?;
    own::decide(shared, &follow_name(root), follow.as_ref()).await?;
    tell(&mut shared.core(), root)?;
    Ok(CommandReply::Done)
}

/// Brings a page of a channel's list of threads, with what they hang on.
pub(super) async fn load_list<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    state: ThreadState,
    before: Option<u64>,
) -> Outcome {
    let word = match state {
        ThreadState::Open => "open",
        ThreadState::Archived => "archived",
    };
    let from = before.map_or_else(String::new, |seq| format!("&before={seq}"));
    let path = format!("/api/v1/channels/{channel}/threads?state={word}{from}");
    // Those that are in another state by now are missing from the first page.
    let expected = match before {
        None => shared.core().store.threads(channel, state)?,
        Some(_) => Vec::new(),
    };
    let page: Result<Threads, CallError> = shared.get(path).await;
    let page = page?;
    take(shared, channel, &page.messages)?;
    {
        let mut core = shared.core();
        let now = core.now;
        core.store.commit(|store| {
            for thread in &page.threads {
                store.put_thread(channel, thread)?;
            }
            let listed = |root| page.threads.iter().any(|thread| thread.root == root);
            for row in expected {
                if row.last_seq >= page.next.unwrap_or(0) && !listed(row.root) {
                    let at = (state == ThreadState::Open).then_some(now);
                    store.put_thread_archived(row.root, at)?;
                }
            }
            Ok::<(), StoreError>(())
        })?;
        core.tell(Topic::Timeline { channel });
        core.tell(Topic::Guilds);
    }
    Ok(CommandReply::Threads { next: page.next })
}

/// Brings a page of a thread. It may hang on a message that is older than everything here.
pub(super) async fn load<P: Primitives>(
    shared: &Shared<P>,
    root: MessageId,
    before: Option<u64>,
) -> Outcome {
    let channel = say::known(shared, root)?.channel;
    let from = before.map_or_else(String::new, |seq| format!("?before={seq}"));
    let path = format!("/api/v1/channels/{channel}/threads/{root}{from}");
    let page: Result<ThreadPage, CallError> = shared.get(path).await;
    let page = match page.map_err(Refusal::from) {
        Ok(page) => page,
        // Nobody has begun one yet.
        Err(error) if error.code == ErrorCode::TargetGone => {
            return Ok(CommandReply::History {
                loaded: 0,
                reached_start: true,
            });
        }
        Err(error) => return Err(error),
    };
    take(shared, channel, &page.messages)?;
    {
        let mut core = shared.core();
        core.store
            .commit(|store| store.put_thread(channel, &page.thread))?;
        tell(&mut core, root)?;
    }
    Ok(CommandReply::History {
        loaded: page.messages.len() as u32,
        reached_start: page.next.is_none(),
    })
}

/// Stores messages that came with a thread, beside what the channel has without a gap.
fn take<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    messages: &[Message],
) -> Result<(), Refusal> {
    {
        let mut core = shared.core();
        let Some(row) = core.store.channel(channel)? else {
            return Err(super::audience::gone());
        };
        let now = core.now;
        core.store.begin()?;
        let done = messages.iter().try_for_each(|message| {
            // What is newer than everything here comes with the channel, in its order.
            if message.channel != channel || message.seq > row.high {
                return Ok(());
            }
            let known = core.store.place_of(message.id)?.is_some();
            let state = incoming::known_or_open(&mut core, &row, message)?;
            remark::place(&core.store, message, &state, now)?;
            if !known {
                core.store.put_aside(message.id)?;
            }
            Ok::<(), Refusal>(())
        });
        core.store.end(done)?;
    }
    expiry::watch(shared);
    queue::settle(shared);
    Ok(())
}

/// Whoever shows the thread, or counts what is unread, draws anew.
pub(crate) fn tell<P: Primitives>(core: &mut Core<P>, root: MessageId) -> Result<(), StoreError> {
    let channel = match core.store.thread(root)? {
        Some(row) => Some(row.channel),
        None => core.store.place_of(root)?.map(|(channel, _)| channel),
    };
    if let Some(channel) = channel
        && let Some(row) = core.store.channel(channel)?
    {
        incoming::tell(core, &row);
    }
    Ok(())
}
