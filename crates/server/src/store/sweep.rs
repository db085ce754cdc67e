//! What is being removed of people who were banned or are gone: one row for each channel, until everything in
//! it that is young enough was looked at.

use cloister_wire::{ChannelId, MessageId, UserId, channel::MessageClass};

use super::db::Tx;
use crate::{
    Result,
    access::{Permit, System, guild::InGuild},
    params, sql,
};

sql! {
    BEGIN = "INSERT INTO sweep (channel_id, user_id, by_id, since, before_seq, removed)
        SELECT id, $2, $3, $4, last_seq + 1, 0 FROM channel WHERE guild_id = $1 AND last_at >= $4
        ON CONFLICT (channel_id, user_id) DO UPDATE SET by_id = excluded.by_id,
        since = CASE WHEN excluded.since < sweep.since THEN excluded.since ELSE sweep.since END,
        before_seq = excluded.before_seq";
    NEXT = "SELECT channel_id, user_id, by_id, since, before_seq, removed FROM sweep
        ORDER BY channel_id, user_id LIMIT 1";
    GET = "SELECT channel_id, user_id, by_id, since, before_seq, removed FROM sweep
        WHERE channel_id = $1 AND user_id = $2";
    LOOK = "SELECT seq, id, at, sender_user, class,
        CAST(CASE WHEN scrubbed_at IS NULL THEN 1 ELSE 0 END AS BIGINT) AS live
        FROM message WHERE channel_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
    MOVE = "UPDATE sweep SET before_seq = $3, removed = $4 WHERE channel_id = $1 AND user_id = $2";
    END = "DELETE FROM sweep WHERE channel_id = $1 AND user_id = $2";
}

/// What of one person goes in one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    pub channel: ChannelId,
    pub user: UserId,
    /// Who banned them.
    pub by: UserId,
    /// Ms UTC: what was said before stays.
    pub since: u64,
    /// Everything from here on was looked at.
    pub before_seq: u64,
    pub removed: u64,
}

/// A message that a piece of work comes by.
#[derive(Debug, Clone, Copy)]
pub struct Passed {
    pub seq: u64,
    pub id: MessageId,
    pub at: u64,
    pub sender: UserId,
    pub class: MessageClass,
    pub live: bool,
}

/// In every channel of the guild where anything was said since then.
pub fn begin(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    user: UserId,
    since: u64,
) -> Result<()> {
    tx.execute(BEGIN, params![permit.guild, user, permit.user, since])
        .map(|_| ())
}

pub fn next(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<Option<Sweep>> {
    tx.maybe(NEXT, params![], read)
}

/// The same row once more, after its channel was locked.
pub fn get(tx: &mut Tx<'_>, _: &Permit<'_, System>, of: &Sweep) -> Result<Option<Sweep>> {
    tx.maybe(GET, params![of.channel, of.user], read)
}

/// The next messages of the channel, the newest first.
pub fn look(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    of: &Sweep,
    limit: u32,
) -> Result<Vec<Passed>> {
    let from = params![of.channel, of.before_seq, limit];
    tx.query(LOOK, from, read_passed)
}

pub(super) fn read_passed(row: super::db::Row<'_>) -> Result<Passed> {
    Ok(Passed {
        seq: row.get("seq")?,
        id: row.get("id")?,
        at: row.get("at")?,
        sender: row.get("sender_user")?,
        class: super::message::class_of(&row.get::<String>("class")?)?,
        live: row.get::<i64>("live")? == 1,
    })
}

/// Goes on from there the next time.
pub fn go_on(tx: &mut Tx<'_>, _: &Permit<'_, System>, of: &Sweep) -> Result<()> {
    let to = params![of.channel, of.user, of.before_seq, of.removed];
    tx.execute(MOVE, to).map(|_| ())
}

pub fn end(tx: &mut Tx<'_>, _: &Permit<'_, System>, of: &Sweep) -> Result<()> {
    tx.execute(END, params![of.channel, of.user]).map(|_| ())
}

fn read(row: super::db::Row<'_>) -> Result<Sweep> {
    Ok(Sweep {
        channel: row.get("channel_id")?,
        user: row.get("user_id")?,
        by: row.get("by_id")?,
        since: row.get("since")?,
        before_seq: row.get("before_seq")?,
        removed: row.get("removed")?,
    })
}
