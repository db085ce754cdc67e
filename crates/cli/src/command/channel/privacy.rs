//! What the server can see of a channel, as its own table says.

use cloister_client::view::{Query, QueryReply, SeenLine};
use cloister_wire::seen::Fact;
use serde_json::json;

use crate::{
    failure::{CONFLICT, Failure},
    print::printable,
    seat::Seat,
    target::{self, unexpected},
};

pub(super) async fn show(seat: &Seat<'_>, target: &str) -> Result<(), Failure> {
    seat.reach_if_possible().await?;
    let channel = target::channel(seat, target).await?;
    let view = match seat.query(Query::Seen { channel }).await? {
        QueryReply::Seen { seen: Some(view) } => view,
        QueryReply::Seen { seen: None } => {
            return Err(Failure::new(
                CONFLICT,
                "NOT_FOUND",
                "There is no such channel that you can see.",
            ));
        }
        other => return Err(unexpected(&other)),
    };
    seat.print.note(format_args!(
        "What the server can see of {}:",
        printable(&view.name)
    ));
    for line in &view.lines {
        seat.print.line(
            &json!({
                "fact": line.fact, "seen": line.seen, "count": line.count,
                "fields": line.fields, "text": sentence(line.fact),
            }),
            in_words(line),
        )?;
    }
    Ok(())
}

fn in_words(line: &SeenLine) -> String {
    let word = if line.seen {
        "sees      "
    } else {
        "never sees"
    };
    let count = line
        .count
        .map_or_else(String::new, |count| format!(" ({count})"));
    format!("{word}  {}{count}", sentence(line.fact))
}

const fn sentence(fact: Fact) -> &'static str {
    match fact {
        Fact::Sender => "who sent each message, and from which device",
        Fact::Time => "when each message was sent, and in which order",
        Fact::Size => "roughly how long a message is",
        Fact::Kind => "that something is a message, an edit or a deletion, and of which message",
        Fact::Notified => "who is notified by name, where the sender's client says so",
        Fact::Lifetime => "when a disappearing message ends",
        Fact::Readers => "who reads here, and on which devices",
        Fact::Reading => "how far each person has read",
        Fact::Channel => "the name of the channel and its rules",
        Fact::KeyHanding => "which devices were handed which key, but not the key",
        Fact::Bookkeeping => "numbers that keep order, and a seal that opens only for a report",
        Fact::Connection => "from which address and program you connect, and when",
        Fact::Reported => "messages that somebody who can read them reports, word for word",
        Fact::Text => "what is said",
        Fact::Keys => "the keys that open it",
        Fact::Search => "what you search for, and what you find",
        Fact::Drafts => "what you write and don't send",
        Fact::LinkSeeds => "the secret part of invite links",
    }
}
