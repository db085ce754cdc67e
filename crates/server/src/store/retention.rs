//! How long messages are kept, and what was removed because it was too old.

use cloister_wire::{
    ChannelId, GuildId,
    retention::{RetentionRun, shortest},
};

use super::{
    db::{Row, Tx},
    sweep::{Passed, read_passed},
};
use crate::{
    Result,
    access::{Permit, Runs, System, guild::InGuild},
    params, sql,
};

sql! {
    SET_INSTANCE = "UPDATE instance SET retention_days = $1";
    GET_INSTANCE = "SELECT retention_days FROM instance";
    SET_GUILD = "UPDATE guild SET retention_days = $2 WHERE id = $1";
    SET_CHANNEL = "UPDATE channel SET retention_days = $2 WHERE id = $1";
    CHANNELS = "SELECT c.id, c.guild_id, c.retained_seq, c.retention_days,
        g.retention_days AS guild_days, i.retention_days AS instance_days FROM channel AS c
        CROSS JOIN instance AS i LEFT JOIN guild AS g ON g.id = c.guild_id
        WHERE c.id > $1 AND c.last_seq > c.retained_seq AND (c.retention_days IS NOT NULL
        OR g.retention_days IS NOT NULL OR i.retention_days IS NOT NULL) ORDER BY c.id LIMIT $2";
    ONE = "SELECT c.id, c.guild_id, c.retained_seq, c.retention_days,
        g.retention_days AS guild_days, i.retention_days AS instance_days FROM channel AS c
        CROSS JOIN instance AS i LEFT JOIN guild AS g ON g.id = c.guild_id WHERE c.id = $1";
    LOOK = "SELECT seq, id, at, sender_user, class,
        CAST(CASE WHEN scrubbed_at IS NULL THEN 1 ELSE 0 END AS BIGINT) AS live
        FROM message WHERE channel_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    MOVE = "UPDATE channel SET retained_seq = $2 WHERE id = $1";
    COUNT = "SELECT count(*) FROM message WHERE channel_id = $1 AND seq > $2 AND at <= $3
        AND class = 'message' AND scrubbed_at IS NULL";
    BEGIN = "INSERT INTO retention_run (started_at, next_at, channels, messages)
        VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING";
    NOTE = "UPDATE retention_run SET messages = messages + $2, channels = channels + $3
        WHERE started_at = $1";
    END = "UPDATE retention_run SET ended_at = $2 WHERE started_at = $1";
    LAST = "SELECT started_at, ended_at, next_at, channels, messages FROM retention_run
        ORDER BY started_at DESC LIMIT $1";
    FORGET = "DELETE FROM retention_run WHERE started_at < $1";
}

/// A channel whose messages are not kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub channel: ChannelId,
    pub guild: Option<GuildId>,
    pub days: u32,
    /// Everything up to here is gone.
    pub retained_seq: u64,
}

/// A run and when the next one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub run: RetentionRun,
    pub next_at: u64,
}

/// What the configuration says.
pub fn update_instance(tx: &mut Tx<'_>, _: &Permit<'_, System>, days: Option<u32>) -> Result<()> {
    tx.execute(SET_INSTANCE, params![days]).map(|_| ())
}

pub fn get_instance<R: Runs>(tx: &mut Tx<'_>, _: &Permit<'_, R>) -> Result<Option<u32>> {
    tx.one(GET_INSTANCE, &[], |row| row.get(0))
}

pub fn update_guild(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    days: Option<u32>,
) -> Result<()> {
    tx.execute(SET_GUILD, params![permit.guild, days])
        .map(|_| ())
}

pub fn update_channel(
    tx: &mut Tx<'_>,
    _: &Permit<'_, InGuild>,
    channel: ChannelId,
    days: Option<u32>,
) -> Result<()> {
    tx.execute(SET_CHANNEL, params![channel, days]).map(|_| ())
}

/// Channels after `after` in which something may be too old.
pub fn page<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    after: ChannelId,
    limit: u32,
) -> Result<Vec<Kept>> {
    let found = tx.query(CHANNELS, params![after, limit], read)?;
    Ok(found.into_iter().flatten().collect())
}

/// The same for one of them, after it was locked.
pub fn get(tx: &mut Tx<'_>, _: &Permit<'_, System>, channel: ChannelId) -> Result<Option<Kept>> {
    Ok(tx.maybe(ONE, params![channel], read)?.flatten())
}

/// The next messages of the channel, the oldest first.
pub fn look(tx: &mut Tx<'_>, _: &Permit<'_, System>, of: &Kept, limit: u32) -> Result<Vec<Passed>> {
    tx.query(
        LOOK,
        params![of.channel, of.retained_seq, limit],
        read_passed,
    )
}

pub fn go_on(tx: &mut Tx<'_>, _: &Permit<'_, System>, of: &Kept) -> Result<()> {
    tx.execute(MOVE, params![of.channel, of.retained_seq])
        .map(|_| ())
}

/// How many messages from `at` or before are still there.
pub fn count<R: Runs>(tx: &mut Tx<'_>, _: &Permit<'_, R>, of: &Kept, at: u64) -> Result<u64> {
    tx.one(COUNT, params![of.channel, of.retained_seq, at], |row| {
        row.get(0)
    })
}

pub fn begin(tx: &mut Tx<'_>, _: &Permit<'_, System>, started_at: u64, next_at: u64) -> Result<()> {
    tx.execute(BEGIN, params![started_at, next_at]).map(|_| ())
}

/// So much more went in one piece of work; `channels`: 1 when it was the first of its channel.
pub fn note(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    started_at: u64,
    (messages, channels): (u64, u64),
) -> Result<()> {
    tx.execute(NOTE, params![started_at, messages, channels])
        .map(|_| ())
}

/// Ends a run, and forgets those from before `oldest`.
pub fn end(tx: &mut Tx<'_>, _: &Permit<'_, System>, started_at: u64, oldest: u64) -> Result<()> {
    let now = tx.now();
    tx.execute(END, params![started_at, now])?;
    tx.execute(FORGET, params![oldest]).map(|_| ())
}

/// The newest runs, the newest first.
pub fn page_runs<R: Runs>(tx: &mut Tx<'_>, _: &Permit<'_, R>, limit: u32) -> Result<Vec<Run>> {
    tx.query(LAST, params![limit], |row| {
        Ok(Run {
            run: RetentionRun {
                started_at: row.get("started_at")?,
                ended_at: row.get("ended_at")?,
                channels: row.get("channels")?,
                messages: row.get("messages")?,
            },
            next_at: row.get("next_at")?,
        })
    })
}

fn read(row: Row<'_>) -> Result<Option<Kept>> {
    let days = shortest([
        row.get("retention_days")?,
        row.get("guild_days")?,
        row.get("instance_days")?,
    ]);
    let (channel, guild) = (row.get("id")?, row.get("guild_id")?);
    let retained_seq = row.get("retained_seq")?;
    Ok(days.map(|days| Kept {
        channel,
        guild,
        days,
        retained_seq,
    }))
}
