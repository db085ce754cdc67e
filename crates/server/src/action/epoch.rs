//! Epochs: whenever the audience of a channel changes, in the same transaction.
//!
//! Call these after members or devices were changed: rosters are computed from the tables as
//! they are now. All records of one call stand under one signed root. Channels are locked in the
//! order of their ids.

mod room;

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use cloister_proof::{EpochRecord, GuildLog, Roster, RosterEntry, epoch::EpochCause};
use cloister_wire::{
    ChannelId, GuildId, Permissions, RoleId, UserId,
    channel::{EpochProof, EpochView},
    gateway::Event,
    guild::GuildKind,
    limits,
    permission::{Facts, Holder, Place, Rules},
};

use self::room::Moved;
use super::history;
use crate::{
    Error, Result,
    access::{Permit, System, channel::audience},
    gateway::bus::{Audience, Notice},
    seal::authority::Authority,
    store::{
        self,
        channel::{Readers, State},
        db::Tx,
    },
};

/// A roster that was not used for so long is not about to be.
const ROSTER_MS: u64 = 24 * 3_600_000;
/// Sessions are rotated long before this.
const SHARED_MS: u64 = 2 * limits::ROTATION_MS;

/// A change of one channel that is not signed yet.
struct Change {
    state: State,
    roster: Roster,
    record: EpochRecord,
    audience: Audience,
    /// People who were not in the audience before, where earlier messages are shared.
    came: BTreeSet<UserId>,
}

/// What the channels of one guild share.
struct Members {
    guild: GuildId,
    kind: GuildKind,
    devices: Vec<RosterEntry>,
    rules: Rules,
    roles: BTreeMap<UserId, Vec<RoleId>>,
    /// In quarantine.
    apart: BTreeSet<UserId>,
    /// Of channels whose overwrites say nothing of who sees them: most.
    usual: Roster,
    access_version: u64,
    log: cloister_proof::guild_log::Position,
    /// The whole log, once somebody new may be shown what was said before.
    whole_log: Option<GuildLog>,
    /// Who waits for a place in which channel, whoever has waited longest first.
    waiting: BTreeMap<ChannelId, Vec<UserId>>,
    /// A channel has become full, or has room again.
    turned: bool,
}

/// Every channel of a guild.
pub(super) fn bump_guild(
    tx: &mut Tx<'_>,
    authority: &Authority,
    guild: GuildId,
    cause: EpochCause,
) -> Result<()> {
    let channels = store::channel::ids_of_guild(tx, guild)?;
    bump(tx, authority, &channels, cause)
}

/// Every channel and conversation that a person reads.
pub(super) fn bump_person(
    tx: &mut Tx<'_>,
    authority: &Authority,
    user: UserId,
    cause: EpochCause,
) -> Result<()> {
    let channels = store::channel::ids_of_person(tx, user)?;
    bump(tx, authority, &channels, cause)
}

/// Begins a new epoch in each of the channels whose audience is another one now, or whose
/// policy changed.
pub(super) fn bump(
    tx: &mut Tx<'_>,
    authority: &Authority,
    channels: &[ChannelId],
    cause: EpochCause,
) -> Result<()> {
    let mut ordered = channels.to_vec();
    ordered.sort();
    ordered.dedup();
    let mut guilds = BTreeMap::new();
    let mut changes = Vec::new();
    let mut moved: BTreeMap<GuildId, Vec<Moved>> = BTreeMap::new();
    for channel in ordered {
        let Some(state) = store::channel::lock(tx, channel)? else {
            continue;
        };
        let mut here = Vec::new();
        let guild = state.guild;
        changes.extend(change(tx, authority, state, cause, &mut guilds, &mut here)?);
        if let Some(guild) = guild {
            moved.entry(guild).or_default().extend(here);
        }
    }
    let records: Vec<_> = changes.iter().map(|change| change.record.clone()).collect();
    let proofs = authority.sign_epochs(&records);
    let mut newcomers = Vec::new();
    for (mut change, proof) in changes.into_iter().zip(proofs) {
        let came = std::mem::take(&mut change.came);
        if !came.is_empty() {
            newcomers.push((change.state.clone(), change.audience.clone(), came));
        }
        keep(tx, change, proof)?;
    }
    for (state, audience, came) in newcomers {
        let members = state.guild.and_then(|guild| guilds.get_mut(&guild));
        let Some(members) = members else { continue };
        if members.whole_log.is_none() {
            members.whole_log = Some(store::guild_log::lock(tx, members.guild)?);
        }
        let Some(log) = &members.whole_log else {
            continue;
        };
        for user in came {
            history::open_back(tx, &state, &audience, log, user)?;
        }
    }
    for (guild, moved) in moved {
        if let Some(members) = guilds.get(&guild) {
            room::tell(tx, members, &moved)?;
        }
    }
    Ok(())
}

/// Who hears what happens in a channel of a guild.
pub(super) fn audience_of(tx: &mut Tx<'_>, state: &State) -> Result<Audience> {
    Ok(reading(tx, state, &mut BTreeMap::new())?.1)
}

/// Whether somebody's devices are in the audience of a channel.
pub(super) fn may_see(tx: &mut Tx<'_>, state: &State, user: UserId) -> Result<bool> {
    let roster = store::epoch::roster(tx, &state.roster_hash)?;
    Ok(roster.users().contains(&user))
}

/// Deletes rosters that no channel has any more, and the notes on whom old sessions were shared
/// with.
pub fn prune(tx: &mut Tx<'_>, permit: &Permit<'_, System>) -> Result<u64> {
    let now = tx.now();
    let rosters = store::epoch::prune(tx, permit, now.saturating_sub(ROSTER_MS))?;
    store::group_session::prune(tx, permit, now.saturating_sub(SHARED_MS))?;
    Ok(rosters)
}

/// The audience of news about a person's devices.
pub(super) fn acquaintances(tx: &mut Tx<'_>, user: UserId) -> Result<Audience> {
    let guilds = store::epoch::guilds_of_person(tx, user)?;
    let peers = store::epoch::peers_of_person(tx, user)?;
    Ok(Audience::Acquaintances {
        user,
        guilds,
        peers,
    })
}

/// Who reads a channel now, who hears of it, and the log that this follows from.
type Reading = (
    Roster,
    Audience,
    Option<cloister_proof::guild_log::Position>,
);

fn reading(
    tx: &mut Tx<'_>,
    state: &State,
    guilds: &mut BTreeMap<GuildId, Members>,
) -> Result<Reading> {
    let channel = state.id;
    Ok(match state.guild {
        Some(guild) => {
            let members = match guilds.entry(guild) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(members(tx, guild)?),
            };
            let listed = match state.readers {
                Readers::Everyone => None,
                Readers::Listed => Some(store::channel_reader::get(tx, channel)?),
            };
            let audience = audience(guild, channel, members.access_version, listed.as_ref());
            let roster = match &listed {
                Some(users) => Roster::new(
                    members
                        .readers(channel)
                        .entries()
                        .filter(|entry| users.contains(&entry.user))
                        .copied(),
                ),
                None => members.readers(channel),
            };
            (roster, audience, Some(members.log))
        }
        None => {
            let pair = store::dm::pair(tx, channel)?.ok_or_else(Error::not_found)?;
            let mut devices = store::epoch::devices_of_person(tx, pair[0])?;
            devices.extend(store::epoch::devices_of_person(tx, pair[1])?);
            (Roster::new(devices), Audience::Pair(pair), None)
        }
    })
}

fn change(
    tx: &mut Tx<'_>,
    authority: &Authority,
    mut state: State,
    cause: EpochCause,
    guilds: &mut BTreeMap<GuildId, Members>,
    moved: &mut Vec<Moved>,
) -> Result<Option<Change>> {
    let channel = state.id;
    let (mut roster, audience, log) = reading(tx, &state, guilds)?;
    if let Some(members) = state.guild.and_then(|guild| guilds.get_mut(&guild)) {
        let most = authority.devices_per_channel();
        roster = room::admit(tx, members, &mut state, cause, most, roster, moved)?;
    }
    let roster_hash = roster.hash();
    let always = matches!(
        cause,
        EpochCause::Created | EpochCause::Policy | EpochCause::Vouched
    );
    if roster_hash == state.roster_hash && !always {
        return Ok(None);
    }
    let before = match state.epoch {
        0 => Roster::default(),
        _ => store::epoch::roster(tx, &state.roster_hash)?,
    };
    let (added, removed) = before.difference(&roster);
    let mut came = BTreeSet::new();
    if state
        .shared_since
        .is_some_and(|since| since < state.last_seq)
    {
        let known = before.users();
        came.extend(added.iter().map(|one| one.user));
        came.retain(|user| !known.contains(user));
    }
    state.epoch += 1;
    // Whoever lost access may hold any session from before, whatever the cause is called.
    if cause.raises_floor() || !removed.is_empty() {
        state.rotate_floor = state.epoch;
    }
    state.roster_hash = roster_hash;
    let record = EpochRecord {
        v: 1,
        incarnation: authority.incarnation(),
        channel,
        epoch: state.epoch,
        prev: state.record_hash,
        roster_hash,
        floor: state.rotate_floor,
        added,
        removed,
        cause,
        log,
        at_ms: tx.now(),
    };
    Ok(Some(Change {
        state,
        roster,
        record,
        audience,
        came,
    }))
}

fn members(tx: &mut Tx<'_>, guild: GuildId) -> Result<Members> {
    let stored = store::channel::rules(tx, guild)?;
    let mut members = Members {
        devices: store::epoch::devices_of_guild(tx, guild)?,
        rules: store::role::rules(tx, guild, stored.owner, stored.everyone)?,
        roles: store::role::holders(tx, guild)?,
        apart: store::moderation::quarantined(tx, guild)?,
        usual: Roster::default(),
        access_version: stored.access_version,
        log: store::guild_log::position(tx, guild)?,
        whole_log: None,
        waiting: store::channel_waiting::of_guild(tx, guild)?,
        turned: false,
        guild,
        kind: stored.kind,
    };
    members.usual = members.roster(cloister_wire::permission::Rules::in_guild);
    Ok(members)
}

impl Members {
    /// Devices of everybody who may see the channel now. A timeout takes away no sight, so that
    /// it changes no audience.
    fn readers(&self, channel: ChannelId) -> Roster {
        let decides = |place: &Place| {
            let there = self.rules.overwrites.get(place);
            there.into_iter().flat_map(BTreeMap::values).any(|one| {
                let said = one.allow.union(one.deny);
                said.contains(Permissions::VIEW_CHANNEL)
            })
        };
        if self.rules.places_of(channel).iter().any(decides) {
            self.roster(|rules, holder| rules.in_channel(holder, channel))
        } else {
            self.usual.clone()
        }
    }

    fn roster(&self, rights: impl Fn(&Rules, &Holder<'_>) -> Permissions) -> Roster {
        let mut sees: BTreeMap<UserId, bool> = BTreeMap::new();
        let devices = self.devices.iter().filter(|entry| {
            *sees.entry(entry.user).or_insert_with(|| {
                let holder = Holder {
                    user: entry.user,
                    roles: self.roles.get(&entry.user).map_or(&[], Vec::as_slice),
                    timed_out: false,
                    quarantined: self.apart.contains(&entry.user),
                    // Constraints decide over no sight.
                    facts: Facts::default(),
                };
                rights(&self.rules, &holder).contains(Permissions::VIEW_CHANNEL)
            })
        });
        Roster::new(devices.copied().collect::<Vec<_>>())
    }
}

fn keep(tx: &mut Tx<'_>, change: Change, proof: EpochProof) -> Result<()> {
    let Change {
        mut state,
        roster,
        record,
        audience,
        came: _,
    } = change;
    state.record_hash = EpochRecord::hash(proof.record.as_ref());
    store::epoch::keep_roster(tx, &state.roster_hash, &roster)?;
    store::epoch::insert(tx, state.id, state.epoch, &proof)?;
    store::channel::update_epoch(tx, &state)?;
    let devlogs = store::epoch::devlogs_of(tx, &record.added)?;
    let epoch = EpochView {
        channel: state.id,
        epoch: state.epoch,
        roster_hash: state.roster_hash,
        records: vec![proof],
        roster: None,
        devlogs,
        missing: Vec::new(),
    };
    tx.emit(Notice::event(
        audience,
        Event::EpochChanged {
            epoch: Box::new(epoch),
        },
    ));
    Ok(())
}
