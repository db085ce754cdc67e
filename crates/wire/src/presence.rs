//! Who is there. Nothing of it is stored: the server holds it for as long as a connection lasts.

use crate::UserId;

/// What a person wants others to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// There or idle, as it is.
    Automatic,
    DoNotDisturb,
    /// To others the person is not there.
    Invisible,
}

/// Whether somebody uses a device now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    Active,
    Idle,
}

/// What others see of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    Online,
    Idle,
    DoNotDisturb,
    Offline,
}

requests! {
    /// `POST /api/v1/guilds/{guild}/presences`: which of these members are there now. For guilds
    /// that are too large to be told of everybody.
    pub struct LookAt { pub users: Vec<UserId> }

    /// A device's word on its person, over the gateway. The newest word of all devices counts.
    pub struct StatePresence {
        pub activity: Activity,
        pub availability: Availability,
        /// A status in the person's own words; the server can read it.
        pub text: Option<String>,
        /// When the words are over, ms UTC.
        pub text_until: Option<u64>,
    }
}

replies! {
    pub struct Presence { pub user: UserId, pub state: PresenceState, pub text: Option<String> }

    /// `GET /api/v1/presences`: everybody whom the caller may see and who is there.
    pub struct Presences { pub presences: Vec<Presence> }
}
