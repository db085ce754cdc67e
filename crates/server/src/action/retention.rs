//! How long messages are kept: the shortest of what channel, guild and instance say. Once a day what
//! is older goes, a piece at a time; whatever interrupts that, the next piece goes on from there.

use cloister_wire::{
    ChannelId,
    channel::MessageClass,
    guild::GuildKind,
    retention::{DAY_MS, RETENTION_DAYS_MAX, Retention, RetentionDue},
};
use serde_json::json;

use super::{audit, role::announce};
use crate::{
    Error, Result,
    access::{Permit, Runs, System, guild::InGuild},
    store::{self, db::Tx, retention::Kept},
};

/// Messages that one piece of work looks at.
const LOOKED_AT: u32 = 500;
/// Channels that one look at the database brings.
const CHANNELS: u32 = 500;
/// Runs that are shown.
const RUNS: u32 = 30;
/// The next run is so much earlier than a day later, at most: not always at the same time.
const JITTER_MS: u64 = 60 * 60_000;
/// Runs are remembered for so long.
const RUNS_KEPT_MS: u64 = 365 * DAY_MS;

/// Says for how long a guild keeps messages.
pub fn set_guild(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, days: Option<u32>) -> Result<()> {
    check(days)?;
    let stored = store::guild::get(tx, permit.guild, permit.user)?;
    let before = stored.ok_or_else(Error::not_found)?.retention_days;
    if before == days {
        return Ok(());
    }
    store::retention::update_guild(tx, permit, days)?;
    let act = audit::Act::new(audit::GUILD_RETENTION, audit::guild(permit.guild))
        .before(&json!({"days": before}))
        .after(&json!({"days": days}));
    audit::note(tx, permit, act)?;
    announce(tx, permit)
}

/// Says for how long one channel does.
pub fn set_channel(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    channel: ChannelId,
    days: Option<u32>,
) -> Result<()> {
    check(days)?;
    let before = store::channel::view(tx, channel, permit.user)?.retention_days;
    if before == days {
        return Ok(());
    }
    store::retention::update_channel(tx, permit, channel, days)?;
    let act = audit::Act::new(audit::CHANNEL_RETENTION, audit::channel(channel))
        .before(&json!({"days": before}))
        .after(&json!({"days": days}));
    audit::note(tx, permit, act)?;
    announce(tx, permit)
}

fn check(days: Option<u32>) -> Result<()> {
    match days {
        Some(0) => Err(Error::invalid("Messages are kept for a day at least.")),
        Some(days) if days > RETENTION_DAYS_MAX => Err(Error::invalid(
            "Messages are kept for 3,650 days at most, or for ever.",
        )),
        _ => Ok(()),
    }
}

/// Begins a run, if it is time for one or `now_at_all`; says when it began. One that was
/// interrupted goes on.
pub fn begin(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, System>,
    now_at_all: bool,
) -> Result<Option<u64>> {
    let now = tx.now();
    let last = store::retention::page_runs(tx, permit, 1)?
        .into_iter()
        .next();
    if let Some(last) = &last {
        if last.run.ended_at.is_none() {
            return Ok(Some(last.run.started_at));
        }
        if now < last.next_at && !now_at_all {
            return Ok(None);
        }
        if now <= last.run.started_at {
            return Ok(None);
        }
    }
    let drawn: [u8; 8] = tx.random();
    let next_at = now + DAY_MS - u64::from_le_bytes(drawn) % JITTER_MS;
    store::retention::begin(tx, permit, now, next_at)?;
    Ok(Some(now))
}

/// Channels after `after` in which something may be too old.
pub fn channels<R: Runs>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    after: Option<ChannelId>,
) -> Result<Vec<Kept>> {
    let first = ChannelId(uuid::Uuid::nil());
    store::retention::page(tx, permit, after.unwrap_or(first), CHANNELS)
}

/// Does one piece of a channel's work for the run that began at `run`. Says whether there may be
/// more; `first`: nothing of this channel went in this run.
pub fn step(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, System>,
    run: u64,
    (channel, first): (ChannelId, bool),
) -> Result<(u64, bool)> {
    if store::channel::lock(tx, channel)?.is_none() {
        return Ok((0, false));
    }
    // What was said of it may have changed since it was found.
    let Some(mut kept) = store::retention::get(tx, permit, channel)? else {
        return Ok((0, false));
    };
    let before = horizon(tx.now(), &kept);
    let passed = store::retention::look(tx, permit, &kept, LOOKED_AT)?;
    let whole = passed.len() == LOOKED_AT as usize;
    let old: Vec<_> = passed.iter().take_while(|one| one.at <= before).collect();
    let more = whole && old.len() == passed.len();
    let mut removed = 0;
    for one in old {
        kept.retained_seq = one.seq;
        if one.live && one.class != MessageClass::Control {
            let of = (one.id, one.sender);
            store::scrub::scrub_outlived(tx, permit, channel, of)?;
            removed += u64::from(one.class == MessageClass::Message);
        }
    }
    store::retention::go_on(tx, permit, &kept)?;
    if removed > 0 {
        let channels = u64::from(first);
        store::retention::note(tx, permit, run, (removed, channels))?;
        prove(tx, &kept, removed, before)?;
    }
    Ok((removed, more))
}

/// What went stands in the guild's log, without what it said.
fn prove(tx: &mut Tx<'_>, kept: &Kept, removed: u64, before: u64) -> Result<()> {
    let Some(guild) = kept.guild else {
        return Ok(());
    };
    if store::channel::rules(tx, guild)?.kind != GuildKind::Guild {
        return Ok(());
    }
    let says = json!({"count": removed, "days": kept.days, "before": before});
    let act = audit::Act::new(audit::MESSAGE_RETENTION, audit::channel(kept.channel));
    audit::append(tx, guild, None, act.after(&says))
}

pub fn end(tx: &mut Tx<'_>, permit: &Permit<'_, System>, run: u64) -> Result<()> {
    let oldest = tx.now().saturating_sub(RUNS_KEPT_MS);
    store::retention::end(tx, permit, run, oldest)
}

/// Messages from then or before are too old, ms UTC.
fn horizon(now: u64, kept: &Kept) -> u64 {
    now.saturating_sub(u64::from(kept.days) * DAY_MS)
}

/// What is kept for how long, the last runs, and what would go now.
pub fn report<R: Runs>(tx: &mut Tx<'_>, permit: &Permit<'_, R>) -> Result<Retention> {
    let mut due = Vec::new();
    let mut after = None;
    loop {
        let page = channels(tx, permit, after)?;
        let now = tx.now();
        for kept in &page {
            let messages = store::retention::count(tx, permit, kept, horizon(now, kept))?;
            if messages > 0 {
                due.push(RetentionDue {
                    channel: kept.channel,
                    guild: kept.guild,
                    days: kept.days,
                    messages,
                });
            }
        }
        match page.last() {
            Some(last) if page.len() == CHANNELS as usize => after = Some(last.channel),
            _ => break,
        }
    }
    let runs = store::retention::page_runs(tx, permit, RUNS)?;
    Ok(Retention {
        instance_days: store::retention::get_instance(tx, permit)?,
        runs: runs.into_iter().map(|one| one.run).collect(),
        due,
    })
}
