//! The only place of this crate that reads the clock and asks the operating system for chance.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room for ambient time"
)]
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

/// The monotonic clock, for deadlines.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room for ambient time"
)]
pub(crate) fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// Bytes that nobody can guess.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room for ambient randomness"
)]
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
