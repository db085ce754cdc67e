//! What guards the account, as a person is shown it. Nothing of it is kept on the device: each act
//! asks the server.

use cloister_wire::{
    DeviceId, GuildId, SecurityEventId, SessionId,
    security::{Place, SecurityEventKind, Which},
};
use serde::{Deserialize, Serialize};

view! {
#[serde(tag = "act", rename_all = "snake_case")]
pub enum AccountAct {
    /// Ends every other sign-in. With a second factor a code is asked for, unless one was given
    /// in the last 15 minutes.
    ChangePassword { current: String, new: String, code: Option<String> },
    /// With the token of a link that the operator handed out. Needs no sign-in, and signs nobody in.
    ResetPassword { token: String, new: String },
    /// Give password and code once more: sensitive acts are refused with `PROOF_REQUIRED`
    /// when the last time is more than 15 minutes ago.
    Prove { password: String, code: Option<String> },
    SignIns,
    /// Sensitive.
    EndSignIn { session: SessionId },
    /// Sensitive.
    EndSignIns { which: Which },
    SecurityEvents,
    /// The person has looked at all of them.
    SecurityEventsSeen,
    Factors,
    /// Sensitive. Begin to set an authenticator up.
    OfferTotp,
    /// Sensitive. Its first code; the reply has the backup codes, once.
    ActivateTotp { code: String },
    DisableTotp { password: String, code: String },
    /// Sensitive. New backup codes in the place of the old ones.
    RenewBackupCodes,
    Email,
    /// Sensitive. A mail goes there, and its link makes it the account's address.
    SetEmail { address: String },
    /// Sensitive.
    RemoveEmail,
    /// With the token of the link that was mailed. Needs no sign-in.
    VerifyEmail { token: String },
    /// By user name or e-mail address. Needs no sign-in, and says nothing of who has an account.
    ForgotPassword { who: String },
    /// Apply for an account, where the instance takes people that way. Needs no sign-in.
    Apply { username: String, display_name: String, address: Option<String>, answers: Vec<String> },
    /// With the token of a link in a mail about something that the person did not do. Needs no
    /// sign-in; every sign-in of the account ends.
    NotMe { token: String },
    /// Whether and when the account is deleted.
    Deletion,
    /// Sensitive. Ask for the end of the account; one's user name is typed to be sure.
    AskDeletion { username: String },
    /// Keep the account after all.
    KeepAccount,
}

#[serde(tag = "reply", rename_all = "snake_case")]
pub enum AccountReply {
    Done,
    SignIns { sign_ins: Vec<SignInView> },
    SecurityEvents { events: Vec<HappenedView> },
    Factors(FactorsView),
    Totp(TotpView),
    BackupCodes { codes: Vec<String> },
    Email(EmailView),
    Deletion(DeletionView),
}

pub struct DeletionView {
    pub asked_at: Option<u64>,
    /// When everything goes.
    pub at: Option<u64>,
    /// Days in which an account can be kept here.
    pub grace_days: u32,
    /// Guilds and group conversations that must be handed over or deleted first.
    pub owns: Vec<GuildId>,
}

/// Where the account's mails go.
pub struct EmailView {
    /// The address that was proved.
    pub address: Option<String>,
    /// One that waits for the link in the mail.
    pub wanted: Option<String>,
    /// The server sends mails.
    pub mail: bool,
}

/// A living sign-in.
pub struct SignInView {
    pub session: SessionId,
    pub device: DeviceId,
    /// As its owner named it; absent when this device can't read the name.
    pub device_name: Option<String>,
    /// What the program said of itself.
    pub user_agent: String,
    pub place: Place,
    pub created_at: u64,
    pub last_seen_at: u64,
    pub expires_at: u64,
    pub this_one: bool,
}

/// Something that happened to the account.
pub struct HappenedView {
    pub id: SecurityEventId,
    pub kind: SecurityEventKind,
    pub at: u64,
    pub device_name: Option<String>,
    pub user_agent: String,
    pub place: Place,
    /// The person should say whether it was them.
    pub unseen: bool,
}

pub struct FactorsView {
    /// Since when codes of an authenticator are asked for.
    pub totp_at: Option<u64>,
    pub backup_codes_left: u32,
    /// The operator asks for a second factor.
    pub required: bool,
}

/// What an authenticator is set up with.
pub struct TotpView {
    /// For typing.
    pub secret: String,
    pub url: String,
    /// The rows of the picture, of `0` and `1`.
    pub qr: Vec<String>,
    pub expires_at: u64,
}
}
