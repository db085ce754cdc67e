//! Threads: beginning one, closing it, and how far somebody has read it.

use cloister_wire::{
    ErrorCode, MessageId, Permissions,
    channel::MessageClass,
    gateway::Event,
    thread::{MarkThreadRead, SetThread, ThreadState},
};

use crate::{
    Error, Result,
    access::{
        Permit,
        channel::{Close, Send, View},
    },
    gateway::bus::{Audience, Notice},
    store::{self, db::Tx},
};

/// Whether a message may stand in the thread of `root`; the first one begins it.
pub(super) fn check(tx: &mut Tx<'_>, permit: &Permit<'_, Send>, root: MessageId) -> Result<()> {
    let gone = || {
        Error::refuse(
            ErrorCode::TargetGone,
            "The message that this is about is gone.",
        )
    };
    let target = store::message::target(tx, permit, root)?.ok_or_else(gone)?;
    if target.class != MessageClass::Message || target.thread.is_some() {
        return Err(Error::invalid(
            "A thread hangs on a message that stands in the channel itself.",
        ));
    }
    match store::thread::get(tx, permit, root)?.map(|thread| thread.state) {
        Some(ThreadState::Open) => Ok(()),
        Some(ThreadState::Archived) => Err(Error::refuse(
            ErrorCode::ThreadClosed,
            "This thread was closed. Open it again, or write in the channel.",
        )),
        // One that is there outlives what it hangs on; none begins on what is gone.
        None if target.scrubbed_at.is_some() => Err(gone()),
        None if permit.rights().contains(Permissions::CREATE_THREADS) => Ok(()),
        None => Err(Error::forbidden()),
    }
}

/// Nothing hangs on that message, if it is there.
pub(crate) fn none() -> Error {
    Error::refuse(ErrorCode::TargetGone, "There is no such thread here.")
}

/// Closes a thread or opens it again: whoever began it, whoever wrote what it hangs on, and with
/// the right everybody. Doing it once more changes nothing.
pub fn set(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Close>,
    root: MessageId,
    request: &SetThread,
) -> Result<()> {
    let known = store::thread::get(tx, permit, root)?.ok_or_else(none)?;
    let target = store::message::target(tx, permit, root)?.ok_or_else(none)?;
    let own = [known.started_by, target.sender].contains(&permit.user());
    if !own && !permit.rights().contains(Permissions::MANAGE_THREADS) {
        return Err(Error::forbidden());
    }
    if known.state == request.state {
        return Ok(());
    }
    let archived_at = match request.state {
        ThreadState::Archived => Some(tx.now()),
        ThreadState::Open => None,
    };
    store::thread::update_archived(tx, permit, root, archived_at)?;
    let event = Event::ThreadChanged {
        channel: permit.channel(),
        thread: root,
        archived_at,
    };
    tx.emit(Notice::event(permit.audience(), event));
    Ok(())
}

/// Moves the cursor forward; it never goes back.
pub fn mark_read(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, View>,
    root: MessageId,
    request: &MarkThreadRead,
) -> Result<()> {
    let known = store::thread::get(tx, permit, root)?.ok_or_else(none)?;
    if request.seq > known.last_seq {
        return Err(Error::invalid("There is no message with that number yet."));
    }
    if store::thread::mark_read(tx, permit, root, request.seq)? {
        let event = Event::ThreadReadMoved {
            channel: permit.channel(),
            thread: root,
            seq: request.seq,
            at: tx.now(),
        };
        tx.emit(Notice::event(Audience::User(permit.user()), event));
    }
    Ok(())
}
