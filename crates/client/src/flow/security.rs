//! What guards the account: each act is one request, and nothing of it is kept here.

use cloister_e2ee::Primitives;
use cloister_wire::{
    DeviceId,
    account_application::ApplyForAccount,
    deletion::{AskDeletion, Deletion},
    email::{Email, ForgotPassword, NotMe, SetEmail, VerifyEmail},
    security::{
        ActivateTotp, BackupCodes, ChangePassword, DisableTotp, EndSessions, Factors, Prove,
        ResetPassword, SecondFactor, SecurityEvents, Sessions, TotpOffer,
    },
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    core::{Outcome, Shared},
    engine::Method,
    flow::call::{CallError, to_cbor},
    view::{
        AccountAct, AccountReply, CommandReply, DeletionView, EmailView, FactorsView, HappenedView,
        Query, QueryReply, SignInView, Topic, TotpView,
    },
};

#[expect(clippy::too_many_lines, reason = "one arm for each act")]
pub(crate) async fn act<P: Primitives>(shared: &Shared<P>, act: AccountAct) -> Outcome {
    let reply = match act {
        AccountAct::ChangePassword { current, new, code } => {
            let second = code.map(typed);
            let change = ChangePassword {
                current,
                new,
                second,
            };
            done(shared, Method::Post, "password", &change).await?
        }
        AccountAct::ResetPassword { token, new } => {
            openly(shared, "password/reset", &ResetPassword { token, new }).await?
        }
        AccountAct::Prove { password, code } => {
            let second = code.map(typed);
            let proof = Prove { password, second };
            done(shared, Method::Post, "session/proof", &proof).await?
        }
        AccountAct::SignIns => sign_ins(shared).await?,
        AccountAct::EndSignIn { session } => {
            let path = format!("/api/v1/sessions/{session}");
            shared.call(Method::Delete, path, None).await?;
            AccountReply::Done
        }
        AccountAct::EndSignIns { which } => {
            done(shared, Method::Post, "sessions/end", &EndSessions { which }).await?
        }
        AccountAct::SecurityEvents => events(shared).await?,
        AccountAct::SecurityEventsSeen => {
            let path = "/api/v1/security-events/seen".to_owned();
            shared.call(Method::Post, path, None).await?;
            shared.core().tell(Topic::Security);
            AccountReply::Done
        }
        AccountAct::Factors => {
            let factors: Factors = shared.get("/api/v1/factors".to_owned()).await?;
            AccountReply::Factors(FactorsView {
                totp_at: factors.totp_at,
                backup_codes_left: factors.backup_codes_left,
                required: factors.required,
            })
        }
        AccountAct::OfferTotp => {
            let offer: TotpOffer = ask(shared, "totp", &()).await?;
            AccountReply::Totp(TotpView {
                secret: offer.secret,
                url: offer.url,
                qr: offer.qr,
                expires_at: offer.expires_at,
            })
        }
        AccountAct::ActivateTotp { code } => {
            let codes = ask(shared, "totp/activate", &ActivateTotp { code }).await?;
            shared.core().tell(Topic::Security);
            shown(codes)
        }
        AccountAct::DisableTotp { password, code } => {
            let second = typed(code);
            let off = DisableTotp { password, second };
            done(shared, Method::Post, "totp/disable", &off).await?
        }
        AccountAct::Email => {
            let email: Email = shared.get("/api/v1/email".to_owned()).await?;
            AccountReply::Email(EmailView {
                address: email.address,
                wanted: email.wanted,
                mail: email.mail,
            })
        }
        AccountAct::SetEmail { address } => {
            let reply = done(shared, Method::Put, "email", &SetEmail { address }).await?;
            shared.core().tell(Topic::Security);
            reply
        }
        AccountAct::RemoveEmail => {
            let path = "/api/v1/email".to_owned();
            shared.call(Method::Delete, path, None).await?;
            shared.core().tell(Topic::Security);
            AccountReply::Done
        }
        AccountAct::VerifyEmail { token } => {
            openly(shared, "email/verify", &VerifyEmail { token }).await?
        }
        AccountAct::ForgotPassword { who } => {
            openly(shared, "password/forgot", &ForgotPassword { who }).await?
        }
        AccountAct::Apply {
            username,
            display_name,
            address,
            answers,
        } => {
            let apply = ApplyForAccount {
                username,
                display_name,
                address,
                answers,
            };
            openly(shared, "account-applications", &apply).await?
        }
        AccountAct::NotMe { token } => openly(shared, "not-me", &NotMe { token }).await?,
        AccountAct::Deletion => {
            let standing: Deletion = shared.get("/api/v1/account/deletion".to_owned()).await?;
            shared.core().store.put_deletion_at(standing.at)?;
            AccountReply::Deletion(DeletionView {
                asked_at: standing.asked_at,
                at: standing.at,
                grace_days: standing.grace_days,
                owns: standing.owns,
            })
        }
        AccountAct::AskDeletion { username } => {
            let ask = AskDeletion { username };
            done(shared, Method::Post, "account/deletion", &ask).await?
        }
        AccountAct::KeepAccount => {
            let path = "/api/v1/account/deletion".to_owned();
            shared.call(Method::Delete, path, None).await?;
            let mut core = shared.core();
            core.store.put_deletion_at(None)?;
            core.tell(Topic::Session);
            core.tell(Topic::Security);
            AccountReply::Done
        }
        AccountAct::RenewBackupCodes => shown(ask(shared, "backup-codes", &()).await?),
    };
    Ok(CommandReply::Account { reply })
}

fn typed(code: String) -> SecondFactor {
    SecondFactor::Code { code }
}

fn shown(codes: BackupCodes) -> AccountReply {
    AccountReply::BackupCodes { codes: codes.codes }
}

/// Needs no sign-in.
async fn openly<P: Primitives, B: Serialize>(
    shared: &Shared<P>,
    path: &str,
    body: &B,
) -> Result<AccountReply, CallError> {
    let path = format!("/api/v1/{path}");
    shared
        .call_openly_done(Method::Post, &path, Some(to_cbor(body)))
        .await?;
    Ok(AccountReply::Done)
}

pub(super) async fn ask<P: Primitives, B: Serialize, T: DeserializeOwned>(
    shared: &Shared<P>,
    path: &str,
    body: &B,
) -> Result<T, CallError> {
    shared.post(format!("/api/v1/{path}"), body).await
}

pub(super) async fn done<P: Primitives, B: Serialize>(
    shared: &Shared<P>,
    method: Method,
    path: &str,
    body: &B,
) -> Result<AccountReply, CallError> {
    let path = format!("/api/v1/{path}");
    shared.tell_server(method, path, body).await?;
    Ok(AccountReply::Done)
}

async fn sign_ins<P: Primitives>(shared: &Shared<P>) -> Result<AccountReply, CallError> {
    let sessions: Sessions = shared.get("/api/v1/sessions".to_owned()).await?;
    let sign_ins = sessions.sessions.into_iter().map(|one| SignInView {
        session: one.id,
        device: one.device,
        device_name: device_name(shared, one.device),
        user_agent: one.user_agent,
        place: one.place,
        created_at: one.created_at,
        last_seen_at: one.last_seen_at,
        expires_at: one.expires_at,
        this_one: one.this_one,
    });
    Ok(AccountReply::SignIns {
        sign_ins: sign_ins.collect(),
    })
}

async fn events<P: Primitives>(shared: &Shared<P>) -> Result<AccountReply, CallError> {
    let events: SecurityEvents = shared.get("/api/v1/security-events".to_owned()).await?;
    let events = events.events.into_iter().map(|event| HappenedView {
        id: event.id,
        kind: event.kind,
        at: event.at,
        device_name: event.device.and_then(|device| device_name(shared, device)),
        user_agent: event.user_agent,
        place: event.place,
        unseen: event.unseen,
    });
    Ok(AccountReply::SecurityEvents {
        events: events.collect(),
    })
}

/// Names of devices are sealed for their owner: the server can't say them.
fn device_name<P: Primitives>(shared: &Shared<P>, device: DeviceId) -> Option<String> {
    match crate::show::answer(&shared.core(), &Query::Devices) {
        Ok(QueryReply::Devices { devices }) => devices
            .into_iter()
            .find(|one| one.id == device)
            .map(|one| one.name)
            .filter(|name| !name.is_empty()),
        _ => None,
    }
}
