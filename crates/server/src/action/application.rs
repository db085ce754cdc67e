//! Joining by application: somebody answers what the guild asks, and a member who may vouch lets
//! them in by a signed `Add`, or declines.

use cloister_proof::guild_log::OpBody;
use cloister_wire::{
    ErrorCode, GuildId, UserId,
    application::{Answer, Applicant, Apply, Approve, Decline, SetQuestions},
    gateway::Event,
    guild::Appended,
    limits,
};
use serde_json::json;

use super::{audit, guild, guild_log, role::announce, term};
use crate::{
    Error, Result,
    access::{Act, Permit, guild::InGuild},
    app::Parts,
    gateway::bus::{Audience, Notice},
    store::{self, db::Tx},
};

type May<'tx> = Permit<'tx, InGuild>;

/// Says what whoever wants to join is asked; with no question they just join.
pub fn set_questions(tx: &mut Tx<'_>, permit: &May<'_>, request: &SetQuestions) -> Result<()> {
    let asked: Vec<String> = request
        .questions
        .iter()
        .map(|one| one.trim().to_owned())
        .collect();
    let fits = |one: &String| {
        (1..=limits::QUESTION_CHARS).contains(&one.chars().count())
            && !one.chars().any(char::is_control)
    };
    if asked.len() > limits::QUESTIONS || !asked.iter().all(fits) {
        return Err(Error::invalid(
            "An application asks up to 5 questions of 1 to 300 characters.",
        ));
    }
    let before = store::application::questions(tx, permit, permit.guild)?;
    if before == asked {
        return Ok(());
    }
    store::application::update_questions(tx, permit, &asked)?;
    let act = audit::Act::new(audit::GUILD_QUESTIONS, audit::guild(permit.guild))
        .before(&json!({"questions": before}))
        .after(&json!({"questions": asked}));
    audit::note(tx, permit, act)?;
    announce(tx, permit)
}

/// Applies by an invitation.
pub fn apply(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Act>,
    code: &str,
    request: &Apply,
) -> Result<()> {
    store::account::lock(tx, permit.user)?;
    let used = guild::find_invite(tx, parts, permit, code)?;
    let guild = used.guild;
    let questions = store::application::questions(tx, permit, guild)?;
    if questions.is_empty() || questions.len() != request.answers.len() {
        return Err(Error::invalid(
            "The questions are others by now. Read them again.",
        ));
    }
    let known = store::application::get(tx, permit, guild, permit.user)?;
    if let Some(declined_at) = known.and_then(|known| known.declined_at) {
        let again = declined_at + limits::APPLY_AGAIN_MS;
        if again > tx.now() {
            return Err(Error::rate_limited(again - tx.now()));
        }
    }
    if store::application::count(tx, permit, guild)? >= limits::APPLICATIONS_PER_GUILD {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "Too many applications wait in this server. Try again later.",
        ));
    }
    let mut answers = Vec::new();
    for (question, answer) in questions.into_iter().zip(&request.answers) {
        let answer = answer.trim();
        let ugly = |c: char| c.is_control() && c != '\n';
        let length = answer.chars().count();
        if !(1..=limits::ANSWER_CHARS).contains(&length) || answer.contains(ugly) {
            return Err(Error::invalid("An answer has 1 to 1,000 characters."));
        }
        let answer = answer.to_owned();
        answers.push(Answer { question, answer });
    }
    store::application::put(tx, permit, guild, (code, used.by), &answers)?;
    tell_deciders(tx, permit, guild)
}

/// Takes one's own application back.
pub fn withdraw(tx: &mut Tx<'_>, permit: &Permit<'_, Act>, guild: GuildId) -> Result<()> {
    let waits = store::application::get(tx, permit, guild, permit.user)?
        .is_some_and(|known| known.declined_at.is_none());
    if !waits || !store::application::delete(tx, permit, guild, permit.user)? {
        return Err(Error::not_found());
    }
    tell_deciders(tx, permit, guild)
}

/// Whom an approval would let in: what the device that signs it checks.
pub fn applicant(tx: &mut Tx<'_>, permit: &May<'_>, user: UserId) -> Result<Applicant> {
    waiting(tx, permit, user)?;
    let devlog = store::epoch::devlog_entries(tx, user)?;
    Ok(Applicant { user, devlog })
}

/// Lets an applicant in, as a member's device signed.
pub fn approve(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    user: UserId,
    request: &Approve,
) -> Result<Appended> {
    let guild = permit.guild;
    let known = waiting(tx, permit, user)?;
    if store::moderation::is_banned(tx, permit, guild, user)? {
        return Err(Error::refuse(
            ErrorCode::Banned,
            "They were banned from this server since. Lift the ban first.",
        ));
    }
    guild::check_place(tx, permit, user)?;
    store::guild::insert_other(tx, permit, guild, user)?;
    store::moderation::insert_join(tx, permit, (guild, user), &known.code, known.invited_by)?;
    let access_version = store::guild::update_access(tx, permit, guild, 1)?;
    let of = guild_log::LogOf {
        guild,
        access_version,
    };
    let (op, log) = guild::arrive(tx, parts, of, user, (&request.op, &permit.actor))?;
    if !matches!(op.body, OpBody::Add { user: added, .. } if added == user) {
        return Err(Error::refuse(
            ErrorCode::OpInvalid,
            "The operation lets somebody else in.",
        ));
    }
    store::application::delete(tx, permit, guild, user)?;
    term::give_due(tx, parts, permit, guild, Some(user))?;
    // It counts as used; that it was used up since does not undo what a member decided.
    let hash = parts.keys.hash_secret("invite", known.code.as_bytes());
    let _in_time = store::invite::update_used(tx, permit, &hash)?;
    let act = audit::Act::new(audit::APPLICATION_APPROVE, audit::member(user));
    let by = json!({"invite": known.code, "invited_by": known.invited_by});
    audit::note(tx, permit, act.after(&by))?;
    decided(tx, permit, user)?;
    Ok(guild_log::appended(&log))
}

/// Declines; the applicant reads why.
pub fn decline(tx: &mut Tx<'_>, permit: &May<'_>, user: UserId, request: &Decline) -> Result<()> {
    let reason = audit::reason(request.reason.as_deref())?;
    waiting(tx, permit, user)?;
    store::application::decline(tx, permit, user, reason.as_deref())?;
    let act = audit::Act::new(audit::APPLICATION_DECLINE, audit::member(user));
    audit::note(tx, permit, act.because(reason))?;
    decided(tx, permit, user)
}

fn waiting(
    tx: &mut Tx<'_>,
    permit: &May<'_>,
    user: UserId,
) -> Result<cloister_wire::application::Application> {
    let known = store::application::get(tx, permit, permit.guild, user)?;
    known
        .filter(|known| known.declined_at.is_none())
        .map(|known| known.application)
        .ok_or_else(Error::not_found)
}

fn decided(tx: &mut Tx<'_>, permit: &May<'_>, user: UserId) -> Result<()> {
    let guild = permit.guild;
    let event = Event::ApplicationDecided { guild };
    tx.emit(Notice::event(Audience::User(user), event));
    tell_deciders(tx, permit, guild)
}

fn tell_deciders<R>(tx: &mut Tx<'_>, permit: &Permit<'_, R>, guild: GuildId) -> Result<()> {
    for user in store::application::deciders(tx, permit, guild)? {
        let event = Event::ApplicationsChanged { guild };
        tx.emit(Notice::event(Audience::User(user), event));
    }
    Ok(())
}

/// Refuses whoever joins where joining takes an application.
pub(super) fn check_none_needed(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    guild: GuildId,
) -> Result<()> {
    if store::application::questions(tx, permit, guild)?.is_empty() {
        return Ok(());
    }
    Err(Error::refuse(
        ErrorCode::ApplicationNeeded,
        "This server is joined by application. Answer its questions, and somebody there decides.",
    ))
}
