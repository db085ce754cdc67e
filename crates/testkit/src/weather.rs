//! What the network does to what travels over it.

use crate::clock::Chance;

/// Chances in a thousand, and delays in ms.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// A request never arrives.
    pub lost_before: u64,
    /// A request arrives and its answer does not.
    pub lost_after: u64,
    /// A request arrives twice.
    pub repeated: u64,
    /// Something takes seconds.
    pub slow: u64,
    /// A frame finds its socket broken.
    pub torn: u64,
    /// A client dies instead of carrying out what its engine says.
    pub crash: u64,
}

impl Weather {
    /// Everything arrives, after some milliseconds.
    pub const FAIR: Self = Self {
        lost_before: 0,
        lost_after: 0,
        repeated: 0,
        slow: 0,
        torn: 0,
        crash: 0,
    };

    pub const FOUL: Self = Self {
        lost_before: 30,
        lost_after: 30,
        repeated: 30,
        slow: 40,
        torn: 5,
        crash: 4,
    };

    /// How long something travels.
    pub fn delay(&self, chance: &mut Chance) -> u64 {
        if chance.happens(self.slow) {
            chance.between(500, 8_000)
        } else {
            chance.between(1, 60)
        }
    }
}
