//! Who reads a channel now: brought from the server, checked against signed logs. Nothing is
//! encrypted to an audience that does not check.

use std::collections::{BTreeMap, BTreeSet};

use cloister_e2ee::Primitives;
use cloister_proof::{EpochRecord, Roster, policy::MinTrust};
use cloister_wire::{
    ChannelId, ErrorCode, Hash, UserId,
    channel::{EpochView, WithholdCode},
};

use crate::{
    core::{Core, Shared, refuse},
    flow::{call::CallError, people, sync},
    store::{Audience, ChannelRow, Identity},
    view::{Refusal, Topic},
};

/// The verified audience of a channel, brought anew if the server has said that it changed.
pub(crate) async fn current<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<Audience, Refusal> {
    loop {
        let row = row(shared, channel)?;
        if let Some(fork) = shared.core().store.open_fork(&row)? {
            return Err(refuse(ErrorCode::TrustViolation, &fork.sentence));
        }
        if row.view.waits {
            return Err(waits());
        }
        if let (Some(audience), false) = (&row.audience, row.stale) {
            return Ok(audience.clone());
        }
        let since = known_epoch(&row);
        let view: Result<EpochView, CallError> = shared
            .get(format!("/api/v1/channels/{channel}/epoch?since={since}"))
            .await;
        let view = view?;
        // Who left and entered again meanwhile has forgotten what the answer goes on from.
        if known_epoch(&self::row(shared, channel)?) >= since {
            return take(shared, &view).await;
        }
    }
}

/// The epoch up to which the audience is known; 0: not at all.
fn known_epoch(row: &ChannelRow) -> u64 {
    row.audience.as_ref().map_or(0, |audience| audience.epoch)
}

/// Verifies what the server says of an audience, and stores it.
pub(crate) async fn take<P: Primitives>(
    shared: &Shared<P>,
    view: &EpochView,
) -> Result<Audience, Refusal> {
    let channel = view.channel;
    let (audience, record) = {
        let core = shared.core();
        let row = core.store.channel(channel)?.ok_or_else(gone)?;
        match follow(&core, &row, view)? {
            Some(next) => next,
            None => {
                return row.audience.ok_or_else(|| {
                    unverifiable("The server sent no proof of who reads this channel.")
                });
            }
        }
    };
    people::take_all(shared, &view.devlogs);
    let row = row(shared, channel)?;
    if let (Some(guild), Some(position)) = (row.view.guild, record.log) {
        let behind = shared
            .core()
            .store
            .guild_log(guild)?
            .is_none_or(|log| log.position.seq < position.seq);
        if behind {
            sync::bring_log(shared, guild).await?;
        }
    }
    refresh_unknown(shared, &audience.roster).await?;
    let mut core = shared.core();
    justify(&core, &row, &record, &audience.roster)?;
    let me = core.store.me()?;
    let mine = audience.roster.device(me.device).map(|_| audience.epoch);
    core.store
        .put_audience(channel, &audience, row.first_epoch.or(mine))?;
    core.tell(Topic::Channel { channel });
    Ok(audience)
}

/// Whether this person waits for a place in a channel that is full.
pub(crate) fn has_no_place<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<bool, Refusal> {
    let row = shared.core().store.channel(channel)?;
    Ok(row.is_some_and(|row| row.view.waits))
}

/// There is no place for this person's devices in the audience.
pub(crate) fn waits() -> Refusal {
    refuse(
        ErrorCode::AudienceFull,
        "This channel is full. You read and write here as soon as there is a place for your devices.",
    )
}

/// The audience that the records lead to from what is known; none if they say nothing new.
fn follow<P: Primitives>(
    core: &Core<P>,
    row: &ChannelRow,
    view: &EpochView,
) -> Result<Option<(Audience, EpochRecord)>, Refusal> {
    let instance = core.store.instance()?.ok_or_else(gone)?;
    let mut known = row.audience.clone();
    let mut last = None;
    for (at, proof) in view.records.iter().enumerate() {
        let record = EpochRecord::verify(proof, instance.incarnation, &instance.server_key)
            .map_err(|_| unverifiable("The server's signature on the audience is wrong."))?;
        if record.channel != view.channel {
            return Err(unverifiable(
                "The server sent the audience of another channel.",
            ));
        }
        if known
            .as_ref()
            .is_some_and(|known| record.epoch <= known.epoch)
        {
            contradiction(known.as_ref(), &record, proof.record.as_ref())?;
            continue;
        }
        let whole = (at + 1 == view.records.len())
            .then_some(view.roster.as_ref())
            .flatten();
        known = Some(step(
            known.as_ref(),
            &record,
            proof.record.as_ref(),
            whole.map(AsRef::as_ref),
        )?);
        last = Some(record);
    }
    Ok(known.zip(last))
}

fn step(
    known: Option<&Audience>,
    record: &EpochRecord,
    bytes: &[u8],
    whole: Option<&[u8]>,
) -> Result<Audience, Refusal> {
    let wrong = || unverifiable("The list of readers is not the one that the server signed.");
    let continues = known
        .is_some_and(|known| record.epoch == known.epoch + 1 && record.prev == known.record_hash);
    let roster = match (whole, known) {
        (_, Some(known)) if continues => known.roster.after(record).map_err(|_| wrong())?,
        (Some(whole), _) => Roster::parse(whole)
            .ok()
            .filter(|roster| roster.hash() == record.roster_hash)
            .ok_or_else(wrong)?,
        (None, None) if record.epoch == 1 => {
            Roster::default().after(record).map_err(|_| wrong())?
        }
        _ => {
            return Err(unverifiable(
                "A step is missing in the history of who reads this channel.",
            ));
        }
    };
    if known.is_some_and(|known| record.floor < known.floor) {
        return Err(unverifiable(
            "The server took back that a key must be renewed.",
        ));
    }
    Ok(Audience {
        epoch: record.epoch,
        record_hash: EpochRecord::hash(bytes),
        floor: record.floor,
        roster,
    })
}

/// Two different records for one epoch, both signed, are a lie.
fn contradiction(
    known: Option<&Audience>,
    record: &EpochRecord,
    bytes: &[u8],
) -> Result<(), Refusal> {
    let differs = known.is_some_and(|known| {
        known.epoch == record.epoch && known.record_hash != EpochRecord::hash(bytes)
    });
    if differs {
        Err(unverifiable(
            "The server signed two different audiences for the same moment.",
        ))
    } else {
        Ok(())
    }
}

/// Brings device logs that the roster needs and that are not here or too old.
async fn refresh_unknown<P: Primitives>(
    shared: &Shared<P>,
    roster: &Roster,
) -> Result<(), Refusal> {
    let unknown: BTreeSet<UserId> = {
        let core = shared.core();
        let mut unknown = BTreeSet::new();
        let mut log = None;
        for entry in roster.entries() {
            if log.as_ref().is_none_or(|(user, _)| *user != entry.user) {
                log = Some((entry.user, core.store.devlog(entry.user)?));
            }
            let known = log
                .as_ref()
                .and_then(|(_, log)| log.as_ref())
                .and_then(|log| log.devices.get(&entry.device));
            if known.is_none_or(|record| !record.active() || record.reg_id != entry.reg_id) {
                unknown.insert(entry.user);
            }
        }
        unknown
    };
    if unknown.is_empty() {
        return Ok(());
    }
    Ok(people::refresh(shared, &unknown).await?)
}

/// This device must be one of its own person's, whatever an audience says of them.
fn be_ones_own<P: Primitives>(core: &Core<P>, me: &Identity) -> Result<(), Refusal> {
    let own = core.store.devlog(me.user)?;
    if own.is_some_and(|log| log.active().any(|one| one.cert.device == me.device)) {
        return Ok(());
    }
    Err(unverifiable(
        "This device is not one of its own person's any more.",
    ))
}

/// Every device must be in its person's own log, and every person must be there by right.
fn justify<P: Primitives>(
    core: &Core<P>,
    row: &ChannelRow,
    record: &EpochRecord,
    roster: &Roster,
) -> Result<(), Refusal> {
    let me = core.store.me()?;
    be_ones_own(core, &me)?;
    let mut moved_on = false;
    let members = match row.view.guild {
        Some(guild) => {
            let log = core
                .store
                .guild_log(guild)?
                .ok_or_else(|| unverifiable("The log of this server is not here."))?;
            let position = record.log.ok_or_else(|| {
                unverifiable("The audience names no place in the log of this server.")
            })?;
            if !log.is_at(position) {
                return Err(unverifiable(
                    "The audience follows from another log than the one that was verified.",
                ));
            }
            if !log.policies.contains_key(&row.view.id) {
                return Err(unverifiable(
                    "No member has signed what this channel promises.",
                ));
            }
            moved_on = log.position.seq > position.seq;
            Some(log)
        }
        None => None,
    };
    for user in roster.users() {
        let log = core
            .store
            .devlog(user)?
            .ok_or_else(|| unverifiable("Somebody in the audience has no device log."))?;
        let by_right = match &members {
            Some(guild) => {
                guild.reads(row.view.id, user)
                    && guild
                        .members
                        .get(&user)
                        .is_some_and(|member| member.genesis == log.genesis)
            }
            None => user == me.user || row.peer == Some(user),
        };
        if !by_right && moved_on {
            return Err(moving());
        }
        if !by_right {
            return Err(unverifiable(
                "The audience names somebody whom no member has let in here.",
            ));
        }
        for entry in roster.entries().filter(|entry| entry.user == user) {
            let known = log.devices.get(&entry.device);
            // Its owner took it back meanwhile: the next audience is without it.
            if known.is_some_and(|record| !record.active()) {
                return Err(moving());
            }
            if known.is_none_or(|record| record.reg_id != entry.reg_id) {
                return Err(unverifiable(
                    "The audience names a device that its owner has not signed for.",
                ));
            }
        }
    }
    Ok(())
}

fn row<P: Primitives>(shared: &Shared<P>, channel: ChannelId) -> Result<ChannelRow, Refusal> {
    shared.core().store.channel(channel)?.ok_or_else(gone)
}

pub(crate) fn gone() -> Refusal {
    refuse(ErrorCode::NotFound, "That channel is not here.")
}

/// The logs here are newer than the audience: who is missing in them has left meanwhile, and a
/// newer audience is on its way.
fn moving() -> Refusal {
    refuse(
        ErrorCode::Unavailable,
        "Who reads this channel is changing just now. Trying again.",
    )
}

fn unverifiable(why: &str) -> Refusal {
    refuse(ErrorCode::RosterUnverifiable, why)
}

/// Which of a roster's people must not get keys, because their device log was tampered with or
/// they started over.
pub(crate) fn distrusted<P: Primitives>(
    core: &Core<P>,
    channel: ChannelId,
    roster: &Roster,
) -> Result<BTreeSet<UserId>, Refusal> {
    let row = core.store.channel(channel)?;
    let in_guild = match row.filter(|row| row.view.guild.is_some()) {
        Some(row) => !core.store.is_group(&row)?,
        None => false,
    };
    let mut distrusted = BTreeSet::new();
    for user in roster.users() {
        let distrust = if in_guild {
            core.store.distrust_in_guild(user)?
        } else {
            core.store.distrust(user)?
        };
        if distrust.is_some() {
            distrusted.insert(user);
        }
    }
    Ok(distrusted)
}

/// Which of a channel's people get no keys of it, and why: their device log was tampered with,
/// or its policy asks for people whom somebody vouched for.
pub(crate) fn untrusted<P: Primitives>(
    core: &Core<P>,
    channel: ChannelId,
    roster: &Roster,
) -> Result<BTreeMap<UserId, WithholdCode>, Refusal> {
    let me = core.store.me()?.user;
    let mut untrusted = BTreeMap::new();
    let guild = core.store.channel(channel)?.and_then(|row| row.view.guild);
    if let Some(guild) = guild
        && let Some(log) = core.store.guild_log(guild)?
        && log
            .policies
            .get(&channel)
            .is_some_and(|policy| policy.min_trust != MinTrust::Any)
    {
        let strangers = roster
            .users()
            .into_iter()
            .filter(|user| !log.vouched(*user));
        untrusted.extend(strangers.map(|user| (user, WithholdCode::MinTrust)));
    }
    for user in distrusted(core, channel, roster)? {
        untrusted.insert(user, WithholdCode::TrustViolation);
    }
    untrusted.remove(&me);
    Ok(untrusted)
}

/// A roster's hash, for a request.
pub(crate) fn roster_hash(audience: &Audience) -> Hash {
    audience.roster.hash()
}
