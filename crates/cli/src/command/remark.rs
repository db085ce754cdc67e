//! What is said about a message: answers, edits, reactions, deletions. Like `send`, each ends well
//! only after the server's acknowledgement.

use std::time::Duration;

use clap::Args;
use cloister_client::view::{
    Command, CommandReply, Delivery, OutboxView, Query, QueryReply, Refusal,
};
use cloister_wire::{ErrorCode, MessageId};
use serde_json::json;

use crate::{
    arguments::Global,
    command::message::{acknowledged, stays, text_or_stdin},
    failure::{self, Failure},
    print::Print,
    seat::{self, Seat},
    target::{self, unexpected},
};

/// How long to wait for an acknowledgement.
const ACKNOWLEDGED: Duration = Duration::from_mins(1);

#[derive(Debug, Args)]
pub(crate) struct Reply {
    /// The message to answer
    message: MessageId,
    /// The text, or `-` to read it from stdin
    #[arg(allow_hyphen_values = true)]
    text: String,
}

#[derive(Debug, Args)]
pub(crate) struct Forward {
    message: MessageId,
    /// GUILD/CHANNEL or @user, by names or ids
    target: String,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// One of your messages
    message: MessageId,
    /// What it says from now on, or `-` to read it from stdin
    #[arg(allow_hyphen_values = true)]
    text: String,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Your messages, or others' where you may manage messages
    #[arg(required = true)]
    messages: Vec<MessageId>,
}

#[derive(Debug, Args)]
pub(crate) struct React {
    message: MessageId,
    /// One emoji, or one of the guild's own such as `:boat:`
    emoji: String,
    /// Take the reaction back
    #[arg(long)]
    remove: bool,
}

impl Reply {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let body = text_or_stdin(self.text)?;
        seat::with_profile(global, print, async |seat| {
            let reached = reach(seat).await?;
            let message = self.message;
            let entry = match seat.command(Command::Reply { message, body }).await? {
                CommandReply::Queued { entry } => entry,
                other => return Err(unexpected(&other)),
            };
            match reached {
                None => acknowledged(seat, &entry).await,
                Some(failure) => Err(stays(failure, &entry)),
            }
        })
    }
}

impl Forward {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            let command = Command::Forward {
                message: self.message,
                channel: target::channel(seat, &self.target).await?,
            };
            match seat.command(command).await? {
                CommandReply::Queued { entry } => acknowledged(seat, &entry).await,
                other => Err(unexpected(&other)),
            }
        })
    }
}

impl Edit {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let body = text_or_stdin(self.text)?;
        let message = self.message;
        let command = Command::Edit { message, body };
        seat::with_profile(global, print, async |seat| {
            carry_out(seat, command, &[message]).await
        })
    }
}

impl Delete {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let messages = self.messages;
        let command = Command::Delete {
            messages: messages.clone(),
        };
        seat::with_profile(global, print, async |seat| {
            carry_out(seat, command, &messages).await
        })
    }
}

impl React {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let Self {
            message,
            emoji,
            remove,
        } = self;
        let command = if remove {
            Command::Unreact { message, emoji }
        } else {
            Command::React { message, emoji }
        };
        seat::with_profile(global, print, async |seat| {
            carry_out(seat, command, &[message]).await
        })
    }
}

/// Says something about messages, waits until the server has it, and prints their ids.
pub(crate) async fn carry_out(
    seat: &Seat<'_>,
    command: Command,
    messages: &[MessageId],
) -> Result<(), Failure> {
    let unreached = reach(seat).await?;
    match seat.command(command).await? {
        CommandReply::Queued { .. } | CommandReply::Done => {}
        other => return Err(unexpected(&other)),
    }
    if let Some(failure) = unreached {
        return match waiting(seat, messages).await? {
            Some(entry) => Err(stays(failure, &entry)),
            None => Err(failure),
        };
    }
    let settled = seat
        .wait_until(&Query::Outbox, ACKNOWLEDGED, |view| match view {
            QueryReply::Outbox { entries } => verdict(&entries, messages),
            other => Some(Err(unexpected(&other))),
        })
        .await?;
    match settled {
        Some(outcome) => outcome?,
        None => {
            return Err(Failure::new(
                failure::LIMITED,
                "UNACKNOWLEDGED",
                "The server has not acknowledged it.",
            ));
        }
    }
    for message in messages {
        seat.print.line(&json!({"id": message}), message)?;
    }
    Ok(())
}

/// What is queued without a connection is not lost, and is said to wait.
async fn reach(seat: &Seat<'_>) -> Result<Option<Failure>, Failure> {
    match seat.reach().await {
        Ok(_) => Ok(None),
        Err(failure) if failure.is(ErrorCode::Offline) => Ok(Some(failure)),
        Err(failure) => Err(failure),
    }
}

async fn waiting(seat: &Seat<'_>, messages: &[MessageId]) -> Result<Option<String>, Failure> {
    match seat.query(Query::Outbox).await? {
        QueryReply::Outbox { entries } => Ok(about(&entries, messages)
            .next()
            .map(|entry| entry.entry.clone())),
        other => Err(unexpected(&other)),
    }
}

fn about<'a>(
    entries: &'a [OutboxView],
    messages: &'a [MessageId],
) -> impl Iterator<Item = &'a OutboxView> {
    entries.iter().filter(|entry| {
        entry
            .target
            .is_some_and(|target| messages.contains(&target))
    })
}

/// None while something about these messages is on its way.
fn verdict(entries: &[OutboxView], messages: &[MessageId]) -> Option<Result<(), Failure>> {
    let mut left = about(entries, messages).peekable();
    if left.peek().is_none() {
        return Some(Ok(()));
    }
    left.find_map(|entry| match &entry.delivery {
        Delivery::Failed { code, message } => Some(Err(stays(
            Failure::from(Refusal {
                code: *code,
                message: message.clone(),
                retry_after_ms: None,
            }),
            &entry.entry,
        ))),
        Delivery::Sending => None,
    })
}
