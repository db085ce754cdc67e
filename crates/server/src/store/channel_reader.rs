//! Who reads the channels that only some members read, as the guild's signed log says it.

use std::collections::BTreeSet;

use cloister_wire::{ChannelId, GuildId, UserId};

use super::db::{Tx, Value};
use crate::{Result, params, sql};

sql! {
    PAGE = "SELECT user_id FROM channel_reader WHERE channel_id = $1 ORDER BY user_id";
    INSERT = "INSERT INTO channel_reader (channel_id, user_id) VALUES ($1, $2) \
              ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM channel_reader WHERE channel_id = $1 AND user_id = $2";
    LISTED = "SELECT id FROM channel WHERE guild_id = $1 AND readers = 'listed' ORDER BY id";
}

/// Runs before there is a permit: it is what decides about one.
pub fn get(tx: &mut Tx<'_>, channel: ChannelId) -> Result<BTreeSet<UserId>> {
    let readers: Vec<UserId> = tx.query(PAGE, params![channel], |row| row.get(0))?;
    Ok(readers.into_iter().collect())
}

/// Channels of a guild that have such a list.
pub fn listed(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<ChannelId>> {
    tx.query(LISTED, params![guild], |row| row.get(0))
}

pub fn update(
    tx: &mut Tx<'_>,
    channel: ChannelId,
    gained: &BTreeSet<UserId>,
    lost: &BTreeSet<UserId>,
) -> Result<()> {
    let rows: Vec<Vec<Value<'_>>> = gained
        .iter()
        .map(|user| params![channel, *user].to_vec())
        .collect();
    tx.execute_rows(INSERT, &rows)?;
    for user in lost {
        tx.execute(DELETE, params![channel, *user])?;
    }
    Ok(())
}
