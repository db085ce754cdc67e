//! Keeping order: kicks, bans, timeouts, and the gate. Nobody acts on who stands as high.

use std::collections::BTreeSet;

use cloister_proof::{epoch::EpochCause, guild_log::RemoveCause};
use cloister_wire::{
    ErrorCode, GuildId, UserId,
    guild::Member,
    limits,
    moderation::{
        Ban, BanMany, Gate, GateView, Kick, LiftBan, LiftQuarantine, Quarantine, SetGate, Settle,
        TimeOut,
    },
    permission::Rank,
};
use serde::Serialize;
use serde_json::json;

use super::{
    audit, epoch,
    guild::take_out_all,
    guild_log,
    role::{announce, member_changed},
};
use crate::{
    Error, Result,
    access::{self, Act, Permit, guild::InGuild},
    app::Parts,
    store::{self, db::Tx, guild::Stored},
};

type May<'tx> = Permit<'tx, InGuild>;

/// The longest ban that ends by itself.
const BAN_S_MAX: u32 = 10 * 365 * 86_400;
/// The longest time for which somebody counts as new.
const NEWCOMER_S_MAX: u32 = 30 * 86_400;

/// Takes a member out; an invitation lets them in again.
pub fn kick(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    user: UserId,
    request: &Kick,
) -> Result<()> {
    let reason = audit::reason(request.reason.as_deref())?;
    member_below(tx, permit, user)?;
    let act = audit::Act::new(audit::MEMBER_KICK, audit::member(user));
    audit::note(tx, permit, act.because(reason))?;
    remove(tx, parts, permit, user)
}

/// Keeps somebody out, for a time or until it is lifted. Who is a member is taken out.
pub fn ban(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    user: UserId,
    request: &Ban,
) -> Result<()> {
    let many = BanMany {
        users: vec![user],
        reason: request.reason.clone(),
        for_s: request.for_s,
        delete_s: request.delete_s,
    };
    ban_many(tx, parts, permit, &many)
}

/// Keeps all of these people out or, if one of them stands as high as the person who acts, none.
pub fn ban_many(tx: &mut Tx<'_>, parts: &Parts, permit: &May<'_>, request: &BanMany) -> Result<()> {
    if request.for_s > BAN_S_MAX {
        return Err(Error::invalid("A ban with an end lasts at most 10 years."));
    }
    if request.delete_s > limits::BAN_DELETE_S_MAX {
        return Err(Error::invalid(
            "A ban removes what was said within the last 7 days at most.",
        ));
    }
    let users: BTreeSet<UserId> = request.users.iter().copied().collect();
    if users.is_empty() || users.len() > limits::BANS_PER_REQUEST {
        return Err(Error::invalid("Name 1 to 100 people."));
    }
    let reason = audit::reason(request.reason.as_deref())?;
    let until = (request.for_s > 0).then(|| tx.now() + u64::from(request.for_s) * 1_000);
    let since = tx.now().saturating_sub(u64::from(request.delete_s) * 1_000);
    let since = (request.delete_s > 0).then_some(since);
    let mut members = Vec::new();
    for user in users {
        if keep_out(tx, permit, user, reason.as_deref(), until)? {
            members.push(user);
        }
        if let Some(since) = since {
            store::sweep::begin(tx, permit, user, since)?;
        }
        let act = audit::Act::new(audit::MEMBER_BAN, audit::member(user))
            .after(&json!({"until": until, "removes_since": since}))
            .because(reason.clone());
        audit::note(tx, permit, act)?;
    }
    if members.is_empty() {
        return Ok(());
    }
    let guild = permit.guild;
    take_out_all(tx, parts, permit, guild, &members, RemoveCause::Removed)?;
    epoch::bump_guild(tx, &parts.authority, guild, EpochCause::Removed)
}

/// Bans one person. Says whether they are a member.
fn keep_out(
    tx: &mut Tx<'_>,
    permit: &May<'_>,
    user: UserId,
    reason: Option<&str>,
    until: Option<u64>,
) -> Result<bool> {
    let stored = store::guild::get(tx, permit.guild, user)?.ok_or_else(Error::not_found)?;
    if user == permit.user {
        return Err(Error::invalid("You can't ban yourself."));
    }
    permit.check_above(rank(&stored, user))?;
    if !store::moderation::is_known(tx, permit, user)? {
        return Err(Error::not_found());
    }
    if store::moderation::count_bans(tx, permit)? >= limits::BANS_PER_GUILD {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "A server has at most 10,000 bans. Lift some.",
        ));
    }
    store::moderation::put_ban(tx, permit, user, reason, until)?;
    Ok(stored.joined_at.is_some())
}

pub fn lift_ban(tx: &mut Tx<'_>, permit: &May<'_>, user: UserId, request: &LiftBan) -> Result<()> {
    let reason = audit::reason(request.reason.as_deref())?;
    if !store::moderation::delete_ban(tx, permit, user)? {
        return Err(Error::not_found());
    }
    let act = audit::Act::new(audit::MEMBER_UNBAN, audit::member(user));
    audit::note(tx, permit, act.because(reason))
}

/// Puts a member on hold, or ends that: they read and do nothing else. Audiences stay.
pub fn time_out(
    tx: &mut Tx<'_>,
    permit: &May<'_>,
    user: UserId,
    request: &TimeOut,
) -> Result<Member> {
    if request.for_s > limits::TIMEOUT_S_MAX {
        return Err(Error::invalid("A timeout lasts at most 28 days."));
    }
    let reason = audit::reason(request.reason.as_deref())?;
    let stored = member_below(tx, permit, user)?;
    let until = (request.for_s > 0).then(|| tx.now() + u64::from(request.for_s) * 1_000);
    store::moderation::put_timeout(tx, permit, user, until)?;
    let act = audit::Act::new(audit::MEMBER_TIMEOUT, audit::member(user))
        .before(&json!({"until": stored.timed_out_until}))
        .after(&json!({"until": until}))
        .because(reason);
    audit::note(tx, permit, act)?;
    member_changed(tx, permit, user)?;
    store::guild::get_member(tx, permit.guild, user)?.ok_or_else(Error::not_found)
}

/// A member doesn't count as new any more: they write, link and mention like the others.
pub fn settle(tx: &mut Tx<'_>, permit: &May<'_>, user: UserId, request: &Settle) -> Result<Member> {
    let reason = audit::reason(request.reason.as_deref())?;
    member_below(tx, permit, user)?;
    if store::moderation::settle(tx, permit, user)? {
        let act = audit::Act::new(audit::MEMBER_SETTLE, audit::member(user));
        audit::note(tx, permit, act.because(reason))?;
        member_changed(tx, permit, user)?;
    }
    store::guild::get_member(tx, permit.guild, user)?.ok_or_else(Error::not_found)
}

/// Sets a member apart: roles and what a place gives them count for nothing, they only read, and
/// they leave the audience of every channel that not everybody reads.
pub fn quarantine(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    user: UserId,
    request: &Quarantine,
) -> Result<Member> {
    let reason = audit::reason(request.reason.as_deref())?;
    member_below(tx, permit, user)?;
    if store::moderation::put_quarantine(tx, permit, user)? {
        set_apart(tx, parts, permit, user, Standing::Apart, reason)?;
    }
    store::guild::get_member(tx, permit.guild, user)?.ok_or_else(Error::not_found)
}

/// Ends a quarantine. What the guild's log says of the person holds again.
pub fn lift_quarantine(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    user: UserId,
    request: &LiftQuarantine,
) -> Result<Member> {
    let reason = audit::reason(request.reason.as_deref())?;
    member_below(tx, permit, user)?;
    if !store::moderation::lift_quarantine(tx, permit, user)? {
        return Err(Error::not_found());
    }
    set_apart(tx, parts, permit, user, Standing::Usual, reason)?;
    store::guild::get_member(tx, permit.guild, user)?.ok_or_else(Error::not_found)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Usual,
    Apart,
}

fn set_apart(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    user: UserId,
    now: Standing,
    reason: Option<String>,
) -> Result<()> {
    let act = audit::Act::new(audit::MEMBER_QUARANTINE, audit::member(user))
        .after(&json!({"standing": now}))
        .because(reason);
    audit::note(tx, permit, act)?;
    let guild = permit.guild;
    let log = store::guild_log::lock(tx, guild)?;
    member_changed(tx, permit, user)?;
    guild_log::follow_readers(tx, guild_log::LogOf::now(permit), &log)?;
    epoch::bump_guild(tx, &parts.authority, guild, EpochCause::Rights)
}

/// Opens and closes the ways in.
pub fn set_gate(tx: &mut Tx<'_>, permit: &May<'_>, request: &SetGate) -> Result<GateView> {
    let longest = request
        .newcomer_s
        .max(request.links_s)
        .max(request.mentions_s);
    if longest > NEWCOMER_S_MAX {
        return Err(Error::invalid("Somebody is new for at most 30 days."));
    }
    let reason = audit::reason(request.reason.as_deref())?;
    let before = store::moderation::gate(tx, permit.guild)?;
    let after = GateView {
        joins: request.joins,
        invites: request.invites,
        newcomer_s: request.newcomer_s,
        links_s: request.links_s,
        mentions_s: request.mentions_s,
    };
    store::moderation::put_gate(tx, permit, &after)?;
    let act = audit::Act::new(audit::GUILD_GATE, audit::guild(permit.guild))
        .before(&json!(before))
        .after(&json!(after))
        .because(reason);
    audit::note(tx, permit, act)?;
    announce(tx, permit)?;
    Ok(after)
}

pub fn gate(tx: &mut Tx<'_>, permit: &May<'_>) -> Result<GateView> {
    store::moderation::gate(tx, permit.guild)
}

/// Refuses whoever is banned, and everybody while joining or invitations are paused.
pub(super) fn check_gate(tx: &mut Tx<'_>, permit: &Permit<'_, Act>, guild: GuildId) -> Result<()> {
    if store::moderation::is_banned(tx, permit, guild, permit.user)? {
        return Err(Error::refuse(
            ErrorCode::Banned,
            "You were banned from this server.",
        ));
    }
    let gate = store::moderation::gate(tx, guild)?;
    if gate.joins == Gate::Closed || gate.invites == Gate::Closed {
        return Err(paused());
    }
    Ok(())
}

/// Refuses new invitations while they are paused.
pub(super) fn check_invites(tx: &mut Tx<'_>, guild: GuildId) -> Result<()> {
    match store::moderation::gate(tx, guild)?.invites {
        Gate::Open => Ok(()),
        Gate::Closed => Err(paused()),
    }
}

pub(super) fn paused() -> Error {
    Error::refuse(
        ErrorCode::JoinsPaused,
        "This server has paused joining for now. Try again later.",
    )
}

/// A member who stands lower than the person who acts.
fn member_below(tx: &mut Tx<'_>, permit: &May<'_>, user: UserId) -> Result<Stored> {
    let stored = store::guild::get(tx, permit.guild, user)?;
    let stored = stored.filter(|stored| stored.joined_at.is_some());
    let stored = stored.ok_or_else(Error::not_found)?;
    permit.check_above(rank(&stored, user))?;
    Ok(stored)
}

fn rank(stored: &Stored, user: UserId) -> Rank {
    access::guild::rank_of(stored, user)
}

fn remove(tx: &mut Tx<'_>, parts: &Parts, permit: &May<'_>, user: UserId) -> Result<()> {
    let guild = permit.guild;
    take_out_all(tx, parts, permit, guild, &[user], RemoveCause::Removed)?;
    epoch::bump_guild(tx, &parts.authority, guild, EpochCause::Removed)
}
