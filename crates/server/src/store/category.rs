//! Categories, and where channels stand in them.

use cloister_wire::{CategoryId, ChannelId, GuildId, role::Category};

use super::db::Tx;
use crate::{
    Result,
    access::{Permit, guild::InGuild},
    params, sql,
};

sql! {
    PAGE = "SELECT id, name, position FROM category WHERE guild_id = $1 ORDER BY position, id";
    INSERT = "INSERT INTO category (id, guild_id, name, position, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    RENAME = "UPDATE category SET name = $3 WHERE guild_id = $1 AND id = $2";
    PLACE = "UPDATE category SET position = $3 WHERE guild_id = $1 AND id = $2";
    DELETE = "DELETE FROM category WHERE guild_id = $1 AND id = $2";
    CHANNELS = "SELECT id, category_id FROM channel WHERE guild_id = $1 ORDER BY position, id";
    PLACE_CHANNEL = "UPDATE channel SET category_id = $3, position = $4
        WHERE guild_id = $1 AND id = $2";
}

/// The categories of a guild, in their order.
pub fn page(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<Category>> {
    tx.query(PAGE, params![guild], |row| {
        Ok(Category {
            id: row.get("id")?,
            name: row.get("name")?,
            position: row.get("position")?,
        })
    })
}

#[must_use = "the id may have been used"]
pub fn insert(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, new: &Category) -> Result<bool> {
    let now = tx.now();
    let row = params![new.id, permit.guild, &new.name, new.position, now];
    Ok(tx.execute(INSERT, row)? == 1)
}

pub fn update_name(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    category: CategoryId,
    name: &str,
) -> Result<()> {
    tx.execute(RENAME, params![permit.guild, category, name])
        .map(|_| ())
}

/// Numbers the categories in this order.
pub fn update_order(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    order: &[CategoryId],
) -> Result<()> {
    for (position, category) in order.iter().enumerate() {
        tx.execute(PLACE, params![permit.guild, *category, position])?;
    }
    Ok(())
}

pub fn delete(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, category: CategoryId) -> Result<()> {
    tx.execute(DELETE, params![permit.guild, category])
        .map(|_| ())
}

/// Every channel with its category, in their order.
pub fn channels(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<(ChannelId, Option<CategoryId>)>> {
    tx.query(CHANNELS, params![guild], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Puts the channels of one category (or of none) into this order.
pub fn update_channel_order(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    category: Option<CategoryId>,
    order: &[ChannelId],
) -> Result<()> {
    for (position, channel) in order.iter().enumerate() {
        tx.execute(
            PLACE_CHANNEL,
            params![permit.guild, *channel, category, position],
        )?;
    }
    Ok(())
}
