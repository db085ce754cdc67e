//! Leave to see, read and write one channel, be it of a guild or a direct conversation.

use std::{collections::BTreeSet, ops::Deref};

use cloister_wire::{ChannelId, DeviceId, GuildId, Permissions, UserId, guild::GuildKind};

use super::{
    Actor, Caller, Permit, act,
    guild::{constrained_in, permissions, relation_in},
    policy::{Ruling, Verb, rule},
};
use crate::{
    Error, Result,
    gateway::bus::Audience,
    store::{
        self,
        channel::{Readers, State},
        db::Tx,
    },
};

/// Somebody and a channel that they may see.
#[derive(Debug, Clone)]
pub struct Place {
    pub actor: Actor,
    pub state: State,
    pub kind: Kind,
    /// Who reads, if that is not everybody in the guild.
    pub listed: Option<BTreeSet<UserId>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Guild {
        guild: GuildId,
        access_version: u64,
        rights: Permissions,
        /// Members read only before that, and tell nobody by name.
        newcomer_until: u64,
        mentions_from: u64,
        /// They have yet to agree to the rules, and read only before that.
        owes_agreement: bool,
    },
    Direct {
        pair: [UserId; 2],
    },
}

/// To see that the channel is there, and who reads it.
#[derive(Debug, Clone)]
pub struct View(Place);

/// To read what was said.
#[derive(Debug, Clone)]
pub struct Read(Place);

/// To say something. The channel's row is locked until the end of the transaction.
#[derive(Debug, Clone)]
pub struct Send(Place);

/// To remove what was said: one's own, and with the right what others said. The channel's row is
/// locked until the end of the transaction.
#[derive(Debug, Clone)]
pub struct Remove(Place);

/// To choose what the channel keeps at hand. The channel's row is locked until the end of the
/// transaction.
#[derive(Debug, Clone)]
pub struct Pin(Place);

/// To close a thread and to open it again. The channel's row is locked until the end of the
/// transaction.
#[derive(Debug, Clone)]
pub struct Close(Place);

macro_rules! places {
    ($($right:ident)*) => {$(
        impl Deref for $right {
            type Target = Place;
            fn deref(&self) -> &Place {
                &self.0
            }
        }
    )*};
}
places!(View Read Send Remove Pin Close);

impl Place {
    pub const fn channel(&self) -> ChannelId {
        self.state.id
    }

    pub const fn user(&self) -> UserId {
        self.actor.user
    }

    pub const fn device(&self) -> DeviceId {
        self.actor.device
    }

    /// Who may hear what happens here.
    pub fn audience(&self) -> Audience {
        match self.kind {
            Kind::Guild {
                guild,
                access_version,
                ..
            } => audience(guild, self.state.id, access_version, self.listed.as_ref()),
            Kind::Direct { pair } => Audience::Pair(pair),
        }
    }

    pub const fn rights(&self) -> Permissions {
        match self.kind {
            Kind::Guild { rights, .. } => rights,
            Kind::Direct { .. } => DIRECT,
        }
    }
}

/// Who may hear what happens in a guild's channel.
pub fn audience(
    guild: GuildId,
    channel: ChannelId,
    access_version: u64,
    listed: Option<&BTreeSet<UserId>>,
) -> Audience {
    match listed {
        Some(users) => Audience::Readers {
            guild,
            channel,
            users: users.clone(),
            access_version,
        },
        None => Audience::Channel {
            guild,
            channel,
            access_version,
        },
    }
}

/// What each of the two may do in a direct conversation.
pub const DIRECT: Permissions = Permissions::EVERYONE;

pub fn view<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    channel: ChannelId,
) -> Result<Permit<'tx, View>> {
    let actor = act(tx, caller)?.0;
    let state = store::channel::state(tx, channel)?;
    let place = enter(tx, actor, state, Verb::ViewChannel)?;
    Ok(Permit::give(tx, View(place)))
}

pub fn read<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    channel: ChannelId,
) -> Result<Permit<'tx, Read>> {
    let actor = act(tx, caller)?.0;
    let state = store::channel::state(tx, channel)?;
    let place = enter(tx, actor, state, Verb::ReadHistory)?;
    Ok(Permit::give(tx, Read(place)))
}

pub fn send<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    channel: ChannelId,
) -> Result<Permit<'tx, Send>> {
    let actor = act(tx, caller)?.0;
    // The lock comes before the rights are read: a change of rights that is on its way either
    // comes first, and is seen, or comes after what is sent.
    let state = store::channel::lock(tx, channel)?;
    let place = enter(tx, actor, state, Verb::SendMessage)?;
    Ok(Permit::give(tx, Send(place)))
}

pub fn remove<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    channel: ChannelId,
) -> Result<Permit<'tx, Remove>> {
    let actor = act(tx, caller)?.0;
    let state = store::channel::lock(tx, channel)?;
    let place = enter(tx, actor, state, Verb::ReadHistory)?;
    Ok(Permit::give(tx, Remove(place)))
}

pub fn pin<'tx>(tx: &mut Tx<'tx>, caller: &Caller, channel: ChannelId) -> Result<Permit<'tx, Pin>> {
    let actor = act(tx, caller)?.0;
    let state = store::channel::lock(tx, channel)?;
    let place = enter(tx, actor, state, Verb::PinMessage)?;
    Ok(Permit::give(tx, Pin(place)))
}

pub fn close<'tx>(
    tx: &mut Tx<'tx>,
    caller: &Caller,
    channel: ChannelId,
) -> Result<Permit<'tx, Close>> {
    let actor = act(tx, caller)?.0;
    let state = store::channel::lock(tx, channel)?;
    let place = enter(tx, actor, state, Verb::SendMessage)?;
    Ok(Permit::give(tx, Close(place)))
}

fn timed_out(stored: &store::guild::Stored, now: u64) -> Error {
    let until = stored.timed_out_until.unwrap_or(now);
    Error::refuse(
        cloister_wire::ErrorCode::TimedOutMember,
        "A moderator has put you on hold here. You can read, and write again when it is over.",
    )
    .retry_after(until.saturating_sub(now))
}

/// The refusal for somebody who waits for a place.
fn waits() -> Error {
    Error::refuse(
        cloister_wire::ErrorCode::AudienceFull,
        "This channel is full. You read it as soon as there is a place for your devices.",
    )
}

fn gone() -> Error {
    Error::refuse(
        cloister_wire::ErrorCode::PersonGone,
        "The other account was deleted. You can read what was said.",
    )
}

fn quarantined() -> Error {
    Error::refuse(
        cloister_wire::ErrorCode::Quarantined,
        "A moderator has put you in quarantine here. You can read what everybody reads.",
    )
}

fn enter(tx: &mut Tx<'_>, actor: Actor, state: Option<State>, verb: Verb) -> Result<Place> {
    let state = state.ok_or_else(Error::not_found)?;
    let listed = match state.readers {
        Readers::Everyone => None,
        Readers::Listed => Some(store::channel_reader::get(tx, state.id)?),
    };
    if listed
        .as_ref()
        .is_some_and(|users| !users.contains(&actor.user))
    {
        return Err(Error::not_found());
    }
    let kind = match state.guild {
        Some(guild) => {
            let stored = store::guild::get_acting(tx, guild, &actor)?;
            let stored = stored.ok_or_else(Error::not_found)?;
            let relation = relation_in(tx, &stored, actor.user, state.id)?;
            // In a conversation everybody who writes also pins.
            let verb = match (stored.kind, verb) {
                (GuildKind::Group, Verb::PinMessage) => Verb::SendMessage,
                (_, verb) => verb,
            };
            match rule(relation, verb) {
                Ruling::Allowed => {}
                Ruling::Forbidden if stored.quarantined_at.is_some() => {
                    return Err(quarantined());
                }
                Ruling::Forbidden if stored.timed_out_until.is_some() => {
                    return Err(timed_out(&stored, tx.now()));
                }
                Ruling::Forbidden => {
                    let why = constrained_in(tx, &stored, actor.user, state.id, verb)?;
                    return Err(why.unwrap_or_else(Error::forbidden));
                }
                Ruling::Hidden => return Err(Error::not_found()),
            }
            let outside = verb != Verb::ViewChannel
                && state.waiting > 0
                && store::channel_waiting::is_waiting(tx, state.id, actor.user)?;
            if outside {
                return Err(waits());
            }
            let access_version = stored.access_version;
            Kind::Guild {
                guild,
                access_version,
                rights: permissions(relation),
                newcomer_until: stored.new_until(stored.newcomer_s),
                mentions_from: stored.new_until(stored.mentions_s),
                owes_agreement: stored.owes_agreement(),
            }
        }
        None => {
            let (pair, gone_at) =
                store::dm::pair_here(tx, state.id)?.ok_or_else(Error::not_found)?;
            if !pair.contains(&actor.user) {
                return Err(Error::not_found());
            }
            if gone_at.is_some() && verb == Verb::SendMessage {
                return Err(gone());
            }
            Kind::Direct { pair }
        }
    };
    Ok(Place {
        actor,
        state,
        kind,
        listed,
    })
}
