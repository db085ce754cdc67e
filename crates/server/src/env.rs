//! The only clock and the only source of randomness of the server.
//!
//! Nothing else reads the system's time or randomness: tests and the simulator hand in their own.

use std::{fmt, sync::Arc, time::SystemTime};

type Clock = dyn Fn() -> u64 + Send + Sync;
type Chance = dyn Fn(&mut [u8]) + Send + Sync;

/// What the server takes from outside: time and chance.
#[derive(Clone)]
pub struct Env {
    clock: Arc<Clock>,
    chance: Arc<Chance>,
}

impl Env {
    /// The clock and the randomness of the operating system.
    pub fn system() -> Self {
        Self::injected(system_now, |bytes| {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that asks the system"
            )]
            getrandom::fill(bytes).expect("the operating system gives randomness");
        })
    }

    /// A clock (ms UTC) and a source of randomness of one's own.
    pub fn injected(
        clock: impl Fn() -> u64 + Send + Sync + 'static,
        chance: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock: Arc::new(clock),
            chance: Arc::new(chance),
        }
    }

    /// Ms UTC.
    pub fn now(&self) -> u64 {
        (self.clock)()
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        (self.chance)(bytes);
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A new id: `env.id(MessageId::new)`.
    pub fn id<T>(&self, make: impl FnOnce(u64, &[u8; 10]) -> T) -> T {
        make(self.now(), &self.bytes())
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
fn system_now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
