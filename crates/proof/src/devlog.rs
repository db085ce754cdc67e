//! The device log: one hash-chained, device-signed list per person of which devices are theirs.
//!
//! What people verify of each other is the hash of its first entry, which does not change when
//! devices come and go.

use std::collections::BTreeMap;

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
    },
    /// Signed by an active device or the recovery key; the new device's own consent is inside.
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Enrolment {
    #[n(0)]
    Code,
    #[n(1)]
    Recovery,
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

/// A log whose every entry was verified.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeviceLog {
    #[n(0)]
    pub user: UserId,
    #[n(1)]
    pub version: u64,
    /// Hash of the newest entry's payload.
    #[n(2)]
    pub head: Hash,
    /// Hash of the first entry's payload: who this person is.
    #[n(3)]
    pub genesis: Hash,
    #[n(4)]
    pub recovery_key: Hash,
    #[n(5)]
    pub devices: BTreeMap<DeviceId, DeviceRecord>,
}

impl DeviceLog {
    /// Starts a log from its genesis.
    pub fn begin(bytes: &[u8]) -> Result<Self, ProofError> {
        let signed = Signed::parse(bytes)?;
        let entry: Entry = signed.open()?;
        let Body::Genesis {
            device,
            recovery_key,
        } = entry.body
        else {
            return Err(ProofError::Broken);
        };
        if entry.v != 1 || entry.version != 1 || entry.prev.is_some() {
            return Err(ProofError::Broken);
        }
        if device.user != entry.user {
            return Err(ProofError::Mismatch);
        }
        signed.verify(Purpose::Devlog, &device.signing)?;
        signed.verify(Purpose::Devlog, &recovery_key)?;
        let head = signed.payload_hash();
        let record = DeviceRecord {
            reg_id: device.reg_id,
            cert: device,
            added: 1,
            revoked: None,
            approver: None,
        };
        let devices = BTreeMap::from([(record.cert.device, record)]);
        Ok(Self {
            user: entry.user,
            version: 1,
            head,
            genesis: head,
            recovery_key,
            devices,
        })
    }

    /// Verifies and applies every entry, oldest first.
    pub fn replay<B: AsRef<[u8]>>(entries: &[B]) -> Result<Self, ProofError> {
        let (first, rest) = entries.split_first().ok_or(ProofError::Broken)?;
        rest.iter()
            .try_fold(Self::begin(first.as_ref())?, |log, entry| {
                log.appended(entry.as_ref())
            })
    }

    /// The log with one more entry. On an error nothing has changed.
    pub fn appended(mut self, bytes: &[u8]) -> Result<Self, ProofError> {
        self.append(bytes)?;
        Ok(self)
    }

    /// Verifies one more entry and applies it.
    pub fn append(&mut self, bytes: &[u8]) -> Result<Body, ProofError> {
        let signed = Signed::parse(bytes)?;
        let entry: Entry = signed.open()?;
        if entry.user != self.user {
            return Err(ProofError::Mismatch);
        }
        if entry.v != 1 || entry.version != self.version + 1 || entry.prev != Some(self.head) {
            return Err(ProofError::Broken);
        }
        self.apply(&entry, &signed)?;
        self.version = entry.version;
        self.head = signed.payload_hash();
        Ok(entry.body)
    }

    fn apply(&mut self, entry: &Entry, signed: &Signed) -> Result<(), ProofError> {
        match &entry.body {
            Body::Genesis { .. } => Err(ProofError::Broken),
            Body::AddDevice {
                offer, approver, ..
            } => {
                let offer = DeviceOffer::verify(offer.as_ref())?;
                if offer.cert.user != self.user || offer.genesis != self.genesis {
                    return Err(ProofError::Mismatch);
                }
                match approver {
                    Some(device) => self.signed_by_device(signed, *device)?,
                    None => signed.verify(Purpose::Devlog, &self.recovery_key)?,
                }
                self.add(offer.cert, entry.version, *approver)
            }
            Body::Revoke { device, also, .. } => {
                self.signed_by_any(signed)?;
                let gone: Vec<DeviceId> = std::iter::once(device).chain(also).copied().collect();
                if gone
                    .iter()
                    .any(|id| !self.devices.get(id).is_some_and(DeviceRecord::active))
                {
                    return Err(ProofError::Mismatch);
                }
                for id in gone {
                    if let Some(record) = self.devices.get_mut(&id) {
                        record.revoked = Some(entry.version);
                    }
                }
                Ok(())
            }
            Body::Renew { device, reg_id } => {
                self.signed_by_device(signed, *device)?;
                match self.devices.get_mut(device) {
                    Some(record) if *reg_id > record.reg_id => record.reg_id = *reg_id,
                    _ => return Err(ProofError::Broken),
                }
                Ok(())
            }
        }
    }

    fn add(
        &mut self,
        cert: DeviceCert,
        version: u64,
        approver: Option<DeviceId>,
    ) -> Result<(), ProofError> {
        // A device id is never used again, and neither are a device's keys.
        let known = self.devices.contains_key(&cert.device)
            || self
                .devices
                .values()
                .any(|one| one.cert.signing == cert.signing || one.cert.identity == cert.identity);
        if known {
            return Err(ProofError::Mismatch);
        }
        let record = DeviceRecord {
            reg_id: cert.reg_id,
            cert,
            added: version,
            revoked: None,
            approver,
        };
        self.devices.insert(record.cert.device, record);
        Ok(())
    }

    fn signed_by_device(&self, signed: &Signed, device: DeviceId) -> Result<(), ProofError> {
        let record = self
            .devices
            .get(&device)
            .filter(|record| record.active())
            .ok_or(ProofError::NotAllowed)?;
        signed.verify(Purpose::Devlog, &record.cert.signing)
    }

    fn signed_by_any(&self, signed: &Signed) -> Result<(), ProofError> {
        let active = self
            .devices
            .values()
            .filter(|record| record.active())
            .map(|record| record.cert.signing);
        let allowed = active.chain(std::iter::once(self.recovery_key));
        let key = allowed
            .into_iter()
            .find(|key| signed.signatures.iter().any(|one| one.key == *key))
            .ok_or(ProofError::NotAllowed)?;
        signed.verify(Purpose::Devlog, &key)
    }

    /// Devices that may read and write now, by id.
    pub fn active(&self) -> impl Iterator<Item = &DeviceRecord> {
        self.devices.values().filter(|record| record.active())
    }

    /// The device, if it could sign at `version`.
    pub fn signer_at(&self, device: DeviceId, version: u64) -> Option<&DeviceRecord> {
        self.devices
            .get(&device)
            .filter(|record| version <= self.version && record.active_at(version))
    }
}
