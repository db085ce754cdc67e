//! Whether those who come later read what was said before.

use clap::ValueEnum;
use cloister_client::view::{Command, EarlierMessages, Query, QueryReply};
use serde_json::json;

use crate::{failure::Failure, seat::Seat, target};

/// What becomes of earlier messages.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Earlier {
    /// Those who come later read from when they came
    None,
    /// Members hand them the keys
    Shared,
}

pub(super) async fn run(
    seat: &Seat<'_>,
    wanted: &str,
    set: Option<Earlier>,
    ask: bool,
) -> Result<(), Failure> {
    if set.is_some() || ask {
        seat.reach().await?;
    } else {
        seat.reach_if_possible().await?;
    }
    let channel = target::channel(seat, wanted).await?;
    if let Some(rule) = set {
        let rule = match rule {
            Earlier::None => EarlierMessages::Kept,
            Earlier::Shared => EarlierMessages::Shared,
        };
        seat.command(Command::SetHistory { channel, rule }).await?;
    }
    if ask {
        seat.command(Command::AskHistory { channel }).await?;
    }
    let QueryReply::Channel {
        channel: Some(view),
    } = seat.query(Query::Channel { channel }).await?
    else {
        return Err(Failure::other("The engine did not answer the question."));
    };
    let (name, sentence) = match view.history {
        Some(EarlierMessages::Shared) => (
            "shared",
            "shared: members hand earlier messages to those who come later",
        ),
        Some(EarlierMessages::Kept) => (
            "none",
            "none: those who come later read from when they came",
        ),
        None => ("direct", "direct: nobody comes later to this conversation"),
    };
    seat.print.line(
        &json!({
            "channel": channel, "history": name, "may_set": view.can_set_policy,
            "asked_at": view.history_asked_at,
        }),
        sentence,
    )
}
