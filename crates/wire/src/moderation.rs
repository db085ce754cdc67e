//! Keeping order in a guild, and keeping people at arm's length.

use crate::UserId;

requests! {
    /// `POST /api/v1/guilds/{guild}/members/{user}/kick`.
    pub struct Kick { pub reason: Option<String> }

    /// `PUT /api/v1/guilds/{guild}/bans/{user}`, of members and of people who are not here yet.
    pub struct Ban {
        pub reason: Option<String>,
        /// 0: until somebody lifts it.
        pub for_s: u32,
        /// What they said in the guild within so many seconds is removed, at most 7 days; 0 for
        /// nothing.
        #[serde(default)]
        pub delete_s: u32,
    }

    /// `POST /api/v1/guilds/{guild}/bans`: all of these people, or none.
    pub struct BanMany {
        pub users: Vec<UserId>,
        pub reason: Option<String>,
        pub for_s: u32,
        pub delete_s: u32,
    }

    /// `POST /api/v1/guilds/{guild}/bans/{user}/lift`.
    pub struct LiftBan { pub reason: Option<String> }

    /// `PUT /api/v1/guilds/{guild}/members/{user}/timeout`. The person reads, and does nothing
    /// else.
    pub struct TimeOut {
        pub reason: Option<String>,
        /// 0 ends it.
        pub for_s: u32,
    }

    /// `PUT /api/v1/guilds/{guild}/members/{user}/nickname`: one's own, or another's.
    pub struct SetNickname {
        /// Absent: by their own name from now on.
        pub nickname: Option<String>,
        pub reason: Option<String>,
    }

    /// `PUT /api/v1/guilds/{guild}/rules`. Everybody agrees anew to what changed.
    pub struct SetRules {
        /// Absent: no rules from now on.
        pub rules: Option<String>,
    }

    /// `POST /api/v1/guilds/{guild}/rules/accept`.
    pub struct AcceptRules {
        /// The text that was read, so that nobody agrees to another one.
        pub rules: String,
    }

    /// `PUT /api/v1/guilds/{guild}/gate`.
    pub struct SetGate {
        /// Nobody joins while it is closed.
        pub joins: Gate,
        /// No invitation is made or used while it is closed.
        pub invites: Gate,
        /// Members younger than this don't send; 0 for no such rule.
        pub newcomer_s: u32,
        /// Links of members younger than this are text in the clients of others; 0: never.
        #[serde(default)]
        pub links_s: u32,
        /// Members younger than this tell nobody by name; 0 for no such rule.
        #[serde(default)]
        pub mentions_s: u32,
        pub reason: Option<String>,
    }

    /// `PUT /api/v1/guilds/{guild}/members/{user}/settled`: they don't count as new any more.
    pub struct Settle { pub reason: Option<String> }

    /// `PUT /api/v1/guilds/{guild}/members/{user}/quarantine`: their roles count for nothing, and
    /// they read what everybody reads.
    pub struct Quarantine { pub reason: Option<String> }

    /// `POST /api/v1/guilds/{guild}/members/{user}/quarantine/lift`.
    pub struct LiftQuarantine { pub reason: Option<String> }

    /// `PUT /api/v1/relations/{user}`.
    pub struct SetRelation { pub relation: Relation }

    /// `PUT /api/v1/contact`.
    pub struct SetContact { pub who: Contact }
}

replies! {
    /// `GET /api/v1/guilds/{guild}/bans?after=`: by user id.
    pub struct Bans { pub bans: Vec<BanView>, pub end: bool }

    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct BanView {
        pub user: UserId,
        pub username: String,
        pub display_name: String,
        pub by: Option<UserId>,
        pub reason: Option<String>,
        pub at: u64,
        pub until: Option<u64>,
    }

    /// `GET /api/v1/guilds/{guild}/gate`.
    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct GateView {
        pub joins: Gate,
        pub invites: Gate,
        pub newcomer_s: u32,
        pub links_s: u32,
        pub mentions_s: u32,
    }

    /// `GET /api/v1/guilds/{guild}/joins`: who came by which invitation, newest first.
    pub struct Joins { pub joins: Vec<JoinView> }

    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct JoinView {
        pub user: UserId,
        pub username: String,
        pub display_name: String,
        pub code: String,
        pub invited_by: Option<UserId>,
        pub at: u64,
        /// Still a member since then.
        pub here: bool,
    }

    /// `GET /api/v1/relations`.
    pub struct Relations { pub relations: Vec<RelationView>, pub contact: Contact }

    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct RelationView {
        pub user: UserId,
        pub username: String,
        pub display_name: String,
        pub relation: Relation,
        pub at: u64,
    }
}

/// Whether something goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    Open,
    Closed,
}

/// How one person keeps another. The other is never told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    None,
    Friend,
    Muted,
    Blocked,
}

/// Who may begin a conversation with somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Contact {
    /// Whoever shares a guild.
    Guilds,
    /// Whoever shares a guild may ask: what they write waits until the person takes it up.
    Requests,
    Friends,
    Nobody,
}
