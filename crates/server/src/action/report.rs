//! Reports: taken only if this server's own tag proves every message, and kept sealed.

use cloister_proof::{Context, decode, frank, frank::Tagged};
use cloister_wire::{
    ErrorCode, GuildId, ReportId, UserId,
    gateway::Event,
    limits::{CIPHERTEXT_BYTES, REPORT_MESSAGES, REPORT_NOTE_CHARS, REPORTS_OPEN},
    report::{
        Claim, KeepReport, ProvedMessage, Report, ReportTo, ReportView, Reported, Reports,
        Resolution, Revealed,
    },
};
use serde_json::json;

use super::audit;
use crate::{
    Error, Result,
    access::{
        Permit,
        channel::{Kind, Read},
        guild::InGuild,
        report::Review,
    },
    app::Parts,
    gateway::bus::{Audience, Notice},
    seal::{authority::Authority, keyring::Keyring},
    store::{
        self,
        db::Tx,
        report::{Message, New, Standing},
    },
};

/// Takes a report. The same first message again gives the same answer.
pub fn report(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Read>,
    request: &Report,
) -> Result<Reported> {
    let guild = recipient(permit, request.to)?;
    let subject = check_shape(request)?;
    let joined = store::channel::joined_seq(tx, permit)?;
    let contexts = request
        .messages
        .iter()
        .map(|one| prove(&parts.authority, permit, joined, one))
        .collect::<Result<Vec<_>>>()?;
    if let Some(report) = store::report::known(tx, permit, subject.message, request.to)? {
        return Ok(Reported { report });
    }
    if store::report::count_open(tx, permit)? >= REPORTS_OPEN {
        let sentence = "You have many reports that nobody has looked at yet. Wait for them.";
        return Err(Error::refuse(ErrorCode::TooMany, sentence));
    }
    let id = tx.id(ReportId::new);
    let seal = |plain: &[u8], place: u64| parts.keys.seal(&parts.env, &place_of(id, place), plain);
    let new = New {
        id,
        guild: permit.state.guild,
        to: request.to,
        subject: subject.message,
        reason: request.reason,
        note: seal(request.note.trim().as_bytes(), NOTE)?,
    };
    let messages: Vec<Message> = request
        .messages
        .iter()
        .zip(&contexts)
        .enumerate()
        .map(|(place, (one, context))| {
            Ok(Message {
                message: one.message,
                seq: one.seq,
                at: one.at,
                sender: context.sender_user,
                sender_device: context.sender_device,
                content: seal(one.content.as_ref(), place as u64)?,
            })
        })
        .collect::<Result<_>>()?;
    store::report::insert(tx, permit, &new, &messages)?;
    for user in store::report::reviewers(tx, permit, guild)? {
        tx.emit(Notice::event(
            Audience::User(user),
            Event::ReportMade { guild },
        ));
    }
    Ok(Reported { report: id })
}

/// Bound to a report's note, where a message has its place.
const NOTE: u64 = u64::MAX;
/// The same, of what was found.
const FINDING: u64 = u64::MAX - 1;

fn place_of(report: ReportId, place: u64) -> Vec<u8> {
    [b"report", &report.as_bytes()[..], &place.to_be_bytes()].concat()
}

/// The guild whose moderators a report is for; none for the operators.
fn recipient(permit: &Permit<'_, Read>, to: ReportTo) -> Result<Option<GuildId>> {
    match (to, permit.kind) {
        (ReportTo::Operator, _) => Ok(None),
        (ReportTo::Guild, Kind::Guild { guild, .. }) => Ok(Some(guild)),
        (ReportTo::Guild, Kind::Direct { .. }) => Err(Error::invalid(
            "A conversation of two has no moderators. Report to those who run this instance.",
        )),
    }
}

/// The message that is reported.
fn check_shape(request: &Report) -> Result<&Revealed> {
    if request.note.chars().count() > REPORT_NOTE_CHARS {
        return Err(Error::invalid("A note has at most 1,000 characters."));
    }
    if request.messages.len() > REPORT_MESSAGES {
        return Err(Error::invalid("A report reveals at most 21 messages."));
    }
    let subject = request
        .messages
        .first()
        .ok_or_else(|| Error::invalid("A report is about a message."))?;
    let mut ids: Vec<_> = request.messages.iter().map(|one| one.message).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() < request.messages.len() {
        return Err(Error::invalid("A message is in the report twice."));
    }
    Ok(subject)
}

/// Whether this server accepted exactly this content, here, from whom the context names. Works
/// after the message itself was deleted.
fn prove(
    authority: &Authority,
    permit: &Permit<'_, Read>,
    joined: u64,
    one: &Revealed,
) -> Result<Context> {
    let unproved = || {
        Error::refuse(
            ErrorCode::ReportUnproved,
            "What was revealed is not what this server accepted, so the report was not taken.",
        )
    };
    if one.content.0.len() > CIPHERTEXT_BYTES || one.context.0.len() > CIPHERTEXT_BYTES {
        return Err(Error::refuse(ErrorCode::TooLarge, "A message is too long."));
    }
    let context: Context = decode(one.context.as_ref()).map_err(|_| unproved())?;
    let tagged = Tagged {
        c2: one.c2,
        message: one.message,
        channel: permit.channel(),
        sender_user: context.sender_user,
        sender_device: context.sender_device,
        seq: one.seq,
        at: one.at,
        epoch: one.epoch,
    };
    // One's own words are shown to others by others; what one could not read is not one's to show.
    let proved = context.channel == permit.channel()
        && context.epoch == one.epoch
        // The bytes that were hashed, not others that read alike.
        && context.to_bytes() == one.context.0
        && one.seq > joined
        && frank::opens(&one.c2, &one.frank_key, &context, one.content.as_ref())
        && authority.tag_verifies(&tagged, one.frank_tag.as_ref());
    if proved { Ok(context) } else { Err(unproved()) }
}

/// A page of reports, opened for whom they are.
pub fn show(
    tx: &mut Tx<'_>,
    keys: &Keyring,
    permit: &Permit<'_, Review>,
    before: Option<ReportId>,
    open_only: bool,
    limit: u32,
) -> Result<Reports> {
    let before = before.unwrap_or(ReportId::from_bytes([0xff; 16]));
    let mut page = store::report::page(tx, permit, before, open_only, limit + 1)?;
    let end = page.len() <= limit as usize;
    page.truncate(limit as usize);
    let mut reports = Vec::with_capacity(page.len());
    for stored in page {
        let open = |sealed: &[u8], place: u64| {
            let plain = keys.open_sealed(&place_of(stored.id, place), sealed)?;
            Ok::<_, Error>(plain.to_vec())
        };
        let messages = store::report::messages(tx, permit, stored.id)?
            .into_iter()
            .enumerate()
            .map(|(place, (one, name))| {
                Ok(ProvedMessage {
                    message: one.message,
                    seq: one.seq,
                    at: one.at,
                    sender: one.sender,
                    sender_name: name.unwrap_or_default(),
                    sender_device: one.sender_device,
                    content: cloister_wire::Bytes(open(&one.content, place as u64)?),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let note = String::from_utf8(open(&stored.note, NOTE)?).map_err(Error::internal)?;
        let finding = match &stored.finding {
            Some(sealed) => String::from_utf8(open(sealed, FINDING)?).map_err(Error::internal)?,
            None => String::new(),
        };
        reports.push(ReportView {
            id: stored.id,
            channel: stored.channel,
            guild: stored.guild,
            reporter: stored.reporter,
            reporter_name: stored.reporter_name,
            reason: stored.reason,
            note,
            at: stored.at,
            messages,
            resolution: stored.resolution,
            resolved_by: stored.resolved_by,
            resolved_at: stored.resolved_at,
            claimed_by: stored.claimed_by,
            claimed_by_name: stored.claimed_by_name,
            finding,
        });
    }
    Ok(Reports { reports, end })
}

/// Takes a report or lets go of it, and keeps what was found.
pub fn keep(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Review>,
    within: Option<&Permit<'_, InGuild>>,
    report: ReportId,
    request: &KeepReport,
) -> Result<()> {
    let standing = store::report::get(tx, permit, report)?.ok_or_else(Error::not_found)?;
    let me = permit.user();
    if let Some(finding) = &request.finding {
        if finding.chars().count() > REPORT_NOTE_CHARS {
            return Err(Error::invalid("A note has at most 1,000 characters."));
        }
        let plain = finding.trim().as_bytes();
        let sealed = parts
            .keys
            .seal(&parts.env, &place_of(report, FINDING), plain)?;
        store::report::put_finding(tx, permit, report, &sealed)?;
    }
    let claimed_by = match request.claim {
        None => standing.claimed_by,
        Some(Claim::Take) => {
            check_free(&standing, me)?;
            Some(me)
        }
        Some(Claim::Release) => None,
    };
    if claimed_by != standing.claimed_by {
        if standing.resolution.is_some() {
            return Err(faster("Somebody has resolved this report already."));
        }
        store::report::claim(tx, permit, report, claimed_by)?;
        if let Some(within) = within {
            let act = audit::Act::new(audit::REPORT_CLAIM, audit::report(report))
                .before(&json!({"claimed_by": standing.claimed_by}))
                .after(&json!({"claimed_by": claimed_by}));
            audit::note(tx, within, act)?;
        }
    }
    tell_reviewers(tx, permit)
}

fn check_free(standing: &Standing, me: UserId) -> Result<()> {
    match standing.claimed_by {
        Some(other) if other != me => Err(faster("Somebody else is looking at this report.")),
        _ => Ok(()),
    }
}

fn faster(sentence: &'static str) -> Error {
    Error::refuse(ErrorCode::AlreadyResolved, sentence)
}

fn tell_reviewers(tx: &mut Tx<'_>, permit: &Permit<'_, Review>) -> Result<()> {
    let guild = permit.guild;
    for user in store::report::reviewers(tx, permit, guild)? {
        tx.emit(Notice::event(
            Audience::User(user),
            Event::ReportChanged { guild },
        ));
    }
    Ok(())
}

/// Says what came of a report; its reporter hears of it. The same again changes nothing.
pub fn resolve(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Review>,
    within: Option<&Permit<'_, InGuild>>,
    report: ReportId,
    resolution: Resolution,
) -> Result<()> {
    let standing = store::report::get(tx, permit, report)?.ok_or_else(Error::not_found)?;
    if standing.resolution == Some(resolution) {
        return Ok(());
    }
    check_free(&standing, permit.user())?;
    if !store::report::resolve(tx, permit, report, resolution)? {
        return Err(faster("Somebody has resolved this report already."));
    }
    if let Some(within) = within {
        let act = audit::Act::new(audit::REPORT_RESOLVE, audit::report(report))
            .after(&json!({"resolution": resolution}));
        audit::note(tx, within, act)?;
    }
    tx.emit(Notice::event(
        Audience::User(standing.reporter),
        Event::ReportResolved { report, resolution },
    ));
    tell_reviewers(tx, permit)
}
