//! Signed prekeys: with them, somebody opens an Olm session to a device that is not there.

use cloister_wire::{DeviceId, Hash, UserId};
use minicbor::{Decode, Encode};

use crate::{DeviceCert, ProofError, Purpose, Signed};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Prekey {
    #[n(0)]
    pub user: UserId,
    #[n(1)]
    pub device: DeviceId,
    /// A counter of the device, never used twice.
    #[n(2)]
    pub key_id: u64,
    /// Curve25519.
    #[n(3)]
    pub key: Hash,
    #[n(4)]
    pub kind: PrekeyKind,
    #[n(5)]
    pub created_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum PrekeyKind {
    #[n(0)]
    OneTime,
    /// Handed out when no one-time key is left.
    #[n(1)]
    Fallback,
}

impl Prekey {
    /// Reads a prekey and checks that it is `cert`'s.
    pub fn verify(bytes: &[u8], cert: &DeviceCert) -> Result<Self, ProofError> {
        let signed = Signed::parse(bytes)?;
        signed.verify(Purpose::Prekey, &cert.signing)?;
        let prekey: Self = signed.open()?;
        if prekey.user == cert.user && prekey.device == cert.device {
            Ok(prekey)
        } else {
            Err(ProofError::Mismatch)
        }
    }
}
