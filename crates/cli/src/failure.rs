//! How a command ends when it did not do what was asked.
//!
//! The numbers are a contract with scripts: 2 wrong usage, 3 not signed in or wrong credentials,
//! 4 not allowed, 5 the server cannot be reached, 6 conflict, already done or gone, 7 refused for
//! safety, 8 limited, 1 anything else.

use cloister_client::view::Refusal;
use cloister_wire::ErrorCode;

pub(crate) const USAGE: u8 = 2;
pub(crate) const SIGNED_OUT: u8 = 3;
pub(crate) const NOT_ALLOWED: u8 = 4;
pub(crate) const UNREACHABLE: u8 = 5;
pub(crate) const CONFLICT: u8 = 6;
pub(crate) const UNSAFE: u8 = 7;
pub(crate) const LIMITED: u8 = 8;
pub(crate) const OTHER: u8 = 1;
/// What shells report for a program that was interrupted.
const INTERRUPTED: u8 = 130;

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: u8,
    pub(crate) code: String,
    /// One sentence: what happened.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) next: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: u8, code: &str, message: impl Into<String>) -> Failure {
        Failure {
            exit,
            code: code.into(),
            message: message.into(),
            next: None,
        }
    }

    pub(crate) fn next(mut self, next: impl Into<String>) -> Failure {
        self.next = Some(next.into());
        self
    }

    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::new(USAGE, "USAGE", message)
    }

    pub(crate) fn other(message: impl Into<String>) -> Failure {
        Failure::new(OTHER, "FAILED", message)
    }

    pub(crate) fn interrupted() -> Failure {
        Failure::new(INTERRUPTED, "INTERRUPTED", "Interrupted.")
    }

    pub(crate) fn is(&self, code: ErrorCode) -> bool {
        self.code == name(code)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure {
            exit: exit(refusal.code),
            code: name(refusal.code),
            message: refusal.message,
            next: next(refusal.code).map(Into::into).or_else(|| {
                let wait_s = refusal.retry_after_ms?.div_ceil(1_000);
                Some(format!("Try again in {wait_s} s."))
            }),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::other(format!("{error}."))
    }
}

/// `UPPER_SNAKE`, as on the wire.
pub(crate) fn name(code: ErrorCode) -> String {
    serde_json::to_value(code)
        .ok()
        .and_then(|value| value.as_str().map(Into::into))
        .unwrap_or_default()
}

#[expect(clippy::too_many_lines, reason = "each code has its line")]
fn exit(code: ErrorCode) -> u8 {
    use ErrorCode as E;
    match code {
        E::Malformed
        | E::Invalid
        | E::TooLarge
        | E::UsernameInvalid
        | E::PasswordTooWeak
        | E::EmailInvalid
        | E::NotConfirmed
        | E::MessageTooLong => USAGE,
        E::Unauthenticated
        | E::WrongCredentials
        | E::RefreshReused
        | E::SignedOut
        | E::SecondFactorRequired
        | E::SecondFactorWrong
        | E::WrongPassword
        | E::DeviceRevoked
        | E::RecoveryKeyWrong => SIGNED_OUT,
        E::Forbidden
        | E::DevicePending
        | E::RegistrationClosed
        | E::AccountDisabled
        | E::ProofRequired
        | E::SecondFactorNeeded
        | E::NotMember
        | E::OwnerMustStay
        | E::OwnsGuilds
        | E::LastOperator
        | E::DeletionPending
        | E::RankTooHigh
        | E::RightNotYours
        | E::RoleConstrained
        | E::AnnouncementsOnly
        | E::AutomaticTooStrong
        | E::DangerousForEveryone
        | E::ApplicationNeeded
        | E::JoinsPaused
        | E::Banned
        | E::TimedOutMember
        | E::OpInvalid => NOT_ALLOWED,
        E::Offline => UNREACHABLE,
        E::NotFound
        | E::UsernameTaken
        | E::InviteInvalid
        | E::InviteUsedUp
        | E::SetUpDone
        | E::LinkInvalid
        | E::AlreadyMember
        | E::CodeUnknown
        | E::PersonCodeWrong
        | E::RolesExclude
        | E::NameTaken
        | E::TargetGone
        | E::PersonGone
        | E::OtkConflict
        | E::BackupStale
        | E::DevlogStale => CONFLICT,
        E::TrustViolation
        | E::KeysDiffer
        | E::RosterUnverifiable
        | E::CertificateChanged
        | E::BadSignature
        | E::PlaintextRefused
        | E::DeviceCloned
        | E::NotBackedUp
        | E::VaultChanged
        | E::IndexStale => UNSAFE,
        E::RateLimited
        | E::Quarantined
        | E::SlowMode
        | E::Newcomer
        | E::RulesWait
        | E::Unavailable
        | E::TooMany
        | E::TooManyDevices
        | E::GuildFull
        | E::BackupFull
        | E::AudienceFull => LIMITED,
        _ => OTHER,
    }
}

fn next(code: ErrorCode) -> Option<&'static str> {
    use ErrorCode as E;
    Some(match code {
        E::SignedOut | E::Unauthenticated | E::RefreshReused | E::DeviceRevoked => {
            "Sign in with `cloister login`."
        }
        E::MailOff => {
            "Its operator sets [mail] up, or makes a link with `cloister user reset-password`."
        }
        E::SecondFactorRequired => "Add --code CODE.",
        E::SecondFactorNeeded => "Set one up with `cloister factor enable`.",
        E::ProofRequired => "Give --password-file FILE, and --code CODE with a second factor.",
        E::WrongCredentials => "Check the name and the password and try again.",
        E::DevicePending => {
            "Approve this device on another one with `cloister device approve CODE`; \
             `cloister status` shows the code."
        }
        E::StartOverTooSoon => {
            "Approve this device with the other one, or use the recovery key; if you have neither, try again later."
        }
        E::DeviceCloned => {
            "The store was copied or restored: come back as a new device with `cloister device reenrol`."
        }
        E::Offline => "Check the connection and that the server runs, then try again.",
        E::AudienceFull => {
            "Whoever looks after the channel can continue it: \
             `cloister channel create --guild GUILD --continues CHANNEL NAME`."
        }
        E::NotBackedUp => {
            "Try again when the server is at hand, or give --anyway and lose what only those keys \
             open."
        }
        E::UsernameTaken => "Choose another name.",
        E::InviteInvalid | E::InviteUsedUp => "Ask for a new invite.",
        E::StoreBusy => {
            "End the other program that uses this profile, or choose another --profile."
        }
        E::TrustViolation => {
            "Nothing is encrypted to them until you have found out, by another way, what happened."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_refusal_has_the_number_that_scripts_know() {
        let numbers = [
            (ErrorCode::Invalid, 2),
            (ErrorCode::WrongCredentials, 3),
            (ErrorCode::SignedOut, 3),
            (ErrorCode::Forbidden, 4),
            (ErrorCode::Offline, 5),
            (ErrorCode::AlreadyMember, 6),
            (ErrorCode::InviteUsedUp, 6),
            (ErrorCode::CertificateChanged, 7),
            (ErrorCode::TrustViolation, 7),
            (ErrorCode::RateLimited, 8),
            (ErrorCode::Internal, 1),
        ];
        for (code, number) in numbers {
            assert_eq!(exit(code), number, "{code:?}");
        }
    }

    #[test]
    fn a_refusal_that_names_a_time_says_when_to_come_back() {
        let refusal = Refusal {
            code: ErrorCode::RateLimited,
            message: "Too many requests.".into(),
            retry_after_ms: Some(1_200),
        };
        let failure = Failure::from(refusal);
        assert_eq!(failure.code, "RATE_LIMITED");
        assert_eq!(failure.next.as_deref(), Some("Try again in 2 s."));
    }
}
