//! AES-256-GCM for what a person stores for themself: a random 96-bit nonce, then ciphertext.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::OpenError;

/// HKDF-SHA-256 without salt: a key for one labelled use.
pub fn derive(secret: &[u8], label: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, secret)
        .expand(label.as_bytes(), key.as_mut())
        .expect("32 bytes are within HKDF's bound");
    key
}

pub fn seal(key: &[u8; 32], plain: &[u8], context: &[u8], chance: &mut dyn CryptoRng) -> Vec<u8> {
    let mut nonce = [0; 12];
    chance.fill_bytes(&mut nonce);
    let sealed = cipher(key).encrypt(
        &nonce.into(),
        Payload {
            msg: plain,
            aad: context,
        },
    );
    [
        &nonce[..],
        &sealed.expect("the plaintext is far below the bound of AES-GCM"),
    ]
    .concat()
}

pub fn open(key: &[u8; 32], sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (nonce, ct) = sealed.split_first_chunk::<12>().ok_or(OpenError::Corrupt)?;
    cipher(key)
        .decrypt(
            &(*nonce).into(),
            Payload {
                msg: ct,
                aad: context,
            },
        )
        .map_err(|_| OpenError::Corrupt)
}

pub(crate) fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(&(*key).into())
}
