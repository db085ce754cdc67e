//! What a device knows and does with keys: Olm and Megolm behind a trait, the envelopes between
//! devices, the sealed content of messages, the backup of keys and the vault that opens it, recovery
//! keys and invite seeds.
//!
//! Everything is synchronous and does no I/O; chance is lent by the caller. Only the real
//! primitives draw their own, from the operating system (vodozemac offers no other way).
//!
//! There is no function here that turns content into anything but ciphertext.

pub mod backup;
pub mod content;
pub mod device_message;
pub mod direct;
pub mod letterbox;
pub mod passphrase;
pub mod primitives;
pub mod record;
pub mod recovery;
#[cfg(feature = "vodozemac")]
pub mod sas;
pub mod sealed;
pub mod seed;
pub mod symbolic;
pub mod vault;
#[cfg(feature = "vodozemac")]
pub mod vodozemac;

pub use content::Plain;
pub use device_message::{DeviceContent, DeviceMessage, OwnNote};
pub use ed25519_dalek::SigningKey;
pub use primitives::{OlmCiphertext, Primitives};

/// Why something could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the ciphertext or its proof does not check")]
    Corrupt,
    #[error("it was sealed for another sender, place or purpose")]
    Mismatch,
    #[error("the one-time key it was made with is not here")]
    UnknownPrekey,
    #[error("no key for it is here")]
    NoKey,
}

/// An Ed25519 key from its stored seed.
pub fn signing_key(seed: &cloister_wire::Hash) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&seed.0)
}
