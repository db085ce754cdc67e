//! Reports: opening the commitments of chosen messages to those who look after a place, and
//! looking at what others have reported.

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{
    ChannelId, ErrorCode, MessageId, ReportId,
    limits::REPORT_MESSAGES,
    report::{
        KeepReport, MyReports, Report, ReportReason, ReportTo, ReportView, Reported, Reports,
        Resolution, ResolveReport, Revealed,
    },
};

use crate::{
    core::{Outcome, Shared, refuse},
    engine::Method,
    flow::call::{CallError, read, to_cbor},
    store::text_of,
    view::{CommandReply, Refusal, ReportShown, ReportedMessage, ReportsOf, Topic},
};

/// What a person chose to report.
pub(crate) struct Choice {
    pub messages: Vec<MessageId>,
    pub to: ReportTo,
    pub reason: ReportReason,
    pub note: String,
}

/// Reveals the chosen messages, and nothing else.
pub(crate) async fn report<P: Primitives>(shared: &Shared<P>, choice: Choice) -> Outcome {
    let (channel, messages) = reveal(shared, &choice.messages)?;
    let request = Report {
        to: choice.to,
        reason: choice.reason,
        note: choice.note,
        messages,
    };
    let path = format!("/api/v1/channels/{channel}/reports");
    let answer = shared
        .call(Method::Post, path, Some(to_cbor(&request)))
        .await;
    let reported: Reported = read(&answer?).map_err(Refusal::from)?;
    shared.core().tell(Topic::Reports);
    Ok(CommandReply::Reported {
        report: reported.report,
    })
}

fn reveal<P: Primitives>(
    shared: &Shared<P>,
    chosen: &[MessageId],
) -> Result<(ChannelId, Vec<Revealed>), Refusal> {
    let unproved = || {
        refuse(
            ErrorCode::ReportUnproved,
            "This device can't prove one of these messages, so nothing was sent.",
        )
    };
    if chosen.is_empty() || chosen.len() > REPORT_MESSAGES {
        return Err(refuse(
            ErrorCode::Invalid,
            "A report is about 1 to 21 messages.",
        ));
    }
    let core = shared.core();
    let mut place = None;
    let mut all = Vec::with_capacity(chosen.len());
    for id in chosen {
        let (channel, seq) = core.store.place_of(*id)?.ok_or_else(unproved)?;
        if *place.get_or_insert(channel) != channel {
            return Err(refuse(
                ErrorCode::Invalid,
                "A report is about messages of one channel.",
            ));
        }
        let evidence = core.store.evidence(*id)?.ok_or_else(unproved)?;
        all.push(Revealed {
            message: *id,
            seq,
            at: core.store.message_at(*id)?.ok_or_else(unproved)?,
            epoch: evidence.epoch,
            context: evidence.context,
            content: evidence.content,
            frank_key: evidence.frank_key,
            c2: evidence.c2,
            frank_tag: evidence.frank_tag,
        });
    }
    Ok((place.ok_or_else(unproved)?, all))
}

/// A page of reports: one's own, or those that one is asked to look at.
pub(crate) async fn load<P: Primitives>(
    shared: &Shared<P>,
    of: ReportsOf,
    open: bool,
    before: Option<ReportId>,
) -> Outcome {
    {
        let mut core = shared.core();
        core.reports_new = false;
        core.tell(Topic::Session);
    }
    let start = match of {
        ReportsOf::Mine => {
            let mine: MyReports = shared.get("/api/v1/reports/mine".to_owned()).await?;
            return Ok(CommandReply::MyReports {
                reports: mine.reports,
            });
        }
        ReportsOf::Guild { guild } => format!("/api/v1/guilds/{guild}/reports"),
        ReportsOf::Operator => "/api/v1/reports".to_owned(),
    };
    let before = before.map_or_else(String::new, |before| format!("&before={before}"));
    let page: Result<Reports, CallError> = shared.get(format!("{start}?open={open}{before}")).await;
    let page = page?;
    Ok(CommandReply::Reports {
        reports: page.reports.into_iter().map(shown).collect(),
        end: page.end,
    })
}

/// The texts of what was revealed; the server keeps them as they were sealed.
fn shown(report: ReportView) -> ReportShown {
    let messages = report
        .messages
        .into_iter()
        .map(|one| ReportedMessage {
            message: one.message,
            seq: one.seq,
            at: one.at,
            sender: one.sender,
            sender_name: one.sender_name,
            body: cloister_proof::decode::<MessageContent>(one.content.as_ref())
                .ok()
                .and_then(|content| text_of(&content).map(str::to_owned)),
        })
        .collect();
    ReportShown {
        id: report.id,
        channel: report.channel,
        guild: report.guild,
        reporter: report.reporter,
        reporter_name: report.reporter_name,
        reason: report.reason,
        note: report.note,
        at: report.at,
        messages,
        resolution: report.resolution,
        resolved_at: report.resolved_at,
        claimed_by: report.claimed_by,
        claimed_by_name: report.claimed_by_name,
        finding: report.finding,
    }
}

pub(crate) async fn resolve<P: Primitives>(
    shared: &Shared<P>,
    of: ReportsOf,
    report: ReportId,
    resolution: Resolution,
) -> Outcome {
    let path = format!("{}/{report}/resolve", queue(of)?);
    let body = to_cbor(&ResolveReport { resolution });
    shared.call(Method::Post, path, Some(body)).await?;
    shared.core().tell(Topic::Reports);
    Ok(CommandReply::Done)
}

/// Takes a report or lets go of it, and keeps what was found.
pub(crate) async fn keep<P: Primitives>(
    shared: &Shared<P>,
    of: ReportsOf,
    report: ReportId,
    request: KeepReport,
) -> Outcome {
    let path = format!("{}/{report}", queue(of)?);
    let body = to_cbor(&request);
    shared.call(Method::Put, path, Some(body)).await?;
    shared.core().tell(Topic::Reports);
    Ok(CommandReply::Done)
}

/// Where reports stand that this person is asked to look at.
fn queue(of: ReportsOf) -> Result<String, Refusal> {
    match of {
        ReportsOf::Mine => Err(refuse(
            ErrorCode::Invalid,
            "Your own report is looked at by somebody else.",
        )),
        ReportsOf::Guild { guild } => Ok(format!("/api/v1/guilds/{guild}/reports")),
        ReportsOf::Operator => Ok("/api/v1/reports".to_owned()),
    }
}
