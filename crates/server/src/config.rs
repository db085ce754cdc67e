//! The configuration: one TOML file, overridden by the environment.
//!
//! `CLOISTER_DATABASE__URL` sets `url` in `[database]`; `DATABASE_URL`, `PUBLIC_URL` are known
//! beside it, and a secret can be read from a file (`DATABASE_URL_FILE`). Unknown keys are
//! refused: a key with a typing error must not be a key that silently does nothing.

mod account;
mod database;
mod limit;
mod mail;
mod retention;
mod warning;

pub use self::{
    account::{
        Lifetimes, PasswordProfile, Passwords, Required, SecondFactors, SessionProfile, Sessions,
    },
    database::Database,
    limit::{Limit, Limits, LockoutMode},
    mail::{Mail, MailTls},
    retention::Retention,
    warning::Warning,
};

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use cloister_wire::account::Registration;
use figment::{
    Figment,
    providers::{Format, Serialized, Toml},
};
use ipnet::IpNet;
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
    /// Whom to tell of a weakness of this instance: `mailto:` or `https:`, told in `security.txt`.
    pub contact: Option<String>,
    /// More origins whose pages may call this instance, exactly as browsers send them.
    pub allowed_origins: Vec<String>,
    pub registration: Registration,
    /// Networks of reverse proxies whose word on the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    pub database: Database,
    pub tls: Tls,
    pub passwords: Passwords,
    pub sessions: Sessions,
    pub second_factor: SecondFactors,
    pub limits: Limits,
    pub metrics: Metrics,
    pub mail: Mail,
    pub retention: Retention,
}

/// Numbers for monitoring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Where they can be read, without TLS: refused on any address but loopback. Without it,
    /// nowhere.
    pub listen: Option<SocketAddr>,
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
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TlsVersion {
    /// For clients that know no newer one: forward secrecy and authenticated ciphers all the same.
    #[serde(rename = "1.2")]
    V1_2,
    #[serde(rename = "1.3")]
    V1_3,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    On,
    /// For a reverse proxy on the same machine: refused on any address but loopback.
    Off,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "Cloister".to_owned(),
            listen: SocketAddr::from(([0, 0, 0, 0], 8765)),
            public_url: None,
            contact: None,
            allowed_origins: Vec::new(),
            registration: Registration::Invite,
            trusted_proxies: Vec::new(),
            database: Database::default(),
            tls: Tls::default(),
            passwords: Passwords::default(),
            sessions: Sessions::default(),
            second_factor: SecondFactors::default(),
            limits: Limits::default(),
            metrics: Metrics::default(),
            mail: Mail::default(),
            retention: Retention::default(),
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
            min_version: TlsVersion::V1_3,
        }
    }
}

const DAY_MS: u64 = 24 * 60 * 60_000;

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
        if shown.mail.password.is_some() {
            shown.mail.password = Some("(set)".to_owned());
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
        if let Some(listen) = self.metrics.listen
            && !listen.ip().is_loopback()
        {
            return Err(unusable(&format!(
                "metrics.listen is {listen}: numbers are told on a loopback address only, such as \
                 127.0.0.1:9464"
            )));
        }
        if self.tls.cert_file.is_some() != self.tls.key_file.is_some() {
            return Err(unusable("tls.cert_file and tls.key_file belong together"));
        }
        if let Some(contact) = &self.contact {
            let known = ["mailto:", "https://", "tel:"]
                .iter()
                .any(|scheme| contact.starts_with(scheme));
            if !known || contact.contains(|one: char| one.is_control() || one.is_whitespace()) {
                return Err(unusable(
                    "contact is mailto:NAME@HOST or an https:// address",
                ));
            }
        }
        if let Some(trouble) = self.mail.trouble(self.public_url.as_deref()) {
            return Err(unusable(trouble));
        }
        if let Some(trouble) = self.retention.trouble() {
            return Err(unusable(trouble));
        }
        let lifetimes = self.sessions.lifetimes();
        if lifetimes.absolute_ms > 90 * DAY_MS || lifetimes.access_ms > DAY_MS {
            return Err(unusable(
                "sessions.access_minutes is at most a day, sessions.absolute_minutes 90 days",
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
const SECRETS: [&str; 2] = ["database.url", "mail.password"];

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
        let open = "[metrics]\nlisten = \"0.0.0.0:9464\"";
        assert!(
            load(open, &[])
                .unwrap_err()
                .to_string()
                .contains("loopback")
        );
        assert!(load("[metrics]\nlisten = \"127.0.0.1:9464\"", &[]).is_ok());
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
    fn a_contact_is_one_line_that_programs_can_follow() {
        assert!(load("contact = \"mailto:security@example.org\"", &[]).is_ok());
        for wrong in [
            "security@example.org",
            "mailto:a@b.org\\nContact: x",
            "http://x",
        ] {
            assert!(
                load(&format!("contact = \"{wrong}\""), &[]).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn mail_is_encrypted_on_its_way_and_its_links_lead_to_the_public_address() {
        let mail = "public_url = \"https://chat.example.org\"\n[mail]\nserver = \"mail.example.org\"\n\
                    from = \"Rowing club <chat@example.org>\"\npassword = \"hunter2\"\n";
        let config = load(mail, &[]).unwrap();
        assert_eq!(
            (config.mail.port(), config.mail.tls),
            (587, MailTls::Starttls)
        );
        assert!(!config.shown().unwrap().contains("hunter2"));
        let plain = format!("{mail}tls = \"off\"\n");
        assert!(load(&plain, &[]).is_err());
        assert!(load(&plain.replace("mail.example.org", "127.0.0.1"), &[]).is_ok());
        assert!(load(&mail.replace("public_url", "# public_url"), &[]).is_err());
        assert!(load(&mail.replace("chat@example.org", "nobody"), &[]).is_err());
    }

    #[test]
    fn a_profile_says_how_long_sign_ins_last_and_keys_differ_from_it() {
        let minutes = |toml: &str| {
            let of = load(toml, &[]).unwrap().sessions.lifetimes();
            [of.access_ms, of.idle_ms, of.absolute_ms].map(|ms| ms / 60_000)
        };
        assert_eq!(minutes(""), [15, 43_200, 129_600]);
        assert_eq!(minutes("[sessions]\nprofile = \"strict\""), [15, 120, 720]);
        assert_eq!(minutes("[sessions]\nprofile = \"seed-24h\""), [1_440; 3]);
        assert_eq!(
            minutes("[sessions]\nprofile = \"strict\"\naccess_minutes = 1\nidle_minutes = 30"),
            [1, 30, 720]
        );
        assert!(load("[sessions]\naccess_minutes = 1441", &[]).is_err());
        assert!(load("[sessions]\nabsolute_minutes = 129601", &[]).is_err());
    }

    #[test]
    fn what_is_weak_is_said() {
        assert_eq!(Config::default().warnings(), []);
        let weak = "registration = \"open\"\npublic_url = \"http://chat.example.org\"\n\
                    trusted_proxies = [\"0.0.0.0/0\"]\n\
                    [passwords]\nprofile = \"legacy-6\"\nmemory_kib = 64\n\
                    [sessions]\nprofile = \"seed-24h\"\n\
                    [limits]\nlockout = \"everybody\"\nwrong_passwords = 50\nrequests = 100000";
        let keys: Vec<_> = load(weak, &[]).unwrap().warnings();
        let keys: Vec<_> = keys.iter().map(|warning| warning.key).collect();
        assert_eq!(
            keys,
            [
                "passwords.profile",
                "passwords.memory_kib",
                "sessions.access_minutes",
                "limits.lockout",
                "limits.wrong_passwords",
                "limits.requests",
                "trusted_proxies",
                "public_url",
                "registration",
            ]
        );
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let config = Config::default();
        assert_eq!(load(&config.shown().unwrap(), &[]).unwrap(), config);
    }
}
