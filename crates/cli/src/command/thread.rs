//! Threads of a channel, and what one has read.

use std::time::Duration;

use clap::{Args, Subcommand};
use cloister_client::view::{
    Command, CommandReply, Content, MessageView, Query, QueryReply, ThreadLine, ThreadView,
};
use cloister_wire::{ChannelId, MessageId, thread::ThreadState};
use serde_json::json;

use crate::{
    arguments::Global,
    failure::{CONFLICT, Failure},
    print::{Print, moment, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

/// The most that one answer has.
const ALL: u32 = 1_000;
/// How long to wait for the server to know what was read.
const TOLD: Duration = Duration::from_secs(5);

#[derive(Debug, Subcommand)]
pub(crate) enum Thread {
    /// Threads of a channel, the one with the newest message first
    List(List),
    /// Nobody writes in it until it is opened again
    Close(One),
    /// Open a thread again
    Open(One),
    /// Be told of what is written in it
    Follow(One),
    /// Be told of nothing in it
    Unfollow(One),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// GUILD/CHANNEL or @user, by names or ids
    target: String,
    /// Those that were closed
    #[arg(long)]
    closed: bool,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// The message that the thread hangs on
    thread: MessageId,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct MarkRead {
    /// GUILD/CHANNEL or @user, by names or ids
    target: Option<String>,
    /// A thread, by the message that it hangs on
    #[arg(long, value_name = "ID")]
    thread: Option<MessageId>,
    /// Every channel of a guild
    #[arg(long, value_name = "GUILD")]
    guild: Option<String>,
    /// Everything
    #[arg(long)]
    all: bool,
}

impl Thread {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let (thread, command) = match self {
            Self::List(list) => return list.run(global, print),
            Self::Close(One { thread }) => {
                let state = ThreadState::Archived;
                (thread, Command::SetThread { thread, state })
            }
            Self::Open(One { thread }) => {
                let state = ThreadState::Open;
                (thread, Command::SetThread { thread, state })
            }
            Self::Follow(One { thread }) => {
                let follow = Some(true);
                (thread, Command::FollowThread { thread, follow })
            }
            Self::Unfollow(One { thread }) => {
                let follow = Some(false);
                (thread, Command::FollowThread { thread, follow })
            }
        };
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            seat.done(command).await?;
            print.line(&json!({"thread": thread}), thread)
        })
    }
}

impl List {
    fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let state = if self.closed {
            ThreadState::Archived
        } else {
            ThreadState::Open
        };
        seat::with_profile(global, print, async |seat| {
            let reached = seat.reach_if_possible().await?;
            let channel = target::channel(seat, &self.target).await?;
            let (mut before, mut listed) = (None, false);
            while reached && !listed {
                let load = Command::LoadThreads {
                    channel,
                    state,
                    before,
                };
                match seat.command(load).await? {
                    CommandReply::Threads { next: Some(next) } => before = Some(next),
                    _ => listed = true,
                }
            }
            match seat.query(Query::Threads { channel, state }).await? {
                QueryReply::Threads { threads } => {
                    threads.iter().try_for_each(|line| show(print, line))
                }
                other => Err(unexpected(&other)),
            }
        })
    }
}

fn show(print: &Print, line: &ThreadLine) -> Result<(), Failure> {
    let text = line.root.as_ref().and_then(text_of);
    let mark = &line.mark;
    let fresh = match mark.unread {
        0 => String::new(),
        unread => format!(", {unread} new"),
    };
    let shown = format!(
        "{}  {} ({} messages, last {}{fresh})",
        line.thread,
        printable(text.unwrap_or("an earlier message")),
        mark.count,
        moment(mark.last_at),
    );
    print.line(
        &json!({
            "thread": line.thread, "body": text, "messages": mark.count, "last_at": mark.last_at,
            "unread": mark.unread, "mentions": mark.mentions, "following": mark.following,
            "closed": mark.archived, "started_by": line.started_by_name,
        }),
        shown,
    )
}

fn text_of(message: &MessageView) -> Option<&str> {
    match &message.content {
        Content::Text { body } => Some(body),
        Content::Poll(poll) => Some(&poll.question),
        _ => None,
    }
}

/// A thread with what the server has of it, as far as it can be reached.
pub(super) async fn bring(
    seat: &Seat<'_>,
    channel: ChannelId,
    thread: MessageId,
    reached: bool,
) -> Result<ThreadView, Failure> {
    let gone = || {
        let sentence = format!("There is no message {thread} here.");
        Failure::new(CONFLICT, "NOT_FOUND", sentence)
    };
    find(seat, channel, thread, reached).await?;
    let (mut before, mut whole) = (None, false);
    while reached && !whole {
        match seat.command(Command::LoadThread { thread, before }).await? {
            CommandReply::History {
                reached_start: false,
                ..
            } => {
                let view = view(seat, channel, thread).await?.ok_or_else(gone)?;
                let first = view.messages.first().map(|message| message.seq);
                whole = first.is_none() || first == before;
                before = first;
            }
            _ => whole = true,
        }
    }
    view(seat, channel, thread).await?.ok_or_else(gone)
}

/// Brings older messages until the one that a thread hangs on is here.
async fn find(
    seat: &Seat<'_>,
    channel: ChannelId,
    message: MessageId,
    reached: bool,
) -> Result<(), Failure> {
    let mut before = None;
    while reached && locate(seat, message).await?.is_none() {
        match seat
            .command(Command::LoadHistory { channel, before })
            .await?
        {
            CommandReply::History {
                reached_start: false,
                loaded,
            } if loaded > 0 || before.is_none() => before = Some(0),
            _ => break,
        }
    }
    Ok(())
}

async fn locate(seat: &Seat<'_>, message: MessageId) -> Result<Option<ChannelId>, Failure> {
    match seat.query(Query::Locate { message }).await? {
        QueryReply::Locate { place } => Ok(place.map(|place| place.channel)),
        other => Err(unexpected(&other)),
    }
}

async fn view(
    seat: &Seat<'_>,
    channel: ChannelId,
    thread: MessageId,
) -> Result<Option<ThreadView>, Failure> {
    let query = Query::Thread {
        channel,
        thread,
        before: None,
        limit: ALL,
    };
    match seat.query(query).await? {
        QueryReply::Thread { thread } => Ok(thread.map(|view| *view)),
        other => Err(unexpected(&other)),
    }
}

impl MarkRead {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            let command = self.command(seat).await?;
            seat.done(command).await?;
            let told = |view| match view {
                QueryReply::Status(status) if status.reads_due == 0 => Some(()),
                _ => None,
            };
            seat.wait_until(&Query::Status, TOLD, told).await?;
            print.line(&json!({"read": true}), "read")
        })
    }

    async fn command(&self, seat: &Seat<'_>) -> Result<Command, Failure> {
        if let Some(thread) = self.thread {
            let gone = || Failure::new(CONFLICT, "NOT_FOUND", "There is no such thread here.");
            let channel = locate(seat, thread).await?.ok_or_else(gone)?;
            let view = view(seat, channel, thread).await?;
            let seq = view.map_or(0, |view| view.last_seq);
            return Ok(Command::MarkThreadRead { thread, seq });
        }
        if let Some(guild) = &self.guild {
            let guild = target::guild(seat, guild).await?.id;
            return Ok(Command::MarkAllRead { guild: Some(guild) });
        }
        let Some(target) = &self.target else {
            return Ok(Command::MarkAllRead { guild: None });
        };
        let channel = target::channel(seat, target).await?;
        match seat.query(Query::Channel { channel }).await? {
            QueryReply::Channel {
                channel: Some(view),
            } => Ok(Command::MarkRead {
                channel,
                seq: view.last_seq,
            }),
            other => Err(unexpected(&other)),
        }
    }
}
