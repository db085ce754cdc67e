//! Leave within a guild.

use cloister_wire::{ErrorCode, GuildId, Permissions, UserId, guild::GuildKind};

use super::{
    Actor, Caller, Permit, act,
    policy::{Relation, Ruling, Verb, rule},
};
use crate::{
    Error, Result,
    store::{self, db::Tx, guild::Stored},
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
    pub access_version: u64,
}

/// Leave for one verb in a guild, as of now.
pub fn may<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    guild: GuildId,
    verb: Verb,
) -> Result<Permit<'tx, InGuild>> {
    let actor = act(tx, caller)?.0;
    let stored = store::guild::get(tx, guild, actor.user)?.ok_or_else(Error::not_found)?;
    let relation = relation(&stored, actor.user);
    match rule(relation, verb) {
        Ruling::Allowed if verb.fits(stored.kind) => {}
        Ruling::Allowed => return Err(Error::forbidden()),
        Ruling::Forbidden if verb == Verb::Leave => {
            return Err(Error::refuse(
                ErrorCode::OwnerMustStay,
                "The owner can't leave. Delete the server instead.",
            ));
        }
        Ruling::Forbidden => return Err(Error::forbidden()),
        Ruling::Hidden => return Err(Error::not_found()),
    }
    let right = InGuild {
        actor,
        guild,
        kind: stored.kind,
        user: actor.user,
        permissions: permissions(relation),
        owner: stored.owner,
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

/// What somebody may do in a guild as a whole.
pub fn permissions_of(stored: &Stored, user: UserId) -> Permissions {
    permissions(relation(stored, user))
}

pub(super) fn relation(stored: &Stored, user: UserId) -> Relation {
    let standing = cloister_wire::permission::Standing {
        owner: stored.owner == user,
        everyone: stored.everyone,
        ..Default::default()
    };
    match stored.joined_at {
        None => Relation::Stranger,
        Some(_) if stored.owner == user => Relation::Owner,
        Some(_) => Relation::Member(cloister_wire::permission::evaluate(&standing)),
    }
}

pub(super) const fn permissions(relation: Relation) -> Permissions {
    match relation {
        Relation::Stranger => Permissions::NONE,
        Relation::Member(permissions) => permissions,
        Relation::Owner => Permissions::ALL,
    }
}
