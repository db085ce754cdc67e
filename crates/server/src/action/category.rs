//! The shape of a guild: its name, categories, and where channels stand. Positions are dense in
//! each category; whoever reorders holds the guild's lock.

use cloister_wire::{
    CategoryId, ChannelId, ErrorCode, limits,
    permission::Place,
    role::{Category, CreateCategory, EditCategory, EditChannel, EditGuild, MoveChannel},
};
use serde_json::json;

use super::{
    audit,
    channel::channel_name,
    guild::guild_name,
    role::{announce, changed},
};
use crate::{
    Error, Result,
    access::{Permit, guild::InGuild},
    app::Parts,
    store::{self, db::Tx},
};

type May<'tx> = Permit<'tx, InGuild>;

/// Renames the guild.
pub fn edit_guild(tx: &mut Tx<'_>, permit: &May<'_>, request: &EditGuild) -> Result<()> {
    let name = guild_name(&request.name)?;
    let stored = store::guild::get(tx, permit.guild, permit.user)?;
    let before = stored.ok_or_else(Error::not_found)?.name;
    store::guild::update_name(tx, permit, &name)?;
    let act = audit::Act::new(audit::GUILD_EDIT, audit::guild(permit.guild));
    let act = act.before(&json!({"name": before}));
    audit::note(tx, permit, act.after(&json!({"name": name})))?;
    announce(tx, permit)
}

/// Makes a category, after all others.
pub fn create(tx: &mut Tx<'_>, permit: &May<'_>, request: &CreateCategory) -> Result<Category> {
    let count = store::category::page(tx, permit.guild)?.len();
    if count >= limits::CATEGORIES_PER_GUILD as usize {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "A server has at most 50 categories.",
        ));
    }
    let category = Category {
        id: request.category,
        name: channel_name(&request.name)?.to_owned(),
        position: count as u32,
    };
    let fits = category.id.0.get_version_num() == 7;
    if !fits || !store::category::insert(tx, permit, &category)? {
        return Err(Error::invalid(
            "This category's id can't be used. Draw another one.",
        ));
    }
    let act = audit::Act::new(audit::CATEGORY_CREATE, audit::category(category.id));
    audit::note(tx, permit, act.after(&json!({"name": category.name})))?;
    announce(tx, permit)?;
    Ok(category)
}

/// Renames a category, and puts it at a place among the others.
pub fn edit(
    tx: &mut Tx<'_>,
    permit: &May<'_>,
    category: CategoryId,
    request: &EditCategory,
) -> Result<()> {
    let all = store::category::page(tx, permit.guild)?;
    let before = all.iter().find(|one| one.id == category);
    let before = before.ok_or_else(Error::not_found)?;
    let name = channel_name(&request.name)?;
    let mut order: Vec<CategoryId> = all.iter().map(|one| one.id).collect();
    place(&mut order, category, request.position)?;
    store::category::update_name(tx, permit, category, name)?;
    store::category::update_order(tx, permit, &order)?;
    let act = audit::Act::new(audit::CATEGORY_EDIT, audit::category(category));
    let act = act.before(&json!({"name": before.name, "position": before.position}));
    let act = act.after(&json!({"name": name, "position": request.position}));
    audit::note(tx, permit, act)?;
    announce(tx, permit)
}

/// Deletes a category; its channels stand above all categories from now on, without what it gave
/// and refused.
pub fn delete(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    category: CategoryId,
) -> Result<()> {
    let all = store::category::page(tx, permit.guild)?;
    let before = all.iter().find(|one| one.id == category);
    let before = before.ok_or_else(Error::not_found)?.clone();
    let channels = store::category::channels(tx, permit.guild)?;
    let of = |wanted| {
        let there = channels.iter().filter(move |(_, of)| *of == wanted);
        there.map(|(channel, _)| *channel)
    };
    let loose: Vec<ChannelId> = of(None).chain(of(Some(category))).collect();
    store::category::update_channel_order(tx, permit, None, &loose)?;
    store::role::delete_overwrites(tx, permit, Place::Category { category })?;
    store::category::delete(tx, permit, category)?;
    let order: Vec<_> = all
        .iter()
        .map(|one| one.id)
        .filter(|id| *id != category)
        .collect();
    store::category::update_order(tx, permit, &order)?;
    let act = audit::Act::new(audit::CATEGORY_DELETE, audit::category(category));
    audit::note(tx, permit, act.before(&json!({"name": before.name})))?;
    changed(tx, parts, permit)
}

/// Changes name, topic, slow mode and writers of a channel.
pub fn edit_channel(
    tx: &mut Tx<'_>,
    permit: &May<'_>,
    channel: ChannelId,
    request: &EditChannel,
) -> Result<()> {
    let name = channel_name(&request.name)?;
    let topic = request.topic.trim();
    let ugly = |c: char| c.is_control() && c != '\n';
    if topic.chars().count() > limits::TOPIC_CHARS || topic.chars().any(ugly) {
        return Err(Error::invalid("A topic has at most 1,024 characters."));
    }
    if request.slow_mode_s > limits::SLOW_MODE_S_MAX {
        return Err(Error::invalid("Slow mode pauses for at most 6 hours."));
    }
    let before = store::channel::view(tx, channel, permit.user)?;
    let writers = request.writers.unwrap_or(before.writers);
    let slow_mode_s = request.slow_mode_s;
    store::channel::update(tx, permit, channel, name, topic, (slow_mode_s, writers))?;
    let act = audit::Act::new(audit::CHANNEL_EDIT, audit::channel(channel))
        .before(&json!({
            "name": before.name, "topic": before.topic, "slow_mode_s": before.slow_mode_s,
            "writers": before.writers,
        }))
        .after(&json!({
            "name": name, "topic": topic, "slow_mode_s": slow_mode_s, "writers": writers,
        }));
    audit::note(tx, permit, act)?;
    announce(tx, permit)
}

/// Puts a channel at a place within a category, or above all of them. Where it stands decides
/// whose overwrites it inherits.
pub fn move_channel(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    channel: ChannelId,
    request: &MoveChannel,
) -> Result<()> {
    let to = request.category;
    if let Some(category) = to {
        let all = store::category::page(tx, permit.guild)?;
        if !all.iter().any(|one| one.id == category) {
            return Err(Error::not_found());
        }
    }
    let channels = store::category::channels(tx, permit.guild)?;
    let from = channels.iter().find(|(id, _)| *id == channel);
    let from = from.ok_or_else(Error::not_found)?.1;
    let in_order = |wanted| -> Vec<ChannelId> {
        let there = channels.iter().filter(|(_, of)| *of == wanted);
        there.map(|(id, _)| *id).collect()
    };
    let old = in_order(from);
    let was_at = old.iter().position(|id| *id == channel);
    let mut order = in_order(to);
    if from != to {
        order.push(channel);
    }
    place(&mut order, channel, request.position)?;
    store::category::update_channel_order(tx, permit, to, &order)?;
    if from != to {
        let left: Vec<ChannelId> = old.iter().copied().filter(|id| *id != channel).collect();
        store::category::update_channel_order(tx, permit, from, &left)?;
    }
    let act = audit::Act::new(audit::CHANNEL_MOVE, audit::channel(channel));
    let act = act.before(&json!({"category": from, "position": was_at}));
    let act = act.after(&json!({"category": to, "position": request.position}));
    audit::note(tx, permit, act)?;
    changed(tx, parts, permit)
}

/// Deletes a channel with everything that was said there.
pub fn delete_channel(tx: &mut Tx<'_>, permit: &May<'_>, channel: ChannelId) -> Result<()> {
    let before = store::channel::view(tx, channel, permit.user)?;
    store::role::delete_overwrites(tx, permit, Place::Channel { channel })?;
    store::channel::delete(tx, permit, channel)?;
    let channels = store::category::channels(tx, permit.guild)?;
    let left: Vec<ChannelId> = channels
        .iter()
        .filter(|(_, of)| *of == before.category)
        .map(|(id, _)| *id)
        .collect();
    store::category::update_channel_order(tx, permit, before.category, &left)?;
    let act = audit::Act::new(audit::CHANNEL_DELETE, audit::channel(channel));
    audit::note(tx, permit, act.before(&json!({"name": before.name})))?;
    announce(tx, permit)
}

/// Moves one of a list to a place in it.
fn place<T: Copy + PartialEq>(order: &mut Vec<T>, one: T, position: u32) -> Result<()> {
    let at = position as usize;
    let from = order.iter().position(|other| *other == one);
    match from {
        Some(from) if at < order.len() => {
            order.remove(from);
            order.insert(at, one);
            Ok(())
        }
        _ => Err(Error::invalid("There is no such place in the list.")),
    }
}
