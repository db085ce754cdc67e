//! The device log: one hash-chained, device-signed list per person of which devices are theirs.
//!
//! What people verify of each other is the hash of its first entry, which does not change when
//! devices come and go.

mod entry;

use std::collections::BTreeMap;

use cloister_wire::{DeviceId, Hash, UserId};
use minicbor::{Decode, Encode};

pub use entry::{
    Body, DeviceCert, DeviceOffer, DeviceRecord, Enrolment, Entry, Life, Proposal,
    RECOVERY_WAIT_MS, RevokeReason,
};

use crate::{ProofError, Purpose, Signed};

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
    /// Hash of the payload of the first entry, or of the one that started over: who this
    /// person is.
    #[n(3)]
    pub genesis: Hash,
    #[n(4)]
    pub recovery_key: Hash,
    #[n(5)]
    pub devices: BTreeMap<DeviceId, DeviceRecord>,
    /// Who the person was, the first life first; the last is the one now.
    #[n(6)]
    pub lives: Vec<Life>,
    /// A recovery key that waits to be set.
    #[n(7)]
    pub proposal: Option<Proposal>,
    /// Hash of the vault as it is now.
    #[n(12)]
    pub vault: Hash,
    /// Keys that may add a device.
    #[n(13)]
    pub openers: Vec<Hash>,
}

/// Slots of a vault that may add a device.
pub const OPENERS_MAX: usize = 16;

impl DeviceLog {
    /// Starts a log from its genesis.
    pub fn begin(bytes: &[u8]) -> Result<Self, ProofError> {
        let signed = Signed::parse(bytes)?;
        let entry: Entry = signed.open()?;
        let Body::Genesis {
            device,
            recovery_key,
            vault,
            reset_of: None,
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
            lives: vec![Life {
                version: 1,
                genesis: head,
                at_ms: entry.at_ms,
            }],
            proposal: None,
            vault,
            openers: Vec::new(),
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
        let starts_over =
            matches!(&entry.body, Body::Genesis { reset_of, .. } if *reset_of == Some(self.head));
        let follows = if starts_over {
            entry.prev.is_none()
        } else {
            entry.prev == Some(self.head)
        };
        if entry.v != 1 || entry.version != self.version + 1 || !follows {
            return Err(ProofError::Broken);
        }
        self.apply(&entry, &signed)?;
        self.version = entry.version;
        self.head = signed.payload_hash();
        Ok(entry.body)
    }

    fn apply(&mut self, entry: &Entry, signed: &Signed) -> Result<(), ProofError> {
        match &entry.body {
            Body::Genesis {
                device,
                recovery_key,
                vault,
                ..
            } => {
                self.start_over(entry, signed, device, recovery_key)?;
                self.vault = *vault;
                self.openers.clear();
                Ok(())
            }
            Body::ProposeRecovery { recovery_key, slot } => {
                let device = self.signer(signed)?;
                self.propose(Proposal {
                    version: entry.version,
                    recovery_key: *recovery_key,
                    at_ms: entry.at_ms,
                    device,
                    slot: *slot,
                })
            }
            Body::CancelRecovery { proposal } => {
                let open = self.open_proposal(*proposal)?;
                self.may_cancel(signed, &open)?;
                self.proposal = None;
                Ok(())
            }
            Body::SetRecovery {
                recovery_key,
                proposal,
                digest,
                openers,
            } => {
                self.set_recovery(entry, signed, recovery_key, *proposal)?;
                self.set_vault(digest, openers)
            }
            Body::AddDevice {
                offer, approver, ..
            } => {
                let offer = DeviceOffer::verify(offer.as_ref())?;
                if offer.cert.user != self.user || offer.genesis != self.genesis {
                    return Err(ProofError::Mismatch);
                }
                match approver {
                    Some(device) => self.signed_by_device(signed, *device)?,
                    None => self.signed_by_opener(signed)?,
                }
                self.add(offer.cert, entry.version, *approver)
            }
            Body::Revoke { device, also, .. } => {
                self.signed_by_any(signed)?;
                self.revoke(entry.version, *device, also)
            }
            Body::Renew { device, reg_id } => {
                self.signed_by_device(signed, *device)?;
                match self.devices.get_mut(device) {
                    Some(record) if *reg_id > record.reg_id => record.reg_id = *reg_id,
                    _ => return Err(ProofError::Broken),
                }
                Ok(())
            }
            Body::SetVault { digest, openers } => {
                self.signed_by_any(signed)?;
                self.set_vault(digest, openers)
            }
        }
    }

    fn set_vault(&mut self, digest: &Hash, openers: &[Hash]) -> Result<(), ProofError> {
        if openers.len() > OPENERS_MAX {
            return Err(ProofError::Broken);
        }
        self.vault = *digest;
        self.openers = openers.to_vec();
        Ok(())
    }

    fn revoke(
        &mut self,
        version: u64,
        device: DeviceId,
        also: &[DeviceId],
    ) -> Result<(), ProofError> {
        let gone: Vec<DeviceId> = std::iter::once(&device).chain(also).copied().collect();
        if gone
            .iter()
            .any(|id| !self.devices.get(id).is_some_and(DeviceRecord::active))
        {
            return Err(ProofError::Mismatch);
        }
        for id in gone {
            if let Some(record) = self.devices.get_mut(&id) {
                record.revoked = Some(version);
            }
        }
        Ok(())
    }

    /// Everything from before is over: devices, recovery key, proposals.
    fn start_over(
        &mut self,
        entry: &Entry,
        signed: &Signed,
        device: &DeviceCert,
        recovery_key: &Hash,
    ) -> Result<(), ProofError> {
        if device.user != self.user {
            return Err(ProofError::Mismatch);
        }
        signed.verify(Purpose::Devlog, &device.signing)?;
        signed.verify(Purpose::Devlog, recovery_key)?;
        // Old keys in a new life would let whoever has them go on.
        if *recovery_key == self.recovery_key {
            return Err(ProofError::Mismatch);
        }
        self.add(device.clone(), entry.version, None)?;
        for record in self.devices.values_mut() {
            if record.cert.device != device.device && record.active() {
                record.revoked = Some(entry.version);
            }
        }
        self.recovery_key = *recovery_key;
        self.genesis = signed.payload_hash();
        self.proposal = None;
        self.lives.push(Life {
            version: entry.version,
            genesis: self.genesis,
            at_ms: entry.at_ms,
        });
        Ok(())
    }

    fn propose(&mut self, proposal: Proposal) -> Result<(), ProofError> {
        if self.proposal.is_some() || proposal.recovery_key == self.recovery_key {
            return Err(ProofError::Broken);
        }
        self.proposal = Some(proposal);
        Ok(())
    }

    fn open_proposal(&self, version: u64) -> Result<Proposal, ProofError> {
        self.proposal
            .filter(|open| open.version == version)
            .ok_or(ProofError::Mismatch)
    }

    fn may_cancel(&self, signed: &Signed, open: &Proposal) -> Result<(), ProofError> {
        let key = self
            .devices
            .values()
            .filter(|record| record.active_at(open.version))
            .map(|record| record.cert.signing)
            .chain(std::iter::once(self.recovery_key))
            .find(|key| signed.signatures.iter().any(|one| one.key == *key))
            .ok_or(ProofError::NotAllowed)?;
        signed.verify(Purpose::Devlog, &key)
    }

    fn set_recovery(
        &mut self,
        entry: &Entry,
        signed: &Signed,
        recovery_key: &Hash,
        proposal: Option<u64>,
    ) -> Result<(), ProofError> {
        match proposal {
            None => signed.verify(Purpose::Devlog, &self.recovery_key)?,
            Some(version) => {
                let open = self.open_proposal(version)?;
                self.signer(signed)?;
                if open.recovery_key != *recovery_key {
                    return Err(ProofError::Mismatch);
                }
                if entry.at_ms < open.ripe_at_ms() {
                    return Err(ProofError::NotAllowed);
                }
            }
        }
        if *recovery_key == self.recovery_key {
            return Err(ProofError::Broken);
        }
        self.recovery_key = *recovery_key;
        self.proposal = None;
        Ok(())
    }

    /// The active device that signed.
    fn signer(&self, signed: &Signed) -> Result<DeviceId, ProofError> {
        let device = self
            .active()
            .find(|record| {
                let key = &record.cert.signing;
                signed.signatures.iter().any(|one| one.key == *key)
            })
            .map(|record| record.cert.device)
            .ok_or(ProofError::NotAllowed)?;
        self.signed_by_device(signed, device)?;
        Ok(device)
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

    /// By the recovery key, or by the key of another slot of the vault.
    fn signed_by_opener(&self, signed: &Signed) -> Result<(), ProofError> {
        let key = std::iter::once(&self.recovery_key)
            .chain(&self.openers)
            .find(|key| signed.signatures.iter().any(|one| one.key == **key))
            .ok_or(ProofError::NotAllowed)?;
        signed.verify(Purpose::Devlog, key)
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

    /// Who the person was at `version`.
    pub fn genesis_at(&self, version: u64) -> Option<Hash> {
        self.lives
            .iter()
            .rev()
            .find(|life| life.version <= version)
            .map(|life| life.genesis)
    }

    /// When the person last started over, if they ever did.
    pub fn started_over_at(&self) -> Option<u64> {
        match self.lives.as_slice() {
            [] | [_] => None,
            [.., last] => Some(last.at_ms),
        }
    }

    /// The device, if it could sign at `version`.
    pub fn signer_at(&self, device: DeviceId, version: u64) -> Option<&DeviceRecord> {
        self.devices
            .get(&device)
            .filter(|record| version <= self.version && record.active_at(version))
    }
}
