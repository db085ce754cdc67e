//! Somebody is writing: told to those who may read, stored nowhere.

use cloister_wire::gateway::Event;

use crate::{
    access::{Permit, channel::Send},
    gateway::bus::Notice,
    store::db::Tx,
};

/// Tells the channel that the person is writing.
pub fn tell(tx: &mut Tx<'_>, permit: &Permit<'_, Send>) {
    let event = Event::TypingStarted {
        channel: permit.channel(),
        user: permit.user(),
    };
    tx.emit(Notice::event(permit.audience(), event));
}
