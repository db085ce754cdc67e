//! Threads as they are shown: beside their message, in a list, and whole.

use cloister_e2ee::Primitives;
use cloister_wire::{
    ChannelId, MessageId, Permissions, UserId, channel::MessageClass, thread::ThreadState,
};

use super::{Shown, outbox, timeline};
use crate::{
    core::Core,
    flow,
    store::{MessageRow, OutboxRow, ThreadRow},
    view::{ThreadLine, ThreadMark, ThreadView},
};

/// Threads of a list at once.
const LINES_MAX: usize = 500;

/// What is new in a channel's threads that this person follows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct News {
    pub threads: u32,
    pub unread: u32,
    pub mentions: u32,
}

pub(super) fn news<P: Primitives>(core: &Core<P>, channel: ChannelId) -> Shown<News> {
    let mut news = News::default();
    let Some(me) = core.store.identity()? else {
        return Ok(news);
    };
    for row in core.store.threads_to_read(channel)? {
        let mark = mark(core, &row, me.user)?;
        if mark.unread > 0 {
            news.threads += 1;
            news.unread += mark.unread;
            news.mentions += mark.mentions;
        }
    }
    Ok(news)
}

/// The thread that hangs on a message, if there is one.
pub(super) fn beside<P: Primitives>(
    core: &Core<P>,
    on: &MessageRow,
    me: UserId,
) -> Shown<Option<ThreadMark>> {
    if on.thread.is_some() {
        return Ok(None);
    }
    let row = core.store.thread(on.id)?;
    row.map(|row| mark(core, &row, me)).transpose()
}

fn mark<P: Primitives>(core: &Core<P>, row: &ThreadRow, me: UserId) -> Shown<ThreadMark> {
    let (mut unread, mentions) = core.store.thread_unread(row.root, row.read_seq, me)?;
    if unread == 0
        && row.last_seq > row.read_seq
        && core.store.thread_high(row.root)? < row.last_seq
    {
        // The server has something newer that is not here.
        unread = 1;
    }
    Ok(ThreadMark {
        count: row.messages,
        last_at: row.last_at,
        unread,
        mentions,
        following: row.following,
        archived: row.archived_at.is_some(),
    })
}

pub(super) fn list<P: Primitives>(
    core: &Core<P>,
    channel: ChannelId,
    state: ThreadState,
) -> Shown<Vec<ThreadLine>> {
    let Some(place) = core.store.channel(channel)? else {
        return Ok(Vec::new());
    };
    let me = core.store.me()?.user;
    core.store
        .threads(channel, state)?
        .into_iter()
        .take(LINES_MAX)
        .map(|row| {
            Ok(ThreadLine {
                thread: row.root,
                channel,
                root: timeline::one(core, &place, row.root)?,
                started_by_name: core.store.name_in(place.view.guild, row.started_by)?,
                mark: mark(core, &row, me)?,
            })
        })
        .collect()
}

/// One thread with a window of its messages; also one that nobody has begun yet.
pub(super) fn view<P: Primitives>(
    core: &Core<P>,
    root: MessageId,
    before: Option<u64>,
    limit: u32,
) -> Shown<Option<ThreadView>> {
    let begun = core.store.thread(root)?;
    let on = core.store.message(root)?;
    let channel = begun
        .as_ref()
        .map(|row| row.channel)
        .or_else(|| on.as_ref().map(|row| row.channel));
    let Some(channel) = channel else {
        return Ok(None);
    };
    let Some(place) = core.store.channel(channel)? else {
        return Ok(None);
    };
    let me = core.store.me()?.user;
    let rights = place.view.my_permissions;
    let messages = core.store.thread_messages(root, before, limit.min(1_000))?;
    let oldest = messages.first().map_or(0, |message| message.seq);
    let older_in_store = oldest > 0
        && !core
            .store
            .thread_messages(root, Some(oldest), 1)?
            .is_empty();
    let author = on.as_ref().map(|row| row.author);
    let can_close = begun.as_ref().is_some_and(|row| {
        rights.contains(Permissions::MANAGE_THREADS) || row.started_by == me || author == Some(me)
    });
    let archived_at = begun.as_ref().and_then(|row| row.archived_at);
    Ok(Some(ThreadView {
        channel,
        thread: root,
        root: timeline::one(core, &place, root)?,
        messages: timeline::several(core, &place, messages)?,
        pending: outbox::pending(core, channel, |entry| stands_in(entry, root))?,
        older_in_store,
        count: begun.as_ref().map_or(0, |row| row.messages),
        read_seq: begun.as_ref().map_or(0, |row| row.read_seq),
        last_seq: begun.as_ref().map_or(0, |row| row.last_seq),
        archived_at,
        following: begun.as_ref().is_some_and(|row| row.following),
        can_close,
        can_send: archived_at.is_none() && may_write(rights, begun.is_some()),
        draft: flow::thread::draft(core, root)?,
    }))
}

/// Whether one may begin a thread, or write in one that there is.
pub(super) fn may_write(rights: Permissions, begun: bool) -> bool {
    let needed = Permissions::SEND_MESSAGES.union(Permissions::SEND_IN_THREADS);
    rights.contains(needed) && (begun || rights.contains(Permissions::CREATE_THREADS))
}

/// Whether something that is not sent yet is shown in a thread.
fn stands_in(entry: &OutboxRow, root: MessageId) -> bool {
    entry.saying.class() == MessageClass::Message && entry.saying.frame.thread == Some(root)
}

/// A message of a thread counts as read by the thread's cursor.
pub(super) fn is_read<P: Primitives>(core: &Core<P>, row: &MessageRow) -> Shown<Option<bool>> {
    let Some(root) = row.thread else {
        return Ok(None);
    };
    let read = core.store.thread(root)?.map_or(0, |thread| thread.read_seq);
    Ok(Some(row.seq <= read))
}
