//! Pictures of a guild, by the hash of their bytes.

use cloister_wire::{
    Bytes, GuildId, Hash,
    picture::{Picture, PictureFormat, PictureUse},
};

use super::db::{Row, Tx};
use crate::{
    Error, Result,
    access::{Permit, guild::InGuild},
    params, sql,
};

sql! {
    INSERT = "INSERT INTO picture (guild_id, hash, format, bytes, at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    GET = "SELECT format, bytes FROM picture WHERE guild_id = $1 AND hash = $2";
    SET_ICON = "UPDATE guild SET icon = $2 WHERE id = $1";
    SET_BANNER = "UPDATE guild SET banner = $2 WHERE id = $1";
    ICON = "SELECT p.format, p.bytes FROM guild AS g JOIN picture AS p
        ON p.guild_id = g.id AND p.hash = g.icon WHERE g.id = $1";
    DELETE_UNUSED = "DELETE FROM picture WHERE guild_id = $1 AND NOT EXISTS
        (SELECT 1 FROM guild AS g WHERE g.id = $1
        AND (g.icon = picture.hash OR g.banner = picture.hash))
        AND NOT EXISTS (SELECT 1 FROM emoji AS e WHERE e.guild_id = $1
        AND e.picture = picture.hash)";
}

/// Keeps a picture; one that is there already stays.
pub fn insert(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    hash: &Hash,
    picture: &Picture,
) -> Result<()> {
    let now = tx.now();
    let format = picture.format.name();
    let values = params![permit.guild, hash, format, &picture.bytes, now];
    tx.execute(INSERT, values).map(|_| ())
}

pub fn get(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, hash: &Hash) -> Result<Option<Picture>> {
    tx.maybe(GET, params![permit.guild, hash], read)
}

/// The icon of a guild, for whoever holds an invitation to it.
pub fn icon<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, guild: GuildId) -> Result<Option<Picture>> {
    tx.maybe(ICON, params![guild], read)
}

/// Which picture the guild has for a purpose.
pub fn update(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    of: PictureUse,
    hash: Option<&Hash>,
) -> Result<()> {
    let statement = match of {
        PictureUse::Icon => SET_ICON,
        PictureUse::Banner => SET_BANNER,
        // An emoji has a row of its own.
        PictureUse::Emoji => return Ok(()),
    };
    tx.execute(statement, params![permit.guild, hash])
        .map(|_| ())
}

/// Forgets the pictures that the guild does not use any more.
pub fn delete_unused(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<()> {
    tx.execute(DELETE_UNUSED, params![permit.guild]).map(|_| ())
}

fn read(row: Row<'_>) -> Result<Picture> {
    let format = PictureFormat::by_name(&row.get::<String>("format")?);
    Ok(Picture {
        format: format.ok_or_else(|| Error::internal("a picture has an unknown format"))?,
        bytes: row.get::<Bytes>("bytes")?,
    })
}
