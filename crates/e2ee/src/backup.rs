//! Records of the key backup: symmetric and authenticated, so that a server can keep them but
//! neither read nor make one.

use cloister_proof::{decode, encode};
use cloister_wire::{Bytes, ChannelId, DeviceId, Hash, Octets, Txn, UserId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sha2::Sha256;

use crate::{OpenError, record::PersonRecord, sealed};

/// Name of a record on the server: says nothing of what it is about.
pub type RecordId = Octets<16>;

/// A key that records are sealed with. A new one follows whenever a device was revoked.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct BackupKey {
    #[n(0)]
    pub version: u64,
    #[n(1)]
    key: Hash,
}

impl std::fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BackupKey({})", self.version)
    }
}

/// What one record keeps.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum BackupRecord {
    /// A group session of somebody's device.
    #[n(0)]
    Session {
        #[n(0)]
        channel: ChannelId,
        #[n(1)]
        session: Hash,
        #[n(2)]
        sender_user: UserId,
        #[n(3)]
        sender_device: DeviceId,
        /// Exported at the first index that the device knows.
        #[n(4)]
        key: Bytes,
        #[n(5)]
        first_index: u32,
        #[n(6)]
        created_epoch: u64,
        #[n(7)]
        shared_history: u8,
        #[n(8)]
        suite: u16,
    },
    /// The content key of a direct message.
    #[n(1)]
    Direct {
        #[n(0)]
        channel: ChannelId,
        #[n(1)]
        sender_device: DeviceId,
        #[n(2)]
        txn: Txn,
        #[n(3)]
        key: Hash,
        #[n(4)]
        ciphertext: Hash,
    },
    /// What was decided about somebody: that they are verified, or their new keys accepted.
    #[n(2)]
    Person {
        #[n(0)]
        record: PersonRecord,
    },
}

impl BackupRecord {
    /// What the record is about; two of the same subject have the same id.
    pub fn subject(&self) -> Vec<u8> {
        match self {
            Self::Session {
                channel, session, ..
            } => session_subject(*channel, session),
            Self::Direct {
                channel,
                sender_device,
                txn,
                ..
            } => direct_subject(*channel, *sender_device, *txn),
            Self::Person { record } => person_subject(record.user),
        }
    }
}

pub fn session_subject(channel: ChannelId, session: &Hash) -> Vec<u8> {
    [&[0], channel.as_bytes().as_slice(), &session.0].concat()
}

pub fn direct_subject(channel: ChannelId, sender_device: DeviceId, txn: Txn) -> Vec<u8> {
    [
        &[1],
        channel.as_bytes().as_slice(),
        sender_device.as_bytes(),
        txn.as_bytes(),
    ]
    .concat()
}

pub fn person_subject(user: UserId) -> Vec<u8> {
    [&[2], user.as_bytes().as_slice()].concat()
}

impl BackupKey {
    pub fn draw(version: u64, chance: &mut dyn CryptoRng) -> Self {
        let mut key = [0; 32];
        chance.fill_bytes(&mut key);
        Self {
            version,
            key: Octets(key),
        }
    }

    /// Where a record of this subject is.
    pub fn record_id(&self, subject: &[u8]) -> RecordId {
        let key = sealed::derive(&self.key.0, "cloister/bk/id/v1");
        let mut mac =
            Hmac::<Sha256>::new_from_slice(key.as_ref()).expect("HMAC takes a key of any length");
        mac.update(subject);
        let tag = mac.finalize().into_bytes();
        let mut id = [0; 16];
        id.copy_from_slice(&tag[..16]);
        Octets(id)
    }

    pub fn seal(
        &self,
        user: UserId,
        record: &BackupRecord,
        chance: &mut dyn CryptoRng,
    ) -> (RecordId, Vec<u8>) {
        let id = self.record_id(&record.subject());
        let context = self.context(user, &id);
        let sealed = sealed::seal(&self.record_key(), &encode(record), &context, chance);
        (id, sealed)
    }

    /// Opens the record at `id`. One that was made by somebody else, changed, or taken from
    /// another place, person or version does not open.
    pub fn open(
        &self,
        user: UserId,
        id: &RecordId,
        sealed: &[u8],
    ) -> Result<BackupRecord, OpenError> {
        let plain = sealed::open(&self.record_key(), sealed, &self.context(user, id))?;
        let record: BackupRecord = decode(&plain).map_err(|_| OpenError::Corrupt)?;
        if self.record_id(&record.subject()) == *id {
            Ok(record)
        } else {
            Err(OpenError::Mismatch)
        }
    }

    fn record_key(&self) -> zeroize::Zeroizing<[u8; 32]> {
        sealed::derive(&self.key.0, &format!("cloister/bk/rec/v1/{}", self.version))
    }

    /// Deterministic CBOR of `[user, version, id]`.
    fn context(&self, user: UserId, id: &RecordId) -> Vec<u8> {
        encode(&(user, self.version, *id))
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    fn record() -> BackupRecord {
        BackupRecord::Direct {
            channel: ChannelId::from_bytes([1; 16]),
            sender_device: DeviceId::from_bytes([2; 16]),
            txn: Txn::from_bytes([3; 16]),
            key: Octets([4; 32]),
            ciphertext: Octets([5; 32]),
        }
    }

    fn key(version: u64) -> BackupKey {
        BackupKey {
            version,
            key: Octets([6; 32]),
        }
    }

    #[test]
    fn a_record_opens_only_at_its_place_for_its_person_in_its_version() {
        let mut chance = ChaCha20Rng::seed_from_u64(1);
        let (me, other) = (UserId::from_bytes([7; 16]), UserId::from_bytes([8; 16]));
        let (id, sealed) = key(1).seal(me, &record(), &mut chance);
        assert_eq!(key(1).open(me, &id, &sealed), Ok(record()));
        assert!(key(1).open(other, &id, &sealed).is_err());
        assert!(key(2).open(me, &id, &sealed).is_err());
        assert!(key(1).open(me, &Octets([0; 16]), &sealed).is_err());
        for at in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert!(key(1).open(me, &id, &broken).is_err(), "byte {at}");
        }
    }

    /// Made by another implementation (Python's hashlib and cryptography).
    #[test]
    fn the_known_answer_opens() {
        const SEALED: &str = "000102030405060708090a0bf752ccca2b7fd575d9c373b6b2f0a498f16c439dd4\
            08b25c4f398d6078ce52773d14e152053d55285d4341641bfff6e4b0e8e0e1d17023c870426914b91017cc\
            0f0ea5ec4c558e07107f490d20a2e08e01ae00c0d7b50d675407f2603bae4137f8af3f5816e335c216043f\
            f40119302ef099cc0cdc1ddcab6e009f86a4c35b5194fb6341be156bb743f7";
        let id = Octets(
            unhex("16604605ff4a3da3bd9b4571694a4517")
                .try_into()
                .unwrap(),
        );
        assert_eq!(key(3).record_id(&record().subject()), id);
        let me = UserId::from_bytes([7; 16]);
        assert_eq!(key(3).open(me, &id, &unhex(SEALED)), Ok(record()));
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text
            .chars()
            .map(|digit| digit.to_digit(16).unwrap() as u8)
            .collect();
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    }
}
