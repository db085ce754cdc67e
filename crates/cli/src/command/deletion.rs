//! The end of one's account.

use clap::Subcommand;
use cloister_client::view::{AccountAct, AccountReply, DeletionView};
use serde_json::json;

use super::security::{Proof, act, sensitive, strange};
use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, moment},
    seat::{self, Seat},
    secret,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Whether and when your account is deleted, and what stands in the way
    Show,
    /// Ask for the end of your account; it can be kept for a while
    Delete {
        /// Your user name, to be sure; without it, it is asked for
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
        #[command(flatten)]
        proof: Proof,
    },
    /// Keep your account after all
    Cancel,
}

impl Account {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Account::Show => {}
                Account::Delete { confirm, proof } => {
                    let username = match confirm {
                        Some(username) => username,
                        None => asked(seat).await?,
                    };
                    sensitive(seat, AccountAct::AskDeletion { username }, &proof).await?;
                }
                Account::Cancel => {
                    act(seat, AccountAct::KeepAccount).await?;
                }
            }
            show(seat).await
        })
    }
}

async fn asked(seat: &Seat<'_>) -> Result<String, Failure> {
    let standing = standing(seat).await?;
    seat.print.note(format_args!(
        "Everything of your account goes after {} days: what you said, your keys, your backup. \
         Nobody can bring it back then.",
        standing.grace_days
    ));
    secret::read_line("Your user name, to be sure")
}

async fn standing(seat: &Seat<'_>) -> Result<DeletionView, Failure> {
    match act(seat, AccountAct::Deletion).await? {
        AccountReply::Deletion(standing) => Ok(standing),
        _ => Err(strange()),
    }
}

async fn show(seat: &Seat<'_>) -> Result<(), Failure> {
    let standing = standing(seat).await?;
    let line = match standing.at {
        Some(at) => format!(
            "deleted on {}; `cloister account cancel` keeps it",
            moment(at)
        ),
        None if standing.owns.is_empty() => "kept".to_owned(),
        None => format!(
            "kept; {} owned by it must be handed over or deleted first",
            standing.owns.len()
        ),
    };
    seat.print.line(
        &json!({
            "deletion_asked_at": standing.asked_at, "deletion_at": standing.at,
            "grace_days": standing.grace_days, "owns": standing.owns,
        }),
        line,
    )
}
