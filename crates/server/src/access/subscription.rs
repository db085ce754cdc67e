//! Leave to listen: what a connection may hear, as of now.

use std::collections::BTreeMap;

use cloister_wire::account::DeviceStanding;

use super::{Caller, enrol, guild::permissions_of};
use crate::{
    Result,
    gateway::subscription::{Access, Subscription},
    store::{self, db::Tx},
};

/// Derives a person's rights in all their guilds. A device that waits for approval hears of
/// itself only.
pub fn derive(tx: &mut Tx<'_>, caller: &Caller) -> Result<Subscription> {
    let actor = enrol(tx, caller)?.0;
    if actor.standing == DeviceStanding::Pending {
        return Ok(Subscription::waiting(actor.user, actor.device));
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
