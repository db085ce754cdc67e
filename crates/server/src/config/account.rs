//! What guards accounts: passwords, second factors, how long sign-ins last.

use std::num::NonZero;

pub use cloister_wire::security::Required;
use serde::{Deserialize, Serialize};

/// What a password must be, and the cost of hashing it (Argon2id, RFC 9106).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    pub profile: PasswordProfile,
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
    /// Hashes computed at once.
    pub at_once: NonZero<usize>,
    /// Sign-ins that may wait for a place; the next one is asked to come back.
    pub waiting: usize,
}

/// Which passwords are accepted. None is longer than 128 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordProfile {
    /// 8 characters, and hard to guess.
    Usual,
    /// 15 characters where the password is all there is, 8 beside a second factor.
    Nist,
    /// 8 characters with a small letter, a capital and a digit, and none of the common ones.
    Classic,
    /// 6 characters. Weak: the server says so at every start.
    #[serde(rename = "legacy-6")]
    Legacy6,
}

impl PasswordProfile {
    /// As the configuration calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Nist => "nist",
            Self::Classic => "classic",
            Self::Legacy6 => "legacy-6",
        }
    }
}

/// Who must have a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecondFactors {
    pub required: Required,
}

/// How long a sign-in lasts: a profile, and what is to differ from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    pub profile: SessionProfile,
    /// How long an access token lives: 1 to 1440.
    pub access_minutes: Option<NonZero<u32>>,
    /// Without a refresh for so long, a sign-in ends.
    pub idle_minutes: Option<NonZero<u32>>,
    /// A sign-in ends after so long in any case; at most 90 days.
    pub absolute_minutes: Option<NonZero<u32>>,
    /// The page locks itself after so long without anybody using it.
    pub lock_minutes: Option<NonZero<u32>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionProfile {
    /// Access 15 minutes, idle 30 days, at most 90 days.
    #[serde(rename = "balanced")]
    Balanced,
    /// Access 15 minutes, idle 2 hours, at most 12 hours; the page locks after 30 minutes.
    #[serde(rename = "strict")]
    Strict,
    /// Access, idle and in all 24 hours; the page locks after 30 minutes.
    #[serde(rename = "seed-24h")]
    Seed24h,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    pub access_ms: u64,
    pub idle_ms: u64,
    pub absolute_ms: u64,
    /// None: the page never locks itself.
    pub lock_ms: Option<u64>,
}

impl Sessions {
    pub fn lifetimes(&self) -> Lifetimes {
        const DAY: u32 = 24 * 60;
        let (access, idle, absolute) = match self.profile {
            SessionProfile::Balanced => (15, 30 * DAY, 90 * DAY),
            SessionProfile::Strict => (15, 120, 12 * 60),
            SessionProfile::Seed24h => (DAY, DAY, DAY),
        };
        let ms = |own: Option<NonZero<u32>>, usual: u32| {
            u64::from(own.map_or(usual, NonZero::get)) * 60_000
        };
        let absolute_ms = ms(self.absolute_minutes, absolute);
        let lock = match self.profile {
            SessionProfile::Balanced => None,
            SessionProfile::Strict | SessionProfile::Seed24h => NonZero::new(30),
        };
        Lifetimes {
            access_ms: ms(self.access_minutes, access).min(absolute_ms),
            idle_ms: ms(self.idle_minutes, idle).min(absolute_ms),
            absolute_ms,
            lock_ms: self
                .lock_minutes
                .or(lock)
                .map(|minutes| u64::from(minutes.get()) * 60_000),
        }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        let at_once = NonZero::new(2).unwrap_or(NonZero::<usize>::MIN);
        Self {
            profile: PasswordProfile::Usual,
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 1,
            at_once,
            waiting: 32,
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            profile: SessionProfile::Balanced,
            access_minutes: None,
            idle_minutes: None,
            absolute_minutes: None,
            lock_minutes: None,
        }
    }
}

impl Default for SecondFactors {
    fn default() -> Self {
        Self {
            required: Required::Nobody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_locks_after_what_profile_or_key_say() {
        let lock = |text: &str| {
            let sessions: Sessions = toml::from_str(text).unwrap();
            sessions.lifetimes().lock_ms
        };
        assert_eq!(lock(""), None);
        assert_eq!(lock("profile = \"strict\""), Some(1_800_000));
        assert_eq!(lock("profile = \"seed-24h\""), Some(1_800_000));
        assert_eq!(lock("lock_minutes = 5"), Some(300_000));
    }
}
