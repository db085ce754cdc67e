//! The end of an account. Its owner asks for it and can keep it for a while; then everything that
//! is theirs goes, and what they said leaves tombstones. Their id, the public keys of their devices
//! and what they signed in guilds' logs stay, so that others can still verify those logs.

use cloister_proof::{epoch::EpochCause, guild_log::RemoveCause};
use cloister_wire::{
    ErrorCode, GuildId, UserId,
    deletion::Deletion,
    gateway::{CloseCode, Event},
    guild::GuildKind,
    security::SecurityEventKind,
};

use super::{audit, dm, email, ending, epoch, guild, mail, security};
use crate::{
    Error, Result,
    access::{Enrol, Permit, Proved, Runs, System},
    app::Parts,
    gateway::bus::{Audience, Notice},
    store::{self, db::Tx},
    visitor::Visitor,
};

const DAY_MS: u64 = 24 * 60 * 60_000;
/// Where something was taken on at the last moment, the account is looked at again after this.
const LATER_MS: u64 = DAY_MS;

/// How one's account stands.
pub fn show(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, Enrol>) -> Result<Deletion> {
    let standing = store::deletion::get(tx, permit, permit.user)?.ok_or_else(Error::not_found)?;
    Ok(Deletion {
        asked_at: standing.asked_at,
        at: standing.at,
        grace_days: parts.config.retention.account_grace_days,
        owns: store::deletion::page_owned(tx, permit, permit.user)?,
    })
}

/// The owner asks for the end of their account. Asking again changes nothing.
pub fn ask(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Proved>,
    username: &str,
    visitor: &Visitor,
) -> Result<()> {
    let user = permit.user;
    store::account::lock(tx, user)?;
    let standing = store::deletion::get(tx, permit, user)?.ok_or_else(Error::not_found)?;
    if !standing.username.eq_ignore_ascii_case(username.trim()) {
        return Err(Error::refuse(
            ErrorCode::NotConfirmed,
            "This is not your user name. Type it to be sure.",
        ));
    }
    if !begin(tx, parts, permit, user, &standing)? {
        return Ok(());
    }
    ending::end_others(tx, permit, permit, "the account is about to be deleted")?;
    let of = (user, Some(permit.device));
    security::note(tx, permit, of, SecurityEventKind::DeletionAsked, visitor)
}

/// The owner keeps their account: also from a device that waits for approval, for there may be no
/// other.
pub fn keep(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>, visitor: &Visitor) -> Result<()> {
    if !stop(tx, permit, permit.user)? {
        return Ok(());
    }
    let of = (permit.user, Some(permit.device));
    security::note(
        tx,
        permit,
        of,
        SecurityEventKind::DeletionCancelled,
        visitor,
    )
}

/// The same by whoever runs the instance.
pub(super) fn ask_by_operator<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    user: UserId,
) -> Result<()> {
    store::account::lock(tx, user)?;
    let standing = store::deletion::get(tx, permit, user)?.ok_or_else(Error::not_found)?;
    if begin(tx, parts, permit, user, &standing)? {
        ending::end_all(tx, permit, user, "the account is about to be deleted")?;
    }
    Ok(())
}

/// Takes the end back. False: none was asked for.
pub(super) fn stop<R>(tx: &mut Tx<'_>, permit: &Permit<'_, R>, user: UserId) -> Result<bool> {
    store::account::lock(tx, user)?;
    let standing = store::deletion::get(tx, permit, user)?;
    if standing.is_none_or(|standing| standing.at.is_none()) {
        return Ok(false);
    }
    store::deletion::put(tx, permit, user, (None, None))?;
    tell(tx, user, None);
    Ok(true)
}

fn begin<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    user: UserId,
    standing: &store::deletion::Standing,
) -> Result<bool> {
    if standing.at.is_some() {
        return Ok(false);
    }
    if !store::deletion::page_owned(tx, permit, user)?.is_empty() {
        return Err(Error::refuse(
            ErrorCode::OwnsGuilds,
            "Servers or group conversations are owned by this account. Hand them over or delete \
             them first.",
        ));
    }
    if standing.operator_at.is_some() && !store::deletion::has_other_operators(tx, permit, user)? {
        return Err(Error::refuse(
            ErrorCode::LastOperator,
            "Nobody else runs this instance. Make somebody else an operator first.",
        ));
    }
    let now = tx.now();
    let at = now + u64::from(parts.config.retention.account_grace_days) * DAY_MS;
    store::deletion::put(tx, permit, user, (Some(now), Some(at)))?;
    tell(tx, user, Some(at));
    Ok(true)
}

fn tell(tx: &mut Tx<'_>, user: UserId, at: Option<u64>) {
    let event = Event::DeletionChanged { at };
    tx.emit(Notice::event(Audience::User(user), event));
}

/// Nobody who is about to go takes a guild on.
pub(super) fn check_stays(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    if store::deletion::is_pending(tx, user)? {
        return Err(Error::refuse(
            ErrorCode::DeletionPending,
            "An account that is about to be deleted owns nothing new. Keep the account first.",
        ));
    }
    Ok(())
}

/// Ends an account whose time has come. False: it was kept, or something holds it.
pub fn carry_out(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    user: UserId,
) -> Result<bool> {
    store::account::lock(tx, user)?;
    let Some(standing) = store::deletion::get(tx, permit, user)? else {
        return Ok(false);
    };
    if standing.at.is_none_or(|at| at > tx.now()) {
        return Ok(false);
    }
    if !store::deletion::page_owned(tx, permit, user)?.is_empty() {
        tracing::warn!(%user, "an account can't be deleted: it owns guilds");
        let later = tx.now() + LATER_MS;
        store::deletion::put(tx, permit, user, (standing.asked_at, Some(later)))?;
        return Ok(false);
    }
    let farewell = email::proved(tx, parts, permit, user)?
        .map(|to| mail::house(parts).deleted(&to, &standing.username));
    let username = drawn_name(tx);
    let gone = Event::PersonDeleted {
        user,
        username: username.clone(),
    };
    let audience = epoch::acquaintances(tx, user)?;
    tx.emit(Notice::event(audience, gone));
    store::deletion::begin_sweep(tx, permit, user)?;
    leave_everything(tx, parts, permit, user)?;
    let conversations = store::deletion::page_conversations(tx, permit, user)?;
    sign_out(tx, permit, user)?;
    store::deletion::erase(tx, permit, user, &username)?;
    epoch::bump_person(tx, &parts.authority, user, EpochCause::DeviceRevoked)?;
    for (channel, peer) in conversations {
        dm::tell(tx, channel, [peer, user], &[peer])?;
    }
    if let Some(letter) = farewell {
        mail::post(tx, parts, permit, &letter)?;
    }
    let what = (SecurityEventKind::AccountDeleted, user.to_string());
    let of = (what.0, what.1.as_str());
    security::note_by_operator(tx, permit, None, of, &Visitor::here())?;
    Ok(true)
}

/// A name that says nothing, and that nobody can choose.
fn drawn_name(tx: &mut Tx<'_>) -> String {
    let drawn: [u8; 8] = tx.random();
    let letters = drawn
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|nibble| char::from(b'a' + nibble));
    "deleted_".chars().chain(letters).collect()
}

/// Leaves guilds and group conversations: the server signs that into their logs.
fn leave_everything(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    user: UserId,
) -> Result<()> {
    store::deletion::delete_lonely(tx, permit, user)?;
    for of in store::epoch::guilds_of_person(tx, user)? {
        leave(tx, parts, permit, (of, user))?;
    }
    Ok(())
}

fn leave(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    (of, user): (GuildId, UserId),
) -> Result<()> {
    store::guild::lock(tx, of)?;
    let Some(stored) = store::guild::get(tx, of, user)? else {
        return Ok(());
    };
    if stored.kind == GuildKind::Guild {
        let act = audit::Act::new(audit::MEMBER_LEAVE, audit::member(user));
        let says = serde_json::json!({"account": "deleted"});
        audit::append(tx, of, None, act.after(&says))?;
    }
    guild::take_out_all(tx, parts, permit, of, &[user], RemoveCause::Deleted)?;
    epoch::bump_guild(tx, &parts.authority, of, EpochCause::Left)
}

/// Ends every sign-in, and closes the connections.
fn sign_out(tx: &mut Tx<'_>, permit: &Permit<'_, System>, user: UserId) -> Result<()> {
    ending::end_all(tx, permit, user, "the account was deleted")?;
    for device in store::deletion::page_devices(tx, permit, user)? {
        tx.emit(Notice::DeviceRevoked {
            device,
            code: CloseCode::Unauthenticated,
        });
    }
    Ok(())
}
