//! Leave to listen: what a connection may hear, as of now.

use std::collections::{BTreeMap, BTreeSet};

use cloister_wire::{ChannelId, Permissions, UserId, account::DeviceStanding};

use super::{Caller, factor_needed, guild, living};
use crate::{
    Result,
    gateway::subscription::{Access, Subscription},
    store::{
        self,
        db::Tx,
        guild::Stored,
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
    let waits = store::channel_waiting::of_person(tx, actor.user)?;
    let mut guilds = BTreeMap::new();
    for id in store::guild::page_of_user(tx, actor.user)? {
        if let Some(stored) = store::guild::get(tx, id, actor.user)? {
            let access = Access {
                version: stored.access_version,
                channels: visible(tx, &stored, actor.user, &waits)?,
            };
            guilds.insert(id, access);
        }
    }
    Ok(Subscription::new(actor.user, actor.device, guilds))
}

/// Channels of a guild that the person may see, but for those for which they wait.
fn visible(
    tx: &mut Tx<'_>,
    stored: &Stored,
    user: UserId,
    waits: &BTreeSet<ChannelId>,
) -> Result<BTreeSet<ChannelId>> {
    let rules = guild::rules(tx, stored)?;
    let roles = stored.role_ids();
    let holder = stored.holder(user, &roles);
    let channels = store::channel::ids_of_guild(tx, stored.id)?;
    let sees = |channel: &ChannelId| {
        if waits.contains(channel) {
            return false;
        }
        rules
            .in_channel(&holder, *channel)
            .contains(Permissions::VIEW_CHANNEL)
    };
    Ok(channels.into_iter().filter(sees).collect())
}
