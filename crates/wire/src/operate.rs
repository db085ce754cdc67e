//! What the operator sees and does from a client: people's accounts, the mail, the rules of the
//! instance, what happened to accounts, and the limits in force.

use crate::{
    DeviceId, SecurityEventId, UserId,
    account::Registration,
    security::{Place, Required, SecurityEventKind},
};

replies! {
    /// `GET /api/v1/operate/people?with=…&state=…&after=…`: by name.
    pub struct Everybody {
        pub people: Vec<PersonSeen>,
        /// Ask again with this `after` for those who follow.
        pub next: Option<String>,
    }

    pub struct PersonSeen {
        pub user: UserId,
        pub username: String,
        pub display_name: String,
        pub created_at: u64,
        pub operator: bool,
        pub disabled_at: Option<u64>,
        /// When the account is deleted, unless it is kept until then.
        pub deletion_at: Option<u64>,
        /// Since when a second factor is asked for.
        pub second_factor_at: Option<u64>,
        /// They confirmed an e-mail address, which the operator is not shown.
        pub mail: bool,
        /// Living sign-ins.
        pub sign_ins: u32,
        pub last_seen_at: Option<u64>,
        /// Too many wrong passwords: unknown devices wait until then.
        pub locked_until: Option<u64>,
    }

    /// `POST /api/v1/operate/people/{user}/reset`: good once, for an hour.
    pub struct ResetLink { pub url: String }

    /// `GET /api/v1/operate/mail`.
    pub struct MailStanding {
        /// The mail server; none, and no mail is sent.
        pub server: Option<String>,
        pub port: u16,
        /// `starttls`, `implicit` or `off`.
        pub tls: String,
        pub from: Option<String>,
        pub waiting: u64,
        /// In the last week.
        pub sent: u64,
        pub failed: u64,
        /// What the mail server said last when it did not take a mail.
        pub said: Option<String>,
    }

    /// `POST /api/v1/operate/mail/test`.
    pub struct MailTested {
        /// What the mail server said; none, and it took the mail.
        pub trouble: Option<String>,
    }

    /// `GET /api/v1/operate/policy`: the rules in force, and where they come from.
    pub struct Policy {
        pub registration: Registration,
        /// What an operator chose; none, and the configuration counts.
        pub registration_chosen: Option<Registration>,
        pub registration_configured: Registration,
        pub second_factor: Required,
        pub second_factor_chosen: Option<Required>,
        pub second_factor_configured: Required,
        /// Which passwords are accepted, as the configuration calls it.
        pub passwords: String,
        /// How long sign-ins last.
        pub access_ms: u64,
        pub idle_ms: u64,
        pub absolute_ms: u64,
        /// Settings that are weaker than they should be.
        pub weak: Vec<WeakSetting>,
    }

    pub struct WeakSetting {
        /// Its key in the configuration.
        pub key: String,
        pub sentence: String,
    }

    /// `GET /api/v1/operate/security-events`: of everybody, newest first.
    pub struct HappenedPage {
        pub events: Vec<Happened>,
        pub end: bool,
    }

    pub struct Happened {
        pub id: SecurityEventId,
        pub kind: SecurityEventKind,
        pub at: u64,
        /// To whose account; none for the instance itself.
        pub user: Option<UserId>,
        pub username: Option<String>,
        /// The operator who did it, if it was one from a client.
        pub by: Option<UserId>,
        pub by_name: Option<String>,
        pub device: Option<DeviceId>,
        /// Empty after 30 days.
        pub address: String,
        pub place: Place,
        pub user_agent: String,
        /// What changed, in a few words.
        pub about: String,
    }

    /// `GET /api/v1/operate/limits`.
    pub struct LimitsInForce { pub limits: Vec<LimitInForce> }

    pub struct LimitInForce {
        /// Its key in `[limits]`.
        pub key: String,
        pub most: u32,
        /// In how many seconds; none where it is not about time.
        pub window_s: Option<u64>,
        /// What is counted, and for whom.
        pub counts: String,
    }
}

requests! {
    /// `POST /api/v1/operate/people/{user}`.
    pub struct LookAfter { pub deed: Deed }

    /// `POST /api/v1/operate/mail/test`.
    pub struct TestMail { pub to: String }

    /// `PUT /api/v1/operate/policy`. Null: as the configuration says.
    pub struct SetPolicy {
        pub registration: Option<Registration>,
        pub second_factor: Option<Required>,
    }
}

/// What the operator does to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Nobody signs in, and whoever is signed in is out within a second.
    Disable,
    Enable,
    /// Wrong guesses are forgotten.
    Unlock,
    EndSessions,
    /// For somebody who lost them all. The password stays.
    RemoveFactors,
    /// The account goes after the same while as when its owner asks for it.
    Delete,
    /// It does not.
    Keep,
}

/// Whom the list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum PeopleState {
    #[default]
    Everybody,
    Operators,
    Disabled,
    WithoutSecondFactor,
}

/// People in one answer.
pub const PEOPLE_PAGE: usize = 50;
/// Events in one answer.
pub const HAPPENED_PAGE: u32 = 50;
/// The newest events that fit the filter, in a file.
pub const HAPPENED_EXPORT: u32 = 10_000;
