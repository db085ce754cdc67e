//! The audit chain of a guild. Each entry has a digest of all that it says; each head covers the
//! head before it and the digest. Whoever keeps a signed head can check, without reading the
//! entries, that nothing before it was changed, taken out or cut off.

use cloister_wire::{DeviceId, GuildId, Hash, Octets, UserId};
use minicbor::{Decode, Encode};

use crate::{ProofError, Purpose, Signed, encode, hash};

/// The head before the first entry.
pub const START: Hash = Octets([0; 32]);

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AuditEntry {
    #[n(0)]
    pub v: u8,
    #[n(1)]
    pub guild: GuildId,
    /// From 1, without gaps.
    #[n(2)]
    pub seq: u64,
    #[n(3)]
    pub at_ms: u64,
    /// None: the server itself.
    #[n(4)]
    pub actor: Option<UserId>,
    #[n(5)]
    pub device: Option<DeviceId>,
    #[n(6)]
    pub action: String,
    #[n(7)]
    pub target: String,
    /// JSON.
    #[n(8)]
    pub before: Option<String>,
    #[n(9)]
    pub after: Option<String>,
    #[n(10)]
    pub reason: Option<String>,
}

impl AuditEntry {
    pub fn digest(&self) -> Hash {
        hash(&[b"cloister/audit-entry/v1", &encode(self)])
    }
}

/// The head after one more entry.
pub fn next(head: &Hash, digest: &Hash) -> Hash {
    hash(&[b"cloister/audit-head/v1", &head.0, &digest.0])
}

/// The server's word on where a chain stands.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AuditCheckpoint {
    #[n(0)]
    pub v: u8,
    #[n(1)]
    pub incarnation: u64,
    #[n(2)]
    pub guild: GuildId,
    #[n(3)]
    pub seq: u64,
    #[n(4)]
    pub head: Hash,
    #[n(5)]
    pub at_ms: u64,
}

impl AuditCheckpoint {
    /// Verifies the server's signature and reads it.
    pub fn verify(bytes: &[u8], server_key: &Hash) -> Result<Self, ProofError> {
        let signed = Signed::parse(bytes)?;
        signed.verify(Purpose::AuditCheckpoint, server_key)?;
        let checkpoint: Self = signed.open()?;
        if checkpoint.v == 1 {
            Ok(checkpoint)
        } else {
            Err(ProofError::Malformed)
        }
    }

    /// Whether `digests` lead from an earlier checkpoint of the same chain to this one.
    pub fn continues(&self, earlier: Option<&Self>, digests: &[Hash]) -> Result<(), ProofError> {
        let (seq, head) = earlier.map_or((0, START), |known| (known.seq, known.head));
        if earlier.is_some_and(|known| known.guild != self.guild) {
            return Err(ProofError::Mismatch);
        }
        let reached = digests
            .iter()
            .fold(head, |head, digest| next(&head, digest));
        if self.seq == seq + digests.len() as u64 && self.head == reached {
            Ok(())
        } else {
            Err(ProofError::Broken)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64) -> AuditEntry {
        AuditEntry {
            v: 1,
            guild: GuildId::from_bytes([1; 16]),
            seq,
            at_ms: seq * 10,
            actor: Some(UserId::from_bytes([2; 16])),
            device: None,
            action: "role.create".to_owned(),
            target: "role:x".to_owned(),
            before: None,
            after: Some("{}".to_owned()),
            reason: None,
        }
    }

    fn checkpoint(entries: &[AuditEntry]) -> AuditCheckpoint {
        let head = entries
            .iter()
            .fold(START, |head, entry| next(&head, &entry.digest()));
        AuditCheckpoint {
            v: 1,
            incarnation: 1,
            guild: GuildId::from_bytes([1; 16]),
            seq: entries.len() as u64,
            head,
            at_ms: 5,
        }
    }

    #[test]
    fn a_longer_chain_continues_a_shorter_one_and_no_other() {
        let entries: Vec<_> = (1..=5).map(entry).collect();
        let digests: Vec<_> = entries.iter().map(AuditEntry::digest).collect();
        let (two, five) = (checkpoint(&entries[..2]), checkpoint(&entries));
        assert_eq!(five.continues(Some(&two), &digests[2..]), Ok(()));
        assert_eq!(five.continues(None, &digests), Ok(()));
        assert_eq!(
            five.continues(Some(&two), &digests[3..]),
            Err(ProofError::Broken)
        );
        let mut swapped = digests[2..].to_vec();
        swapped.swap(0, 1);
        assert_eq!(
            five.continues(Some(&two), &swapped),
            Err(ProofError::Broken)
        );
        assert_eq!(two.continues(Some(&five), &[]), Err(ProofError::Broken));
    }

    #[test]
    fn every_field_of_an_entry_is_in_its_digest() {
        let one = entry(1);
        let changed = [
            AuditEntry {
                seq: 2,
                ..one.clone()
            },
            AuditEntry {
                at_ms: 11,
                ..one.clone()
            },
            AuditEntry {
                actor: None,
                ..one.clone()
            },
            AuditEntry {
                action: "role.edit".to_owned(),
                ..one.clone()
            },
            AuditEntry {
                target: "role:y".to_owned(),
                ..one.clone()
            },
            AuditEntry {
                before: Some("{}".to_owned()),
                ..one.clone()
            },
            AuditEntry {
                after: None,
                ..one.clone()
            },
            AuditEntry {
                reason: Some(String::new()),
                ..one.clone()
            },
        ];
        for other in changed {
            assert_ne!(one.digest(), other.digest(), "{other:?}");
        }
    }
}
