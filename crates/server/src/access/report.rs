//! Leave to look at reports, and to say what came of them.

use cloister_wire::{GuildId, UserId};

use super::{
    Actor, Caller, Permit,
    guild::{self, InGuild},
    operate,
    policy::Verb,
};
use crate::{Result, store::db::Tx};

/// Somebody whom reports are for: of a guild, or without one of the instance.
#[derive(Debug, Clone)]
pub struct Review {
    pub actor: Actor,
    pub guild: Option<GuildId>,
}

impl Review {
    pub const fn user(&self) -> UserId {
        self.actor.user
    }
}

/// With the leave within the guild, which the audit log wants.
pub fn of_guild<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    guild: GuildId,
) -> Result<(Permit<'tx, Review>, Permit<'tx, InGuild>)> {
    let within = guild::may(tx, caller, guild, Verb::ReviewReports)?;
    let review = Review {
        actor: within.actor,
        guild: Some(guild),
    };
    Ok((Permit::give(tx, review), within))
}

pub fn of_operator<'tx>(tx: &mut Tx<'tx>, caller: &Caller) -> Result<Permit<'tx, Review>> {
    let actor = operate(tx, caller)?.0;
    Ok(Permit::give(tx, Review { actor, guild: None }))
}
