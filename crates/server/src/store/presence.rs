//! Who may see whether somebody is there.

use std::collections::BTreeSet;

use cloister_wire::{UserId, limits::PRESENCE_GUILD_MAX};

use super::db::Tx;
use crate::{
    Result,
    access::{Permit, guild::InGuild},
    params, sql,
};

sql! {
    AUDIENCE = "SELECT o.user_id FROM member AS m JOIN guild AS g ON g.id = m.guild_id
        JOIN member AS o ON o.guild_id = m.guild_id
        WHERE m.user_id = $1 AND g.member_count <= $2
        UNION SELECT high_id FROM dm WHERE low_id = $1
        UNION SELECT low_id FROM dm WHERE high_id = $1
        UNION SELECT id FROM account WHERE id = $1
        EXCEPT SELECT other_id FROM relation WHERE user_id = $1 AND relation = 'blocked'
        EXCEPT SELECT user_id FROM relation WHERE other_id = $1 AND relation = 'blocked'";
    FELLOW = "SELECT user_id FROM member WHERE guild_id = $1 AND user_id = $2 AND NOT EXISTS (
        SELECT 1 FROM relation WHERE relation = 'blocked' AND (
            (user_id = $2 AND other_id = $3) OR (user_id = $3 AND other_id = $2)))";
}

/// Whether somebody is in the permit's guild, and neither they nor the caller has blocked the
/// other.
pub fn is_fellow(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, user: UserId) -> Result<bool> {
    let of = params![permit.guild, user, permit.actor.user];
    let found: Option<UserId> = tx.maybe(FELLOW, of, |row| row.get(0))?;
    Ok(found.is_some())
}

/// Those who see whether a person is there, and whom that person sees: who shares a guild that is
/// not large or a conversation with them, and neither has blocked the other.
pub fn audience<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<BTreeSet<UserId>> {
    let users = tx.query(AUDIENCE, params![user, PRESENCE_GUILD_MAX], |row| {
        row.get(0)
    })?;
    Ok(users.into_iter().collect())
}
