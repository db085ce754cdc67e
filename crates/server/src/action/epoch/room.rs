//! How many devices fit into the audience of a channel, and who waits while it is full.
//!
//! Being full keeps out new readers only: never somebody from a guild, nor another device of
//! whoever reads already.

use std::collections::{BTreeMap, BTreeSet};

use cloister_proof::{Roster, epoch::EpochCause};
use cloister_wire::{
    ChannelId, ErrorCode, Permissions, UserId,
    gateway::Event,
    guild::GuildKind,
    permission::{Facts, Holder},
};

use super::Members;
use crate::{
    Error, Result, access,
    gateway::bus::{Audience, Notice},
    store::{
        self,
        channel::{Readers, ReadsFrom, State},
        db::Tx,
    },
};

/// What becomes of new readers for whom there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    /// Somebody asked that they may read: it is refused.
    Asked,
    /// They are members all the same, and wait for a place.
    Came,
    /// A device came to somebody who reads.
    Device,
}

/// Somebody who waits from now on, or does no longer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    channel: ChannelId,
    user: UserId,
}

const fn growth(cause: EpochCause, kind: GuildKind, readers: Readers) -> Growth {
    match (cause, kind, readers) {
        (EpochCause::DeviceAdded | EpochCause::DeviceRevoked | EpochCause::DeviceRenewed, ..) => {
            Growth::Device
        }
        (EpochCause::Rights | EpochCause::Policy, ..)
        | (_, GuildKind::Group, _)
        | (EpochCause::Created, _, Readers::Listed) => Growth::Asked,
        _ => Growth::Came,
    }
}

/// Those of `all` for whom there is a place.
pub(super) fn admit(
    tx: &mut Tx<'_>,
    members: &mut Members,
    state: &mut State,
    cause: EpochCause,
    most: usize,
    all: Roster,
    moved: &mut Vec<Moved>,
) -> Result<Roster> {
    let waited = members.waiting.remove(&state.id).unwrap_or_default();
    if all.len() <= most && waited.is_empty() {
        return Ok(all);
    }
    let before = match state.epoch {
        0 => BTreeSet::new(),
        _ => store::epoch::roster(tx, &state.roster_hash)?.users(),
    };
    let growth = growth(cause, members.kind, state.readers);
    let mut devices: BTreeMap<UserId, usize> = BTreeMap::new();
    for entry in all.entries() {
        *devices.entry(entry.user).or_default() += 1;
    }
    let reads = |user: UserId| {
        let known = before.contains(&user) || growth == Growth::Device;
        user == members.rules.owner || (known && !waited.contains(&user))
    };
    let mut inside: BTreeSet<UserId> = devices.keys().copied().filter(|one| reads(*one)).collect();
    let mut used: usize = inside.iter().map(|user| devices[user]).sum();
    let mut queue: Vec<UserId> = devices.keys().copied().filter(|one| !reads(*one)).collect();
    let first = match (state.epoch, state.continues) {
        (0, Some(old)) => members.waiting.get(&old).unwrap_or(&waited),
        _ => &waited,
    };
    queue.sort_by_cached_key(|user| {
        let place = first.iter().position(|one| one == user);
        (
            !members.looks_after(*user, state.id),
            place.unwrap_or(usize::MAX),
            *user,
        )
    });
    let mut waits = BTreeSet::new();
    for user in queue {
        // Nobody is overtaken, not even by somebody with fewer devices.
        let fits = waits.is_empty() && used + devices[&user] <= most;
        if fits {
            used += devices[&user];
            inside.insert(user);
        } else if growth == Growth::Asked && !waited.contains(&user) {
            return Err(full());
        } else {
            waits.insert(user);
        }
    }
    let waited: BTreeSet<UserId> = waited.into_iter().collect();
    members.turned |= waited.is_empty() != waits.is_empty();
    follow(tx, state, &waited, &waits, &inside, moved)?;
    let inside = all.entries().filter(|entry| inside.contains(&entry.user));
    Ok(Roster::new(inside.copied().collect::<Vec<_>>()))
}

/// Notes who waits now. Whoever has a place reads from here on.
fn follow(
    tx: &mut Tx<'_>,
    state: &mut State,
    before: &BTreeSet<UserId>,
    now: &BTreeSet<UserId>,
    inside: &BTreeSet<UserId>,
    moved: &mut Vec<Moved>,
) -> Result<()> {
    if before == now {
        return Ok(());
    }
    let channel = state.id;
    let gained: BTreeSet<UserId> = now.difference(before).copied().collect();
    let lost: BTreeSet<UserId> = before.difference(now).copied().collect();
    store::channel_waiting::update(tx, channel, &gained, &lost)?;
    state.waiting = now.len() as u32;
    for user in lost.intersection(inside) {
        store::channel::enter(tx, channel, *user, ReadsFrom::Now)?;
    }
    let told = gained.iter().chain(lost.intersection(inside));
    moved.extend(told.map(|user| Moved {
        channel,
        user: *user,
    }));
    Ok(())
}

/// Tells people that they wait, or that there is a place for them, and the guild that a channel
/// became full or has room again.
pub(super) fn tell(tx: &mut Tx<'_>, members: &Members, moved: &[Moved]) -> Result<()> {
    for Moved { channel, user } in moved.iter().copied() {
        let Some(stored) = store::guild::get(tx, members.guild, user)? else {
            continue;
        };
        let rights = access::guild::in_channel(tx, &stored, user, channel)?;
        let view = store::channel::view(tx, channel, user)?.into_wire(rights);
        let created = Event::ChannelCreated {
            guild: members.guild,
            channel: Box::new(view),
        };
        tx.emit(Notice::event(Audience::User(user), created));
    }
    if !members.turned {
        return Ok(());
    }
    let access_version = store::channel::rules(tx, members.guild)?.access_version;
    let changed = Event::GuildChanged {
        guild: members.guild,
        access_version,
    };
    let audience = Audience::Guild {
        guild: members.guild,
        access_version,
    };
    tx.emit(Notice::event(audience, changed));
    Ok(())
}

impl Members {
    /// Who can do something about a channel that is full has a place before others.
    fn looks_after(&self, user: UserId, channel: ChannelId) -> bool {
        let holder = Holder {
            user,
            roles: self.roles.get(&user).map_or(&[], Vec::as_slice),
            timed_out: false,
            quarantined: self.apart.contains(&user),
            facts: Facts::default(),
        };
        let rights = self.rules.in_channel(&holder, channel);
        rights.contains(Permissions::MANAGE_CHANNELS)
    }
}

/// The refusal of whatever would let somebody new read a channel that is full.
fn full() -> Error {
    Error::refuse(
        ErrorCode::AudienceFull,
        "A channel is full: no more devices can read it encrypted. Continue it in a new channel, \
         or let fewer people read it.",
    )
}
