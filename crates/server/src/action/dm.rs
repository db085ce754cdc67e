//! Direct conversations.

use cloister_proof::{
    epoch::EpochCause,
    policy::{HistoryRule, SUITE_TEXT},
    transcript,
};
use cloister_wire::{
    ChannelId, UserId,
    gateway::Event,
    guild::{Dm, RequestAnswer},
};

use super::{
    epoch,
    relation::{self, Welcome},
};
use crate::{
    Error, Result,
    access::{
        Act, Permit,
        channel::{Kind, Read},
    },
    gateway::bus::{Audience, Notice},
    seal::authority::Authority,
    store::{
        self,
        channel::{New, Readers},
        db::Tx,
    },
};

/// Opens the conversation with somebody, or finds it.
pub fn open(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Permit<'_, Act>,
    peer: UserId,
) -> Result<Dm> {
    let me = permit.user;
    if peer == me {
        return Err(Error::invalid("A conversation is with somebody else."));
    }
    let pair = [me, peer];
    store::dm::lock_pair(tx, pair)?;
    if let Some(channel) = store::dm::find(tx, pair)? {
        // Who was asked and now begins it themself has taken it up.
        take_up(tx, channel, pair, me)?;
        return store::dm::view(tx, channel, me, peer);
    }
    if !store::dm::share_a_guild(tx, pair)? {
        return Err(Error::forbidden());
    }
    let waits_for = match relation::check_contact(tx, me, peer)? {
        Welcome::AtOnce => None,
        Welcome::OnRequest => Some(peer),
    };
    let id = tx.id(ChannelId::new);
    let head = transcript::start(id);
    let new = New {
        continues: None,
        id,
        guild: None,
        name: "",
        position: 0,
        suite: SUITE_TEXT,
        head,
        readers: Readers::Everyone,
        history: HistoryRule::None,
    };
    store::channel::insert(tx, &new)?;
    store::dm::insert(tx, id, pair, waits_for)?;
    // Both hear of the conversation before they hear of its first epoch, which follows at once.
    for (user, other) in [(me, peer), (peer, me)] {
        let mut dm = Box::new(store::dm::view(tx, id, user, other)?);
        dm.channel.epoch = 1;
        tx.emit(Notice::event(Audience::User(user), Event::DmOpened { dm }));
    }
    epoch::bump(tx, authority, &[id], EpochCause::Created)?;
    store::dm::view(tx, id, me, peer)
}

/// Answers somebody who began a conversation.
pub fn answer(tx: &mut Tx<'_>, permit: &Permit<'_, Read>, answer: RequestAnswer) -> Result<()> {
    let (channel, me) = (permit.channel(), permit.user());
    let Kind::Direct { pair } = permit.kind else {
        return Err(nothing_waits());
    };
    if store::dm::waits_for(tx, channel)? != Some(me) {
        return Err(nothing_waits());
    }
    match answer {
        RequestAnswer::Accept => take_up(tx, channel, pair, me),
        RequestAnswer::Decline => {
            store::dm::update_declined(tx, channel)?;
            tell(tx, channel, pair, &[me])
        }
    }
}

/// Whoever is asked and does something there has taken the conversation up.
pub(super) fn take_up(
    tx: &mut Tx<'_>,
    channel: ChannelId,
    pair: [UserId; 2],
    me: UserId,
) -> Result<()> {
    if store::dm::waits_for(tx, channel)? != Some(me) {
        return Ok(());
    }
    store::dm::update_taken_up(tx, channel)?;
    tell(tx, channel, pair, &pair)
}

pub(super) fn tell(
    tx: &mut Tx<'_>,
    channel: ChannelId,
    pair: [UserId; 2],
    who: &[UserId],
) -> Result<()> {
    for user in who {
        let other = if pair[0] == *user { pair[1] } else { pair[0] };
        let dm = Box::new(store::dm::view(tx, channel, *user, other)?);
        tx.emit(Notice::event(Audience::User(*user), Event::DmOpened { dm }));
    }
    Ok(())
}

fn nothing_waits() -> Error {
    Error::invalid("Nobody waits for an answer here.")
}
