//! The chain over a channel's messages: everybody can see whether the server shows them all the
//! same one.

use cloister_wire::{
    ChannelId, DeviceId, Hash, MessageId, Octets,
    channel::{SealedContent, SignedHead},
};

use crate::{ProofError, Purpose, Signer, hash};

/// The head before the first message.
pub fn start(channel: ChannelId) -> Hash {
    hash(&[b"cloister/transcript/v1", channel.as_bytes()])
}

/// `H(head || message || device || H(ciphertext))`.
pub fn next(head: &Hash, message: MessageId, sender: DeviceId, content: &SealedContent) -> Hash {
    hash(&[
        &head.0,
        message.as_bytes(),
        sender.as_bytes(),
        &content_hash(content).0,
    ])
}

/// `H(ciphertext)`: what is left of a message that was scrubbed.
pub fn content_hash(content: &SealedContent) -> Hash {
    match content {
        SealedContent::Group { ct, .. } | SealedContent::Direct { ct } => hash(&[ct.as_ref()]),
        SealedContent::Scrubbed { hash, .. } => *hash,
    }
}

fn payload(incarnation: u64, channel: ChannelId, seq: u64, head: &Hash) -> Vec<u8> {
    [
        &incarnation.to_be_bytes()[..],
        channel.as_bytes(),
        &seq.to_be_bytes(),
        &head.0,
    ]
    .concat()
}

/// The server's signature over a head.
pub fn sign(
    incarnation: u64,
    channel: ChannelId,
    seq: u64,
    head: Hash,
    signer: &dyn Signer,
) -> SignedHead {
    SignedHead {
        seq,
        head,
        signature: signer.sign_for(Purpose::Head, &payload(incarnation, channel, seq, &head)),
    }
}

pub fn verify(
    incarnation: u64,
    channel: ChannelId,
    signed: &SignedHead,
    server_key: &Hash,
) -> Result<(), ProofError> {
    let payload = payload(incarnation, channel, signed.seq, &signed.head);
    Purpose::Head.verify(server_key, &payload, &signed.signature)
}

/// A signed head of nothing: what a sender says that has not seen any.
pub const NOTHING_SEEN: SignedHead = SignedHead {
    seq: 0,
    head: Octets([0; 32]),
    signature: Octets([0; 64]),
};
