//! Guilds as one person sees them, channels and rights included.

use cloister_wire::{Permissions, UserId, guild::Guild};

use super::{channel, db::Tx, guild, guild_log};
use crate::{Result, access::guild::permissions_of};

/// A guild with its channels, as `user` sees it.
pub fn get(tx: &mut Tx<'_>, stored: guild::Stored, user: UserId) -> Result<Guild> {
    let my_permissions = permissions_of(&stored, user);
    let channels = if my_permissions.contains(Permissions::VIEW_CHANNEL) {
        let views = channel::views_of_guild(tx, stored.id, user)?;
        views
            .into_iter()
            .map(|view| view.into_wire(my_permissions))
            .collect()
    } else {
        Vec::new()
    };
    Ok(Guild {
        id: stored.id,
        kind: stored.kind,
        name: stored.name,
        owner: stored.owner,
        everyone: stored.everyone,
        access_version: stored.access_version,
        log_seq: guild_log::position(tx, stored.id)?.seq,
        member_count: stored.member_count,
        my_permissions,
        channels,
    })
}

/// Every guild of a person.
pub fn page_of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Guild>> {
    let mut guilds = Vec::new();
    for id in guild::page_of_user(tx, user)? {
        if let Some(stored) = guild::get(tx, id, user)? {
            guilds.push(get(tx, stored, user)?);
        }
    }
    Ok(guilds)
}
