//! What happens to an account is written down where it happens, and what the person should look
//! at is told to their devices at once.

use cloister_wire::{DeviceId, UserId, gateway::Event, security::SecurityEventKind};

use crate::{
    Result,
    access::Permit,
    gateway::bus::{Audience, Notice},
    store::{self, db::Tx, security_event::Happening},
    visitor::Visitor,
};

/// Writes down what happens to `user`, on which of their devices if on one.
pub(super) fn note<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    (user, device): (UserId, Option<DeviceId>),
    kind: SecurityEventKind,
    visitor: &Visitor,
) -> Result<()> {
    let happening = Happening {
        user,
        kind,
        device,
        visitor,
    };
    let event = store::security_event::insert(tx, permit, &happening)?;
    tracing::info!(%user, ?kind, address = %visitor.address, "security event");
    if kind.is_notable() {
        let event = Event::SecurityNoticed { event };
        tx.emit(Notice::event(Audience::User(user), event));
    }
    Ok(())
}

/// The same for what the operator does on the machine.
pub fn note_by_operator(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, crate::access::System>,
    user: UserId,
    kind: SecurityEventKind,
) -> Result<()> {
    note(tx, permit, (user, None), kind, &Visitor::here())
}
