//! Handing the key of a group session to the devices of a channel.

use std::collections::{BTreeMap, BTreeSet};

use cloister_proof::{Roster, RosterEntry};
use cloister_wire::{
    DeviceId, ErrorCode, Hash,
    channel::{Share, Shared, Wrap},
    key::ToDeviceClass,
    limits,
};

use super::inbox::{self, Parcel};
use crate::{
    Error, Result,
    access::{
        Permit,
        channel::{Kind, Send},
    },
    store::{
        self,
        db::Tx,
        group_session::{Coverage, Given, Session},
    },
};

/// How much of a roster a session's key has reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Devices of the roster, the sender's own not counted, that have nothing yet.
    pub missing: Vec<DeviceId>,
    /// From this index on everybody who holds the key can read.
    pub from_index: u32,
    pub covered: u32,
}

/// Stores envelopes and withholds; what was accepted stays, whatever becomes of the message.
pub fn share(tx: &mut Tx<'_>, permit: &Permit<'_, Send>, request: &Share) -> Result<Shared> {
    if !matches!(permit.kind, Kind::Guild { .. }) {
        return Err(Error::invalid(
            "A direct conversation has no group sessions.",
        ));
    }
    if request.envelopes.len() + request.withheld.len() > limits::ENVELOPES_PER_SHARE {
        return Err(Error::refuse(
            ErrorCode::TooLarge,
            "Share with at most 100 devices at once.",
        ));
    }
    same_epoch(tx, permit, request.epoch, &request.roster_hash)?;
    let roster = roster_with_self(tx, permit)?;
    let session = session(tx, permit, &request.session)?;
    if session.created_epoch < permit.state.rotate_floor {
        return Err(rotate_required(tx, permit, request.epoch)?);
    }
    check_audience(tx, permit, &roster, &request.envelopes)?;
    let known = served(tx, permit, &request.session)?;
    let mut fresh = deliver(tx, permit, request, &roster, &known)?;
    let withheld = withhold(request, &roster, &known, &fresh)?;
    notify_withheld(tx, permit, request, &withheld)?;
    fresh.extend(withheld);
    store::group_session::cover(tx, permit, &request.session, &fresh)?;
    let reach = reach(tx, permit, &request.session, &roster)?;
    if reach.missing.is_empty() {
        let epoch = permit.state.epoch;
        store::group_session::set_covered(tx, permit, &request.session, epoch, reach.from_index)?;
    }
    store::inbox::raise_writes(tx, permit.device(), request.writes)?;
    Ok(Shared {
        covered: reach.covered,
    })
}

/// Devices that were served before, each with the registration and from which index it reads;
/// without one, the key was withheld.
type Served = BTreeMap<DeviceId, (u32, Option<u32>)>;

fn served(tx: &mut Tx<'_>, permit: &Permit<'_, Send>, session: &Hash) -> Result<Served> {
    let rows = store::group_session::coverage(tx, permit, session)?;
    Ok(rows
        .into_iter()
        .map(|(device, reg_id, from)| (device, (reg_id, from)))
        .collect())
}

/// Queues the envelopes of those who do not hold the key yet.
fn deliver(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    request: &Share,
    roster: &Roster,
    known: &Served,
) -> Result<Vec<Coverage>> {
    let holds = |entry: &RosterEntry| {
        known.get(&entry.device).is_some_and(|(reg_id, from)| {
            *reg_id == entry.reg_id && from.is_some_and(|from| from <= request.from_index)
        })
    };
    let given = Given::Key {
        from_index: request.from_index,
    };
    let mut fresh = Vec::new();
    // Queues are locked in the order of their ids, so that two senders can't block each other.
    let mut envelopes: Vec<&Wrap> = request.envelopes.iter().collect();
    envelopes.sort_by_key(|wrap| wrap.device);
    for wrap in envelopes {
        let Some(entry) = roster.device(wrap.device).filter(|entry| !holds(entry)) else {
            continue;
        };
        let parcel = Parcel {
            recipient: wrap.device,
            dedupe_id: wrap.dedupe_id,
            class: ToDeviceClass::RoomKey,
            envelope: &wrap.envelope,
        };
        inbox::deliver(tx, &permit.actor, &parcel)?;
        fresh.push(Coverage {
            recipient: entry.device,
            reg_id: entry.reg_id,
            given,
        });
    }
    Ok(fresh)
}

/// Notes who gets no key, and why; not those who hold it or are served right now.
fn withhold(
    request: &Share,
    roster: &Roster,
    known: &Served,
    fresh: &[Coverage],
) -> Result<Vec<Coverage>> {
    let mut withheld = Vec::new();
    for one in &request.withheld {
        let entry = roster
            .device(one.device)
            .ok_or_else(|| Error::invalid("A withheld device does not read this channel."))?;
        let current = known
            .get(&entry.device)
            .is_some_and(|(reg_id, _)| *reg_id == entry.reg_id);
        if !current && !fresh.iter().any(|one| one.recipient == entry.device) {
            withheld.push(Coverage {
                recipient: entry.device,
                reg_id: entry.reg_id,
                given: Given::Withheld(one.code),
            });
        }
    }
    Ok(withheld)
}

/// Says to devices that they get no key, and why.
fn notify_withheld(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    request: &Share,
    withheld: &[Coverage],
) -> Result<()> {
    let mut ordered: Vec<&Coverage> = withheld.iter().collect();
    ordered.sort_by_key(|one| one.recipient);
    for one in ordered {
        if let Given::Withheld(code) = one.given {
            inbox::withhold(tx, permit, one.recipient, &request.session, code)?;
        }
    }
    Ok(())
}

/// How far a session's key has come in a roster.
pub fn reach(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    session: &Hash,
    roster: &Roster,
) -> Result<Reach> {
    let served = served(tx, permit, session)?;
    let mut reach = Reach {
        missing: Vec::new(),
        from_index: 0,
        covered: 0,
    };
    for entry in roster
        .entries()
        .filter(|entry| entry.device != permit.device())
    {
        match served.get(&entry.device) {
            Some((reg_id, from)) if *reg_id == entry.reg_id => {
                reach.covered += 1;
                reach.from_index = reach.from_index.max(from.unwrap_or(0));
            }
            _ => reach.missing.push(entry.device),
        }
    }
    Ok(reach)
}

/// The roster of the channel, of which the sending device must be part.
pub fn roster_with_self(tx: &mut Tx<'_>, permit: &Permit<'_, Send>) -> Result<Roster> {
    let roster = store::epoch::roster(tx, &permit.state.roster_hash)?;
    if roster.device(permit.device()).is_some() {
        Ok(roster)
    } else {
        Err(Error::forbidden())
    }
}

/// Refuses what was made for another audience.
pub fn same_epoch(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    epoch: u64,
    roster_hash: &Hash,
) -> Result<()> {
    if epoch == permit.state.epoch && *roster_hash == permit.state.roster_hash {
        return Ok(());
    }
    let sentence = "Who reads this channel has changed. Encrypt for them and send again.";
    // Whoever has this epoch with another roster needs the whole of it.
    let since = if epoch < permit.state.epoch { epoch } else { 0 };
    let code = ErrorCode::EpochStale;
    Err(refusal(tx, permit, code, sentence, since, Vec::new())?)
}

pub fn rotate_required(tx: &mut Tx<'_>, permit: &Permit<'_, Send>, epoch: u64) -> Result<Error> {
    let sentence = "Somebody left since this session was begun. Begin a new one.";
    refusal(
        tx,
        permit,
        ErrorCode::RotateRequired,
        sentence,
        epoch,
        Vec::new(),
    )
}

/// Every envelope must be for a device of the roster, as it is registered now. The devices that
/// are not are named in the refusal.
pub fn check_audience(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    roster: &Roster,
    envelopes: &[Wrap],
) -> Result<()> {
    let mut seen = BTreeSet::new();
    let (mut strangers, mut stale) = (Vec::new(), Vec::new());
    for wrap in envelopes {
        if !seen.insert(wrap.device) {
            return Err(Error::invalid("One device is served twice."));
        }
        match roster.device(wrap.device) {
            Some(_) if wrap.device == permit.device() => strangers.push(wrap.device),
            Some(entry) if entry.reg_id == wrap.envelope.reg_id => {}
            Some(_) => stale.push(wrap.device),
            None => strangers.push(wrap.device),
        }
    }
    let epoch = permit.state.epoch;
    if !strangers.is_empty() {
        let sentence = "The message is not for exactly the devices that read here.";
        return Err(refusal(
            tx,
            permit,
            ErrorCode::DevicesMismatch,
            sentence,
            epoch,
            strangers,
        )?);
    }
    if !stale.is_empty() {
        let sentence = "Some devices have come back with new keys.";
        return Err(refusal(
            tx,
            permit,
            ErrorCode::DevicesStale,
            sentence,
            epoch,
            stale,
        )?);
    }
    Ok(())
}

/// A refusal with all that is needed to try again.
pub fn refusal(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    code: ErrorCode,
    sentence: &'static str,
    since: u64,
    missing: Vec<DeviceId>,
) -> Result<Error> {
    let view = store::epoch::view(tx, &permit.state, since, missing)?;
    Ok(Error::refuse(code, sentence).with_epoch(view))
}

/// The session, begun in this epoch if it is new.
fn session(tx: &mut Tx<'_>, permit: &Permit<'_, Send>, id: &Hash) -> Result<Session> {
    if let Some(session) = store::group_session::get(tx, permit, id)? {
        return if session.channel == permit.channel() {
            Ok(session)
        } else {
            Err(Error::invalid("This session belongs to another channel."))
        };
    }
    let epoch = permit.state.epoch;
    store::group_session::insert(tx, permit, id, epoch)?;
    Ok(Session {
        channel: permit.channel(),
        created_epoch: epoch,
        covered_epoch: 0,
        from_index: 0,
        last_index: -1,
    })
}
