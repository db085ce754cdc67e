//! What happens to an account is written down where it happens, and what the person should look
//! at is told to their devices at once.

use cloister_wire::{DeviceId, UserId, gateway::Event, security::SecurityEventKind};

use crate::{
    Result,
    access::{Permit, Runs},
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
        user: Some(user),
        kind,
        device,
        visitor,
        by: None,
        about: "",
    };
    write(tx, permit, &happening)
}

/// The same for what whoever runs the instance does: to somebody's account, or to the instance.
pub(super) fn note_by_operator<R: Runs>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    user: Option<UserId>,
    (kind, about): (SecurityEventKind, &str),
    visitor: &Visitor,
) -> Result<()> {
    let happening = Happening {
        user,
        kind,
        device: None,
        visitor,
        by: permit.operator(),
        about,
    };
    write(tx, permit, &happening)
}

/// The same for what strangers do to the instance, such as applying for an account.
pub(super) fn note_of_instance<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    (kind, about): (SecurityEventKind, &str),
    visitor: &Visitor,
) -> Result<()> {
    let happening = Happening {
        user: None,
        kind,
        device: None,
        visitor,
        by: None,
        about,
    };
    write(tx, permit, &happening)
}

fn write<R>(tx: &mut Tx<'_>, permit: &Permit<'_, R>, happening: &Happening<'_>) -> Result<()> {
    let Happening { user, kind, by, .. } = *happening;
    let event = store::security_event::insert(tx, permit, happening)?;
    let address = happening.visitor.address;
    tracing::info!(?user, ?kind, ?by, %address, "security event");
    if let Some(user) = user
        && kind.is_notable()
    {
        let event = Event::SecurityNoticed { event };
        tx.emit(Notice::event(Audience::User(user), event));
    }
    Ok(())
}
