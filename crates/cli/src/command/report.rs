//! Reporting messages, and looking at what was reported.

use clap::{Args, Subcommand, ValueEnum};
use cloister_client::view::{Command, CommandReply, Query, QueryReply, ReportShown, ReportsOf};
use cloister_wire::{
    MessageId, ReportId,
    report::{Claim, ReportReason, ReportTo, Resolution},
};
use serde_json::json;

use crate::{
    arguments::Global,
    failure::{CONFLICT, Failure},
    print::{Print, indented, moment, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    /// Report a message: its text, and that of the others you name, is revealed with proof of who wrote it
    Send(Send),
    /// List reports: of a guild, with --operator those for the operators, or your own
    List {
        #[command(flatten)]
        of: Of,
        /// Also those that are resolved
        #[arg(long)]
        all: bool,
    },
    /// Take a report, so that others need not look at it
    Take {
        report: ReportId,
        #[command(flatten)]
        of: Of,
        /// Let go of it, whoever took it
        #[arg(long)]
        release: bool,
    },
    /// Write down what was found, for others who look at reports
    Note {
        report: ReportId,
        /// At most 1,000 characters, in the place of what stood there; the reporter never sees it
        text: String,
        #[command(flatten)]
        of: Of,
    },
    /// Say what came of a report
    Resolve {
        report: ReportId,
        #[command(flatten)]
        of: Of,
        #[arg(long, value_enum)]
        outcome: Outcome,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Send {
    message: MessageId,
    /// Up to 20 other messages of the same channel to reveal with it
    #[arg(long, value_name = "ID")]
    with: Vec<MessageId>,
    #[arg(long, value_enum)]
    reason: Reason,
    /// In your own words, at most 1,000 characters
    #[arg(long, default_value = "")]
    note: String,
    /// To those who run the instance, not to the guild's moderators
    #[arg(long)]
    operator: bool,
    /// Don't ask before revealing
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Of {
    /// Name or id of a guild that you moderate
    #[arg(long, conflicts_with = "operator")]
    guild: Option<String>,
    /// As somebody who runs the instance
    #[arg(long)]
    operator: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reason {
    Spam,
    Harassment,
    Threats,
    Illegal,
    SelfHarm,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Outcome {
    Action,
    NoAction,
}

impl Report {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| match self {
            Report::Send(send) => send.send(seat).await,
            Report::List { of, all } => list(seat, &of, all).await,
            Report::Take {
                report,
                of,
                release,
            } => {
                let claim = if release { Claim::Release } else { Claim::Take };
                keep(seat, report, &of, Some(claim), None).await
            }
            Report::Note { report, text, of } => keep(seat, report, &of, None, Some(text)).await,
            Report::Resolve {
                report,
                of,
                outcome,
            } => resolve(seat, report, &of, outcome).await,
        })
    }
}

impl Of {
    async fn find(&self, seat: &Seat<'_>) -> Result<ReportsOf, Failure> {
        Ok(match &self.guild {
            Some(wanted) => ReportsOf::Guild {
                guild: target::guild(seat, wanted).await?.id,
            },
            None if self.operator => ReportsOf::Operator,
            None => ReportsOf::Mine,
        })
    }
}

impl Send {
    async fn send(self, seat: &Seat<'_>) -> Result<(), Failure> {
        seat.reach().await?;
        let message = self.message;
        let view = match seat.query(Query::Reportable { message }).await? {
            QueryReply::Reportable { view: Some(view) } => view,
            QueryReply::Reportable { view: None } => {
                return Err(Failure::new(
                    CONFLICT,
                    "NOT_FOUND",
                    format!("There is no message {message} on this device."),
                )
                .next("Read its channel first."));
            }
            other => return Err(unexpected(&other)),
        };
        let to = if self.operator || view.guild.is_none() {
            ReportTo::Operator
        } else {
            ReportTo::Guild
        };
        let mut messages = vec![message];
        messages.extend(self.with.iter().filter(|id| **id != message));
        for one in view
            .messages
            .iter()
            .filter(|one| messages.contains(&one.message))
        {
            seat.print.note(format_args!(
                "will be revealed: {}: {}",
                printable(&one.author_name),
                indented(&one.body)
            ));
        }
        if !self.yes {
            confirm()?;
        }
        let command = Command::Report {
            messages,
            to,
            reason: reason(self.reason),
            note: self.note,
        };
        match seat.command(command).await? {
            CommandReply::Reported { report } => seat.print.line(&json!({"id": report}), report),
            other => Err(unexpected(&other)),
        }
    }
}

/// Revealing can't be taken back.
fn confirm() -> Result<(), Failure> {
    if !Print::can_ask() {
        return Err(Failure::usage("A report reveals these messages for good.")
            .next("Add --yes to send it without a question."));
    }
    eprint!("Reveal these messages? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("y") {
        Ok(())
    } else {
        Err(Failure::usage("Nothing was sent."))
    }
}

const fn reason(reason: Reason) -> ReportReason {
    match reason {
        Reason::Spam => ReportReason::Spam,
        Reason::Harassment => ReportReason::Harassment,
        Reason::Threats => ReportReason::Threats,
        Reason::Illegal => ReportReason::Illegal,
        Reason::SelfHarm => ReportReason::SelfHarm,
        Reason::Other => ReportReason::Other,
    }
}

async fn keep(
    seat: &Seat<'_>,
    report: ReportId,
    of: &Of,
    claim: Option<Claim>,
    finding: Option<String>,
) -> Result<(), Failure> {
    seat.reach().await?;
    let of = of.find(seat).await?;
    let command = Command::KeepReport {
        of,
        report,
        claim,
        finding,
    };
    seat.command(command).await?;
    seat.print.line(&json!({"id": report}), report)
}

async fn list(seat: &Seat<'_>, of: &Of, all: bool) -> Result<(), Failure> {
    seat.reach().await?;
    let of = of.find(seat).await?;
    let mut before = None;
    loop {
        let command = Command::LoadReports {
            of,
            open: !all,
            before,
        };
        match seat.command(command).await? {
            CommandReply::MyReports { reports } => {
                for report in reports.iter().filter(|one| all || one.resolution.is_none()) {
                    seat.print.line(
                        &json!(report),
                        format_args!(
                            "{}  {}  message {}  {}",
                            report.id,
                            moment(report.at),
                            report.message,
                            outcome_text(report.resolution)
                        ),
                    )?;
                }
                return Ok(());
            }
            CommandReply::Reports { reports, end } => {
                for report in &reports {
                    show(seat.print, report)?;
                }
                before = reports.last().map(|last| last.id);
                if end || before.is_none() {
                    return Ok(());
                }
            }
            other => return Err(unexpected(&other)),
        }
    }
}

fn show(print: &Print, report: &ReportShown) -> Result<(), Failure> {
    let reason = json!(report.reason);
    let mut lines = vec![format!(
        "{}  {}  {} reports {}  {}",
        report.id,
        moment(report.at),
        printable(&report.reporter_name),
        reason.as_str().unwrap_or_default(),
        outcome_text(report.resolution)
    )];
    let note = (!report.note.is_empty()).then(|| format!("    note: {}", indented(&report.note)));
    lines.extend(note);
    if let Some(name) = &report.claimed_by_name {
        lines.push(format!("    taken by {}", printable(name)));
    }
    if !report.finding.is_empty() {
        lines.push(format!("    found: {}", indented(&report.finding)));
    }
    for (place, one) in report.messages.iter().enumerate() {
        let mark = if place == 0 { '>' } else { ' ' };
        let body = one.body.as_deref().unwrap_or("[of a newer version]");
        let (at, sender) = (moment(one.at), printable(&one.sender_name));
        lines.push(format!("  {mark} {at}  {sender}: {}", indented(body)));
    }
    print.line(&json!(report), lines.join("\n"))
}

const fn outcome_text(resolution: Option<Resolution>) -> &'static str {
    match resolution {
        None => "open",
        Some(Resolution::ActionTaken) => "action was taken",
        Some(Resolution::NoAction) => "no action",
    }
}

async fn resolve(
    seat: &Seat<'_>,
    report: ReportId,
    of: &Of,
    outcome: Outcome,
) -> Result<(), Failure> {
    seat.reach().await?;
    let of = of.find(seat).await?;
    if of == ReportsOf::Mine {
        return Err(Failure::usage("Whose report is it to resolve?")
            .next("Give --guild GUILD or --operator."));
    }
    let resolution = match outcome {
        Outcome::Action => Resolution::ActionTaken,
        Outcome::NoAction => Resolution::NoAction,
    };
    seat.command(Command::ResolveReport {
        of,
        report,
        resolution,
    })
    .await?;
    seat.print
        .line(&json!({"id": report, "resolution": resolution}), "resolved")
}
