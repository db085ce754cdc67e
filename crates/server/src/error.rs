//! Errors have two faces: a stable code with one sentence for people, and a cause for the log.
//!
//! A refusal is an answer, not a fault: it is not logged. Faults are logged once, where they
//! become a reply (`http/reply.rs`) or end a job.

use std::{borrow::Cow, fmt};

use cloister_wire::{DeviceId, ErrorBody, ErrorCode, GuildId, UserId, channel::EpochView};

use crate::{access::Actor, store::db::Fault};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something did not happen.
#[derive(Debug)]
pub enum Error {
    /// The caller may not, or not so: the sentence says what to do.
    Refused(Box<Refusal>),
    /// The database said no; some of these pass by themselves.
    Database(Fault),
    /// A fault of ours.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub code: ErrorCode,
    pub sentence: Cow<'static, str>,
    pub retry_after_ms: Option<u64>,
    pub epoch: Option<Box<EpochView>>,
    pub denied: Option<Denied>,
}

/// A member of a guild tried what they may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    pub guild: GuildId,
    pub user: UserId,
    pub device: DeviceId,
    pub code: ErrorCode,
}

impl Error {
    /// Refuses with a code and one sentence for people.
    pub fn refuse(code: ErrorCode, sentence: impl Into<Cow<'static, str>>) -> Self {
        let sentence = sentence.into();
        Self::Refused(Box::new(Refusal {
            code,
            sentence,
            retry_after_ms: None,
            epoch: None,
            denied: None,
        }))
    }

    /// Nothing here, or nothing that the caller may know of: the same answer for both.
    pub fn not_found() -> Self {
        Self::refuse(ErrorCode::NotFound, "There is nothing here.")
    }

    pub fn forbidden() -> Self {
        Self::refuse(ErrorCode::Forbidden, "You are not allowed to do that.")
    }

    pub fn unauthenticated() -> Self {
        Self::refuse(ErrorCode::Unauthenticated, "Sign in first.")
    }

    pub fn device_revoked() -> Self {
        Self::refuse(
            ErrorCode::DeviceRevoked,
            "This device was removed from the account. Sign in again as a new device.",
        )
    }

    pub fn device_cloned() -> Self {
        Self::refuse(
            ErrorCode::DeviceCloned,
            "This device's data was copied or rolled back, so it was stopped. Add it anew.",
        )
    }

    pub fn invalid(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::refuse(ErrorCode::Invalid, sentence)
    }

    pub fn malformed(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::refuse(ErrorCode::Malformed, sentence)
    }

    pub fn bad_signature(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::refuse(ErrorCode::BadSignature, sentence)
    }

    /// Busy: nothing happened, the same request may be sent again.
    pub fn busy(retry_after_ms: u64) -> Self {
        Self::refuse(
            ErrorCode::Unavailable,
            "The server is busy. Try again in a moment.",
        )
        .retry_after(retry_after_ms)
    }

    pub fn rate_limited(retry_after_ms: u64) -> Self {
        Self::refuse(
            ErrorCode::RateLimited,
            "Too many requests. Wait a little and try again.",
        )
        .retry_after(retry_after_ms)
    }

    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    #[must_use]
    pub fn retry_after(mut self, ms: u64) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.retry_after_ms = Some(ms);
        }
        self
    }

    /// Says who tried it where, for the guild's audit log.
    #[must_use]
    pub fn denied(mut self, actor: &Actor, guild: GuildId) -> Self {
        let code = self.code();
        if let Self::Refused(refusal) = &mut self {
            refusal.denied = Some(Denied {
                guild,
                user: actor.user,
                device: actor.device,
                code,
            });
        }
        self
    }

    /// Who tried what they may not.
    pub fn denial(&self) -> Option<Denied> {
        match self {
            Self::Refused(refusal) => refusal.denied,
            Self::Database(_) | Self::Internal(_) => None,
        }
    }

    /// Adds what a refused sender needs to try again.
    #[must_use]
    pub fn with_epoch(mut self, view: EpochView) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.epoch = Some(Box::new(view));
        }
        self
    }

    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(refusal) => refusal.code,
            Self::Database(fault) if fault.passes_by_itself() => ErrorCode::Unavailable,
            Self::Database(_) | Self::Internal(_) => ErrorCode::Internal,
        }
    }

    pub fn status(&self) -> u16 {
        status_of(self.code())
    }

    /// What the caller is told.
    pub fn body(&self) -> ErrorBody {
        let code = self.code();
        match self {
            Self::Refused(refusal) => ErrorBody {
                code,
                message: refusal.sentence.clone().into_owned(),
                retry_after_ms: refusal.retry_after_ms,
                epoch: refusal.epoch.clone(),
            },
            Self::Database(Fault::Silent) => ErrorBody {
                code,
                message: "The server's storage does not answer. What you asked for may have \
                          been done; try again in a moment."
                    .to_owned(),
                retry_after_ms: Some(5_000),
                epoch: None,
            },
            Self::Database(_) if code == ErrorCode::Unavailable => ErrorBody {
                code,
                message: "The server can't reach its storage right now. Nothing was changed; \
                          try again in a moment."
                    .to_owned(),
                retry_after_ms: Some(1_000),
                epoch: None,
            },
            Self::Database(_) | Self::Internal(_) => ErrorBody {
                code,
                message: "Something went wrong on the server. It has been written to its log."
                    .to_owned(),
                retry_after_ms: None,
                epoch: None,
            },
        }
    }

    /// Is it a fault (to be logged), not an answer?
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

/// The one table from code to HTTP status.
pub fn status_of(code: ErrorCode) -> u16 {
    use ErrorCode as E;
    match code {
        E::Malformed | E::CredentialInUrl => 400,
        E::Unauthenticated | E::WrongCredentials | E::SecondFactorRequired | E::SecondFactorWrong | E::RefreshReused | E::DeviceRevoked
        | E::SignedOut => 401,
        E::CrossSite | E::DevicePending | E::WrongPassword | E::ProofRequired | E::SecondFactorNeeded | E::StartOverTooSoon | E::Forbidden | E::AccountDisabled
        | E::RegistrationClosed | E::RankTooHigh | E::RightNotYours | E::RoleConstrained | E::AnnouncementsOnly | E::ApplicationNeeded | E::JoinsPaused | E::Banned
        | E::TimedOutMember | E::Quarantined | E::Newcomer | E::RulesWait | E::HistoryNotShared => 403,
        E::NotFound | E::InviteInvalid | E::TargetGone => 404,
        E::MethodNotAllowed => 405,
        E::TimedOut => 408,
        E::UsernameTaken | E::SetUpDone | E::DevlogStale | E::OtkConflict | E::AlreadyMember
        | E::NotMember | E::OwnerMustStay | E::OwnsGuilds | E::LastOperator | E::DeletionPending | E::EpochStale | E::ShareRequired | E::RotateRequired
        | E::DevicesMismatch | E::IndexStale | E::TooManyDevices | E::GuildFull | E::TooMany
        | E::RolesExclude | E::NameTaken | E::AlreadyResolved | E::ThreadClosed | E::AudienceFull | E::BackupStale | E::BackupFull | E::MailOff => 409,
        E::DevicesStale | E::InviteUsedUp | E::LinkInvalid | E::PersonGone => 410,
        E::TooLarge | E::MessageTooLong => 413,
        E::UnsupportedMediaType => 415,
        E::Invalid | E::NotConfirmed | E::UsernameInvalid | E::PasswordTooWeak | E::EmailInvalid | E::BadSignature | E::OpInvalid
        | E::PlaintextRefused | E::DangerousForEveryone | E::AutomaticTooStrong | E::ReportUnproved => 422,
        E::DeviceCloned => 423,
        E::RateLimited | E::SlowMode => 429,
        E::Unavailable => 503,
        E::Internal
        // Codes that only clients make; a server that sends one is at fault.
        | E::Offline | E::RosterUnverifiable | E::TrustViolation | E::StoreBusy | E::StoreFailed
        | E::RecoveryKeyWrong | E::PersonCodeWrong | E::KeysDiffer | E::NotBackedUp | E::VaultChanged
        | E::CodeUnknown | E::CertificateChanged => 500,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "{}", refusal.sentence),
            Self::Database(fault) => write!(f, "database: {fault}"),
            Self::Internal(cause) => write!(f, "{cause}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Database(fault)
    }
}
