//! Content of direct messages: AES-256-GCM under a key that is used for one message only. The
//! key reaches each device through Olm.

use aes_gcm::aead::{Aead, Payload};
use cloister_proof::Context;
use cloister_wire::{Hash, Octets};
use rand_core::CryptoRng;

use crate::{
    OpenError,
    sealed::{cipher, derive},
};

const LABEL: &str = "cloister/dm/v1";
/// The key is used once, so the nonce need not vary.
const NONCE: [u8; 12] = [0; 12];

/// Draws a content key and seals `plain` for `context`.
pub fn seal(context: &Context, plain: &[u8], chance: &mut dyn CryptoRng) -> (Hash, Vec<u8>) {
    let mut key = [0; 32];
    chance.fill_bytes(&mut key);
    let sealed = cipher(&derive(&key, LABEL))
        .encrypt(
            &NONCE.into(),
            Payload {
                msg: plain,
                aad: &context.to_bytes(),
            },
        )
        .expect("the plaintext is far below the bound of AES-GCM");
    (Octets(key), sealed)
}

pub fn open(key: &Hash, context: &Context, ct: &[u8]) -> Result<Vec<u8>, OpenError> {
    cipher(&derive(&key.0, LABEL))
        .decrypt(
            &NONCE.into(),
            Payload {
                msg: ct,
                aad: &context.to_bytes(),
            },
        )
        .map_err(|_| OpenError::Corrupt)
}
