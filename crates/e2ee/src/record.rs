//! What one's own devices tell each other of other people, and what a backup keeps of it: whom
//! this person has verified, and whose new keys they accepted.

use cloister_wire::{DeviceId, Hash, UserId};
use minicbor::{Decode, Encode};

/// One decision about one person. Of two about the same person the later one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PersonRecord {
    #[n(0)]
    pub user: UserId,
    /// Who that person was at that time.
    #[n(1)]
    pub genesis: Hash,
    #[n(2)]
    pub at_ms: u64,
    #[n(3)]
    pub how: How,
    /// The device of one's own on which it was decided.
    #[n(4)]
    pub device: DeviceId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum How {
    /// The QR code was read.
    #[n(0)]
    Qr,
    /// Both saw the same emoji.
    #[n(1)]
    Emoji,
    /// Both read the same number.
    #[n(2)]
    Number,
    /// New keys were accepted, and nothing was compared.
    #[n(3)]
    Accepted,
}

impl PersonRecord {
    pub const fn verifies(&self) -> bool {
        !matches!(self.how, How::Accepted)
    }

    /// Whether this record replaces `known`. The same on every device, in whatever order
    /// records arrive.
    pub fn replaces(&self, known: &Self) -> bool {
        let key = |one: &Self| (one.at_ms, one.genesis, one.how as u8, one.device);
        key(self) > key(known)
    }
}

#[cfg(test)]
mod tests {
    use cloister_wire::Octets;

    use super::*;

    #[test]
    fn of_two_records_one_replaces_the_other_never_both() {
        let record = |at_ms, byte| PersonRecord {
            user: UserId::from_bytes([1; 16]),
            genesis: Octets([byte; 32]),
            at_ms,
            how: How::Qr,
            device: DeviceId::from_bytes([2; 16]),
        };
        for (one, other) in [
            (record(1, 1), record(2, 1)),
            (record(2, 1), record(2, 2)),
            (record(3, 9), record(4, 1)),
        ] {
            assert!(other.replaces(&one) && !one.replaces(&other));
            assert!(!one.replaces(&one));
        }
    }
}
