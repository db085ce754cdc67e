//! What stands in a device log.

use cloister_wire::{Bytes, DeviceId, Hash, UserId};
use minicbor::{Decode, Encode};

use crate::{ProofError, Purpose, Signed};

/// The public keys of one installation. They never change under a device id.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeviceCert {
    #[n(0)]
    pub user: UserId,
    #[n(1)]
    pub device: DeviceId,
    /// Rises when a device comes back after it had been dormant.
    #[n(2)]
    pub reg_id: u32,
    /// Ed25519: signs log entries, prekeys and operations.
    #[n(3)]
    pub signing: Hash,
    /// Curve25519: Olm identity.
    #[n(4)]
    pub identity: Hash,
    /// Ed25519: signs in calls.
    #[n(5)]
    pub calls: Hash,
    /// `web`, `cli`, `desktop`: what kind of code runs there.
    #[n(6)]
    pub platform: String,
    #[n(7)]
    pub created_ms: u64,
}

/// What a device says when it asks to be added: its keys, and which account it believes to be
/// joining. Signed by itself, so that nobody can add an unwilling device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeviceOffer {
    #[n(0)]
    pub cert: DeviceCert,
    /// Hash of the account's first log entry, as the server showed it to this device.
    #[n(1)]
    pub genesis: Hash,
}

impl DeviceOffer {
    /// Reads an offer and checks that the device in it signed it.
    pub fn verify(bytes: &[u8]) -> Result<Self, ProofError> {
        let signed = Signed::parse(bytes)?;
        let offer: Self = signed.open()?;
        signed.verify(Purpose::DeviceOffer, &offer.cert.signing)?;
        Ok(offer)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    #[n(0)]
    pub v: u8,
    #[n(1)]
    pub user: UserId,
    /// 1 for the genesis.
    #[n(2)]
    pub version: u64,
    /// Hash of the previous entry's payload.
    #[n(3)]
    pub prev: Option<Hash>,
    #[n(4)]
    pub at_ms: u64,
    #[n(5)]
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Body {
    /// The first device and the recovery key. Signed by both.
    #[n(0)]
    Genesis {
        #[n(0)]
        device: DeviceCert,
        /// Ed25519, from the recovery secret.
        #[n(1)]
        recovery_key: Hash,
        /// Hash of the vault that the recovery key opens.
        #[n(2)]
        vault: Hash,
        /// The person starts over with nothing left: the head of the log until then. Everybody
        /// sees it as what it is.
        #[n(3)]
        reset_of: Option<Hash>,
    },
    /// Signed by an active device, the recovery key or a key of the vault's slots; the new
    /// device's own consent is inside.
    #[n(1)]
    AddDevice {
        /// Signed [`DeviceOffer`].
        #[n(0)]
        offer: Bytes,
        #[n(1)]
        how: Enrolment,
        /// The device that approved; absent for the recovery key.
        #[n(2)]
        approver: Option<DeviceId>,
    },
    #[n(2)]
    Revoke {
        #[n(0)]
        device: DeviceId,
        #[n(1)]
        reason: RevokeReason,
        /// Devices that the revoked one had added, if they go too.
        #[n(2)]
        also: Vec<DeviceId>,
    },
    /// A dormant device is back with new prekeys. Signed by itself.
    #[n(3)]
    Renew {
        #[n(0)]
        device: DeviceId,
        #[n(1)]
        reg_id: u32,
    },
    /// A living device wants another recovery key. Nothing changes until it is set.
    #[n(4)]
    ProposeRecovery {
        #[n(0)]
        recovery_key: Hash,
        /// X25519: the vault is sealed for it once the key is set, by whichever device is there.
        #[n(1)]
        slot: Hash,
    },
    /// Ends a proposal. Signed by the recovery key, or by any device that was active at the
    /// proposal, even if it was revoked since: whoever steals one device can't have this too.
    #[n(5)]
    CancelRecovery {
        /// Version of the proposal.
        #[n(0)]
        proposal: u64,
    },
    /// Another recovery key from now on, and the vault that it opens. Without a proposal, the old
    /// one signs.
    #[n(6)]
    SetRecovery {
        #[n(0)]
        recovery_key: Hash,
        #[n(1)]
        proposal: Option<u64>,
        /// As in [`Body::SetVault`].
        #[n(2)]
        digest: Hash,
        #[n(3)]
        openers: Vec<Hash>,
    },
    /// The vault was sealed anew: from now on exactly these bytes are the account's vault. Signed
    /// by an active device or the recovery key.
    #[n(8)]
    SetVault {
        #[n(0)]
        digest: Hash,
        /// Ed25519 keys of the vault's slots: each may add a device, and nothing else.
        #[n(1)]
        openers: Vec<Hash>,
    },
}

/// A proposed recovery key can be set after this long.
pub const RECOVERY_WAIT_MS: u64 = 72 * 3_600_000;

/// A recovery key that a device has proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Proposal {
    #[n(0)]
    pub version: u64,
    #[n(1)]
    pub recovery_key: Hash,
    #[n(2)]
    pub at_ms: u64,
    /// The device that signed it.
    #[n(3)]
    pub device: DeviceId,
    #[n(4)]
    pub slot: Hash,
}

impl Proposal {
    pub const fn ripe_at_ms(&self) -> u64 {
        self.at_ms + RECOVERY_WAIT_MS
    }
}

/// From which version on somebody was whom: another one begins when they start over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Life {
    #[n(0)]
    pub version: u64,
    #[n(1)]
    pub genesis: Hash,
    #[n(2)]
    pub at_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Enrolment {
    #[n(0)]
    Code,
    #[n(1)]
    Recovery,
    /// The approving device read the new one's QR code.
    #[n(2)]
    Qr,
    /// Both showed the same emoji.
    #[n(3)]
    Emoji,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RevokeReason {
    #[n(0)]
    SignedOut,
    #[n(1)]
    Lost,
    #[n(2)]
    Compromised,
    /// A device that came back under a new id from the same store.
    #[n(3)]
    Superseded,
}

/// A device as the log tells it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeviceRecord {
    #[n(0)]
    pub cert: DeviceCert,
    /// The current one; `cert.reg_id` is the first.
    #[n(1)]
    pub reg_id: u32,
    /// Version of the entry that added it.
    #[n(2)]
    pub added: u64,
    /// Version of the entry that revoked it.
    #[n(3)]
    pub revoked: Option<u64>,
    #[n(4)]
    pub approver: Option<DeviceId>,
}

impl DeviceRecord {
    pub fn active(&self) -> bool {
        self.revoked.is_none()
    }

    /// Whether it could sign at `version` of the log.
    pub fn active_at(&self, version: u64) -> bool {
        self.added <= version && self.revoked.is_none_or(|revoked| revoked > version)
    }
}
