//! Limits on how often. Two rules: a bucket that empties steadily (GCRA), in memory, for ordinary
//! requests, where a restart may forget a minute; and an exact window, in the database, for what
//! guards accounts (`store/attempt.rs`).

use std::{
    collections::HashMap,
    fmt,
    num::NonZero,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{Error, Result};

const MINUTE_MS: u64 = 60_000;
/// Callers remembered at once; beyond it those whose bucket is empty are forgotten.
const CALLERS: usize = 100_000;

/// So many in a stretch of time, in a burst or spread out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    many: NonZero<u32>,
    in_ms: u64,
}

/// So many in any stretch of time of this length, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub most: NonZero<u32>,
    pub ms: u64,
}

impl Window {
    pub const fn per_minutes(most: NonZero<u32>, minutes: u64) -> Self {
        Self {
            most,
            ms: minutes * MINUTE_MS,
        }
    }

    /// Adds `now` to the times of earlier attempts, oldest first, unless it does not fit.
    pub fn spend(self, times: &mut Vec<u64>, now: u64) -> Spent {
        let most = self.most.get();
        // What is in the future was written before the clock was set back.
        times.retain(|at| *at <= now && at + self.ms > now);
        let reset_ms = |times: &[u64]| times.last().map_or(0, |at| at + self.ms - now);
        if times.len() >= most as usize {
            let wait_ms = times.first().map(|at| at + self.ms - now);
            return Spent {
                limit: most,
                remaining: 0,
                reset_ms: reset_ms(times),
                wait_ms,
            };
        }
        times.push(now);
        Spent {
            limit: most,
            remaining: most - times.len() as u32,
            reset_ms: reset_ms(times),
            wait_ms: None,
        }
    }
}

/// How many of one caller's requests may run at once.
#[derive(Debug, Clone)]
pub struct AtOnce {
    most: u32,
    running: Arc<Mutex<HashMap<String, u32>>>,
}

/// A running request, counted until it is dropped.
#[derive(Debug)]
pub struct Place {
    of: AtOnce,
    key: String,
}

impl AtOnce {
    const RETRY_MS: u64 = 1_000;

    pub fn new(most: NonZero<u32>) -> Self {
        Self {
            most: most.get(),
            running: Arc::default(),
        }
    }

    /// A place for one more, or the advice to come back.
    pub fn enter(&self, key: String) -> Result<Place> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = running.entry(key.clone()).or_insert(0);
        if *mine >= self.most {
            return Err(Error::busy(Self::RETRY_MS));
        }
        *mine += 1;
        drop(running);
        Ok(Place {
            of: self.clone(),
            key,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let running = &self.of.running;
        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = running.get_mut(&self.key) {
            *mine -= 1;
            if *mine == 0 {
                running.remove(&self.key);
            }
        }
    }
}

/// What one request did to a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub limit: u32,
    pub remaining: u32,
    /// Until the bucket is empty again.
    pub reset_ms: u64,
    /// Until one more fits, if this one did not.
    pub wait_ms: Option<u64>,
}

impl Spent {
    /// Refuses what did not fit.
    pub fn allowed(&self) -> Result<()> {
        match self.wait_ms {
            None => Ok(()),
            Some(wait_ms) => Err(Error::rate_limited(wait_ms)),
        }
    }
}

impl Rate {
    pub const fn per_minute(many: NonZero<u32>) -> Self {
        Self::per(many, MINUTE_MS)
    }

    pub const fn per(many: NonZero<u32>, in_ms: u64) -> Self {
        Self { many, in_ms }
    }

    /// How much fuller one makes a bucket.
    pub const fn each_ms(self) -> u64 {
        let each = self.in_ms / self.many.get() as u64;
        if each == 0 { 1 } else { each }
    }

    /// Puts one more into a bucket that will be empty at `full_until` (ms UTC; the past is an
    /// empty bucket). Gives the new time, unless it did not fit.
    pub fn spend(self, full_until: Option<u64>, now: u64) -> (Option<u64>, Spent) {
        self.spend_many(1, full_until, now)
    }

    /// The same for several at once: all of them fit, or none.
    pub fn spend_many(self, count: u64, full_until: Option<u64>, now: u64) -> (Option<u64>, Spent) {
        let limit = self.many.get();
        let one = self.each_ms();
        let each = one * count;
        // A time further off than the bucket is deep was written before the clock was set back.
        let start = full_until
            .filter(|until| *until <= now + self.in_ms)
            .map_or(now, |until| until.max(now));
        let after = start + each;
        let reset_ms = start - now;
        if after - now > self.in_ms {
            let wait_ms = Some(after - now - self.in_ms);
            return (
                None,
                Spent {
                    limit,
                    remaining: 0,
                    reset_ms,
                    wait_ms,
                },
            );
        }
        let remaining = ((self.in_ms - (after - now)) / one) as u32;
        (
            Some(after),
            Spent {
                limit,
                remaining,
                reset_ms: after - now,
                wait_ms: None,
            },
        )
    }
}

/// Buckets in memory, one a caller.
pub struct Buckets {
    rate: Rate,
    full_until: Mutex<HashMap<String, u64>>,
}

impl Buckets {
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            full_until: Mutex::default(),
        }
    }

    pub fn spend(&self, key: &str, now: u64) -> Spent {
        self.spend_many(1, key, now)
    }

    pub fn spend_many(&self, count: u64, key: &str, now: u64) -> Spent {
        let mut all = self
            .full_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CALLERS {
            all.retain(|_, until| *until > now);
        }
        let (after, spent) = self.rate.spend_many(count, all.get(key).copied(), now);
        if let Some(after) = after {
            all.insert(key.to_owned(), after);
        }
        spent
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buckets({:?})", self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_minute: u32) -> Rate {
        Rate::per_minute(NonZero::new(per_minute).unwrap())
    }

    #[test]
    fn a_burst_fills_the_bucket_and_time_empties_it() {
        let buckets = Buckets::new(rate(3));
        let now = 1_000_000;
        for left in [2, 1, 0] {
            let spent = buckets.spend("a", now);
            assert_eq!((spent.remaining, spent.wait_ms), (left, None));
        }
        assert_eq!(buckets.spend("a", now).wait_ms, Some(20_000));
        assert_eq!(buckets.spend("b", now).wait_ms, None);
        assert_eq!(buckets.spend("a", now + 19_999).wait_ms, Some(1));
        assert_eq!(buckets.spend("a", now + 20_000).wait_ms, None);
    }

    #[test]
    fn a_window_is_exact_wherever_it_begins() {
        let window = Window::per_minutes(NonZero::new(5).unwrap(), 5);
        let mut times = Vec::new();
        for at in [0, 59, 118, 177, 236] {
            assert_eq!(window.spend(&mut times, at * 1_000).wait_ms, None, "{at}");
        }
        assert_eq!(window.spend(&mut times, 294_000).wait_ms, Some(6_000));
        assert_eq!(window.spend(&mut times, 299_999).wait_ms, Some(1));
        assert_eq!(window.spend(&mut times, 300_000).wait_ms, None);
        assert_eq!(times.len(), 5);
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let hour = 3_600_000;
        let buckets = Buckets::new(rate(3));
        for _ in 0..3 {
            buckets.spend("a", 2 * hour);
        }
        assert!(buckets.spend("a", 2 * hour).wait_ms.is_some());
        assert_eq!(buckets.spend("a", hour).wait_ms, None);
        let window = Window::per_minutes(NonZero::new(2).unwrap(), 5);
        let mut times = vec![2 * hour, 2 * hour + 1];
        assert_eq!(window.spend(&mut times, hour).wait_ms, None);
        assert_eq!(times, [hour]);
    }

    #[test]
    fn only_so_many_of_one_caller_run_at_once() {
        let at_once = AtOnce::new(NonZero::new(2).unwrap());
        let one = at_once.enter("a".to_owned()).unwrap();
        let _two = at_once.enter("a".to_owned()).unwrap();
        let refused = at_once.enter("a".to_owned()).unwrap_err();
        assert!(refused.body().retry_after_ms.is_some());
        at_once.enter("b".to_owned()).unwrap();
        drop(one);
        at_once.enter("a".to_owned()).unwrap();
    }

    #[test]
    fn several_at_once_fit_together_or_not_at_all() {
        let rate = Rate::per(NonZero::new(10).unwrap(), 10_000);
        let (full, spent) = rate.spend_many(8, None, 0);
        assert_eq!((full, spent.remaining), (Some(8_000), 2));
        let (none, spent) = rate.spend_many(3, full, 0);
        assert_eq!((none, spent.wait_ms), (None, Some(1_000)));
        assert_eq!(rate.spend_many(3, full, 1_000).1.wait_ms, None);
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let now = 5_000;
        let (full, _) = rate(1).spend(None, now);
        assert_eq!(rate(1).spend(full, now).0, None);
        assert_eq!(full, Some(now + MINUTE_MS));
    }
}
