//! The configuration: one TOML file, overridden by the environment.
//!
//! `CLOISTER_DATABASE__URL` sets `url` in `[database]`; `DATABASE_URL`, `PUBLIC_URL` are known
//! beside it, and a secret can be read from a file (`DATABASE_URL_FILE`). Unknown keys are
//! refused: a key with a typing error must not be a key that silently does nothing.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZero,
    path::{Path, PathBuf},
};

use cloister_wire::account::Registration;
use figment::{
    Figment,
    providers::{Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The file's name in the data folder.
pub const FILE: &str = "cloister.toml";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What people call this instance.
    pub name: String,
    pub listen: SocketAddr,
    /// The address that people type, if it is another one than `listen`.
    pub public_url: Option<String>,
    /// More origins whose pages may call this instance, exactly as browsers send them.
    pub allowed_origins: Vec<String>,
    pub registration: Registration,
    pub database: Database,
    pub tls: Tls,
    pub passwords: Passwords,
    pub sessions: Sessions,
    pub limits: Limits,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://…`; without one, SQLite in the data folder.
    pub url: Option<String>,
    /// PEM certificates that may sign the database server's.
    pub ca_file: Option<PathBuf>,
    /// Threads of the database: readers of SQLite, or connections to PostgreSQL.
    pub threads: Option<NonZero<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    pub mode: TlsMode,
    /// A certificate chain in PEM, with `key_file`; without them a self-signed one is made.
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    /// Names in the self-signed certificate, besides `localhost` and the host of `public_url`.
    pub names: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    On,
    /// For a reverse proxy on the same machine: refused on any address but loopback.
    Off,
}

/// Cost of hashing a password (Argon2id, RFC 9106).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
    /// Hashes computed at once.
    pub at_once: NonZero<usize>,
    /// Sign-ins that may wait for a place; the next one is asked to come back.
    pub waiting: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    pub access_minutes: NonZero<u32>,
    /// Without a refresh for so long, a sign-in ends.
    pub idle_days: NonZero<u32>,
    /// A sign-in ends after so long in any case; at most 90.
    pub absolute_days: NonZero<u32>,
}

/// Limits that an operator may change. Each is a number in a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests of one person or, not signed in, of one address.
    pub requests: NonZero<u32>,
    pub sign_ins_per_account: NonZero<u32>,
    pub sign_ins_per_address: NonZero<u32>,
    pub registrations_per_address: NonZero<u32>,
    pub invite_lookups_per_address: NonZero<u32>,
}

const fn positive(number: u32) -> NonZero<u32> {
    match NonZero::new(number) {
        Some(number) => number,
        None => NonZero::<u32>::MIN,
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "Cloister".to_owned(),
            listen: SocketAddr::from(([0, 0, 0, 0], 8765)),
            public_url: None,
            allowed_origins: Vec::new(),
            registration: Registration::Invite,
            database: Database::default(),
            tls: Tls::default(),
            passwords: Passwords::default(),
            sessions: Sessions::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            mode: TlsMode::On,
            cert_file: None,
            key_file: None,
            names: Vec::new(),
        }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        let at_once = NonZero::new(2).unwrap_or(NonZero::<usize>::MIN);
        Self {
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
            access_minutes: positive(15),
            idle_days: positive(30),
            absolute_days: positive(90),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: positive(1_200),
            sign_ins_per_account: positive(5),
            sign_ins_per_address: positive(20),
            registrations_per_address: positive(5),
            invite_lookups_per_address: positive(60),
        }
    }
}

impl Config {
    /// Reads the file, if there is one, and the process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn load(file: &Path) -> Result<Self> {
        Self::load_with(file, std::env::vars())
    }

    /// The same with an environment of one's own.
    pub fn load_with(
        file: &Path,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unusable(&format!("{}: {error}", file.display()))),
        };
        let mut figment =
            Figment::from(Serialized::defaults(Self::default())).merge(Toml::string(&text));
        for (key, value) in overrides(variables)? {
            figment = figment.merge((key, value));
        }
        let config: Self = figment
            .extract()
            .map_err(|error| unusable(&error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// The configuration as TOML, without secrets.
    pub fn shown(&self) -> Result<String> {
        let mut shown = self.clone();
        if shown.database.url.is_some() {
            shown.database.url = Some("(set)".to_owned());
        }
        toml::to_string_pretty(&shown).map_err(Error::internal)
    }

    /// What the types alone can't say.
    pub fn check(&self) -> Result<()> {
        if self.tls.mode == TlsMode::Off && !self.listen.ip().is_loopback() {
            return Err(unusable(&format!(
                "tls.mode is off and listen is {}: without TLS only a loopback address such as \
                 127.0.0.1 is allowed, for a reverse proxy on the same machine",
                self.listen
            )));
        }
        if self.tls.cert_file.is_some() != self.tls.key_file.is_some() {
            return Err(unusable("tls.cert_file and tls.key_file belong together"));
        }
        if self.sessions.absolute_days.get() > 90
            || self.sessions.idle_days > self.sessions.absolute_days
        {
            return Err(unusable(
                "sessions.absolute_days is at most 90, and sessions.idle_days at most that",
            ));
        }
        let passwords = &self.passwords;
        // RFC 9106: 8 KiB for each lane at least; more than 4 GiB is a mistake.
        let memory = 8 * u64::from(passwords.lanes)..=4 * 1024 * 1024;
        if passwords.lanes == 0
            || passwords.passes == 0
            || !memory.contains(&passwords.memory_kib.into())
        {
            return Err(unusable(
                "passwords.memory_kib, passes or lanes is out of range",
            ));
        }
        for origin in self.allowed_origins.iter().chain(&self.public_url) {
            let host = origin
                .split_once("://")
                .filter(|(scheme, _)| ["https", "http"].contains(scheme));
            if host.is_none_or(|(_, host)| host.is_empty() || host.contains(['*', ' ', '@'])) {
                return Err(unusable(&format!(
                    "{origin:?} is not an address like https://example.org"
                )));
            }
        }
        Ok(())
    }

    /// `https://host:port` as people reach it, for a server that listens on `bound`.
    pub fn address(&self, bound: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let scheme = if self.tls.mode == TlsMode::On {
            "https"
        } else {
            "http"
        };
        let host = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V6(ip) if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        format!("{scheme}://{host}:{}", bound.port())
    }
}

fn unusable(why: &str) -> Error {
    Error::internal(format!(
        "The configuration can't be used: {}.",
        why.trim_end_matches('.')
    ))
}

/// Names from other programs' habits, and the key that each stands for.
const KNOWN: [(&str, &str); 2] = [
    ("DATABASE_URL", "database.url"),
    ("PUBLIC_URL", "public_url"),
];
/// Keys that may be read from a file named by the variable with `_FILE` added.
const SECRETS: [&str; 1] = ["database.url"];

/// Key and value of every variable that means something here.
fn overrides(
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<(String, figment::value::Value)>> {
    let known = figment::value::Value::serialize(Config::default())
        .map_err(|error| unusable(&error.to_string()))?;
    let top: Vec<String> = known
        .as_dict()
        .map(|dict| dict.keys().cloned().collect())
        .unwrap_or_default();
    let mut found = Vec::new();
    for (name, value) in variables {
        let (plain, from_file) = match name.strip_suffix("_FILE") {
            Some(plain) if SECRETS.contains(&key_of(plain).as_str()) => (plain, true),
            _ => (name.as_str(), false),
        };
        let key = key_of(plain);
        let section = key.split('.').next().unwrap_or_default();
        if !top.iter().any(|one| one == section) {
            // Other programs of ours read variables with the same prefix.
            continue;
        }
        let value = if from_file {
            let secret = std::fs::read_to_string(&value)
                .map_err(|error| unusable(&format!("{name}={value}: {error}")))?;
            figment::value::Value::from(secret.trim_end().to_owned())
        } else {
            value
                .parse()
                .map_err(|_| unusable(&format!("{name} has no value")))?
        };
        found.push((key, value));
    }
    // The order of an environment means nothing; `CLOISTER_` names win over the others.
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

/// The dotted key of a variable, empty when it is none of ours.
fn key_of(name: &str) -> String {
    if let Some((_, key)) = KNOWN.iter().find(|(known, _)| *known == name) {
        return (*key).to_owned();
    }
    name.strip_prefix("CLOISTER_")
        .map(|rest| {
            rest.split("__")
                .map(str::to_lowercase)
                .collect::<Vec<_>>()
                .join(".")
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str, variables: &[(&str, &str)]) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, toml).unwrap();
        Config::load_with(
            &file,
            variables
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        )
    }

    #[test]
    fn without_a_file_the_defaults_stand() {
        let config = Config::load_with(Path::new("/nonexistent/cloister.toml"), []).unwrap();
        assert_eq!(config, Config::default());
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = load(
            "name = \"A\"\n[passwords]\npasses = 4\n",
            &[
                ("CLOISTER_NAME", "B"),
                ("CLOISTER_PASSWORDS__LANES", "2"),
                ("PATH", "/bin"),
            ],
        )
        .unwrap();
        assert_eq!((config.name.as_str(), config.passwords.passes), ("B", 4));
        assert_eq!(config.passwords.lanes, 2);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(
            load("nmae = \"A\"", &[])
                .unwrap_err()
                .to_string()
                .contains("nmae")
        );
        assert!(load("[tls]\nmod = \"on\"", &[]).is_err());
        assert!(load("", &[("CLOISTER_TLS__MOD", "on")]).is_err());
    }

    #[test]
    fn tls_cannot_be_switched_off_for_others() {
        let off = "listen = \"0.0.0.0:80\"\n[tls]\nmode = \"off\"";
        assert!(load(off, &[]).unwrap_err().to_string().contains("loopback"));
        assert!(load(&off.replace("0.0.0.0", "127.0.0.1"), &[]).is_ok());
    }

    #[test]
    fn a_secret_can_come_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, "postgres://db/x\n").unwrap();
        let config = load("", &[("DATABASE_URL_FILE", file.to_str().unwrap())]).unwrap();
        assert_eq!(config.database.url.as_deref(), Some("postgres://db/x"));
        assert!(!config.shown().unwrap().contains("postgres"));
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let config = Config::default();
        assert_eq!(load(&config.shown().unwrap(), &[]).unwrap(), config);
    }
}
