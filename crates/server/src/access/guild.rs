//! Leave within a guild.

use cloister_wire::{
    ChannelId, ErrorCode, GuildId, Permissions, UserId,
    guild::GuildKind,
    permission::{Constraint, Rank, Rules},
};

use super::{
    Actor, Caller, Permit, act,
    policy::{Relation, Ruling, Verb, rule},
};
use crate::{
    Error, Result,
    store::{
        self,
        channel::{Readers, State},
        db::Tx,
        guild::Stored,
    },
};

/// A member who may do what they asked for.
#[derive(Debug, Clone)]
pub struct InGuild {
    pub actor: Actor,
    pub guild: GuildId,
    pub kind: GuildKind,
    pub user: UserId,
    pub permissions: Permissions,
    pub owner: UserId,
    pub everyone: Permissions,
    pub rank: Rank,
    pub access_version: u64,
}

impl InGuild {
    /// Refuses what would act on somebody or something that stands as high.
    pub fn check_above(&self, rank: Rank) -> Result<()> {
        if self.rank > rank {
            return Ok(());
        }
        Err(Error::refuse(
            ErrorCode::RankTooHigh,
            "That stands as high as you in this server, or higher.",
        )
        .denied(&self.actor, self.guild))
    }

    /// Refuses to hand on what the person does not have.
    pub fn check_holds(&self, given: Permissions) -> Result<()> {
        if self.permissions.contains(given) {
            return Ok(());
        }
        Err(Error::refuse(
            ErrorCode::RightNotYours,
            "You can't give a right that you don't have.",
        )
        .denied(&self.actor, self.guild))
    }
}

/// Leave for one verb in a guild, as of now.
pub fn may<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    guild: GuildId,
    verb: Verb,
) -> Result<Permit<'tx, InGuild>> {
    let actor = act(tx, caller)?.0;
    let stored = store::guild::get_acting(tx, guild, &actor)?.ok_or_else(Error::not_found)?;
    allow(tx, actor, &stored, verb)
}

/// Judges a verb by how the actor stands in the guild.
fn allow<'tx>(
    tx: &Tx<'tx>,
    actor: Actor,
    stored: &Stored,
    verb: Verb,
) -> Result<Permit<'tx, InGuild>> {
    let relation = relation(stored, actor.user);
    match rule(relation, verb) {
        Ruling::Allowed if verb.fits(stored.kind) => {}
        Ruling::Allowed => return Err(Error::forbidden()),
        Ruling::Forbidden if verb == Verb::Leave => {
            return Err(Error::refuse(
                ErrorCode::OwnerMustStay,
                "The owner can't leave. Delete the server instead.",
            ));
        }
        Ruling::Forbidden => {
            let why = constrained(stored, stored.rules(), actor.user, None, verb);
            let why = why.unwrap_or_else(Error::forbidden);
            return Err(why.denied(&actor, stored.id));
        }
        Ruling::Hidden => return Err(Error::not_found()),
    }
    let right = InGuild {
        actor,
        guild: stored.id,
        kind: stored.kind,
        user: actor.user,
        permissions: permissions(relation),
        owner: stored.owner,
        everyone: stored.everyone,
        rank: reach_of(stored, actor.user),
        access_version: stored.access_version,
    };
    Ok(Permit::give(tx, right))
}

/// The same for verbs that change who is in the guild: the person and the guild are locked first,
/// so that such changes come one after the other.
pub fn may_change<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    guild: GuildId,
    verb: Verb,
) -> Result<Permit<'tx, InGuild>> {
    let actor = act(tx, caller)?;
    store::account::lock(tx, actor.user)?;
    store::guild::lock(tx, guild)?;
    may(tx, caller, guild, verb)
}

/// The same for what changes one channel of a guild, where its overwrites count. Who can't see the
/// channel gets no other answer than where there is none.
pub fn may_change_channel<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    channel: ChannelId,
    verb: Verb,
) -> Result<Permit<'tx, InGuild>> {
    let actor = act(tx, caller)?.0;
    let state = store::channel::state(tx, channel)?.ok_or_else(Error::not_found)?;
    let guild = state.guild.ok_or_else(Error::not_found)?;
    store::guild::lock(tx, guild)?;
    if !is_reader(tx, &state, actor.user)? {
        return Err(Error::not_found());
    }
    let stored = store::guild::get_acting(tx, guild, &actor)?.ok_or_else(Error::not_found)?;
    let relation = relation_in(tx, &stored, actor.user, channel)?;
    for verb in [Verb::ViewChannel, verb] {
        match rule(relation, verb) {
            Ruling::Allowed => {}
            Ruling::Forbidden => {
                let why = constrained_in(tx, &stored, actor.user, channel, verb)?;
                let why = why.unwrap_or_else(Error::forbidden);
                return Err(why.denied(&actor, guild));
            }
            Ruling::Hidden => return Err(Error::not_found()),
        }
    }
    if !verb.fits(stored.kind) {
        return Err(Error::forbidden());
    }
    allow(tx, actor, &stored, Verb::LookAround)
}

/// Whether somebody reads a channel, as far as its list says: where there is one, a right alone
/// shows nobody that the channel exists.
pub fn is_reader(tx: &mut Tx<'_>, state: &State, user: UserId) -> Result<bool> {
    match state.readers {
        Readers::Everyone => Ok(true),
        Readers::Listed => Ok(store::channel_reader::get(tx, state.id)?.contains(&user)),
    }
}

/// How the person of the permit stands in its guild, from where they act.
pub fn own(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<Stored> {
    store::guild::get_acting(tx, permit.guild, &permit.actor)?.ok_or_else(Error::not_found)
}

/// How another member of the permit's guild stands in it.
pub fn member(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, user: UserId) -> Result<Stored> {
    store::guild::get(tx, permit.guild, user)?
        .filter(|stored| stored.joined_at.is_some())
        .ok_or_else(Error::not_found)
}

/// What somebody may do in a guild as a whole.
pub fn permissions_of(stored: &Stored, user: UserId) -> Permissions {
    permissions(relation(stored, user))
}

/// How high somebody stands.
pub fn rank_of(stored: &Stored, user: UserId) -> Rank {
    let roles = stored.role_ids();
    stored.rules().rank(&stored.holder(user, &roles))
}

/// How high somebody stands who acts.
fn reach_of(stored: &Stored, user: UserId) -> Rank {
    let roles = stored.role_ids();
    stored.rules().reach(&stored.holder(user, &roles))
}

/// The refusal that names the constraint without which somebody might.
pub(super) fn constrained_in(
    tx: &mut Tx<'_>,
    stored: &Stored,
    user: UserId,
    channel: ChannelId,
    verb: Verb,
) -> Result<Option<Error>> {
    let mut rules = stored.rules();
    store::role::add_channel(tx, &mut rules, channel)?;
    Ok(constrained(stored, rules, user, Some(channel), verb))
}

fn constrained(
    stored: &Stored,
    mut rules: Rules,
    user: UserId,
    channel: Option<ChannelId>,
    verb: Verb,
) -> Option<Error> {
    let roles = stored.role_ids();
    let holder = stored.holder(user, &roles);
    for role in &roles {
        let Some(constraint) = rules.unmet(*role, &holder) else {
            continue;
        };
        if let Some(known) = rules.roles.get_mut(role) {
            known.constraints = None;
        }
        let rights = match channel {
            Some(channel) => rules.in_channel(&holder, channel),
            None => rules.in_guild(&holder),
        };
        if rule(Relation::Member(rights), verb) == Ruling::Allowed {
            return Some(not_met(constraint));
        }
    }
    None
}

fn not_met(constraint: Constraint) -> Error {
    let why = match constraint {
        Constraint::SecondFactor => {
            "A role of yours would let you, once you have a second factor. Set one up under \
             Security."
        }
        Constraint::VerifiedDevice => {
            "A role of yours would let you, from a device that another one of yours approved, or \
             that has been yours for a week."
        }
        Constraint::Expiry => "A role of yours would have let you, but its time is over.",
        Constraint::Hours => "A role of yours would let you, but not at this hour.",
        Constraint::Networks => "A role of yours would let you, but not from this network.",
    };
    Error::refuse(ErrorCode::RoleConstrained, why)
}

/// Rules and rights of the one person that `stored` is about, in one channel.
pub fn in_channel(
    tx: &mut Tx<'_>,
    stored: &Stored,
    user: UserId,
    channel: ChannelId,
) -> Result<Permissions> {
    let mut rules = stored.rules();
    store::role::add_channel(tx, &mut rules, channel)?;
    let roles = stored.role_ids();
    Ok(rules.in_channel(&stored.holder(user, &roles), channel))
}

/// Everything that decides rights in the guild.
pub fn rules(tx: &mut Tx<'_>, stored: &Stored) -> Result<Rules> {
    store::role::rules(tx, stored.id, stored.owner, stored.everyone)
}

pub(super) fn relation(stored: &Stored, user: UserId) -> Relation {
    let roles = stored.role_ids();
    match stored.joined_at {
        None => Relation::Stranger,
        Some(_) if stored.owner == user => Relation::Owner,
        Some(_) => Relation::Member(stored.rules().in_guild(&stored.holder(user, &roles))),
    }
}

/// The same in a channel, whose overwrites count.
pub(super) fn relation_in(
    tx: &mut Tx<'_>,
    stored: &Stored,
    user: UserId,
    channel: ChannelId,
) -> Result<Relation> {
    match relation(stored, user) {
        Relation::Member(_) => Ok(Relation::Member(in_channel(tx, stored, user, channel)?)),
        other => Ok(other),
    }
}

pub(super) const fn permissions(relation: Relation) -> Permissions {
    match relation {
        Relation::Stranger => Permissions::NONE,
        Relation::Member(permissions) => permissions,
        Relation::Owner => Permissions::ALL,
    }
}
