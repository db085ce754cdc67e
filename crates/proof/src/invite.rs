//! Invitations that members can check. The seed in a link never reaches the server; the key
//! made from it signs both the certificate and the join.

use cloister_wire::{GuildId, Hash, UserId};
use minicbor::{Decode, Encode};

use crate::{DeviceLog, ProofError, Purpose, Signed, guild_log::Position};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InviteCert {
    #[n(0)]
    pub guild: GuildId,
    /// Hash of the guild's `Create` operation: what the joiner pins.
    #[n(1)]
    pub guild_genesis: Hash,
    /// The log as the inviter knew it.
    #[n(2)]
    pub log: Position,
    #[n(3)]
    pub inviter: UserId,
    #[n(4)]
    pub inviter_genesis: Hash,
    #[n(5)]
    pub code: String,
    /// Ed25519, from the seed.
    #[n(6)]
    pub key: Hash,
    /// 0: no limit.
    #[n(7)]
    pub uses: u32,
    #[n(8)]
    pub expires_ms: Option<u64>,
}

impl InviteCert {
    /// Reads a certificate and checks that the holder of `key` (the one made from the seed in
    /// the link) signed it: enough for a joiner, who knows nobody yet.
    pub fn verify_link(bytes: &[u8], key: &Hash) -> Result<Self, ProofError> {
        let signed = Signed::parse(bytes)?;
        let cert: Self = signed.open()?;
        if cert.key != *key {
            return Err(ProofError::Mismatch);
        }
        signed.verify(Purpose::InviteCert, key)?;
        Ok(cert)
    }

    /// Reads a certificate and checks that it was signed by its own key and by an active device
    /// of the inviter.
    pub fn verify_inviter(bytes: &[u8], inviter: &DeviceLog) -> Result<Self, ProofError> {
        let signed = Signed::parse(bytes)?;
        let cert: Self = signed.open()?;
        signed.verify(Purpose::InviteCert, &cert.key)?;
        if cert.inviter != inviter.user || cert.inviter_genesis != inviter.genesis {
            return Err(ProofError::Mismatch);
        }
        let device = inviter
            .active()
            .find(|record| {
                signed
                    .signatures
                    .iter()
                    .any(|one| one.key == record.cert.signing)
            })
            .ok_or(ProofError::NotAllowed)?;
        signed.verify(Purpose::InviteCert, &device.cert.signing)?;
        Ok(cert)
    }
}

/// What an invite operation and a join name: the hash of the certificate's payload.
pub fn cert_hash(bytes: &[u8]) -> Result<Hash, ProofError> {
    Ok(Signed::parse(bytes)?.payload_hash())
}
