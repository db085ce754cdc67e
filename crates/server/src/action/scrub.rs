//! Removing messages. The content goes at once and everywhere; a tombstone keeps the place.

use std::{collections::BTreeSet, ops::Deref};

use cloister_wire::{
    ErrorCode, MessageId, Permissions,
    channel::{MessageClass, ScrubMessages, Scrubbed},
    gateway::Event,
    limits::SCRUBS_PER_REQUEST,
};

use crate::{
    Error, Result,
    access::{
        Permit,
        channel::{Place, Remove},
    },
    gateway::bus::Notice,
    store::{self, db::Tx},
};

/// Removes all of these messages or, if one of them is not for this person to remove, none.
pub fn scrub(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Remove>,
    request: &ScrubMessages,
) -> Result<Scrubbed> {
    if request.messages.is_empty() || request.messages.len() > SCRUBS_PER_REQUEST {
        return Err(Error::invalid("Name 1 to 100 messages."));
    }
    let wanted: BTreeSet<MessageId> = request.messages.iter().copied().collect();
    let mut live = Vec::new();
    for message in wanted {
        if is_live(tx, permit, message)? {
            live.push(message);
        }
    }
    let at = tx.now();
    let mut scrubs = Vec::with_capacity(live.len());
    for message in live {
        store::scrub::scrub(tx, permit, message, at)?;
        scrubs.push(store::scrub::append(tx, permit, message, at)?);
    }
    let count = scrubs.len() as u32;
    if count > 0 {
        let channel = permit.channel();
        let event = Event::MessagesScrubbed { channel, scrubs };
        tx.emit(Notice::event(permit.audience(), event));
    }
    Ok(Scrubbed { count })
}

/// Whether there is anything left to remove; refuses who may not.
fn is_live(tx: &mut Tx<'_>, permit: &Permit<'_, Remove>, message: MessageId) -> Result<bool> {
    let target = store::message::target(tx, permit, message)?
        .filter(|target| target.class == MessageClass::Message)
        .ok_or_else(Error::not_found)?;
    let own = target.sender == permit.user();
    if !own && !permit.rights().contains(Permissions::MANAGE_MESSAGES) {
        return Err(Error::forbidden());
    }
    Ok(target.scrubbed_at.is_none())
}

/// What an author takes back goes in the transaction that accepts the deletion.
pub(super) fn by_author<R: Deref<Target = Place>>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    target: Option<MessageId>,
    at: u64,
) -> Result<()> {
    let target = target.ok_or_else(|| {
        Error::refuse(
            ErrorCode::TargetGone,
            "The message that this is about is gone.",
        )
    })?;
    store::scrub::scrub(tx, permit, target, at)
}
