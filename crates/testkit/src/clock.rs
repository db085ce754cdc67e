//! Invented time and seeded chance.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use cloister_server::env::Env;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

/// When every story begins, ms UTC.
pub const START: u64 = 1_800_000_000_000;

/// A clock that stands still until somebody moves it. Copies show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicU64>);

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(START)))
    }
}

impl Clock {
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Never goes back.
    pub fn move_to(&self, at: u64) {
        self.0.fetch_max(at, Ordering::Relaxed);
    }
}

/// A stream of chance that a seed and a name decide.
#[derive(Debug, Clone)]
pub struct Chance(ChaCha20Rng);

impl Chance {
    /// Streams of different names have nothing to do with each other.
    pub fn new(seed: u64, name: &str) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        for (at, byte) in name.bytes().enumerate() {
            let place = &mut key[8 + at % 24];
            *place = place.rotate_left(3) ^ byte;
        }
        Self(ChaCha20Rng::from_seed(key))
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        match end {
            0 => 0,
            _ => self.0.next_u64() % end,
        }
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True `per_mille` times in a thousand.
    pub fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len() as u64) as usize)
    }
}

/// The server's surroundings: this clock, and chance from the seed.
pub(crate) fn server_env(clock: &Clock, seed: u64, name: &str) -> Env {
    let clock = clock.clone();
    let chance = Mutex::new(Chance::new(seed, name));
    Env::injected(
        move || clock.now(),
        move |bytes| {
            let mut chance = chance.lock().unwrap_or_else(PoisonError::into_inner);
            chance.0.fill_bytes(bytes);
        },
    )
}
