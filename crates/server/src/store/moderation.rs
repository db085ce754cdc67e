//! Bans, timeouts, gates and who came by what.

use std::collections::BTreeSet;

use cloister_wire::{
    ErrorCode, GuildId, UserId,
    moderation::{BanView, Gate, GateView, JoinView},
};

use super::db::Tx;
use crate::{
    Error, Result,
    access::{Permit, System, guild::InGuild},
    params, sql,
};

sql! {
    BAN = "SELECT until_at FROM ban WHERE guild_id = $1 AND user_id = $2
        AND (until_at IS NULL OR until_at > $3)";
    PUT_BAN = "INSERT INTO ban (guild_id, user_id, by_id, reason, at, until_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (guild_id, user_id) DO UPDATE
        SET by_id = excluded.by_id, reason = excluded.reason, at = excluded.at,
        until_at = excluded.until_at";
    LIFT = "DELETE FROM ban WHERE guild_id = $1 AND user_id = $2";
    PAGE_BANS = "SELECT b.user_id, a.username, a.display_name, b.by_id, b.reason, b.at, b.until_at
        FROM ban AS b JOIN account AS a ON a.id = b.user_id
        WHERE b.guild_id = $1 AND b.user_id > $2 AND (b.until_at IS NULL OR b.until_at > $3)
        ORDER BY b.user_id LIMIT $4";
    COUNT_BANS = "SELECT count(*) FROM ban WHERE guild_id = $1";
    KNOWN = "SELECT 1 FROM account WHERE id = $1";
    PUT_TIMEOUT = "INSERT INTO member_timeout (guild_id, user_id, until_at) VALUES ($1, $2, $3)
        ON CONFLICT (guild_id, user_id) DO UPDATE SET until_at = excluded.until_at";
    END_TIMEOUT = "DELETE FROM member_timeout WHERE guild_id = $1 AND user_id = $2";
    PRUNE_TIMEOUTS = "DELETE FROM member_timeout WHERE until_at <= $1";
    PRUNE_BANS = "DELETE FROM ban WHERE until_at <= $1";
    GATE = "SELECT joins_closed_at, invites_closed_at, newcomer_s, links_s, mentions_s
        FROM guild_gate
        WHERE guild_id = $1";
    PUT_GATE = "INSERT INTO guild_gate
        (guild_id, joins_closed_at, invites_closed_at, newcomer_s, links_s, mentions_s)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (guild_id) DO UPDATE
        SET joins_closed_at = excluded.joins_closed_at,
        invites_closed_at = excluded.invites_closed_at, newcomer_s = excluded.newcomer_s,
        links_s = excluded.links_s, mentions_s = excluded.mentions_s";
    SETTLE = "UPDATE member SET settled_at = $3 WHERE guild_id = $1 AND user_id = $2
        AND settled_at IS NULL";
    QUARANTINE = "INSERT INTO member_quarantine (guild_id, user_id, at) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    LIFT_QUARANTINE = "DELETE FROM member_quarantine WHERE guild_id = $1 AND user_id = $2";
    QUARANTINED = "SELECT user_id FROM member_quarantine WHERE guild_id = $1 ORDER BY user_id";
    NOTE_JOIN = "INSERT INTO member_join (guild_id, user_id, at, code, invited_by)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    JOINS = "SELECT j.user_id, a.username, a.display_name, j.code, j.invited_by, j.at, m.joined_at
        FROM member_join AS j JOIN account AS a ON a.id = j.user_id
        LEFT JOIN member AS m ON m.guild_id = j.guild_id AND m.user_id = j.user_id
        WHERE j.guild_id = $1 ORDER BY j.at DESC, j.user_id LIMIT $2";
    TAKE_TURN = "INSERT INTO reader (channel_id, user_id, joined_seq, read_seq, sent_at)
        VALUES ($1, $2, 0, 0, $3) ON CONFLICT (channel_id, user_id) DO UPDATE
        SET sent_at = excluded.sent_at
        WHERE reader.sent_at IS NULL OR reader.sent_at <= $4";
    LAST_TURN = "SELECT sent_at FROM reader WHERE channel_id = $1 AND user_id = $2";
}

/// Whether somebody may not come in.
pub fn is_banned<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    guild: GuildId,
    user: UserId,
) -> Result<bool> {
    let now = tx.now();
    let found = tx.maybe(BAN, params![guild, user, now], |row| {
        row.get::<Option<u64>>(0)
    })?;
    Ok(found.is_some())
}

pub fn put_ban(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    user: UserId,
    reason: Option<&str>,
    until: Option<u64>,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        PUT_BAN,
        params![permit.guild, user, permit.user, reason, now, until],
    )
    .map(|_| ())
}

pub fn delete_ban(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, user: UserId) -> Result<bool> {
    Ok(tx.execute(LIFT, params![permit.guild, user])? == 1)
}

/// Bans that are in force, by user id.
pub fn page_bans(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    after: UserId,
    limit: u32,
) -> Result<Vec<BanView>> {
    let now = tx.now();
    tx.query(PAGE_BANS, params![permit.guild, after, now, limit], |row| {
        Ok(BanView {
            user: row.get("user_id")?,
            username: row.get("username")?,
            display_name: row.get("display_name")?,
            by: row.get("by_id")?,
            reason: row.get("reason")?,
            at: row.get("at")?,
            until: row.get("until_at")?,
        })
    })
}

pub fn count_bans(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<u32> {
    tx.one(COUNT_BANS, params![permit.guild], |row| row.get(0))
}

/// Whether there is an account with this id.
pub fn is_known(tx: &mut Tx<'_>, _: &Permit<'_, InGuild>, user: UserId) -> Result<bool> {
    Ok(tx
        .maybe(KNOWN, params![user], |row| row.get::<i64>(0))?
        .is_some())
}

/// On hold until then, or no more.
pub fn put_timeout(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    user: UserId,
    until: Option<u64>,
) -> Result<()> {
    match until {
        Some(until) => tx.execute(PUT_TIMEOUT, params![permit.guild, user, until]),
        None => tx.execute(END_TIMEOUT, params![permit.guild, user]),
    }
    .map(|_| ())
}

/// The person doesn't count as new any more; says whether they did.
pub fn settle(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, user: UserId) -> Result<bool> {
    let now = tx.now();
    Ok(tx.execute(SETTLE, params![permit.guild, user, now])? == 1)
}

/// Puts somebody in quarantine, or says that they are there already.
pub fn put_quarantine(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, user: UserId) -> Result<bool> {
    let now = tx.now();
    Ok(tx.execute(QUARANTINE, params![permit.guild, user, now])? == 1)
}

pub fn lift_quarantine(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    user: UserId,
) -> Result<bool> {
    Ok(tx.execute(LIFT_QUARANTINE, params![permit.guild, user])? == 1)
}

/// Who is in quarantine. Runs before there is a permit: it is part of what decides about one.
pub fn quarantined(tx: &mut Tx<'_>, guild: GuildId) -> Result<BTreeSet<UserId>> {
    let users: Vec<UserId> = tx.query(QUARANTINED, params![guild], |row| row.get(0))?;
    Ok(users.into_iter().collect())
}

/// Takes away what has run out.
pub fn prune(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<u64> {
    let now = tx.now();
    Ok(tx.execute(PRUNE_TIMEOUTS, params![now])? + tx.execute(PRUNE_BANS, params![now])?)
}

/// What is closed; everything is open as long as nobody said otherwise.
pub fn gate(tx: &mut Tx<'_>, guild: GuildId) -> Result<GateView> {
    let since = |at: Option<u64>| at.map_or(Gate::Open, |_| Gate::Closed);
    let found = tx.maybe(GATE, params![guild], |row| {
        Ok(GateView {
            joins: since(row.get("joins_closed_at")?),
            invites: since(row.get("invites_closed_at")?),
            newcomer_s: row.get("newcomer_s")?,
            links_s: row.get("links_s")?,
            mentions_s: row.get("mentions_s")?,
        })
    })?;
    Ok(found.unwrap_or(GateView {
        joins: Gate::Open,
        invites: Gate::Open,
        newcomer_s: 0,
        links_s: 0,
        mentions_s: 0,
    }))
}

pub fn put_gate(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, gate: &GateView) -> Result<()> {
    let now = tx.now();
    let closed = |gate: Gate| (gate == Gate::Closed).then_some(now);
    tx.execute(
        PUT_GATE,
        params![
            permit.guild,
            closed(gate.joins),
            closed(gate.invites),
            gate.newcomer_s,
            gate.links_s,
            gate.mentions_s
        ],
    )
    .map(|_| ())
}

/// Remembers by which invitation somebody came in.
pub fn insert_join<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    (guild, user): (GuildId, UserId),
    code: &str,
    invited_by: Option<UserId>,
) -> Result<()> {
    let now = tx.now();
    tx.execute(NOTE_JOIN, params![guild, user, now, code, invited_by])
        .map(|_| ())
}

/// The newest joins.
pub fn page_joins(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    limit: u32,
) -> Result<Vec<JoinView>> {
    tx.query(JOINS, params![permit.guild, limit], |row| {
        let (at, since): (u64, Option<u64>) = (row.get("at")?, row.get("joined_at")?);
        Ok(JoinView {
            user: row.get("user_id")?,
            username: row.get("username")?,
            display_name: row.get("display_name")?,
            code: row.get("code")?,
            invited_by: row.get("invited_by")?,
            at,
            here: since.is_some_and(|since| since <= at),
        })
    })
}

/// Takes one's turn in a channel with slow mode, or says when it comes.
pub fn take_turn(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, crate::access::channel::Send>,
    pause_ms: u64,
) -> Result<()> {
    let (channel, user, now) = (permit.channel(), permit.user(), tx.now());
    let free = now.saturating_sub(pause_ms);
    if tx.execute(TAKE_TURN, params![channel, user, now, free])? == 1 {
        return Ok(());
    }
    let last: Option<u64> = tx.one(LAST_TURN, params![channel, user], |row| row.get(0))?;
    let wait = (last.unwrap_or(now) + pause_ms).saturating_sub(now);
    Err(Error::refuse(
        ErrorCode::SlowMode,
        "This channel has slow mode. Wait a little before the next message.",
    )
    .retry_after(wait))
}
