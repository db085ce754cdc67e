//! What guards an account: its password, second factors, sign-ins, and what happened to it.

use crate::{DeviceId, SecurityEventId, SessionId, account::ClientKind};

/// What proves that it is the person, beside the password.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecondFactor {
    /// Six digits of an authenticator (RFC 6238), or one of the backup codes.
    Code { code: String },
    /// What `POST /api/v1/sessions/prepare` gave to whoever had passed there.
    Pass { pass: String },
}

/// Who must have a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Required {
    Nobody,
    /// Operators: what they may do as such waits until they have one.
    Staff,
    All,
}

/// Whence a sign-in came, as far as it can be said without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Place {
    ThisMachine,
    LocalNetwork,
    /// The first half of an IPv4 address, or the first quarter of an IPv6 one: `203.0.0.0/16`.
    Network {
        prefix: String,
    },
}

/// What happened to an account.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum SecurityEventKind {
    Registered,
    SignedIn,
    /// From a device that the account did not have.
    SignedInNewDevice,
    /// With a device of the account, from a network that was not seen with it.
    SignedInNewPlace,
    SignInFailed,
    /// Too many wrong passwords in a row: unknown devices are kept out for a while.
    LockedOut,
    SignedOut,
    /// A refresh token was used twice: the sign-in was ended.
    RefreshReused,
    SessionEnded,
    AllSessionsEnded,
    PasswordChanged,
    /// By the operator of the server.
    PasswordReset,
    TotpEnabled,
    TotpDisabled,
    BackupCodeUsed,
    BackupCodesRenewed,
    SecondFactorFailed,
    /// By the operator of the server.
    SecondFactorsRemoved,
    Disabled,
    Enabled,
    Unlocked,
    /// To another address, or to the first one.
    EmailChanged,
    EmailRemoved,
    /// By the link of a mail: every sign-in was ended.
    NotMe,
    /// With new keys and nothing of what was before.
    StartedOver,
    /// The operator made a link to a new password.
    ResetLinkMade,
    /// The operator changed the rules of the instance.
    PolicyChanged,
    /// The operator took what happened to everybody as a file.
    EventsExported,
    /// Everything of the account goes after a while.
    DeletionAsked,
    DeletionCancelled,
    /// Everything of an account is gone.
    AccountDeleted,
    /// Somebody applied for an account.
    Applied,
    ApplicationApproved,
    ApplicationRejected,
}

impl SecurityEventKind {
    pub const ALL: [Self; 34] = [
        Self::Registered,
        Self::SignedIn,
        Self::SignedInNewDevice,
        Self::SignedInNewPlace,
        Self::SignInFailed,
        Self::LockedOut,
        Self::SignedOut,
        Self::RefreshReused,
        Self::SessionEnded,
        Self::AllSessionsEnded,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::TotpEnabled,
        Self::TotpDisabled,
        Self::BackupCodeUsed,
        Self::BackupCodesRenewed,
        Self::SecondFactorFailed,
        Self::SecondFactorsRemoved,
        Self::Disabled,
        Self::Enabled,
        Self::Unlocked,
        Self::EmailChanged,
        Self::EmailRemoved,
        Self::NotMe,
        Self::StartedOver,
        Self::ResetLinkMade,
        Self::PolicyChanged,
        Self::EventsExported,
        Self::DeletionAsked,
        Self::DeletionCancelled,
        Self::AccountDeleted,
        Self::Applied,
        Self::ApplicationApproved,
        Self::ApplicationRejected,
    ];

    /// Worth asking the person whether it was them.
    pub const fn is_notable(self) -> bool {
        !matches!(
            self,
            Self::Registered
                | Self::SignedIn
                | Self::SignInFailed
                | Self::SignedOut
                | Self::SessionEnded
                | Self::AllSessionsEnded
                | Self::Unlocked
                | Self::Enabled
                | Self::PolicyChanged
                | Self::EventsExported
                | Self::AccountDeleted
                | Self::Applied
                | Self::ApplicationApproved
                | Self::ApplicationRejected
        )
    }

    /// Worth a mail that says how to undo it. What is about the address itself has mails of its
    /// own.
    pub const fn is_mailed(self) -> bool {
        self.is_notable() && !matches!(self, Self::EmailChanged | Self::EmailRemoved | Self::NotMe)
    }
}

replies! {
    /// `GET /api/v1/sessions`: the living ones, newest use first.
    pub struct Sessions { pub sessions: Vec<Session> }

    pub struct Session {
        pub id: SessionId,
        pub device: DeviceId,
        pub client: ClientKind,
        /// What the program said of itself.
        pub user_agent: String,
        pub place: Place,
        pub created_at: u64,
        pub last_seen_at: u64,
        pub expires_at: u64,
        pub this_one: bool,
    }

    /// `GET /api/v1/security-events`: newest first.
    pub struct SecurityEvents { pub events: Vec<SecurityEvent> }

    pub struct SecurityEvent {
        pub id: SecurityEventId,
        pub kind: SecurityEventKind,
        pub at: u64,
        pub device: Option<DeviceId>,
        pub user_agent: String,
        pub place: Place,
        /// The person should say whether it was them.
        pub unseen: bool,
    }

    /// `GET /api/v1/factors`.
    pub struct Factors {
        /// Since when codes of an authenticator are asked for.
        pub totp_at: Option<u64>,
        pub backup_codes_left: u32,
        /// The operator wants everybody like this one to have a second factor.
        pub required: bool,
    }

    /// `POST /api/v1/totp`: shown once, and forgotten if no code follows within ten minutes.
    pub struct TotpOffer {
        /// Base32, for typing.
        pub secret: String,
        /// `otpauth://totp/…`.
        pub url: String,
        /// The same as a QR code: a string of `0` and `1` for each row.
        pub qr: Vec<String>,
        pub expires_at: u64,
    }

    /// Shown once.
    pub struct BackupCodes { pub codes: Vec<String> }
}

requests! {
    /// `POST /api/v1/password`. Ends every other sign-in.
    pub struct ChangePassword {
        pub current: String,
        pub new: String,
        pub second: Option<SecondFactor>,
    }

    /// `POST /api/v1/password/reset`: with the token of a link, which is good once. It signs
    /// nobody in and stands for no second factor.
    pub struct ResetPassword { pub token: String, pub new: String }

    /// `POST /api/v1/session/proof`: sensitive acts need one of the last 15 minutes.
    pub struct Prove { pub password: String, pub second: Option<SecondFactor> }

    /// `POST /api/v1/sessions/end`.
    pub struct EndSessions { pub which: Which }

    /// `POST /api/v1/totp/activate`.
    pub struct ActivateTotp { pub code: String }

    /// `POST /api/v1/totp/disable`.
    pub struct DisableTotp { pub password: String, pub second: SecondFactor }
}

/// Which of one's sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// All but the one that asks.
    Others,
    All,
}

/// Sensitive acts need password and second factor given within this time.
pub const PROOF_MS: u64 = 15 * 60_000;
/// Backup codes in a set.
pub const BACKUP_CODES: usize = 10;
/// Events in one answer.
pub const EVENTS_PAGE: u32 = 100;
