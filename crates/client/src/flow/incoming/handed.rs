//! Opening with what somebody else than the sender handed over.

use cloister_e2ee::{OpenError, Primitives};
use cloister_wire::{Hash, channel::Message};

use super::Opened;
use crate::{
    core::Core,
    view::{Refusal, Undecryptable},
};

/// Opens a message with a session that somebody else than its sender handed over.
pub(super) fn open_handed<P: Primitives>(
    core: &mut Core<P>,
    message: &Message,
    session: &Hash,
    msg_index: u32,
    ct: &[u8],
) -> Result<Opened, Refusal> {
    let mut opened = Opened::NoKey;
    for mut held in core.store.history_keys(session, message.channel)? {
        let belongs = held.row.sender_user == message.sender_user
            && held.row.sender_device == message.sender_device
            && held.row.suite == message.suite;
        if !belongs {
            continue;
        }
        if core.store.index_taken(session, msg_index, message.id)? {
            return Ok(Opened::Closed(Undecryptable::Replayed));
        }
        match P::inbound_decrypt(&mut held.row.ratchet, ct) {
            Ok((padded, index)) if index == msg_index => {
                core.store.put_via(message.id, held.via)?;
                return Ok(Opened::Padded(padded));
            }
            Err(OpenError::NoKey) => {}
            Ok(_) | Err(_) => opened = Opened::Closed(Undecryptable::Corrupt),
        }
    }
    Ok(opened)
}
