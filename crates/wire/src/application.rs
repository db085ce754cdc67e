//! Joining by application: what is asked, what was answered, and what came of it.

use crate::{Bytes, GuildId, UserId};

requests! {
    /// `PUT /api/v1/guilds/{guild}/questions`.
    pub struct SetQuestions {
        /// Empty: joining takes no application.
        pub questions: Vec<String>,
    }

    /// `POST /api/v1/invites/{code}/application`: an answer to each question, in their order.
    pub struct Apply { pub answers: Vec<String> }

    /// `POST /api/v1/guilds/{guild}/applications/{user}/approve`.
    pub struct Approve {
        /// Signed `Op` with body `Add`.
        pub op: Bytes,
    }

    /// `POST /api/v1/guilds/{guild}/applications/{user}/decline`.
    pub struct Decline {
        /// The applicant reads it.
        pub reason: Option<String>,
    }
}

replies! {
    /// `GET /api/v1/guilds/{guild}/applications?after=`: those that wait, by user id.
    pub struct Applications { pub applications: Vec<Application>, pub end: bool }

    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct Application {
        pub user: UserId,
        pub username: String,
        pub display_name: String,
        pub at: u64,
        pub code: String,
        pub invited_by: Option<UserId>,
        pub answers: Vec<Answer>,
    }

    /// `GET /api/v1/guilds/{guild}/applications/{user}`: who would be let in.
    pub struct Applicant {
        pub user: UserId,
        /// Every entry of their device log, oldest first.
        pub devlog: Vec<Bytes>,
    }

    /// `GET /api/v1/applications`: one's own that wait or were declined.
    pub struct OwnApplications { pub applications: Vec<OwnApplication> }

    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct OwnApplication {
        pub guild: GuildId,
        pub guild_name: String,
        pub at: u64,
        /// Since when it is declined, and why.
        pub declined_at: Option<u64>,
        pub reason: Option<String>,
    }
}

/// A question with what somebody answered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct Answer {
    pub question: String,
    pub answer: String,
}
