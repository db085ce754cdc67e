//! Sealing to somebody's public key without a session: HPKE (RFC 9180) in base mode with X25519,
//! HKDF-SHA-256 and ChaCha20-Poly1305. It says nothing about who sealed.

use cloister_wire::{Hash, Octets};
use hpke::{
    Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _, aead::ChaCha20Poly1305,
    kdf::HkdfSha256, kem::X25519HkdfSha256 as X25519, single_shot_open, single_shot_seal_with_rng,
};
use rand_core::CryptoRng;

use crate::OpenError;

/// Bytes of the encapsulated key before every ciphertext.
const ENCAPSULATED: usize = 32;

/// A key pair that follows from 32 secret bytes.
pub struct LetterKey {
    secret: <X25519 as hpke::Kem>::PrivateKey,
    pub public: Hash,
}

impl std::fmt::Debug for LetterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LetterKey({})", self.public)
    }
}

impl LetterKey {
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let (secret, public) = X25519::derive_keypair(seed);
        let public = Octets(public.to_bytes().into());
        Self { secret, public }
    }

    /// Opens what was sealed for this key, for the same purpose and context.
    pub fn open(&self, purpose: &str, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (key, ct) = sealed
            .split_at_checked(ENCAPSULATED)
            .ok_or(OpenError::Corrupt)?;
        let key =
            <X25519 as hpke::Kem>::EncappedKey::from_bytes(key).map_err(|_| OpenError::Corrupt)?;
        single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519>(
            &OpModeR::Base,
            &self.secret,
            &key,
            purpose.as_bytes(),
            ct,
            context,
        )
        .map_err(|_| OpenError::Corrupt)
    }
}

/// Seals for a public key; none if that is not a proper point.
pub fn seal(
    public: &Hash,
    purpose: &str,
    context: &[u8],
    plain: &[u8],
    mut chance: &mut dyn CryptoRng,
) -> Option<Vec<u8>> {
    let public = <X25519 as hpke::Kem>::PublicKey::from_bytes(&public.0).ok()?;
    let (key, ct) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519>(
        &OpModeS::Base,
        &public,
        purpose.as_bytes(),
        plain,
        context,
        &mut chance,
    )
    .ok()?;
    Some([key.to_bytes().as_slice(), &ct].concat())
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    #[test]
    fn only_the_key_the_purpose_and_the_context_that_it_was_sealed_for_open_it() {
        let mut chance = ChaCha20Rng::seed_from_u64(1);
        let (mine, other) = (
            LetterKey::from_seed(&[1; 32]),
            LetterKey::from_seed(&[2; 32]),
        );
        let sealed = seal(&mine.public, "letter", b"here", b"hello", &mut chance).unwrap();
        assert_eq!(mine.open("letter", b"here", &sealed).unwrap(), b"hello");
        assert!(other.open("letter", b"here", &sealed).is_err());
        assert!(mine.open("vault", b"here", &sealed).is_err());
        assert!(mine.open("letter", b"there", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert!(mine.open("letter", b"here", &broken).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_point_of_low_order_is_refused() {
        let mut chance = ChaCha20Rng::seed_from_u64(1);
        assert!(seal(&Octets([0; 32]), "letter", b"", b"x", &mut chance).is_none());
        let mine = LetterKey::from_seed(&[1; 32]);
        assert!(mine.open("letter", b"", &[0; 64]).is_err());
    }
}
