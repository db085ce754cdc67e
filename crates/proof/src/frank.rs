//! Franking: the sender commits to the content, the server tags the commitment, and a report
//! can later prove what was said, to this server only.

use cloister_wire::{ChannelId, DeviceId, Hash, MessageId, Octets, UserId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::Context;

/// `HMAC(kf, "cloister/frank/v1" || H(context) || content)`. `kf`: 32 random bytes that travel
/// inside the ciphertext.
pub fn commit(kf: &Hash, context: &Context, content: &[u8]) -> Hash {
    mac(&kf.0, &[b"cloister/frank/v1", &context.hash().0, content])
}

/// Whether `c2` commits to this content.
pub fn opens(c2: &Hash, kf: &Hash, context: &Context, content: &[u8]) -> bool {
    commit(kf, context, content).0.ct_eq(&c2.0).into()
}

/// What the server vouches for about an accepted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tagged {
    pub c2: Hash,
    pub message: MessageId,
    pub channel: ChannelId,
    pub sender_user: UserId,
    pub sender_device: DeviceId,
    pub seq: u64,
    pub at: u64,
    pub epoch: u64,
}

/// `generation || HMAC(key, …)`: 36 bytes. `key` is the server's of that generation.
pub fn tag(key: &[u8; 32], generation: u32, tagged: &Tagged) -> Vec<u8> {
    let sum = mac(
        key,
        &[
            &tagged.c2.0,
            tagged.message.as_bytes(),
            tagged.channel.as_bytes(),
            tagged.sender_user.as_bytes(),
            tagged.sender_device.as_bytes(),
            &tagged.seq.to_be_bytes(),
            &tagged.at.to_be_bytes(),
            &tagged.epoch.to_be_bytes(),
        ],
    );
    [&generation.to_be_bytes()[..], &sum.0].concat()
}

/// Whether the server with `key` made `tag` for exactly this.
pub fn tag_verifies(key: &[u8; 32], generation: u32, tagged: &Tagged, presented: &[u8]) -> bool {
    tag(key, generation, tagged)
        .as_slice()
        .ct_eq(presented)
        .into()
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Hash {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    Octets(mac.finalize().into_bytes().into())
}
