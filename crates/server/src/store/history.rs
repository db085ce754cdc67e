//! Who waits for the keys of earlier messages, and which device is handing them over.

use cloister_wire::{
    ChannelId, DeviceId, GuildId, UserId,
    channel::{HistoryClaim, HistoryWish},
    limits::HISTORY_WISHES,
};

use super::db::Tx;
use crate::{
    Result,
    access::{Act, Permit, channel::Read},
    params, sql,
};

/// A device that took it on and vanished is given up after this.
const CLAIM_MS: u64 = 120_000;

sql! {
    WANT = "INSERT INTO history_wish (channel_id, user_id, at) VALUES ($1, $2, $3) \
            ON CONFLICT DO NOTHING";
    ASK = "INSERT INTO history_wish (channel_id, user_id, device_id, at) \
           VALUES ($1, $2, $3, $4) ON CONFLICT (channel_id, user_id) DO UPDATE \
           SET device_id = excluded.device_id, at = excluded.at, \
           claimed_by = NULL, claimed_at = NULL";
    PAGE = "SELECT c.guild_id, w.channel_id, w.user_id FROM history_wish w \
            JOIN channel c ON c.id = w.channel_id \
            JOIN member m ON m.guild_id = c.guild_id AND m.user_id = $1 \
            WHERE (w.user_id <> $1 OR w.device_id <> $2) \
            AND (w.claimed_at IS NULL OR w.claimed_at < $3) \
            ORDER BY w.at, w.channel_id, w.user_id LIMIT $4";
    CLAIM = "UPDATE history_wish SET claimed_by = $3, claimed_at = $4 \
             WHERE channel_id = $1 AND user_id = $2 \
             AND (claimed_at IS NULL OR claimed_at < $5 OR claimed_by = $3)";
    DONE = "DELETE FROM history_wish WHERE channel_id = $1 AND user_id = $2 AND claimed_by = $3";
    FORGET = "DELETE FROM history_wish WHERE user_id = $2 AND channel_id IN \
              (SELECT id FROM channel WHERE guild_id = $1)";
    CLOSE = "DELETE FROM history_wish WHERE channel_id = $1";
}

/// Somebody who has just come may read earlier messages of a channel.
pub fn want(tx: &mut Tx<'_>, channel: ChannelId, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.execute(WANT, params![channel, user, now]).map(|_| ())
}

/// The permit's person asks for the keys, whoever tried before.
pub fn ask(tx: &mut Tx<'_>, permit: &Permit<'_, Read>) -> Result<()> {
    let now = tx.now();
    let of = params![permit.channel(), permit.user(), permit.device(), now];
    tx.execute(ASK, of).map(|_| ())
}

/// Wishes that nobody is at, of other devices, in guilds of the permit's person: not all of them
/// are in channels that they read.
pub fn page(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Vec<HistoryWish>> {
    let before = tx.now().saturating_sub(CLAIM_MS);
    let of = params![permit.user, permit.device, before, HISTORY_WISHES];
    tx.query(PAGE, of, |row| {
        Ok(HistoryWish {
            guild: row.get::<GuildId>(0)?,
            channel: row.get::<ChannelId>(1)?,
            user: row.get::<UserId>(2)?,
        })
    })
}

/// The permit's device takes a wish on, unless another one is at it.
pub fn claim(tx: &mut Tx<'_>, permit: &Permit<'_, Read>, user: UserId) -> Result<HistoryClaim> {
    let now = tx.now();
    let before = now.saturating_sub(CLAIM_MS);
    let device: DeviceId = permit.device();
    let of = params![permit.channel(), user, device, now, before];
    Ok(if tx.execute(CLAIM, of)? == 1 {
        HistoryClaim::Yours
    } else {
        HistoryClaim::Taken
    })
}

/// The keys are in the other's queues.
pub fn done(tx: &mut Tx<'_>, permit: &Permit<'_, Read>, user: UserId) -> Result<()> {
    let of = params![permit.channel(), user, permit.device()];
    tx.execute(DONE, of).map(|_| ())
}

/// Somebody is out: nothing of theirs is wanted any more.
pub fn forget(tx: &mut Tx<'_>, guild: GuildId, user: UserId) -> Result<()> {
    tx.execute(FORGET, params![guild, user]).map(|_| ())
}

/// A channel shares no history any more.
pub fn close(tx: &mut Tx<'_>, channel: ChannelId) -> Result<()> {
    tx.execute(CLOSE, params![channel]).map(|_| ())
}
