//! Making sure that somebody's keys are theirs.

use std::time::Duration;

use clap::Args;
use cloister_client::view::{
    Command, CommandReply, ComparisonEnd, ComparisonStage, ComparisonView, EmojiView, PersonTrust,
    Query, QueryReply, Safety,
};
use cloister_wire::{ErrorCode, UserId};
use serde_json::json;

use crate::{
    arguments::Global,
    failure::{self, Failure},
    print::{Print, printable},
    seat::{self, Seat},
    secret,
    target::{self, unexpected},
};

/// How long the other side may take with each step.
const PATIENCE: Duration = Duration::from_mins(5);

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("way").multiple(false)))]
pub(crate) struct Verify {
    /// @user
    user: String,
    /// Compare emoji with them, now; also answers if they have asked
    #[arg(long, group = "way")]
    emoji: bool,
    /// What their QR code for you says
    #[arg(long, group = "way", value_name = "TEXT")]
    code: Option<String>,
    /// The safety number that they read to you
    #[arg(long, group = "way", value_name = "DIGITS")]
    number: Option<String>,
    /// Take new keys of theirs as they are, without comparing
    #[arg(long, group = "way")]
    accept_keys: bool,
}

impl Verify {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            let user = target::user(seat, &self.user).await?;
            if self.emoji {
                emoji(seat, user).await?;
            } else if let Some(code) = self.code {
                seat.done(Command::ReadCode { user, code }).await?;
            } else if let Some(number) = self.number {
                seat.done(Command::NumberMatches { user, number }).await?;
            } else if self.accept_keys {
                seat.done(Command::AcceptKeys { user }).await?;
            }
            show(seat, user).await
        })
    }
}

async fn person(seat: &Seat<'_>, user: UserId) -> Result<PersonTrust, Failure> {
    match seat.query(Query::Person { user }).await? {
        QueryReply::Person { person: Some(view) } => Ok(view),
        QueryReply::Person { person: None } => Err(Failure::new(
            failure::CONFLICT,
            &failure::name(ErrorCode::NotFound),
            "This device has not seen them yet.",
        )),
        other => Err(unexpected(&other)),
    }
}

async fn show(seat: &Seat<'_>, user: UserId) -> Result<(), Failure> {
    let view = person(seat, user).await?;
    let state = match view.safety {
        Safety::Verified => "verified",
        Safety::Known => "not verified",
        Safety::Unknown => "keys not seen yet",
        Safety::Violation => "KEYS CHANGED: nothing is encrypted to them until you decide",
    };
    let none = || "-".to_owned();
    seat.print.line(
        &json!({
            "user": view.user, "username": view.username, "safety": view.safety,
            "safety_number": view.safety_number, "code": view.code,
            "verified_at": view.verified_at, "verified_how": view.verified_how,
            "started_over_at": view.started_over_at, "change": view.change,
        }),
        format_args!(
            "{}  {state}\nsafety number  {}\ncode for them  {}",
            printable(&view.username),
            view.safety_number.clone().unwrap_or_else(none),
            view.code.clone().unwrap_or_else(none),
        ),
    )
}

async fn emoji(seat: &Seat<'_>, user: UserId) -> Result<(), Failure> {
    let asked = comparisons(seat)
        .await?
        .into_iter()
        .find(|one| one.user == user && one.stage == ComparisonStage::Incoming);
    let id = match asked {
        Some(one) => {
            let id = one.id;
            seat.done(Command::AcceptComparison { id: id.clone() })
                .await?;
            id
        }
        None => match seat.command(Command::Compare { user }).await? {
            CommandReply::Comparison { id } => {
                seat.print.note("Waiting for them to accept.");
                id
            }
            other => return Err(unexpected(&other)),
        },
    };
    compare(seat, &id).await
}

async fn comparisons(seat: &Seat<'_>) -> Result<Vec<ComparisonView>, Failure> {
    match seat.query(Query::Comparisons).await? {
        QueryReply::Comparisons { comparisons } => Ok(comparisons),
        other => Err(unexpected(&other)),
    }
}

/// Waits for a comparison that somebody else begins.
pub(crate) async fn next(seat: &Seat<'_>) -> Result<String, Failure> {
    let found = seat
        .wait_until(&Query::Comparisons, PATIENCE, |reply| match reply {
            QueryReply::Comparisons { comparisons } => comparisons.into_iter().next(),
            _ => None,
        })
        .await?;
    found.map(|one| one.id).ok_or_else(too_late)
}

/// From the first step to the last: shows the emoji, asks, and waits for the other side.
pub(crate) async fn compare(seat: &Seat<'_>, id: &str) -> Result<(), Failure> {
    let ready = |stage: &ComparisonStage| {
        matches!(
            stage,
            ComparisonStage::Compare { .. } | ComparisonStage::Ended { .. }
        )
    };
    match stage(seat, id, ready).await? {
        ComparisonStage::Compare { emoji } => show_emoji(seat, &emoji)?,
        ComparisonStage::Ended { why } => return Err(ended(why)),
        _ => return Err(too_late()),
    }
    let said = secret::read_line("Do both sides show the same, in the same order? yes or no")?;
    let same = said.eq_ignore_ascii_case("yes");
    let id = id.to_owned();
    seat.done(Command::JudgeComparison {
        id: id.clone(),
        same,
    })
    .await?;
    if !same {
        return Err(ended(ComparisonEnd::Different));
    }
    let over = |stage: &ComparisonStage| {
        matches!(stage, ComparisonStage::Done | ComparisonStage::Ended { .. })
    };
    let outcome = match stage(seat, &id, over).await? {
        ComparisonStage::Ended { why } => Err(ended(why)),
        _ => Ok(()),
    };
    seat.done(Command::EndComparison { id }).await?;
    outcome
}

async fn stage(
    seat: &Seat<'_>,
    id: &str,
    wanted: impl Fn(&ComparisonStage) -> bool,
) -> Result<ComparisonStage, Failure> {
    let found = seat
        .wait_until(&Query::Comparisons, PATIENCE, |reply| match reply {
            QueryReply::Comparisons { comparisons } => comparisons
                .into_iter()
                .find(|one| one.id == id && wanted(&one.stage))
                .map(|one| one.stage),
            _ => None,
        })
        .await?;
    found.ok_or_else(too_late)
}

fn show_emoji(seat: &Seat<'_>, emoji: &[EmojiView]) -> Result<(), Failure> {
    let shown: Vec<_> = emoji
        .iter()
        .map(|one| format!("{} {}", one.symbol, one.name))
        .collect();
    let names: Vec<_> = emoji.iter().map(|one| &one.name).collect();
    seat.print
        .line(&json!({ "emoji": names }), shown.join("   "))
}

fn too_late() -> Failure {
    ended(ComparisonEnd::TimedOut)
}

fn ended(why: ComparisonEnd) -> Failure {
    let (exit, code, what) = match why {
        ComparisonEnd::Different => (
            failure::UNSAFE,
            ErrorCode::KeysDiffer,
            "What the two sides see is not the same: somebody may stand between.",
        ),
        ComparisonEnd::GivenUp => (
            failure::CONFLICT,
            ErrorCode::NotFound,
            "The other side has ended the comparison.",
        ),
        ComparisonEnd::Elsewhere => (
            failure::CONFLICT,
            ErrorCode::NotFound,
            "It is being done on another device.",
        ),
        ComparisonEnd::TimedOut => (
            failure::CONFLICT,
            ErrorCode::NotFound,
            "The other side did not answer in time.",
        ),
        ComparisonEnd::Unreachable => (
            failure::UNREACHABLE,
            ErrorCode::Offline,
            "The other device cannot be reached.",
        ),
    };
    Failure::new(exit, &failure::name(code), what)
}
