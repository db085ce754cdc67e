//! Terms of roles: when the server gives one by itself, what must be so for it to count, and which
//! roles nobody holds together.
//!
//! That every vouched member holds a role is signed into the guild's log by a member's device; the
//! server decides only when, so that it can never let anybody in whom the log does not name.

use std::collections::BTreeSet;

use cloister_proof::{
    GuildLog,
    epoch::EpochCause,
    guild_log::{LogRights, OpBody, RoleHeld},
    policy::Readers,
};
use cloister_wire::{
    ChannelId, ErrorCode, GuildId, RoleId, UserId,
    gateway::Event,
    limits,
    permission::{Constraints, Rank, Subject},
    role::{Automatic, RoleTerms, SetAutomatic, SetConstraints},
};
use serde_json::json;

use super::{
    audit, epoch,
    guild_log::{self, LogOf},
    role::{announce, changed, find, weak},
};
use crate::{
    Error, Result,
    access::{Permit, System, guild::InGuild},
    app::Parts,
    gateway::bus::{Audience, Notice},
    store::{self, db::Tx},
};

type May<'tx> = Permit<'tx, InGuild>;

/// Members whom one transaction gives roles.
const GIVEN_AT_ONCE: usize = 100;

pub fn page(tx: &mut Tx<'_>, permit: &May<'_>) -> Result<Vec<RoleTerms>> {
    store::term::page(tx, permit)
}

/// Has a role given to every vouched member from now on, or by hand again.
pub fn set_automatic(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    role: RoleId,
    request: &SetAutomatic,
) -> Result<()> {
    let known = find(tx, permit, role)?;
    permit.check_holds(known.permissions)?;
    let before = store::term::automatic(tx, permit, role)?;
    if let Some(automatic) = request.automatic {
        check_days(automatic)?;
        weak(known.permissions)?;
        for one in store::role::overwrites(tx, permit.guild)? {
            if one.subject == (Subject::Role { role }) {
                weak(one.allow)?;
            }
        }
    }
    let held = match request.automatic {
        Some(_) => RoleHeld::ByVouched,
        None => RoleHeld::ByGrant,
    };
    sign(tx, parts, permit, (role, held), request)?;
    store::term::update_automatic(tx, permit, role, request.automatic)?;
    let act = audit::Act::new(audit::ROLE_AUTOMATIC, audit::role(role));
    let act = act.before(&json!({"automatic": before}));
    let act = act.after(&json!({"automatic": request.automatic}));
    audit::note(tx, permit, act)?;
    changed(tx, parts, permit)?;
    give_due(tx, parts, permit, permit.guild, None).map(|_| ())
}

/// The guild's log says how the role is held, or says so from now on.
fn sign(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    (role, held): (RoleId, RoleHeld),
    request: &SetAutomatic,
) -> Result<()> {
    let log = store::guild_log::lock(tx, permit.guild)?;
    let said = log
        .roles
        .get(&role)
        .map_or(RoleHeld::ByGrant, |one| one.held);
    let Some(op) = &request.op else {
        if said == held {
            return Ok(());
        }
        return Err(Error::refuse(
            ErrorCode::OpInvalid,
            "A member's device signs how a role is held.",
        ));
    };
    let of = LogOf::now(permit);
    let (op, _) = guild_log::append(tx, &parts.authority, of, op, &permit.actor)?;
    let fits = matches!(op.body, OpBody::Role { role: named, rights, held: signed }
        if named == role && signed == held
            && (held == RoleHeld::ByGrant || LogRights::INVITE.contains(rights)));
    if fits {
        return Ok(());
    }
    Err(Error::refuse(
        ErrorCode::OpInvalid,
        "The operation says something else of this role.",
    ))
}

fn check_days(automatic: Automatic) -> Result<()> {
    match automatic {
        Automatic::Stayed { days } if !(1..=limits::AUTOMATIC_DAYS).contains(&days) => {
            Err(Error::invalid("A role is given after 1 to 3,650 days."))
        }
        _ => Ok(()),
    }
}

/// Gives roles to those members who are due them: everybody, or one. Says whether more are due.
pub(super) fn give_due<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    guild: GuildId,
    only: Option<UserId>,
) -> Result<bool> {
    let mut due = store::term::due(tx, permit, guild)?;
    due.retain(|(user, _)| only.is_none_or(|only| only == *user));
    if due.is_empty() {
        return Ok(false);
    }
    let log = store::guild_log::lock(tx, guild)?;
    due.retain(|(user, _)| log.vouched(*user));
    let pairs = store::term::exclusions(tx, guild)?;
    let mut people = BTreeSet::new();
    let mut more = false;
    let mut last = 0;
    for one in due {
        let (user, role) = one;
        if people.len() >= GIVEN_AT_ONCE && !people.contains(&user) {
            more = true;
            break;
        }
        let held: BTreeSet<RoleId> = store::role::held(tx, guild, user)?
            .into_iter()
            .map(|held| held.id)
            .collect();
        if held.contains(&role) {
            store::term::note(tx, permit, guild, one)?;
            continue;
        }
        if !store::term::excluded_by(&pairs, role).is_disjoint(&held) {
            continue;
        }
        store::term::give(tx, permit, guild, one)?;
        let mut now = held.clone();
        now.insert(role);
        let act = audit::Act::new(audit::MEMBER_ROLES, audit::member(user))
            .before(&json!({"roles": held}))
            .after(&json!({"roles": now, "automatic": role}));
        audit::append(tx, guild, None, act)?;
        last = tell_member(tx, permit, guild, user)?;
        people.insert(user);
    }
    if people.is_empty() {
        return Ok(false);
    }
    let of = LogOf {
        guild,
        access_version: last,
    };
    guild_log::follow_readers(tx, of, &log)?;
    // Where a channel is full they wait, like whoever joins.
    epoch::bump_guild(tx, &parts.authority, guild, EpochCause::Joined)?;
    Ok(more)
}

/// The same, once in a while. Says whether more are due.
pub fn give_some(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    guild: GuildId,
) -> Result<bool> {
    store::guild::lock(tx, guild)?;
    give_due(tx, parts, permit, guild, None)
}

/// A role that every vouched member holds by the log lets those read who were given it.
pub(super) fn narrow(
    tx: &mut Tx<'_>,
    log: &GuildLog,
    channel: ChannelId,
    readers: &mut BTreeSet<UserId>,
) -> Result<()> {
    let policy = log.policies.get(&channel);
    let Some(Readers::Roles { roles }) = policy.map(|policy| &policy.readers) else {
        return Ok(());
    };
    let given = store::role::holders(tx, log.guild)?;
    readers.retain(|user| {
        let reads = roles.iter().any(|role| {
            let granted = log.roles.get(role);
            granted.is_some_and(|known| known.holders.contains(user))
                || log.holds(*user, *role)
                    && given.get(user).is_some_and(|held| held.contains(role))
        });
        reads || log.is_owner(*user) || log.rights(*user).contains(LogRights::READ)
    });
    Ok(())
}

fn tell_member<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    guild: GuildId,
    user: UserId,
) -> Result<u64> {
    let access_version = store::guild::update_access(tx, permit, guild, 0)?;
    let member = store::guild::get_member(tx, guild, user)?.ok_or_else(Error::not_found)?;
    let audience = Audience::Guild {
        guild,
        access_version,
    };
    let event = Event::MemberChanged {
        guild,
        member,
        access_version,
    };
    tx.emit(Notice::event(audience, event));
    Ok(access_version)
}

/// Says what must be so for a role to count, and which others nobody holds with it.
pub fn set_constraints(
    tx: &mut Tx<'_>,
    permit: &May<'_>,
    role: RoleId,
    request: &SetConstraints,
) -> Result<()> {
    let known = find(tx, permit, role)?;
    // Whoever lifts a constraint gives what the role gives.
    permit.check_holds(known.permissions)?;
    let terms = store::term::page(tx, permit)?;
    let before = terms.into_iter().find(|one| one.role == role);
    let before = before.ok_or_else(Error::not_found)?;
    let mut constraints = request.constraints.clone();
    constraints.networks.sort();
    constraints.networks.dedup();
    check_constraints(tx, &constraints, &before.constraints)?;
    let excludes: BTreeSet<RoleId> = request.excludes.iter().copied().collect();
    check_excludes(tx, permit, (role, &before.excludes), &excludes)?;
    store::term::put_constraints(tx, permit, role, &constraints)?;
    store::term::put_exclusions(tx, permit, role, &excludes)?;
    let act = audit::Act::new(audit::ROLE_CONSTRAIN, audit::role(role))
        .before(&json!({"constraints": before.constraints, "excludes": before.excludes}))
        .after(&json!({"constraints": constraints, "excludes": excludes}));
    audit::note(tx, permit, act)?;
    announce(tx, permit)
}

fn check_constraints(tx: &Tx<'_>, after: &Constraints, before: &Constraints) -> Result<()> {
    if after.networks.len() > limits::NETWORKS_PER_ROLE {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "A role counts from at most 16 networks.",
        ));
    }
    if after.hours.is_some_and(|hours| !hours.is_well_formed()) {
        return Err(Error::invalid(
            "Hours need a day, two times of a day, and a clock within 14 hours of UTC.",
        ));
    }
    let past = after.expires_at.is_some_and(|at| at <= tx.now());
    if past && after.expires_at != before.expires_at {
        return Err(Error::invalid("A role can't run out in the past."));
    }
    Ok(())
}

fn check_excludes(
    tx: &mut Tx<'_>,
    permit: &May<'_>,
    (role, before): (RoleId, &[RoleId]),
    after: &BTreeSet<RoleId>,
) -> Result<()> {
    if after.len() > limits::EXCLUSIONS_PER_ROLE {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "A role excludes at most 50 others.",
        ));
    }
    let roles = store::role::page(tx, permit.guild)?;
    let before: BTreeSet<RoleId> = before.iter().copied().collect();
    for other in before.symmetric_difference(after) {
        let found = roles.iter().find(|one| one.id == *other && one.id != role);
        let found = found.ok_or_else(|| Error::invalid("There is no such role in this server."))?;
        permit.check_above(Rank::Role(found.position))?;
        if after.contains(other) && store::term::count_both(tx, permit, role, *other)? > 0 {
            return Err(both());
        }
    }
    Ok(())
}

/// Refuses roles of one person that exclude each other.
pub(super) fn check_exclusions(
    tx: &mut Tx<'_>,
    guild: GuildId,
    roles: &BTreeSet<RoleId>,
) -> Result<()> {
    let pairs = store::term::exclusions(tx, guild)?;
    let together = |(low, high): &(RoleId, RoleId)| roles.contains(low) && roles.contains(high);
    if pairs.iter().any(together) {
        return Err(both());
    }
    Ok(())
}

fn both() -> Error {
    Error::refuse(
        ErrorCode::RolesExclude,
        "Nobody can hold both of these roles. Take one of them away first.",
    )
}

/// Somebody has a second factor now, or no longer: what they may do where a role asks for one is
/// something else.
pub(super) fn factor_changed<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    user: UserId,
) -> Result<()> {
    for (guild, access_version) in store::term::asked_for_factor(tx, permit, user)? {
        let event = Event::GuildChanged {
            guild,
            access_version,
        };
        tx.emit(Notice::event(Audience::User(user), event));
    }
    Ok(())
}

/// Tells guilds where a role has run out, or its hours began or ended, since `before`.
pub fn tell_turned(tx: &mut Tx<'_>, permit: &Permit<'_, System>, before: u64) -> Result<()> {
    let now = tx.now();
    for (guild, access_version) in store::term::turned(tx, permit, before, now)? {
        let event = Event::GuildChanged {
            guild,
            access_version,
        };
        let audience = Audience::Guild {
            guild,
            access_version,
        };
        tx.emit(Notice::event(audience, event));
    }
    Ok(())
}
