//! Direct conversations.

use cloister_proof::{
    epoch::EpochCause,
    policy::{HistoryRule, SUITE_TEXT},
    transcript,
};
use cloister_wire::{ChannelId, UserId, gateway::Event, guild::Dm};

use super::{epoch, relation};
use crate::{
    Error, Result,
    access::{Act, Permit},
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
        return store::dm::view(tx, channel, me, peer);
    }
    if !store::dm::share_a_guild(tx, pair)? {
        return Err(Error::forbidden());
    }
    relation::check_contact(tx, me, peer)?;
    let id = tx.id(ChannelId::new);
    let head = transcript::start(id);
    let new = New {
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
    store::dm::insert(tx, id, pair)?;
    // Both hear of the conversation before they hear of its first epoch, which follows at once.
    for (user, other) in [(me, peer), (peer, me)] {
        let mut dm = Box::new(store::dm::view(tx, id, user, other)?);
        dm.channel.epoch = 1;
        tx.emit(Notice::event(Audience::User(user), Event::DmOpened { dm }));
    }
    epoch::bump(tx, authority, &[id], EpochCause::Created)?;
    store::dm::view(tx, id, me, peer)
}
