//! The only place of this crate that reads the clock and asks the operating system for chance.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room for ambient time"
)]
pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

/// The monotonic clock: what measurements are read from.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room for ambient time"
)]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Keys and ids of people who exist for some seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room for ambient randomness"
)]
pub(crate) fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no chance: {error}"))?;
    Ok(bytes)
}
