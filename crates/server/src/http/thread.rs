//! Threads of a channel.

use std::collections::BTreeMap;

use axum::extract::State;
use cloister_wire::{
    ChannelId, MessageId,
    channel::Message,
    limits::{HISTORY_PAGE, THREAD_READS_PAGE, THREADS_PAGE},
    thread::{MarkThreadRead, SetThread, ThreadPage, ThreadReads, ThreadState, Threads},
};
use serde::Deserialize;

use super::{
    address::{At, AtTwo, Query},
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller, Permit, channel::Read},
    action,
    store::{self, db::Tx},
};

/// What was said about one message, as far as an answer brings it along.
const ABOUT_ONE: u32 = 1_000;
/// A page of a thread ends when it has so many messages, what was said about them included.
const SAID_MAX: usize = 2_000;

/// Which threads: open ones by default, and those whose newest message is older than `before`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    state: Option<ThreadState>,
    before: Option<u64>,
}

/// Which messages of a thread: older than `before`, or the newest.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Older {
    before: Option<u64>,
}

/// Which cursors: those that moved at `since` or later, after the thread `after` of that moment.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    #[serde(default)]
    since: u64,
    after: Option<MessageId>,
}

pub async fn list(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Query(Which { state, before }): Query<Which>,
) -> Result<Reply<Threads>> {
    let state = state.unwrap_or(ThreadState::Open);
    let before = before.unwrap_or(u64::MAX);
    let threads = app
        .db
        .read(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            let joined = store::channel::joined_seq(tx, &permit)?;
            let between = (joined, before);
            let mut threads = store::thread::page(tx, &permit, state, between, THREADS_PAGE + 1)?;
            let more = threads.len() > THREADS_PAGE as usize;
            threads.truncate(THREADS_PAGE as usize);
            let next = threads
                .last()
                .map(|thread| thread.last_seq)
                .filter(|_| more);
            let mut shown = Shown::default();
            for thread in &threads {
                shown.add(tx, &permit, thread.root, joined)?;
            }
            Ok(Threads {
                threads,
                messages: shown.into_messages(),
                next,
            })
        })
        .await?;
    Ok(Reply::ok(threads))
}

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    AtTwo(channel, root): AtTwo<ChannelId, MessageId>,
    Query(Older { before }): Query<Older>,
) -> Result<Reply<ThreadPage>> {
    let before = before.unwrap_or(u64::MAX);
    let page = app
        .db
        .read(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            let joined = store::channel::joined_seq(tx, &permit)?;
            let thread =
                store::thread::get_view(tx, &permit, root)?.ok_or_else(action::thread::none)?;
            let mut found = store::thread::page_messages(
                tx,
                &permit,
                root,
                (joined, before),
                HISTORY_PAGE + 1,
            )?;
            let mut more = found.len() > HISTORY_PAGE as usize;
            found.truncate(HISTORY_PAGE as usize);
            let mut shown = Shown::default();
            shown.add(tx, &permit, root, joined)?;
            let mut last = None;
            let mut rest = found.into_iter();
            for message in rest.by_ref() {
                last = Some(message.seq);
                shown.about(tx, &permit, message.id)?;
                shown.messages.insert(message.seq, message);
                if shown.messages.len() >= SAID_MAX {
                    break;
                }
            }
            more |= rest.next().is_some();
            let next = last.filter(|_| more);
            Ok(ThreadPage {
                thread,
                messages: shown.into_messages(),
                next,
            })
        })
        .await?;
    Ok(Reply::ok(page))
}

pub async fn set(
    State(app): State<App>,
    caller: Caller,
    AtTwo(channel, root): AtTwo<ChannelId, MessageId>,
    Body(request): Body<SetThread>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::channel::close(tx, &caller, channel)?;
            action::thread::set(tx, &permit, root, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn mark_read(
    State(app): State<App>,
    caller: Caller,
    AtTwo(channel, root): AtTwo<ChannelId, MessageId>,
    Body(request): Body<MarkThreadRead>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::channel::view(tx, &caller, channel)?;
            action::thread::mark_read(tx, &permit, root, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn reads(
    State(app): State<App>,
    caller: Caller,
    Query(Since { since, after }): Query<Since>,
) -> Result<Reply<ThreadReads>> {
    let after = after.unwrap_or(MessageId::from_bytes([0; 16]));
    let reads = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            let mut reads =
                store::thread::page_reads(tx, &permit, since, after, THREAD_READS_PAGE + 1)?;
            let end = reads.len() <= THREAD_READS_PAGE as usize;
            reads.truncate(THREAD_READS_PAGE as usize);
            Ok(ThreadReads { reads, end })
        })
        .await?;
    Ok(Reply::ok(reads))
}

/// Messages of an answer, each once and in their order.
#[derive(Default)]
struct Shown {
    messages: BTreeMap<u64, Message>,
}

impl Shown {
    /// A message that is newer than `joined`, and what was said about it.
    fn add(
        &mut self,
        tx: &mut Tx<'_>,
        permit: &Permit<'_, Read>,
        message: MessageId,
        joined: u64,
    ) -> Result<()> {
        if let Some(found) = store::thread::get_message(tx, permit, message, joined)? {
            self.about(tx, permit, found.id)?;
            self.messages.insert(found.seq, found);
        }
        Ok(())
    }

    fn about(
        &mut self,
        tx: &mut Tx<'_>,
        permit: &Permit<'_, Read>,
        message: MessageId,
    ) -> Result<()> {
        let said = store::thread::page_about(tx, permit, message, ABOUT_ONE)?;
        self.messages
            .extend(said.into_iter().map(|one| (one.seq, one)));
        Ok(())
    }

    fn into_messages(self) -> Vec<Message> {
        self.messages.into_values().collect()
    }
}
