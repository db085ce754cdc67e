//! Members who wait for a place in the audience of a channel that is full.

use std::collections::{BTreeMap, BTreeSet};

use cloister_wire::{ChannelId, GuildId, UserId};

use super::db::{Tx, Value};
use crate::{Result, params, sql};

sql! {
    OF_GUILD = "SELECT w.channel_id, w.user_id FROM channel_waiting w \
                JOIN channel c ON c.id = w.channel_id WHERE c.guild_id = $1 \
                ORDER BY w.since, w.user_id";
    OF_PERSON = "SELECT channel_id FROM channel_waiting WHERE user_id = $1";
    IS = "SELECT 1 FROM channel_waiting WHERE channel_id = $1 AND user_id = $2";
    INSERT = "INSERT INTO channel_waiting (channel_id, user_id, since) VALUES ($1, $2, $3) \
              ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM channel_waiting WHERE channel_id = $1 AND user_id = $2";
    NOTE = "UPDATE channel SET waiting = \
            (SELECT count(*) FROM channel_waiting WHERE channel_id = $1) WHERE id = $1";
}

/// Those of every channel of a guild, whoever has waited longest first.
pub fn of_guild(tx: &mut Tx<'_>, guild: GuildId) -> Result<BTreeMap<ChannelId, Vec<UserId>>> {
    let rows = tx.query(OF_GUILD, params![guild], |row| {
        Ok((row.get::<ChannelId>(0)?, row.get::<UserId>(1)?))
    })?;
    let mut waiting: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (channel, user) in rows {
        waiting.entry(channel).or_default().push(user);
    }
    Ok(waiting)
}

/// Channels in which a person waits. Runs before there is a permit, as does the next.
pub fn of_person(tx: &mut Tx<'_>, user: UserId) -> Result<BTreeSet<ChannelId>> {
    let channels: Vec<ChannelId> = tx.query(OF_PERSON, params![user], |row| row.get(0))?;
    Ok(channels.into_iter().collect())
}

pub fn is_waiting(tx: &mut Tx<'_>, channel: ChannelId, user: UserId) -> Result<bool> {
    let found = tx.maybe(IS, params![channel, user], |row| row.get::<i64>(0))?;
    Ok(found.is_some())
}

/// Who waits from now on, and who does no longer.
pub fn update(
    tx: &mut Tx<'_>,
    channel: ChannelId,
    gained: &BTreeSet<UserId>,
    lost: &BTreeSet<UserId>,
) -> Result<()> {
    let now = tx.now();
    let rows: Vec<Vec<Value<'_>>> = gained
        .iter()
        .map(|user| params![channel, *user, now].to_vec())
        .collect();
    tx.execute_rows(INSERT, &rows)?;
    for user in lost {
        tx.execute(DELETE, params![channel, *user])?;
    }
    tx.execute(NOTE, params![channel]).map(|_| ())
}
