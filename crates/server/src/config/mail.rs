//! By which server mails go out. Without one none are sent, and everything says so.

use std::{net::IpAddr, num::NonZero, path::PathBuf};

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Host of the mail server.
    pub server: Option<String>,
    /// 587, or 465 where TLS begins at once.
    pub port: Option<NonZero<u16>>,
    pub tls: MailTls,
    pub username: Option<String>,
    /// Better in `CLOISTER_MAIL__PASSWORD_FILE`, or sealed by `cloister mail password`.
    pub password: Option<String>,
    /// `Rowing club <chat@example.org>`.
    pub from: Option<String>,
    /// PEM certificates that may sign the mail server's, besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// How the way to the mail server is encrypted. There is no falling back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    #[default]
    Starttls,
    Implicit,
    /// For a mail server on the same machine: refused for any host but a loopback one.
    Off,
}

impl MailTls {
    /// As the configuration calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starttls => "starttls",
            Self::Implicit => "implicit",
            Self::Off => "off",
        }
    }
}

impl Mail {
    pub const fn is_on(&self) -> bool {
        self.server.is_some()
    }

    pub fn port(&self) -> u16 {
        let usual = match self.tls {
            MailTls::Starttls => 587,
            MailTls::Implicit => 465,
            MailTls::Off => 25,
        };
        self.port.map_or(usual, NonZero::get)
    }

    /// Who the mails are from.
    pub fn from(&self) -> Option<Mailbox> {
        self.from.as_deref()?.parse().ok()
    }

    /// What is wrong with it.
    pub(super) fn trouble(&self, public_url: Option<&str>) -> Option<&'static str> {
        let server = self.server.as_deref()?;
        if self.from().is_none() {
            return Some("mail.from must be an address such as \"Rowing club <chat@example.org>\"");
        }
        if public_url.is_none() {
            return Some("mail.server needs public_url: links in mails lead there");
        }
        if self.tls == MailTls::Off && !is_this_machine(server) {
            return Some("mail.tls is off: that is allowed for a mail server on this machine only");
        }
        None
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}
