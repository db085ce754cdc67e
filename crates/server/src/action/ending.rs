//! Ending sign-ins: one's own, many at once, and those that another program ended. A connection of
//! an ended sign-in is closed with the commit.

use cloister_wire::{
    DeviceId, SessionId, UserId,
    security::{SecurityEventKind, Which},
};

use super::security;
use crate::{
    Error, Result,
    access::{Actor, Anyone, Enrol, Permit, Proved},
    gateway::bus::Notice,
    store::{self, db::Tx},
    visitor::Visitor,
};

/// Ends the sign-in of whoever acts.
pub fn sign_out(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>, visitor: &Visitor) -> Result<()> {
    end(tx, permit, permit.session, "signed out")?;
    let of = (permit.user, Some(permit.device));
    security::note(tx, permit, of, SecurityEventKind::SignedOut, visitor)
}

/// Ends one of the person's sign-ins.
pub fn end_one(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Proved>,
    session: SessionId,
    visitor: &Visitor,
) -> Result<()> {
    if !store::session::page_of_user(tx, permit, permit.user)?.contains(&session) {
        return Err(Error::not_found());
    }
    end(tx, permit, session, "ended by the person")?;
    let of = (permit.user, Some(permit.device));
    security::note(tx, permit, of, SecurityEventKind::SessionEnded, visitor)
}

/// Ends many of them.
pub fn end_many(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Proved>,
    which: Which,
    visitor: &Visitor,
) -> Result<()> {
    match which {
        Which::Others => end_others(tx, permit, permit, "ended by the person")?,
        Which::All => end_all(tx, permit, permit.user, "ended by the person")?,
    }
    let of = (permit.user, Some(permit.device));
    security::note(tx, permit, of, SecurityEventKind::AllSessionsEnded, visitor)
}

/// Ends every sign-in of the person but the one that acts.
pub(super) fn end_others<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    actor: &Actor,
    why: &'static str,
) -> Result<()> {
    for session in store::session::page_of_user(tx, permit, actor.user)? {
        if session != actor.session {
            end(tx, permit, session, why)?;
        }
    }
    Ok(())
}

/// Ends every sign-in of a person.
pub fn end_all<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    user: UserId,
    why: &'static str,
) -> Result<()> {
    for session in store::session::page_of_user(tx, permit, user)? {
        end(tx, permit, session, why)?;
    }
    Ok(())
}

/// Tells this program's connections of sign-ins that another one ended, such as the operator's
/// command.
pub fn hear_of_ended(tx: &mut Tx<'_>, permit: &Permit<'_, Anyone>, since: u64) -> Result<()> {
    for session in store::session::page_ended(tx, permit, since)? {
        tx.emit(Notice::SessionEnded { session });
    }
    Ok(())
}

/// Ends every sign-in of a device.
pub(super) fn end_all_of<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    device: DeviceId,
    why: &'static str,
) -> Result<()> {
    for session in store::session::page_of_device(tx, permit, device)? {
        end(tx, permit, session, why)?;
    }
    Ok(())
}

pub(super) fn end<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    session: SessionId,
    why: &'static str,
) -> Result<()> {
    store::session::update_ended(tx, permit, session, why)?;
    tx.emit(Notice::SessionEnded { session });
    Ok(())
}
