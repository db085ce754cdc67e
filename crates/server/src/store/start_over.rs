//! An account that starts over: what its old devices had is taken from it in one go.

use cloister_wire::{DeviceId, GuildId, UserId};

use super::db::Tx;
use crate::{
    Result,
    access::{Anyone, Permit, guild::InGuild},
    params, sql,
};

sql! {
    AWAKE = "SELECT max(coalesce(last_seen_at, created_at)) FROM device WHERE user_id = $1
        AND active_at IS NOT NULL AND revoked_at IS NULL AND cloned_at IS NULL";
    LIVING = "SELECT id FROM device WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id";
    REVOKE = "UPDATE device SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
    FORGET_BACKUP = "DELETE FROM backup WHERE user_id = $1";
    TAKE_ROLES = "DELETE FROM member_role WHERE user_id = $1";
    FORGET_ALLOWS = "UPDATE overwrite SET allow = 0 WHERE subject_id = $1";
    MARK = "UPDATE member SET started_over_at = $2 WHERE user_id = $1";
    MARKED = "SELECT count(*) FROM member WHERE guild_id = $1 AND user_id = $2
        AND started_over_at IS NOT NULL";
    CLEAR = "UPDATE member SET started_over_at = NULL WHERE guild_id = $1 AND user_id = $2";
}

/// When a device that could let the person in was last here; none if there is no such device.
pub fn last_awake(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, user: UserId) -> Result<Option<u64>> {
    tx.one(AWAKE, params![user], |row| row.get(0))
}

/// Revokes every device of the person, also those that wait for approval; says which.
pub fn revoke_devices(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    user: UserId,
) -> Result<Vec<DeviceId>> {
    let living = tx.query(LIVING, params![user], |row| row.get(0))?;
    let now = tx.now();
    tx.execute(REVOKE, params![user, now])?;
    Ok(living)
}

/// Deletes what nobody can open any more, and takes back what the person was given in guilds.
/// They stay members, in no audience until they come back as who they are now.
pub fn take_everything(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.execute(FORGET_BACKUP, params![user])?;
    tx.execute(TAKE_ROLES, params![user])?;
    tx.execute(FORGET_ALLOWS, params![user])?;
    tx.execute(MARK, params![user, now])?;
    Ok(())
}

/// Whether the member has yet to come back as who they are now.
pub fn is_marked(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<bool> {
    let marked: u64 = tx.one(MARKED, params![permit.guild, permit.user], |row| row.get(0))?;
    Ok(marked > 0)
}

pub fn clear(tx: &mut Tx<'_>, guild: GuildId, user: UserId) -> Result<()> {
    tx.execute(CLEAR, params![guild, user]).map(|_| ())
}
