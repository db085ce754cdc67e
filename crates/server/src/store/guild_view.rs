//! Guilds as one person sees them, channels and rights included.

use std::collections::BTreeSet;

use cloister_wire::{CategoryId, Permissions, UserId, guild::Guild};

use super::{category, channel, db::Tx, guild, guild_log, role};
use crate::{
    Result,
    access::{
        Actor,
        guild::{permissions_of, rules},
    },
};

/// A guild with its channels, as `user` sees it.
pub fn get(tx: &mut Tx<'_>, stored: guild::Stored, user: UserId) -> Result<Guild> {
    let my_permissions = permissions_of(&stored, user);
    let rules = rules(tx, &stored)?;
    let my_roles = stored.role_ids();
    let holder = stored.holder(user, &my_roles);
    let mut channels = Vec::new();
    for view in channel::views_of_guild(tx, stored.id, user)? {
        let rights = rules.in_channel(&holder, view.id);
        if rights.contains(Permissions::VIEW_CHANNEL) {
            channels.push(view.into_wire(rights));
        }
    }
    let shown: BTreeSet<CategoryId> = channels.iter().filter_map(|one| one.category).collect();
    let mut categories = category::page(tx, stored.id)?;
    categories.retain(|one| {
        let rights = rules.in_category(&holder, one.id);
        shown.contains(&one.id) || rights.contains(Permissions::VIEW_CHANNEL)
    });
    let roles = role::page(tx, stored.id)?;
    let questions = super::application::asked(tx, stored.id)?;
    let emoji = super::emoji::page(tx, stored.id)?;
    let rules_wait = stored.owes_agreement();
    Ok(Guild {
        id: stored.id,
        kind: stored.kind,
        name: stored.name,
        icon: stored.icon,
        banner: stored.banner,
        emoji,
        rules_wait,
        rules: stored.rules,
        questions,
        newcomer_s: stored.newcomer_s,
        links_s: stored.links_s,
        mentions_s: stored.mentions_s,
        retention_days: stored.retention_days,
        owner: stored.owner,
        everyone: stored.everyone,
        access_version: stored.access_version,
        log_seq: guild_log::position(tx, stored.id)?.seq,
        member_count: stored.member_count,
        my_permissions,
        my_roles,
        roles,
        categories,
        channels,
    })
}

/// Every guild of a person.
pub fn page_of_user(tx: &mut Tx<'_>, actor: &Actor) -> Result<Vec<Guild>> {
    let mut guilds = Vec::new();
    for id in guild::page_of_user(tx, actor.user)? {
        if let Some(stored) = guild::get_acting(tx, id, actor)? {
            guilds.push(get(tx, stored, actor.user)?);
        }
    }
    Ok(guilds)
}
