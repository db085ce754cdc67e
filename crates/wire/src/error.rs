//! Stable error codes. The sentence beside a code may change; the code does not.

use serde::{Deserialize, Serialize};

use crate::channel::EpochView;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// What went wrong, for programs. Written as `UPPER_SNAKE` on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// Every code, for tables and tests.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name,)*];
        }
    };
}

codes! {
    // The request itself.
    /// The body or a parameter does not have the right form.
    Malformed
    /// A value is well-formed and not acceptable.
    Invalid
    TooLarge
    /// The body did not arrive in time.
    TimedOut
    /// The content type is neither JSON nor CBOR.
    UnsupportedMediaType
    /// There is nothing here, or nothing that the caller may know of.
    NotFound
    MethodNotAllowed
    /// A credential was put into the address.
    CredentialInUrl
    /// A request with cookies that did not come from the instance's own pages.
    CrossSite
    /// Too many requests; `retry_after_ms` says when to go on.
    RateLimited
    /// Busy or cut off from the database: nothing happened, try again.
    Unavailable
    Internal

    // Who is asking.
    /// No valid access token.
    Unauthenticated
    /// Name, password or proof are wrong; which one is not said.
    WrongCredentials
    /// This device waits for approval and may not do that yet.
    DevicePending
    DeviceRevoked
    /// A later state of this device was seen: its store was copied or rolled back.
    DeviceCloned
    /// A refresh token was used twice: the whole sign-in is over.
    RefreshReused
    Forbidden

    // Accounts.
    UsernameTaken
    UsernameInvalid
    PasswordTooWeak
    InviteInvalid
    InviteUsedUp
    RegistrationClosed
    SetUpDone
    AccountDisabled
    /// The password is right; a code of the authenticator or a backup code is missing.
    SecondFactorRequired
    SecondFactorWrong
    /// Somebody who is signed in gave a password once more, and it is not theirs.
    WrongPassword
    /// A link that is good for one use was used, has run out or never was.
    LinkInvalid
    /// Give password and second factor once more: the last time is too long ago.
    ProofRequired
    /// The operator wants a second factor: set one up first.
    SecondFactorNeeded
    /// This instance sends no mail: the operator hands out links.
    MailOff
    /// This is no address that mail can be sent to.
    EmailInvalid
    /// A device of the account was here not long ago: it can let the new one in.
    StartOverTooSoon
    /// What was to be typed once more, to be sure, is something else.
    NotConfirmed
    /// Hand over or delete what the account owns first.
    OwnsGuilds
    /// Nobody else runs this instance.
    LastOperator
    /// The account is about to be deleted, and takes nothing on.
    DeletionPending
    /// The other one's account is gone.
    PersonGone

    // Signed structures and keys.
    /// A signature or chain does not check.
    BadSignature
    /// The device log is at another version.
    DevlogStale
    /// A prekey id was uploaded before with other bytes.
    OtkConflict
    TooManyDevices
    /// The backup is written under a newer key by now.
    BackupStale
    /// The backup holds as much as it may.
    BackupFull
    /// The guild log refuses the operation.
    OpInvalid

    // Guilds.
    GuildFull
    AlreadyMember
    NotMember
    OwnerMustStay
    TooMany
    /// What everyone has must not include a dangerous right.
    DangerousForEveryone
    /// The person or role stands as high as the caller, or higher.
    RankTooHigh
    /// Nobody gives what they don't have.
    RightNotYours
    /// A role of theirs would let them, but what it asks for is not so.
    RoleConstrained
    /// What the server gives by itself must not include a dangerous right.
    AutomaticTooStrong
    /// Nobody holds both of these roles.
    RolesExclude
    /// Something else here has this name.
    NameTaken
    /// This guild is joined by application.
    ApplicationNeeded
    /// Joining is paused.
    JoinsPaused
    Banned
    /// A moderator has put the caller on hold.
    TimedOutMember
    /// A moderator has put the caller in quarantine.
    Quarantined
    /// Too soon after the last message in a channel with slow mode.
    SlowMode
    /// The member is too new to do that here.
    Newcomer
    /// The member has yet to agree to the rules.
    RulesWait

    // Messages.
    /// Only who may announce writes here.
    AnnouncementsOnly
    /// An encrypted channel takes nothing that the server could read.
    PlaintextRefused
    EpochStale
    ShareRequired
    RotateRequired
    DevicesMismatch
    DevicesStale
    /// The ratchet index went backwards: the store was rolled back.
    IndexStale
    TargetGone
    /// Nobody writes in this thread until it is opened again.
    ThreadClosed
    AudienceFull
    /// The channel's policy keeps earlier messages from those who come later.
    HistoryNotShared
    MessageTooLong
    /// What was revealed is not what the server accepted.
    ReportUnproved
    /// Somebody else was faster.
    AlreadyResolved

    // Made by clients only.
    /// The server cannot be reached.
    Offline
    /// The server's answer does not check: nothing was encrypted.
    RosterUnverifiable
    /// Somebody in the audience is not who they were.
    TrustViolation
    /// The person has nothing to sign in with here.
    SignedOut
    /// Another tab or program holds the store.
    StoreBusy
    /// The store cannot be opened or written.
    StoreFailed
    RecoveryKeyWrong
    /// Keys are here that the backup does not hold yet.
    NotBackedUp
    /// The vault on the server is not the one that the device log names.
    VaultChanged
    CodeUnknown
    /// What was read is no code of that person for this one.
    PersonCodeWrong
    /// Two devices that compared do not know the same keys.
    KeysDiffer
    /// The server's certificate is not the pinned one.
    CertificateChanged
}

/// The body of every reply that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    pub code: ErrorCode,
    /// One sentence for people.
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// For refusals of a send: all that is needed to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Box<EpochView>>,
}
