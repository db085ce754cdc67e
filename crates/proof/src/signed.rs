//! A payload and the signatures over exactly its bytes.

use cloister_wire::{Bytes, Hash, Octets};
use ed25519_dalek::{Signature, VerifyingKey};
use minicbor::{Decode, Encode};

use crate::{ProofError, decode, encode, hash};

/// What a signature is for. It is part of what is signed, so that no signature can be taken
/// for one of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Devlog,
    DeviceOffer,
    Prekey,
    GuildOp,
    LogEntry,
    InviteCert,
    EpochRoot,
    Head,
    Challenge,
    AuditCheckpoint,
    LogHead,
}

impl Purpose {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Devlog => "devlog",
            Self::DeviceOffer => "device-offer",
            Self::Prekey => "prekey",
            Self::GuildOp => "guild-op",
            Self::LogEntry => "log-entry",
            Self::InviteCert => "invite-cert",
            Self::EpochRoot => "epoch-root",
            Self::Head => "head",
            Self::Challenge => "challenge",
            Self::AuditCheckpoint => "audit-checkpoint",
            Self::LogHead => "log-head",
        }
    }

    /// `"cloister/v1/" || purpose || 0x00 || payload`: the bytes that an Ed25519 key signs.
    pub fn message(self, payload: &[u8]) -> Vec<u8> {
        [b"cloister/v1/", self.text().as_bytes(), &[0], payload].concat()
    }

    /// Whether `signature` by `key` covers `payload` for this purpose (strict Ed25519).
    pub fn verify(
        self,
        key: &Hash,
        payload: &[u8],
        signature: &Octets<64>,
    ) -> Result<(), ProofError> {
        VerifyingKey::from_bytes(&key.0)
            .and_then(|key| {
                key.verify_strict(&self.message(payload), &Signature::from_bytes(&signature.0))
            })
            .map_err(|_| ProofError::BadSignature)
    }
}

/// Somebody who holds an Ed25519 key.
pub trait Signer {
    fn public_key(&self) -> Hash;
    fn sign(&self, message: &[u8]) -> Octets<64>;

    /// A signature over a payload for one purpose.
    fn sign_for(&self, purpose: Purpose, payload: &[u8]) -> Octets<64> {
        self.sign(&purpose.message(payload))
    }
}

impl Signer for ed25519_dalek::SigningKey {
    fn public_key(&self) -> Hash {
        Octets(self.verifying_key().to_bytes())
    }

    fn sign(&self, message: &[u8]) -> Octets<64> {
        Octets(ed25519_dalek::Signer::sign(self, message).to_bytes())
    }
}

/// A payload as it travels, with who signed it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Signed {
    #[n(0)]
    pub payload: Bytes,
    #[n(1)]
    pub signatures: Vec<KeySignature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeySignature {
    /// Ed25519 public key.
    #[n(0)]
    pub key: Hash,
    #[n(1)]
    pub signature: Octets<64>,
}

impl Signed {
    /// Encodes `value` and has everybody sign it.
    pub fn seal<T: Encode<()>>(purpose: Purpose, value: &T, signers: &[&dyn Signer]) -> Self {
        let payload = encode(value);
        let signatures = signers
            .iter()
            .map(|signer| KeySignature {
                key: signer.public_key(),
                signature: signer.sign_for(purpose, &payload),
            })
            .collect();
        Self {
            payload: Bytes(payload),
            signatures,
        }
    }

    /// Reads the wrapper; nothing is verified yet. At most eight signatures.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > cloister_wire::limits::SIGNED_BYTES {
            return Err(ProofError::Malformed);
        }
        let signed: Self = decode(bytes)?;
        if signed.signatures.len() > 8 {
            Err(ProofError::Malformed)
        } else {
            Ok(signed)
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Whether `key` signed this for `purpose`.
    pub fn verify(&self, purpose: Purpose, key: &Hash) -> Result<(), ProofError> {
        let one = self
            .signatures
            .iter()
            .find(|one| one.key == *key)
            .ok_or(ProofError::BadSignature)?;
        purpose.verify(key, self.payload.as_ref(), &one.signature)
    }

    /// The payload as a value. Call [`Signed::verify`] before trusting it.
    pub fn open<T>(&self) -> Result<T, ProofError>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        decode(self.payload.as_ref())
    }

    /// SHA-256 of the payload: what the next link of a chain names.
    pub fn payload_hash(&self) -> Hash {
        hash(&[self.payload.as_ref()])
    }
}

/// What a device signs to prove that it holds its keys: the server's nonce and its own id.
pub fn challenge_payload(device: cloister_wire::DeviceId, nonce: &Hash) -> Vec<u8> {
    [device.as_bytes().as_slice(), &nonce.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&[byte; 32])
    }

    #[test]
    fn a_signature_for_one_purpose_is_none_for_another() {
        let signed = Signed::seal(Purpose::Prekey, &7u64, &[&key(1)]);
        assert_eq!(signed.verify(Purpose::Prekey, &key(1).public_key()), Ok(()));
        assert_eq!(
            signed.verify(Purpose::Devlog, &key(1).public_key()),
            Err(ProofError::BadSignature)
        );
    }

    #[test]
    fn a_changed_payload_does_not_verify() {
        let mut signed = Signed::seal(Purpose::Prekey, &7u64, &[&key(1)]);
        signed.payload.0[0] ^= 1;
        assert_eq!(
            signed.verify(Purpose::Prekey, &key(1).public_key()),
            Err(ProofError::BadSignature)
        );
    }

    #[test]
    fn a_key_that_did_not_sign_is_refused() {
        let signed = Signed::seal(Purpose::Prekey, &7u64, &[&key(1)]);
        assert_eq!(
            signed.verify(Purpose::Prekey, &key(2).public_key()),
            Err(ProofError::BadSignature)
        );
    }

    #[test]
    fn bytes_after_the_end_are_refused() {
        let mut bytes = Signed::seal(Purpose::Prekey, &7u64, &[&key(1)]).to_bytes();
        assert!(Signed::parse(&bytes).is_ok());
        bytes.push(0);
        assert_eq!(Signed::parse(&bytes), Err(ProofError::Malformed));
    }
}
