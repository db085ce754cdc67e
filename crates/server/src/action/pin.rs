//! Pinning messages, so that a channel keeps them at hand.

use cloister_wire::{
    ErrorCode, MessageId, channel::MessageClass, gateway::Event, limits::PINS_PER_CHANNEL,
};

use crate::{
    Error, Result,
    access::{Permit, channel::Pin},
    gateway::bus::Notice,
    store::{self, db::Tx},
};

/// Pins a message that is still there. Pinning it once more changes nothing.
pub fn pin(tx: &mut Tx<'_>, permit: &Permit<'_, Pin>, message: MessageId) -> Result<()> {
    let live = store::message::target(tx, permit, message)?.is_some_and(|target| {
        target.class == MessageClass::Message && target.scrubbed_at.is_none()
    });
    if !live {
        return Err(Error::refuse(
            ErrorCode::TargetGone,
            "The message that this is about is gone.",
        ));
    }
    if !store::pin::insert(tx, permit, message)? {
        return Ok(());
    }
    if store::pin::count(tx, permit)? > PINS_PER_CHANNEL {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "50 messages are pinned here already. Unpin one first.",
        ));
    }
    tell(tx, permit)
}

/// Takes a pin away, if there is one.
pub fn unpin(tx: &mut Tx<'_>, permit: &Permit<'_, Pin>, message: MessageId) -> Result<()> {
    if store::pin::delete(tx, permit, message)? {
        tell(tx, permit)?;
    }
    Ok(())
}

fn tell(tx: &mut Tx<'_>, permit: &Permit<'_, Pin>) -> Result<()> {
    let event = Event::PinsChanged {
        channel: permit.channel(),
        version: store::pin::raise(tx, permit)?,
        pins: store::pin::list(tx, permit)?,
    };
    tx.emit(Notice::event(permit.audience(), event));
    Ok(())
}
