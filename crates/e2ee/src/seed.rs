//! Invite seeds: the part of a link after `#`, which no server ever gets.

use cloister_proof::fingerprint::{base32, from_base32};
use ed25519_dalek::SigningKey;
use rand_core::CryptoRng;

use crate::sealed;

/// 128 random bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed([u8; 16]);

impl Seed {
    pub fn draw(chance: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 16];
        chance.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// 26 characters.
    pub fn to_text(&self) -> String {
        base32(&self.0)
    }

    pub fn from_text(text: &str) -> Option<Self> {
        from_base32(&text.to_ascii_uppercase())?
            .try_into()
            .ok()
            .map(Self)
    }

    /// Signs the invitation and every join by it.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&sealed::derive(&self.0, "cloister/invite/v1"))
    }
}
