//! What was written and is not acknowledged yet.

use clap::Subcommand;
use cloister_client::view::{Command, CommandReply, Delivery, OutboxView, Query, QueryReply};
use serde_json::json;

use crate::{
    arguments::Global,
    command::message::acknowledged,
    failure::{self, Failure},
    print::{Print, indented, moment},
    seat::{self, Seat},
    target::unexpected,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// List what was not sent yet, oldest first
    List,
    /// Send again what failed or waits
    Retry {
        /// One entry; without it, all
        entry: Option<String>,
    },
    /// Give up a message that was not sent; its text is printed
    Drop { entry: String },
}

impl Outbox {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.me().await?;
            match self {
                Outbox::List => list(seat).await,
                Outbox::Retry { entry } => retry(seat, entry.as_deref()).await,
                Outbox::Drop { entry } => give_up(seat, entry).await,
            }
        })
    }
}

async fn entries(seat: &Seat<'_>) -> Result<Vec<OutboxView>, Failure> {
    match seat.query(Query::Outbox).await? {
        QueryReply::Outbox { entries } => Ok(entries),
        other => Err(unexpected(&other)),
    }
}

async fn list(seat: &Seat<'_>) -> Result<(), Failure> {
    for entry in entries(seat).await? {
        let (state, error) = match &entry.delivery {
            Delivery::Sending => ("sending", None),
            Delivery::Failed { code, message } => ("failed", Some((failure::name(*code), message))),
        };
        let error_json = error
            .as_ref()
            .map(|(code, message)| json!({"code": code, "message": message}));
        let why = error.map_or_else(String::new, |(_, message)| format!(" ({message})"));
        seat.print.line(
            &json!({
                "entry": entry.entry, "channel": entry.channel, "at": entry.at,
                "body": entry.body, "state": state, "error": error_json,
            }),
            format_args!(
                "{}  {}  {state}{why}  {}",
                entry.entry,
                moment(entry.at),
                indented(&entry.body)
            ),
        )?;
    }
    Ok(())
}

async fn retry(seat: &Seat<'_>, wanted: Option<&str>) -> Result<(), Failure> {
    let mut entries = entries(seat).await?;
    entries.retain(|entry| wanted.is_none_or(|wanted| wanted == entry.entry));
    if let (Some(wanted), true) = (wanted, entries.is_empty()) {
        return Err(gone(wanted));
    }
    seat.reach().await?;
    for OutboxView {
        entry, delivery, ..
    } in &entries
    {
        if matches!(delivery, Delivery::Failed { .. }) {
            let entry = entry.clone();
            seat.done(Command::Retry { entry }).await?;
        }
    }
    for OutboxView { entry, .. } in &entries {
        acknowledged(seat, entry).await?;
    }
    Ok(())
}

async fn give_up(seat: &Seat<'_>, entry: String) -> Result<(), Failure> {
    if !entries(seat)
        .await?
        .iter()
        .any(|other| other.entry == entry)
    {
        return Err(gone(&entry));
    }
    let shown = json!(entry);
    match seat.command(Command::Drop { entry }).await? {
        CommandReply::Dropped { body } => seat.print.line(
            &json!({"entry": shown, "body": body}),
            crate::print::printable(&body),
        ),
        other => Err(unexpected(&other)),
    }
}

fn gone(entry: &str) -> Failure {
    Failure::new(
        failure::CONFLICT,
        "NOT_FOUND",
        format!("The outbox has no entry {entry:?}: it was sent or given up."),
    )
}
