//! What the operator sees and does. Nothing of it is kept on the device.

use cloister_wire::{
    AccountApplicationId, SecurityEventId, UserId,
    account::Registration,
    account_application::{ApplicationDecision, Handing},
    application::Answer,
    operate::{Deed, PeopleState},
    security::{Place, Required, SecurityEventKind},
};
use serde::{Deserialize, Serialize};

use super::AuditFormat;

view! {
#[serde(tag = "act", rename_all = "snake_case")]
pub enum OperatorAct {
    /// People whose names have it, by name.
    Everybody { with: String, state: PeopleState, after: Option<String> },
    /// Sensitive.
    LookAfter { user: UserId, deed: Deed },
    /// Sensitive. A link with which the person sets a new password; they are told.
    ResetLink { user: UserId },
    Mail,
    /// Sensitive.
    TestMail { to: String },
    Policy,
    /// Sensitive. Null: as the configuration says.
    SetPolicy { registration: Option<Registration>, second_factor: Option<Required> },
    /// What happened to everybody, newest first.
    Happened { username: Option<String>, kind: Option<SecurityEventKind>, since: Option<u64>, before: Option<SecurityEventId> },
    /// Sensitive. The same as a file.
    HappenedFile { username: Option<String>, kind: Option<SecurityEventKind>, since: Option<u64>, format: AuditFormat },
    Limits,
    /// Those that wait, or those that were decided; newest first.
    Applications { decided: bool, before: Option<AccountApplicationId> },
    /// Sensitive.
    Approve { application: AccountApplicationId, by: Handing },
    /// Sensitive.
    Reject { application: AccountApplicationId, reason: String },
    /// Sensitive. What applicants are asked.
    SetQuestions { questions: Vec<String> },
}

#[serde(tag = "reply", rename_all = "snake_case")]
pub enum OperatorReply {
    Done,
    Everybody {
        people: Vec<PersonSeenView>,
        /// There are more: ask for those after this one.
        next: Option<String>,
    },
    ResetLink { url: String },
    Mail(MailStandingView),
    /// What the mail server said; none, and it took the mail.
    MailTested { trouble: Option<String> },
    Policy(PolicyView),
    Happened { events: Vec<HappenedToView>, end: bool },
    File { name: String, text: String },
    Limits { limits: Vec<LimitView> },
    Applications { applications: Vec<AccountApplicationView>, end: bool, questions: Vec<String>, waiting: u32 },
    /// What is to be handed to the applicant; absent where it was mailed.
    Approved { url: Option<String>, password: Option<String> },
}

/// Somebody, as the operator sees them.
pub struct PersonSeenView {
    pub user: UserId,
    pub username: String,
    pub display_name: String,
    pub created_at: u64,
    pub operator: bool,
    pub disabled_at: Option<u64>,
    /// When the account is deleted, unless it is kept until then.
    pub deletion_at: Option<u64>,
    pub second_factor_at: Option<u64>,
    /// They confirmed an e-mail address.
    pub mail: bool,
    pub sign_ins: u32,
    pub last_seen_at: Option<u64>,
    pub locked_until: Option<u64>,
}

pub struct MailStandingView {
    /// None: no mail is sent.
    pub server: Option<String>,
    pub port: u16,
    pub tls: String,
    pub from: Option<String>,
    pub waiting: u64,
    /// In the last week.
    pub sent: u64,
    pub failed: u64,
    pub said: Option<String>,
}

pub struct PolicyView {
    pub registration: Registration,
    /// What an operator chose; none, and the configuration counts.
    pub registration_chosen: Option<Registration>,
    pub registration_configured: Registration,
    pub second_factor: Required,
    pub second_factor_chosen: Option<Required>,
    pub second_factor_configured: Required,
    pub passwords: String,
    pub access_ms: u64,
    pub idle_ms: u64,
    pub absolute_ms: u64,
    pub weak: Vec<WeakSettingView>,
}

pub struct WeakSettingView {
    pub key: String,
    pub sentence: String,
}

/// Something that happened to somebody's account, or to the instance.
pub struct HappenedToView {
    pub id: SecurityEventId,
    pub kind: SecurityEventKind,
    pub at: u64,
    pub username: Option<String>,
    /// The operator who did it.
    pub by_name: Option<String>,
    /// Empty after 30 days.
    pub address: String,
    pub place: Place,
    pub user_agent: String,
    pub about: String,
}

pub struct AccountApplicationView {
    pub id: AccountApplicationId,
    pub username: String,
    pub display_name: String,
    pub created_at: u64,
    pub address: Option<String>,
    pub answers: Vec<Answer>,
    pub decision: Option<ApplicationDecision>,
    pub decided_at: Option<u64>,
    pub decided_by_name: Option<String>,
    pub reason: Option<String>,
    pub used_at: Option<u64>,
}

pub struct LimitView {
    pub key: String,
    pub most: u32,
    pub window_s: Option<u64>,
    pub counts: String,
}
}
