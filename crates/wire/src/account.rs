//! People, their sign-ins and their devices.

use crate::{
    Bytes, DeviceId, GuildId, Hash, Octets, SessionId, UserId, key::UploadKeys,
    security::SecondFactor,
};

/// Registration rule of the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    Invite,
    Open,
    /// By invite, or by an application that an operator approves.
    Application,
    Closed,
}

/// Where a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeviceStanding {
    /// Signed in, not in the device log: in no roster, gets no keys.
    Pending,
    Active,
    Revoked,
}

replies! {
    /// `GET /api/v1/instance`: what anybody may know.
    pub struct Instance {
        pub name: String,
        pub version: String,
        pub registration: Registration,
        /// It sends mails, such as a link to a new password.
        #[serde(default)]
        pub mail: bool,
        /// What applicants are asked, where people apply for an account.
        #[serde(default)]
        pub questions: Vec<String>,
        /// Pages lock themselves after so long without anybody using them.
        #[serde(default)]
        pub lock_after_ms: Option<u64>,
        /// No operator exists: the printed set-up link works.
        pub set_up_needed: bool,
        /// Ed25519 key that signs epochs, guild logs and heads. Pinned at first contact.
        pub server_key: Hash,
        /// Which life of the database this is; it changes when a backup is restored.
        pub incarnation: u64,
    }

    /// `GET /api/version`.
    pub struct Version { pub version: String, pub api: u32, pub gateway: u32 }

    /// `GET /api/v1/invites/{code}`.
    pub struct InvitePreview {
        pub code: String,
        pub guild: Option<GuildId>,
        pub guild_name: Option<String>,
        #[serde(default)]
        pub icon: Option<crate::picture::Picture>,
        /// What its members agree to.
        #[serde(default)]
        pub rules: Option<String>,
        pub inviter: Option<UserId>,
        pub inviter_name: Option<String>,
        pub members: Option<u32>,
        /// Ms UTC.
        pub expires_at: Option<u64>,
        /// The signed `InviteCert`, which the holder of the link checks against its seed.
        pub cert: Option<Bytes>,
        /// Newest entry of the guild's log: what a join says to have come after.
        pub log: Option<crate::guild::Appended>,
        /// What who wants to join is asked; nothing: they just join.
        #[serde(default)]
        pub questions: Vec<String>,
        /// How long who comes in by it is a member.
        #[serde(default)]
        pub membership: crate::guild::Membership,
    }

    /// The tokens of a sign-in. In a browser `refresh_token` is absent: it is in a cookie.
    pub struct Tokens {
        pub session: SessionId,
        pub access_token: String,
        pub access_expires_at: u64,
        pub refresh_token: Option<String>,
        /// Browser only: goes into the header `x-cloister-csrf` of requests with the cookie.
        pub csrf_token: Option<String>,
    }

    /// The answer to a registration or sign-in.
    pub struct SignedIn {
        pub me: Me,
        pub tokens: Tokens,
        /// Every entry of the person's device log, oldest first.
        pub devlog: Vec<Bytes>,
    }

    pub struct Me {
        pub user: UserId,
        pub username: String,
        pub display_name: String,
        pub operator: bool,
        pub device: DeviceId,
        pub standing: DeviceStanding,
        /// When the account is deleted, unless it is kept until then.
        #[serde(default)]
        pub deletion_at: Option<u64>,
    }

    /// `POST /api/v1/sessions/prepare`: who a name and password belong to, for a device that is
    /// new and must sign whose it wants to be. An empty log: sign in as the first device.
    pub struct Prepared {
        pub user: UserId,
        pub devlog: Vec<Bytes>,
        /// Where a second factor was given: stands for it in the sign-in that follows.
        pub pass: Option<String>,
        /// From when on the account can start over; 0 if no device of it is left.
        pub start_over_at: u64,
    }

    /// `POST /api/v1/challenges`: signed by a device to prove that it holds its keys.
    pub struct Challenge { pub nonce: Hash, pub expires_at: u64 }

    /// `GET /api/v1/devices`.
    pub struct Devices { pub devices: Vec<Device> }

    pub struct Device {
        pub id: DeviceId,
        pub standing: DeviceStanding,
        /// Signed `DeviceCert`, as the device offered it.
        pub cert: Bytes,
        /// The name, sealed with the account key; empty until one was given.
        pub name_ct: Bytes,
        pub created_at: u64,
        pub last_seen_at: Option<u64>,
    }

    /// `POST /api/v1/devlogs`: the entries after the versions that the asker knows.
    pub struct Devlogs { pub logs: Vec<UserLog> }

    pub struct UserLog {
        pub user: UserId,
        pub username: String,
        pub display_name: String,
        /// Version of the first entry in `entries`.
        pub first_version: u64,
        pub entries: Vec<Bytes>,
    }

    /// `GET /api/v1/vault`.
    pub struct Vault { pub vault: Bytes }
}

requests! {
    /// `POST /api/v1/challenges`.
    pub struct AskChallenge { pub device: DeviceId }

    /// `POST /api/v1/accounts`: account, genesis, device and keys in one transaction.
    pub struct Register {
        pub admission: Admission,
        pub username: String,
        pub display_name: String,
        pub password: String,
        /// Drawn by the client, since the genesis signs it.
        pub user: UserId,
        /// Signed `Entry` with body `Genesis`.
        pub genesis: Bytes,
        pub keys: UploadKeys,
        /// The secrets of the account, sealed for the recovery key; the genesis has its hash.
        pub vault: Bytes,
        pub name_ct: Bytes,
        pub client: ClientKind,
    }

    /// `POST /api/v1/sessions/prepare`.
    pub struct PrepareSignIn {
        pub username: String,
        pub password: String,
        pub second: Option<SecondFactor>,
    }

    /// `POST /api/v1/sessions`.
    pub struct SignIn {
        pub username: String,
        pub password: String,
        pub device: SignInDevice,
        pub client: ClientKind,
        pub second: Option<SecondFactor>,
    }

    /// `POST /api/v1/sessions/refresh`. A browser sends its cookie instead of the token.
    pub struct Refresh { pub refresh_token: Option<String> }

    /// `POST /api/v1/devlog`: compare-and-set by the entry's own version and previous hash.
    pub struct AppendDevlog {
        pub entry: Bytes,
        /// With an entry that says that the vault was sealed anew: the vault.
        #[serde(default)]
        pub vault: Option<Bytes>,
    }

    /// `POST /api/v1/devlogs`.
    pub struct QueryDevlogs { pub users: Vec<KnownLog> }

    /// The newest version that the asker holds; absent when it holds none.
    pub struct KnownLog { pub user: UserId, pub version: Option<u64> }

    /// `PUT /api/v1/devices/{id}/name`.
    pub struct RenameDevice { pub name_ct: Bytes }
}

/// What opens the door of the instance.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Admission {
    /// From the printed link; makes the operator.
    SetUp { token: String },
    /// Of the instance or of a guild.
    Invite { code: String },
    /// What an approved applicant was mailed or handed; for the name they applied with.
    Activation { code: String },
    /// Only where registration is open.
    Open {},
}

/// Where tokens go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// Refresh token in an HttpOnly cookie.
    Browser,
    /// Refresh token in the reply.
    Native,
}

/// With which device somebody signs in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SignInDevice {
    /// One that is known, with its signature over a challenge of the server.
    Known {
        device: DeviceId,
        nonce: Hash,
        signature: Octets<64>,
    },
    /// A new one: pending until an `AddDevice` entry names it.
    New {
        /// Signed `DeviceOffer`, made after `POST /api/v1/sessions/prepare`.
        cert: Bytes,
        keys: UploadKeys,
        name_ct: Bytes,
    },
    /// The first device of an account that the operator made: it brings the genesis, and the
    /// user id that is the account's from then on.
    First {
        user: UserId,
        genesis: Bytes,
        keys: UploadKeys,
        vault: Bytes,
        name_ct: Bytes,
    },
    /// Nothing is left of the account's devices and keys: it starts over with this one. The
    /// genesis continues the log and says so; everything from before is revoked.
    StartOver {
        genesis: Bytes,
        keys: UploadKeys,
        vault: Bytes,
        name_ct: Bytes,
    },
}
