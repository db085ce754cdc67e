//! What is allowed and weaker than it should be.

use cloister_wire::account::Registration;

use super::{Config, LockoutMode, PasswordProfile, TlsMode, TlsVersion};

/// A setting that is weaker than it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// Its key.
    pub key: &'static str,
    pub sentence: &'static str,
}

/// Guesses in a row, beyond which a door is not worth its name.
const WRONG_PASSWORDS: u32 = 20;
/// Requests of one person in a minute, beyond which nothing is limited.
const REQUESTS: u32 = 20_000;
/// Floor of Argon2id (OWASP).
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const ACCESS_MS: u64 = 30 * 60_000;
/// A network of proxies that is as wide holds strangers.
const PROXY_BITS: [u8; 2] = [8, 16];

impl Config {
    /// Each setting that is weaker than it should be: said at every start, by `doctor` and in the
    /// operator's pages.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut found = Vec::new();
        let mut warn = |is_weak: bool, key, sentence| {
            if is_weak {
                found.push(Warning { key, sentence });
            }
        };
        warn(
            self.passwords.profile == PasswordProfile::Legacy6,
            "passwords.profile",
            "passwords.profile is legacy-6: passwords of six characters are guessed.",
        );
        warn(
            self.passwords.memory_kib < MEMORY_KIB || self.passwords.passes < PASSES,
            "passwords.memory_kib",
            "passwords are hashed below 19 MiB or two passes: raise the cost.",
        );
        warn(
            self.sessions.lifetimes().access_ms > ACCESS_MS,
            "sessions.access_minutes",
            "access tokens live for more than 30 minutes.",
        );
        warn(
            self.limits.lockout == LockoutMode::Everybody,
            "limits.lockout",
            "limits.lockout is everybody: a stranger can lock an account's owner out.",
        );
        warn(
            self.limits.wrong_passwords.get() > WRONG_PASSWORDS,
            "limits.wrong_passwords",
            "limits.wrong_passwords is above 20: doors stay open to those who guess.",
        );
        warn(
            self.limits.requests.get() > REQUESTS,
            "limits.requests",
            "limits.requests is above 20,000: one caller can keep the server busy.",
        );
        warn(
            self.trusted_proxies.iter().any(|network| {
                let least = usize::from(network.addr().is_ipv6());
                network.prefix_len() < PROXY_BITS[least]
            }),
            "trusted_proxies",
            "trusted_proxies names a network so wide that anybody in it chooses their own address.",
        );
        warn(
            self.public_url
                .as_deref()
                .is_some_and(|url| url.starts_with("http://") && !is_local(url)),
            "public_url",
            "public_url begins with http: people's browsers would come without encryption.",
        );
        warn(
            self.tls.mode == TlsMode::Off && self.trusted_proxies.is_empty(),
            "tls.mode",
            "tls.mode is off and trusted_proxies is empty: everybody counts as one address.",
        );
        warn(
            self.tls.mode == TlsMode::On && self.tls.min_version == TlsVersion::V1_2,
            "tls.min_version",
            "tls.min_version is 1.2: who records a connection sees its certificates, and no key \
             exchange there withstands a quantum computer.",
        );
        warn(
            self.registration == Registration::Open && !self.mail.is_on(),
            "registration",
            "registration is open and there is no mail: strangers come in, and nobody can be reached.",
        );
        found
    }
}

fn is_local(url: &str) -> bool {
    ["http://localhost", "http://127.", "http://[::1]"]
        .iter()
        .any(|local| url.starts_with(local))
}
