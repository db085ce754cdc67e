//! Two states of one place that the server signed: kept as a proof, and told.

use cloister_e2ee::Primitives;
use cloister_proof::fingerprint::base32;
use cloister_wire::{Hash, Octets, channel::SignedHead};

use crate::{
    core::Core,
    store::{Fork, pack},
    view::{Refusal, Topic},
};

/// Keeps a contradiction about a channel or a guild (`place`: its id). The proof is CBOR in base
/// 32: that id, the server's key, its incarnation, the number of a message or an entry, the head
/// that this device has there, the head that the server signed, and that signature.
pub(super) fn keep<P: Primitives>(
    core: &mut Core<P>,
    place: &[u8; 16],
    sentence: &str,
    signed: &SignedHead,
    own: Hash,
) -> Result<(), Refusal> {
    let Some(instance) = core.store.instance()? else {
        return Ok(());
    };
    let proof = pack(&(
        Octets(*place),
        instance.server_key,
        instance.incarnation,
        signed.seq,
        own,
        signed.head,
        signed.signature,
    ));
    core.store.put_fork(
        place,
        &Fork {
            sentence: sentence.to_owned(),
            proof: base32(&proof),
            at: core.now,
            accepted: false,
        },
    )?;
    alarm(core, sentence);
    Ok(())
}

/// Tells the person, wherever they are.
pub(super) fn alarm<P: Primitives>(core: &mut Core<P>, sentence: &str) {
    core.alarm = Some(sentence.to_owned());
    core.tell(Topic::Session);
}
