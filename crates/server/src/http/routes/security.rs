//! Endpoints of what guards an account.

use cloister_wire::{
    deletion::{AskDeletion, Deletion},
    email::{Email, ForgotPassword, NotMe, SetEmail, VerifyEmail},
    security::{
        ActivateTotp, BackupCodes, ChangePassword, DisableTotp, EndSessions, Factors, Prove,
        ResetPassword, SecurityEvents, Sessions, TotpOffer,
    },
};

use super::{For, Route, delete, get, post, put};
use crate::http::{deletion, email, security};

pub(super) fn table() -> Vec<Route> {
    let mut table = guards();
    table.extend(emails());
    table.extend(ends());
    table
}

fn emails() -> Vec<Route> {
    vec![
        get("/api/v1/email", For::Person, email::show)
            .gives::<Email>()
            .about("One's e-mail address, and one that waits for proof."),
        put("/api/v1/email", For::Person, email::set)
            .takes::<SetEmail>()
            .about("Mail a link to an address, which makes it one's own."),
        delete("/api/v1/email", For::Person, email::remove).about("Take one's address away."),
        post("/api/v1/email/verify", For::Anyone, email::verify)
            .takes::<VerifyEmail>()
            .about("Prove an address with the token of the link that was mailed there."),
        post("/api/v1/password/forgot", For::Anyone, email::forgot)
            .takes::<ForgotPassword>()
            .about("Ask for a link to a new password by mail. The answer is always the same."),
        post("/api/v1/not-me", For::Anyone, email::not_me)
            .takes::<NotMe>()
            .about("End every sign-in with the token of a mailed link, and get a new password."),
    ]
}

fn ends() -> Vec<Route> {
    vec![
        get("/api/v1/account/deletion", For::Enrolling, deletion::show)
            .gives::<Deletion>()
            .about("Whether and when one's account is deleted, and what stands in the way."),
        post("/api/v1/account/deletion", For::Person, deletion::ask)
            .takes::<AskDeletion>()
            .about("Ask for the end of one's account; it can be kept for a while."),
        delete("/api/v1/account/deletion", For::Enrolling, deletion::keep)
            .about("Keep one's account after all."),
    ]
}

fn guards() -> Vec<Route> {
    vec![
        post("/api/v1/password", For::Person, security::change_password)
            .takes::<ChangePassword>()
            .about("Change one's password, which ends every other sign-in."),
        post(
            "/api/v1/password/reset",
            For::Anyone,
            security::reset_password,
        )
        .takes::<ResetPassword>()
        .about("Set a new password with the token of a link, which is good once."),
        post("/api/v1/session/proof", For::Person, security::prove)
            .takes::<Prove>()
            .about("Give password and second factor once more, for sensitive acts."),
        get("/api/v1/sessions", For::Person, security::sessions)
            .gives::<Sessions>()
            .about("One's living sign-ins."),
        delete(
            "/api/v1/sessions/{session}",
            For::Person,
            security::end_session,
        )
        .about("End one of one's sign-ins."),
        post("/api/v1/sessions/end", For::Person, security::end_sessions)
            .takes::<EndSessions>()
            .about("End one's other sign-ins, or all."),
        get("/api/v1/security-events", For::Person, security::events)
            .gives::<SecurityEvents>()
            .about("What happened to one's account."),
        post(
            "/api/v1/security-events/seen",
            For::Person,
            security::see_events,
        )
        .about("Say that one has looked at all of it."),
        get("/api/v1/factors", For::Person, security::factors)
            .gives::<Factors>()
            .about("One's second factors."),
        post("/api/v1/totp", For::Person, security::offer_totp)
            .makes::<TotpOffer>()
            .about("Draw a secret for an authenticator."),
        post(
            "/api/v1/totp/activate",
            For::Person,
            security::activate_totp,
        )
        .takes::<ActivateTotp>()
        .makes::<BackupCodes>()
        .about("Take the secret up with a first code; answers the backup codes."),
        post("/api/v1/totp/disable", For::Person, security::disable_totp)
            .takes::<DisableTotp>()
            .about("Turn the authenticator off, with password and code."),
        post("/api/v1/backup-codes", For::Person, security::renew_codes)
            .makes::<BackupCodes>()
            .about("New backup codes in the place of the old ones."),
    ]
}
