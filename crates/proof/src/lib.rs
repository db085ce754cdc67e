//! Public signed structures and their verification, the same code on both sides.
//!
//! Nothing here knows a secret except where a signer or a key is lent for one call. The server
//! uses it to refuse what is wrong, clients use it to catch a server that did not.
//!
//! Reading order: [`signed`] (what a signature covers), [`devlog`] (who a person's devices
//! are), [`prekey`], [`guild_log`] (who may be in a guild), [`epoch`] (who reads a channel
//! now), [`context`], [`transcript`] and [`frank`] (what surrounds one message).
//!
//! Structures are CBOR with integer keys. What is signed is the bytes that travel; nothing is
//! encoded again before it is verified.

pub mod audit;
pub mod context;
pub mod devlog;
pub mod epoch;
pub mod fingerprint;
pub mod frank;
pub mod guild_log;
pub mod invite;
pub mod log_head;
pub mod policy;
pub mod prekey;
pub mod signed;
pub mod transcript;

pub use audit::{AuditCheckpoint, AuditEntry};
pub use context::Context;
pub use devlog::{DeviceCert, DeviceLog, DeviceOffer};
pub use epoch::{EpochRecord, Roster, RosterEntry};
pub use guild_log::{GuildLog, LogEntry, Op};
pub use invite::InviteCert;
pub use policy::ChannelPolicy;
pub use prekey::Prekey;
pub use signed::{Purpose, Signed, Signer};

use sha2::{Digest, Sha256};

/// Why a structure was refused. Each is a fault of whoever made or passed it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("not a well-formed structure")]
    Malformed,
    #[error("a signature is missing or wrong")]
    BadSignature,
    #[error("the chain does not continue here")]
    Broken,
    #[error("it belongs to somebody or something else")]
    Mismatch,
    #[error("the signer may not do this")]
    NotAllowed,
    #[error("the signer's device log is not known")]
    UnknownSigner,
}

/// SHA-256 over the parts, one after the other.
pub fn hash(parts: &[&[u8]]) -> cloister_wire::Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    cloister_wire::Octets(hasher.finalize().into())
}

/// Deterministic CBOR (RFC 8949 §4.2.1: fields in order of their keys, shortest forms).
pub fn encode<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory does not fail")
}

/// The whole of `bytes` as one value, if they are its deterministic form: two readers never see
/// different things in the same bytes, and nothing can be hidden in fields that one of them skips.
pub fn decode<T>(bytes: &[u8]) -> Result<T, ProofError>
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
{
    let value = minicbor::decode(bytes).map_err(|_| ProofError::Malformed)?;
    if encode(&value) == bytes {
        Ok(value)
    } else {
        Err(ProofError::Malformed)
    }
}
