//! The cryptography that the protocol stands on, as a trait with two implementations: the real
//! one, and a symbolic one that is fast enough for simulations of millions of steps.

use std::fmt::Debug;

use cloister_proof::Signer;
use cloister_wire::Hash;
use rand_core::CryptoRng;

use crate::OpenError;

/// An Olm message: `kind` 0 opens a session, 1 goes on in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlmCiphertext {
    pub kind: u8,
    pub ct: Vec<u8>,
}

/// Olm and Megolm. `to_bytes` and `from_bytes` are for the encrypted store only.
pub trait Primitives: Debug + Send + Sized + 'static {
    /// A device's long-term keys and prekeys.
    type Account: Signer + Send + Sync;
    /// A pairwise session.
    type Session: Send + Sync;
    /// A group session that this device sends with.
    type Outbound: Send + Sync;
    /// A group session that this device receives with.
    type Inbound: Send + Sync;

    fn new_account(chance: &mut dyn CryptoRng) -> Self::Account;
    /// Curve25519 identity key.
    fn identity(account: &Self::Account) -> Hash;
    /// New one-time keys; their private halves are in the account from now on.
    fn one_time_keys(
        account: &mut Self::Account,
        count: usize,
        chance: &mut dyn CryptoRng,
    ) -> Vec<Hash>;
    /// A new fallback key; the one before still opens what was made with it.
    fn fallback_key(account: &mut Self::Account, chance: &mut dyn CryptoRng) -> Hash;
    fn account_to_bytes(account: &Self::Account) -> Vec<u8>;
    fn account_from_bytes(bytes: &[u8]) -> Option<Self::Account>;

    /// Opens a session to somebody's identity and prekey; none if a key is not a proper point.
    fn open_session(
        account: &Self::Account,
        identity: &Hash,
        prekey: &Hash,
        chance: &mut dyn CryptoRng,
    ) -> Option<Self::Session>;
    /// Takes a session that somebody opened, and the first message in it.
    fn accept_session(
        account: &mut Self::Account,
        identity: &Hash,
        message: &OlmCiphertext,
    ) -> Result<(Self::Session, Vec<u8>), OpenError>;
    fn session_id(session: &Self::Session) -> String;
    /// The id of the session that a message of kind 0 opens.
    fn opened_session_id(message: &OlmCiphertext) -> Option<String>;
    fn encrypt(session: &mut Self::Session, plain: &[u8]) -> Option<OlmCiphertext>;
    fn decrypt(session: &mut Self::Session, message: &OlmCiphertext) -> Result<Vec<u8>, OpenError>;
    fn session_to_bytes(session: &Self::Session) -> Vec<u8>;
    fn session_from_bytes(bytes: &[u8]) -> Option<Self::Session>;

    fn new_outbound(chance: &mut dyn CryptoRng) -> Self::Outbound;
    fn outbound_id(session: &Self::Outbound) -> Hash;
    /// Ratchet index of the next message.
    fn outbound_index(session: &Self::Outbound) -> u32;
    /// The signed key from the current index on.
    fn outbound_key(session: &Self::Outbound) -> Vec<u8>;
    fn outbound_encrypt(session: &mut Self::Outbound, plain: &[u8]) -> Vec<u8>;
    fn outbound_to_bytes(session: &Self::Outbound) -> Vec<u8>;
    fn outbound_from_bytes(bytes: &[u8]) -> Option<Self::Outbound>;

    fn inbound(key: &[u8]) -> Option<Self::Inbound>;
    fn inbound_id(session: &Self::Inbound) -> Hash;
    fn inbound_first_index(session: &Self::Inbound) -> u32;
    /// The plaintext and the ratchet index in the ciphertext's own header.
    fn inbound_decrypt(session: &mut Self::Inbound, ct: &[u8])
    -> Result<(Vec<u8>, u32), OpenError>;
    fn inbound_to_bytes(session: &Self::Inbound) -> Vec<u8>;
    fn inbound_from_bytes(bytes: &[u8]) -> Option<Self::Inbound>;
    /// The session from its first known index on, for one's own backup. It is not signed: only
    /// what is authenticated otherwise may be imported.
    fn inbound_export(session: &Self::Inbound) -> Vec<u8>;
    fn inbound_import(key: &[u8]) -> Option<Self::Inbound>;
    /// The one of two that reaches further back, if both are the same session.
    fn inbound_merge(known: &mut Self::Inbound, other: &mut Self::Inbound)
    -> Option<Self::Inbound>;
}
