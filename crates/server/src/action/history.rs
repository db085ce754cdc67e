//! Earlier messages for those who come later: who waits for their keys, and who hands them over.
//! The keys themselves go from device to device.

use cloister_proof::GuildLog;
use cloister_wire::{
    ErrorCode, UserId,
    channel::{HandHistory, HistoryClaim, HistoryStep, HistoryWish},
    gateway::Event,
};

use crate::{
    Error, Result,
    access::{self, Act, Caller, Permit, channel::Read},
    gateway::bus::{Audience, Notice},
    store::{
        self,
        channel::{ReadsFrom, State},
        db::Tx,
    },
};

/// Lets somebody who is new in a channel read what its policy shares. Those who may hand the
/// keys over hear of it.
pub(super) fn open_back(
    tx: &mut Tx<'_>,
    state: &State,
    audience: &Audience,
    log: &GuildLog,
    user: UserId,
) -> Result<bool> {
    let since = match (state.shared_since, ReadsFrom::of(log, user)) {
        (Some(since), ReadsFrom::Shared) if log.reads(state.id, user) => since,
        _ => return Ok(false),
    };
    store::channel::open_back(tx, state.id, user, since)?;
    if state.last_seq <= since {
        return Ok(false);
    }
    store::history::want(tx, state.id, user)?;
    tell(tx, state, audience.clone());
    Ok(true)
}

fn tell(tx: &mut Tx<'_>, state: &State, audience: Audience) {
    let channel = state.id;
    tx.emit(Notice::event(audience, Event::HistoryWanted { channel }));
}

/// Who waits, in channels that the caller reads.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    caller: &Caller,
) -> Result<Vec<HistoryWish>> {
    let mut wishes = Vec::new();
    for wish in store::history::page(tx, permit)? {
        match access::channel::read(tx, caller, wish.channel) {
            Ok(_) => wishes.push(wish),
            Err(Error::Refused(_)) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(wishes)
}

/// Asks for the keys of a channel's earlier messages.
pub fn ask(tx: &mut Tx<'_>, permit: &Permit<'_, Read>) -> Result<()> {
    let Some(guild) = permit
        .state
        .guild
        .filter(|_| permit.state.shared_since.is_some())
    else {
        return Err(Error::refuse(
            ErrorCode::HistoryNotShared,
            "This channel does not hand earlier messages to those who come later.",
        ));
    };
    let log = store::guild_log::lock(tx, guild)?;
    if ReadsFrom::of(&log, permit.user()) == ReadsFrom::Now {
        return Err(Error::refuse(
            ErrorCode::HistoryNotShared,
            "Earlier messages are for members whom somebody has vouched for.",
        ));
    }
    store::history::ask(tx, permit)?;
    tell(tx, &permit.state, permit.audience());
    Ok(())
}

/// A device takes on to hand history over, or says that it has.
pub fn hand(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    request: &HandHistory,
) -> Result<HistoryClaim> {
    match request.step {
        HistoryStep::Begin => store::history::claim(tx, permit, request.user),
        HistoryStep::End => {
            store::history::done(tx, permit, request.user)?;
            Ok(HistoryClaim::Yours)
        }
    }
}
