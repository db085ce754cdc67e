//! What a channel keeps at hand.

use clap::{Args, Subcommand};
use cloister_client::view::{Command, CommandReply, Content, PinnedView, Query, QueryReply};
use cloister_wire::MessageId;
use serde_json::json;

use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, moment, printable},
    seat,
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Pin {
    /// What is pinned in a channel, the newest pin first
    List(List),
    /// Pin a message
    Add(One),
    /// Take a pin away
    Remove(One),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// GUILD/CHANNEL or @user, by names or ids
    target: String,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    message: MessageId,
}

impl Pin {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(global, print),
            Self::Add(One { message }) => change(global, print, message, Command::Pin { message }),
            Self::Remove(One { message }) => {
                change(global, print, message, Command::Unpin { message })
            }
        }
    }
}

fn change(
    global: &Global,
    print: &Print,
    message: MessageId,
    command: Command,
) -> Result<(), Failure> {
    seat::with_profile(global, print, async |seat| {
        seat.reach().await?;
        match seat.command(command).await? {
            CommandReply::Done => print.line(&json!({"id": message}), message),
            other => Err(unexpected(&other)),
        }
    })
}

impl List {
    fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach_if_possible().await?;
            let channel = target::channel(seat, &self.target).await?;
            let load = Command::LoadHistory {
                channel,
                before: None,
            };
            // What is stored can be listed all the same.
            let _ = seat.command(load).await;
            match seat.query(Query::Pins { channel }).await? {
                QueryReply::Pins { pins } => pins.iter().try_for_each(|pin| show(print, pin)),
                other => Err(unexpected(&other)),
            }
        })
    }
}

fn show(print: &Print, pin: &PinnedView) -> Result<(), Failure> {
    let body = pin
        .shown
        .as_ref()
        .and_then(|message| match &message.content {
            Content::Text { body } => Some(body.as_str()),
            Content::Poll(poll) => Some(poll.question.as_str()),
            _ => None,
        });
    let author = pin
        .shown
        .as_ref()
        .map(|message| message.author_name.as_str());
    let line = format!(
        "{} {}: {} ({}, pinned by {} {})",
        pin.message,
        printable(author.unwrap_or("?")),
        printable(body.unwrap_or("not on this device")),
        pin.seq,
        printable(&pin.by_name),
        moment(pin.at),
    );
    print.line(
        &json!({
            "id": pin.message,
            "seq": pin.seq,
            "author": author,
            "body": body,
            "pinned_at": pin.at,
            "pinned_by": pin.by_name,
        }),
        &line,
    )
}
