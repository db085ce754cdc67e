//! The recovery key: 160 random bits on paper. From it come a signing key that may add a device
//! to one's own device log, and the key of a slot of the vault, in which the secrets of the account lie.

use cloister_proof::fingerprint::{base32, from_base32, groups, normalise};
use cloister_proof::hash;
use ed25519_dalek::SigningKey;
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{sealed, vault::SlotSecret};

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryKey([u8; 20]);

impl std::fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryKey")
    }
}

impl RecoveryKey {
    pub fn draw(chance: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 20];
        chance.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Nine groups of four characters: the key, then a checksum of 20 bits.
    pub fn to_text(&self) -> String {
        groups(&format!("{}{}", base32(&self.0), self.checksum()))
    }

    /// As somebody typed it; none if a character is wrong.
    pub fn from_text(text: &str) -> Option<Self> {
        let plain = normalise(text).replace('-', "");
        let (key, checksum) = plain.split_at_checked(32)?;
        let key = Self(from_base32(key)?.try_into().ok()?);
        (key.checksum() == checksum).then_some(key)
    }

    fn checksum(&self) -> String {
        base32(&hash(&[b"cloister/recovery/checksum/v1", &self.0]).0)[..4].to_owned()
    }

    /// Signs a device log when no device is left.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&sealed::derive(&self.0, "cloister/rsig/v1"))
    }

    /// Opens the vault.
    pub fn slot(&self) -> SlotSecret {
        SlotSecret::from_bytes(*sealed::derive(&self.0, "cloister/vault/v1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    #[test]
    fn a_key_survives_being_typed_and_a_wrong_character_is_noticed() {
        let key = RecoveryKey::draw(&mut ChaCha20Rng::seed_from_u64(1));
        let text = key.to_text();
        assert_eq!(text.split('-').count(), 9);
        assert_eq!(
            RecoveryKey::from_text(&text.to_lowercase().replace('-', " "))
                .unwrap()
                .0,
            key.0
        );
        let other = if text.starts_with('A') { "B" } else { "A" };
        assert!(RecoveryKey::from_text(&format!("{other}{}", &text[1..])).is_none());
    }
}
