//! Applying for an account, where the instance takes people that way.

use crate::{AccountApplicationId, UserId, application::Answer};

requests! {
    /// `POST /api/v1/account-applications`.
    pub struct ApplyForAccount {
        pub username: String,
        pub display_name: String,
        /// Where the link goes that makes the account, if the instance sends mail.
        pub address: Option<String>,
        /// One for each of the instance's questions.
        pub answers: Vec<String>,
    }

    /// `POST /api/v1/operate/account-applications/{application}/approve`.
    pub struct ApproveAccount { pub by: Handing }

    /// `POST /api/v1/operate/account-applications/{application}/reject`.
    pub struct RejectAccount {
        /// Told to the applicant, if they gave an address.
        pub reason: String,
    }

    /// `PUT /api/v1/operate/questions`: what applicants are asked.
    pub struct SetAccountQuestions { pub questions: Vec<String> }
}

replies! {
    /// `GET /api/v1/operate/account-applications?decided=…&before=…`: newest first.
    pub struct AccountApplications {
        pub applications: Vec<AccountApplication>,
        pub end: bool,
        /// What applicants are asked now.
        pub questions: Vec<String>,
        /// How many wait.
        pub waiting: u32,
    }

    pub struct AccountApplication {
        pub id: AccountApplicationId,
        pub username: String,
        pub display_name: String,
        pub created_at: u64,
        /// Absent where it was not given, or is forgotten.
        pub address: Option<String>,
        /// Questions as they were asked, and what was answered; empty once it is forgotten.
        pub answers: Vec<Answer>,
        pub decision: Option<ApplicationDecision>,
        pub decided_at: Option<u64>,
        pub decided_by: Option<UserId>,
        pub decided_by_name: Option<String>,
        pub reason: Option<String>,
        /// When the account was made.
        pub used_at: Option<u64>,
    }

    /// What is to be handed to the applicant; both absent where it was mailed.
    pub struct Approved {
        /// The page with name and one-time password in it.
        pub url: Option<String>,
        /// Good once, for a day: with it the applicant makes the account and chooses a password.
        pub password: Option<String>,
    }
}

/// How an approved applicant gets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Handing {
    /// A link, to the address that they gave.
    Mail,
    /// A one-time password, which the operator hands over.
    Password,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum ApplicationDecision {
    Approved,
    Rejected,
}

/// Questions that an instance asks.
pub const QUESTIONS: usize = 8;
pub const QUESTION_CHARS: usize = 300;
pub const ANSWER_CHARS: usize = 2_000;
pub const REASON_CHARS: usize = 500;
/// Applications in one answer.
pub const APPLICATIONS_PAGE: u32 = 50;
/// Applications that wait; then no more are taken until some are decided.
pub const APPLICATIONS_WAITING: u32 = 500;
