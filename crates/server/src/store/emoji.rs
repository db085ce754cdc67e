//! Emoji of guilds.

use cloister_wire::{EmojiId, GuildId, Hash, emoji::Emoji};

use super::db::{Row, Tx};
use crate::{
    Result,
    access::{Permit, guild::InGuild},
    params, sql,
};

sql! {
    PAGE = "SELECT id, name, picture FROM emoji WHERE guild_id = $1 ORDER BY name";
    GET = "SELECT id, name, picture FROM emoji WHERE guild_id = $1 AND id = $2";
    NAMED = "SELECT id, name, picture FROM emoji WHERE guild_id = $1 AND name = $2";
    INSERT = "INSERT INTO emoji (id, guild_id, name, picture, by_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    RENAME = "UPDATE emoji SET name = $3 WHERE guild_id = $1 AND id = $2";
    DELETE = "DELETE FROM emoji WHERE guild_id = $1 AND id = $2";
}

/// Every emoji of a guild, by name.
pub(super) fn page(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<Emoji>> {
    tx.query(PAGE, params![guild], read)
}

pub fn list(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<Vec<Emoji>> {
    page(tx, permit.guild)
}

pub fn get(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, id: EmojiId) -> Result<Option<Emoji>> {
    tx.maybe(GET, params![permit.guild, id], read)
}

pub fn named(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, name: &str) -> Result<Option<Emoji>> {
    tx.maybe(NAMED, params![permit.guild, name], read)
}

#[must_use = "the id may have been used"]
pub fn insert(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    id: EmojiId,
    name: &str,
    picture: &Hash,
) -> Result<bool> {
    let now = tx.now();
    let values = params![id, permit.guild, name, picture, permit.user, now];
    Ok(tx.execute(INSERT, values)? == 1)
}

pub fn update(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    id: EmojiId,
    name: &str,
) -> Result<()> {
    tx.execute(RENAME, params![permit.guild, id, name])
        .map(|_| ())
}

pub fn delete(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, id: EmojiId) -> Result<()> {
    tx.execute(DELETE, params![permit.guild, id]).map(|_| ())
}

fn read(row: Row<'_>) -> Result<Emoji> {
    Ok(Emoji {
        id: row.get("id")?,
        name: row.get("name")?,
        picture: row.get("picture")?,
    })
}
