//! Messages that leave later, from this machine.

use clap::{Args, Subcommand};
use cloister_client::view::{Command, CommandReply, Query, QueryReply};
use serde_json::json;

use crate::{
    arguments::{Global, duration_s},
    command::message::text_or_stdin,
    failure::Failure,
    print::{Print, moment, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Later {
    /// Keep a message until its time; any command or `read --follow` after that sends it
    Send(Send),
    /// What waits, the soonest first
    List,
    /// Change what a waiting message says, and when it leaves
    Edit(Edit),
    /// Give a waiting message up
    Cancel(Cancel),
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// GUILD/CHANNEL or @user, by names or ids
    target: String,
    /// The text, or `-` to read it from stdin
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// From now: 30m, 8h, 2d
    #[arg(long = "in", value_name = "TIME", value_parser = duration_s)]
    after: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    entry: String,
    /// The text, or `-` to read it from stdin
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// From now: 30m, 8h, 2d
    #[arg(long = "in", value_name = "TIME", value_parser = duration_s)]
    after: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Cancel {
    entry: String,
}

impl Later {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach_if_possible().await?;
            match self {
                Self::Send(send) => send.run(seat).await,
                Self::List => list(seat).await,
                Self::Edit(Edit { entry, text, after }) => {
                    let command = Command::Reschedule {
                        entry: entry.clone(),
                        body: text_or_stdin(text)?,
                        after_s: after,
                    };
                    seat.done(command).await?;
                    seat.print.line(&json!({"entry": entry}), entry)
                }
                Self::Cancel(Cancel { entry }) => {
                    match seat.command(Command::Unschedule { entry }).await? {
                        CommandReply::Dropped { body } => {
                            seat.print.line(&json!({"body": body}), printable(&body))
                        }
                        other => Err(unexpected(&other)),
                    }
                }
            }
        })
    }
}

impl Send {
    async fn run(self, seat: &Seat<'_>) -> Result<(), Failure> {
        let channel = target::channel(seat, &self.target).await?;
        let command = Command::Schedule {
            channel,
            body: text_or_stdin(self.text)?,
            after_s: self.after,
        };
        match seat.command(command).await? {
            CommandReply::Queued { entry } => seat.print.line(&json!({"entry": entry}), entry),
            other => Err(unexpected(&other)),
        }
    }
}

async fn list(seat: &Seat<'_>) -> Result<(), Failure> {
    match seat.query(Query::Scheduled { channel: None }).await? {
        QueryReply::Scheduled { entries } => entries.iter().try_for_each(|one| {
            let line = format!(
                "{} {} {}: {}",
                one.entry,
                moment(one.due_at),
                printable(&one.channel_name),
                printable(&one.body)
            );
            let object = json!({
                "entry": one.entry, "channel": one.channel, "channel_name": one.channel_name,
                "body": one.body, "due_at": one.due_at,
            });
            seat.print.line(&object, line)
        }),
        other => Err(unexpected(&other)),
    }
}
