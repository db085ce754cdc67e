//! Who reads a channel now, as the server says it and as clients check it.
//!
//! A roster is the sorted list of devices; an epoch record names the roster's hash, what
//! changed, and the floor below which sessions must not be used. All records that one
//! transaction makes are leaves of one signed Merkle tree, so that a client learns nothing of
//! the channels it may not see.

use std::collections::BTreeSet;

use cloister_wire::{ChannelId, DeviceId, Hash, Octets, UserId, channel::EpochProof};
use minicbor::{Decode, Encode};

use crate::{ProofError, Purpose, Signer, decode, encode, guild_log::Position, hash};

/// A device in a roster. Ordered by user, then device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(array)]
pub struct RosterEntry {
    #[n(0)]
    pub user: UserId,
    #[n(1)]
    pub device: DeviceId,
    #[n(2)]
    pub reg_id: u32,
}

/// The devices that read a channel in one epoch, sorted, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster(BTreeSet<RosterEntry>);

impl Roster {
    pub fn new(entries: impl IntoIterator<Item = RosterEntry>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// Reads the canonical form: anything unsorted or repeated is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        let entries: Vec<RosterEntry> = decode(bytes)?;
        if entries.windows(2).all(|pair| pair[0] < pair[1]) {
            Ok(Self(entries.into_iter().collect()))
        } else {
            Err(ProofError::Malformed)
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&self.entries().copied().collect::<Vec<_>>())
    }

    /// `H("cloister/roster/v1" || CBOR(roster))`.
    pub fn hash(&self) -> Hash {
        hash(&[b"cloister/roster/v1", &self.to_bytes()])
    }

    pub fn entries(&self) -> impl Iterator<Item = &RosterEntry> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, entry: &RosterEntry) -> bool {
        self.0.contains(entry)
    }

    pub fn device(&self, device: DeviceId) -> Option<&RosterEntry> {
        self.0.iter().find(|entry| entry.device == device)
    }

    pub fn users(&self) -> BTreeSet<UserId> {
        self.0.iter().map(|entry| entry.user).collect()
    }

    /// What must be added to and removed from this roster to get `next`.
    pub fn difference(&self, next: &Self) -> (Vec<RosterEntry>, Vec<RosterEntry>) {
        (
            next.0.difference(&self.0).copied().collect(),
            self.0.difference(&next.0).copied().collect(),
        )
    }

    /// The roster after `record`; refused if it does not lead to the record's hash.
    pub fn after(&self, record: &EpochRecord) -> Result<Self, ProofError> {
        let mut next = self.0.clone();
        for entry in &record.removed {
            next.remove(entry);
        }
        next.extend(record.added.iter().copied());
        let next = Self(next);
        if next.hash() == record.roster_hash {
            Ok(next)
        } else {
            Err(ProofError::Mismatch)
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EpochRecord {
    #[n(0)]
    pub v: u8,
    #[n(1)]
    pub incarnation: u64,
    #[n(2)]
    pub channel: ChannelId,
    /// 1 for a new channel.
    #[n(3)]
    pub epoch: u64,
    /// Hash of the previous record; zero for the first.
    #[n(4)]
    pub prev: Hash,
    #[n(5)]
    pub roster_hash: Hash,
    /// Sessions that were begun in an earlier epoch than this must not be used.
    #[n(6)]
    pub floor: u64,
    #[n(7)]
    pub added: Vec<RosterEntry>,
    #[n(8)]
    pub removed: Vec<RosterEntry>,
    #[n(9)]
    pub cause: EpochCause,
    /// The guild log that this audience follows from; absent in direct conversations.
    #[n(10)]
    pub log: Option<Position>,
    #[n(11)]
    pub at_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum EpochCause {
    #[n(0)]
    Created,
    #[n(1)]
    Joined,
    #[n(2)]
    Left,
    #[n(3)]
    Removed,
    #[n(4)]
    DeviceAdded,
    #[n(5)]
    DeviceRevoked,
    #[n(6)]
    DeviceRenewed,
    #[n(7)]
    Policy,
    /// Somebody who got no keys was vouched for: the audience is the same, and they get them.
    #[n(8)]
    Vouched,
    /// Roles or overwrites changed who may see the channel.
    #[n(20)]
    Rights,
}

impl EpochCause {
    /// Whether sessions from before may go on being used: only if nobody lost access.
    pub const fn raises_floor(self) -> bool {
        !matches!(
            self,
            Self::Joined | Self::DeviceAdded | Self::Vouched | Self::Rights
        )
    }
}

impl EpochRecord {
    pub fn hash(bytes: &[u8]) -> Hash {
        hash(&[bytes])
    }

    /// Verifies a record under the server's signed root and reads it.
    pub fn verify(
        proof: &EpochProof,
        incarnation: u64,
        server_key: &Hash,
    ) -> Result<Self, ProofError> {
        let record: Self = decode(proof.record.as_ref())?;
        if record.v != 1 || record.incarnation != incarnation {
            return Err(ProofError::Mismatch);
        }
        let root = root_of(proof.record.as_ref(), proof)?;
        Purpose::EpochRoot.verify(
            server_key,
            &root_payload(incarnation, proof.leaves, &root),
            &proof.signature,
        )?;
        Ok(record)
    }
}

/// Signs all records of one transaction under one root.
pub fn sign_records(
    records: &[EpochRecord],
    incarnation: u64,
    signer: &dyn Signer,
) -> Vec<EpochProof> {
    let encoded: Vec<Vec<u8>> = records.iter().map(encode).collect();
    let leaves: Vec<Hash> = encoded.iter().map(|bytes| leaf(bytes)).collect();
    let Some(root) = subtree(&leaves) else {
        return Vec::new();
    };
    let count = leaves.len() as u32;
    let signature = signer.sign_for(Purpose::EpochRoot, &root_payload(incarnation, count, &root));
    encoded
        .into_iter()
        .enumerate()
        .map(|(index, record)| EpochProof {
            record: record.into(),
            path: path(&leaves, index),
            index: index as u32,
            leaves: count,
            signature,
        })
        .collect()
}

fn root_payload(incarnation: u64, leaves: u32, root: &Hash) -> Vec<u8> {
    [
        &incarnation.to_be_bytes()[..],
        &leaves.to_be_bytes(),
        &root.0,
    ]
    .concat()
}

fn leaf(record: &[u8]) -> Hash {
    hash(&[&[0], record])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    hash(&[&[1], &left.0, &right.0])
}

/// The largest power of two below `count` (RFC 9162 §2.1.1).
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

fn subtree(leaves: &[Hash]) -> Option<Hash> {
    match leaves {
        [] => None,
        [one] => Some(*one),
        many => {
            let (left, right) = many.split_at(split(many.len()));
            Some(node(&subtree(left)?, &subtree(right)?))
        }
    }
}

/// Sibling hashes of leaf `index`, from the leaf up.
fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut below, sibling) = if index < middle {
        (path(left, index), subtree(right))
    } else {
        (path(right, index - middle), subtree(left))
    };
    below.extend(sibling);
    below
}

fn root_of(record: &[u8], proof: &EpochProof) -> Result<Hash, ProofError> {
    fn climb(start: Hash, index: usize, count: usize, path: &[Hash]) -> Option<Hash> {
        if count == 1 {
            return path.is_empty().then_some(start);
        }
        let (sibling, below) = path.split_last()?;
        let middle = split(count);
        if index < middle {
            climb(start, index, middle, below).map(|left| node(&left, sibling))
        } else {
            climb(start, index - middle, count - middle, below).map(|right| node(sibling, &right))
        }
    }
    if proof.index >= proof.leaves || proof.path.len() > 32 {
        return Err(ProofError::Malformed);
    }
    climb(
        leaf(record),
        proof.index as usize,
        proof.leaves as usize,
        &proof.path,
    )
    .ok_or(ProofError::Malformed)
}

/// Where the chain of records of a channel starts.
pub const NO_PREVIOUS: Hash = Octets([0; 32]);

#[cfg(test)]
mod tests {
    use super::*;

    fn record(byte: u8) -> EpochRecord {
        EpochRecord {
            v: 1,
            incarnation: 1,
            channel: ChannelId::from_bytes([byte; 16]),
            epoch: 1,
            prev: NO_PREVIOUS,
            roster_hash: Roster::default().hash(),
            floor: 1,
            added: Vec::new(),
            removed: Vec::new(),
            cause: EpochCause::Created,
            log: None,
            at_ms: 0,
        }
    }

    #[test]
    fn every_record_of_a_transaction_verifies_under_its_root() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
        for count in 1..=9u8 {
            let records: Vec<_> = (0..count).map(record).collect();
            for (proof, record) in sign_records(&records, 1, &key).iter().zip(&records) {
                assert_eq!(
                    EpochRecord::verify(proof, 1, &key.public_key()).as_ref(),
                    Ok(record)
                );
            }
        }
    }

    #[test]
    fn a_record_at_another_place_or_with_another_path_is_refused() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
        let records: Vec<_> = (0..5).map(record).collect();
        let proofs = sign_records(&records, 1, &key);
        let mut moved = proofs[2].clone();
        moved.index = 3;
        assert!(EpochRecord::verify(&moved, 1, &key.public_key()).is_err());
        let mut swapped = proofs[2].clone();
        swapped.record = proofs[3].record.clone();
        assert!(EpochRecord::verify(&swapped, 1, &key.public_key()).is_err());
        let mut longer = proofs[2].clone();
        longer.path.push(NO_PREVIOUS);
        assert!(EpochRecord::verify(&longer, 1, &key.public_key()).is_err());
    }

    #[test]
    fn a_record_of_another_life_of_the_server_is_refused() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
        let proofs = sign_records(&[record(1)], 1, &key);
        assert_eq!(
            EpochRecord::verify(&proofs[0], 2, &key.public_key()),
            Err(ProofError::Mismatch)
        );
    }

    #[test]
    fn a_roster_must_be_sorted_and_without_repeats() {
        let entry = |byte| RosterEntry {
            user: UserId::from_bytes([byte; 16]),
            device: DeviceId::from_bytes([byte; 16]),
            reg_id: 1,
        };
        assert!(Roster::parse(&encode(&vec![entry(1), entry(2)])).is_ok());
        assert_eq!(
            Roster::parse(&encode(&vec![entry(2), entry(1)])),
            Err(ProofError::Malformed)
        );
        assert_eq!(
            Roster::parse(&encode(&vec![entry(1), entry(1)])),
            Err(ProofError::Malformed)
        );
    }
}
