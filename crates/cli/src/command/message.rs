//! Sending. The message is safe in the outbox before anything is sent, and the command ends well
//! only after the server's acknowledgement.

use std::{io::Read, time::Duration};

use clap::Args;
use cloister_client::view::{Command, CommandReply, Delivery, OutboxView, Query, QueryReply};
use cloister_wire::{ErrorCode, MessageId};
use serde_json::json;

use crate::{
    arguments::{Global, duration_s},
    command::thread,
    failure::Failure,
    print::Print,
    seat::{self, SETTLE, Seat},
    target::{self, unexpected},
};

/// How long to wait for an acknowledgement while the server can be reached.
const ACKNOWLEDGED: Duration = Duration::from_mins(1);
/// The connection is looked at after each of these.
const LOOK: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// GUILD/CHANNEL or @user, by names or ids
    target: String,
    /// The text, or `-` to read it from stdin
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// Disappears everywhere after 90s, 15m, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = duration_s)]
    disappears: Option<u32>,
    /// In the thread that hangs on this message; the first message begins it
    #[arg(long, value_name = "ID")]
    thread: Option<MessageId>,
}

impl Send {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let body = text_or_stdin(self.text)?;
        seat::with_profile(global, print, async |seat| {
            send(seat, &self.target, body, self.disappears, self.thread).await
        })
    }
}

/// The text of a message, from stdin if it is `-`.
pub(crate) fn text_or_stdin(text: String) -> Result<String, Failure> {
    let body = match text.as_str() {
        "-" => from_stdin()?,
        _ => text,
    };
    if body.trim().is_empty() {
        return Err(Failure::usage("A message needs a text."));
    }
    Ok(body)
}

fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let body = text.strip_suffix('\n').unwrap_or(&text);
    Ok(body.strip_suffix('\r').unwrap_or(body).to_owned())
}

async fn send(
    seat: &Seat<'_>,
    target: &str,
    body: String,
    ttl_s: Option<u32>,
    thread: Option<MessageId>,
) -> Result<(), Failure> {
    // Without a server, what is stored may still know the channel.
    let reached = match seat.reach().await {
        Err(failure) if !failure.is(ErrorCode::Offline) => return Err(failure),
        outcome => outcome,
    };
    let channel = match target::channel(seat, target).await {
        Err(failure) if reached.is_ok() => return Err(failure),
        Err(_) => return reached.map(|_| ()),
        Ok(channel) => channel,
    };
    if let Some(thread) = thread {
        thread::bring(seat, channel, thread, reached.is_ok()).await?;
    }
    let command = match (thread, ttl_s) {
        (Some(thread), _) => Command::SendInThread {
            thread,
            body,
            reply: None,
            ttl_s,
        },
        (None, None) => Command::Send { channel, body },
        (None, Some(ttl_s)) => Command::SendFleeting {
            channel,
            body,
            reply: None,
            ttl_s,
        },
    };
    let entry = match seat.command(command).await? {
        CommandReply::Queued { entry } => entry,
        other => return Err(unexpected(&other)),
    };
    match reached {
        Ok(_) => acknowledged(seat, &entry).await,
        Err(failure) => Err(stays(failure, &entry)),
    }
}

/// Waits until the server has acknowledged an entry, and prints the id of its message.
pub(crate) async fn acknowledged(seat: &Seat<'_>, entry: &str) -> Result<(), Failure> {
    for _ in 0..ACKNOWLEDGED.as_secs() / LOOK.as_secs() {
        let settled = seat
            .wait_until(&Query::Outbox, LOOK, |view| match view {
                QueryReply::Outbox { entries } => settled(&entries, entry),
                other => Some(Err(unexpected(&other))),
            })
            .await?;
        match settled {
            Some(Ok(())) => return show_id(seat, entry).await,
            Some(Err(failure)) => return Err(stays(failure, entry)),
            None => {
                if let Err(failure) = seat.reach().await {
                    return Err(stays(failure, entry));
                }
            }
        }
    }
    Err(stays(
        Failure::new(
            crate::failure::LIMITED,
            "UNACKNOWLEDGED",
            "The server has not acknowledged the message.",
        ),
        entry,
    ))
}

/// The acknowledged message is in the store as soon as those before it are.
async fn show_id(seat: &Seat<'_>, entry: &str) -> Result<(), Failure> {
    let query = Query::Sent {
        entry: entry.to_owned(),
    };
    let id = seat
        .wait_until(&query, SETTLE, |view| match view {
            QueryReply::Sent { message } => message,
            _ => None,
        })
        .await?
        .ok_or_else(|| Failure::other("The message was sent, and its id is not known here yet."))?;
    seat.print.line(&json!({"id": id}), id)
}

/// None while it is on its way.
fn settled(entries: &[OutboxView], entry: &str) -> Option<Result<(), Failure>> {
    match entries.iter().find(|other| other.entry == entry) {
        None => Some(Ok(())),
        Some(OutboxView {
            delivery: Delivery::Failed { code, message },
            ..
        }) => Some(Err(Failure::from(cloister_client::view::Refusal {
            code: *code,
            message: message.clone(),
            retry_after_ms: None,
        }))),
        Some(_) => None,
    }
}

pub(crate) fn stays(failure: Failure, entry: &str) -> Failure {
    failure.next(format!(
        "The message stays in the outbox as {entry}: `cloister outbox retry` sends it, \
         `cloister outbox drop {entry}` gives it up."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(delivery: Delivery) -> Vec<OutboxView> {
        vec![OutboxView {
            entry: "e".into(),
            channel: cloister_wire::ChannelId::from_bytes([1; 16]),
            kind: cloister_client::view::EntryKind::Message,
            body: "hi".into(),
            mentions: Vec::new(),
            at: 0,
            delivery,
            target: None,
            reply: None,
        }]
    }

    #[test]
    fn an_entry_is_settled_when_it_is_gone_or_failed() {
        assert!(settled(&entry(Delivery::Sending), "e").is_none());
        assert!(settled(&entry(Delivery::Sending), "other").is_some_and(|ok| ok.is_ok()));
        let failed = Delivery::Failed {
            code: ErrorCode::Forbidden,
            message: "No.".into(),
        };
        let failure = settled(&entry(failed), "e").unwrap().unwrap_err();
        assert_eq!(failure.exit, crate::failure::NOT_ALLOWED);
    }
}
