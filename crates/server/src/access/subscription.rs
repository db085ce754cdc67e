//! Leave to listen: what a connection may hear, as of now.

use std::collections::BTreeMap;

use cloister_wire::account::DeviceStanding;

use super::{Caller, factor_needed, guild::permissions_of, living};
use crate::{
    Result,
    gateway::subscription::{Access, Subscription},
    store::{
        self,
        db::Tx,
        session::{Living, Owes},
    },
};

/// Derives a person's rights in all their guilds. A device that waits for approval hears of
/// itself only.
pub fn derive(tx: &mut Tx<'_>, caller: &Caller) -> Result<Subscription> {
    let Living { actor, owes, .. } = living(tx, caller)?;
    if actor.standing == DeviceStanding::Pending {
        return Ok(Subscription::waiting(actor.user, actor.device));
    }
    if owes == Owes::ForAnything {
        return Err(factor_needed());
    }
    let mut guilds = BTreeMap::new();
    for guild in store::guild::page_of_user(tx, actor.user)? {
        if let Some(stored) = store::guild::get(tx, guild, actor.user)? {
            let (version, rights) = (stored.access_version, permissions_of(&stored, actor.user));
            guilds.insert(guild, Access { version, rights });
        }
    }
    Ok(Subscription::new(actor.user, actor.device, guilds))
}
