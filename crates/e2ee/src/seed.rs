//! Invite links, and their seeds: the part after `#`, which no server ever gets.

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

/// An invite as somebody typed or opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub code: String,
    pub seed: Option<Seed>,
}

impl Link {
    /// `CODE`, `CODE#SEED` or a whole link; none if it is cut off or has a letter too many.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let tail = text.rsplit_once("/invite/").map_or(text, |(_, tail)| tail);
        let (code, seed) = match tail.split_once('#') {
            Some((code, seed)) => (code, Some(Seed::from_text(seed)?)),
            None => (tail, None),
        };
        let code = code.trim_end_matches('/');
        let plain = !code.is_empty()
            && code.len() <= 64
            && code
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        plain.then(|| Self {
            code: code.to_owned(),
            seed,
        })
    }
}
