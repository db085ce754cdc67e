//! What guards one's account: password, second factors, sign-ins, and what happened to it.

use axum::extract::State;
use cloister_wire::{
    ErrorCode, SessionId,
    security::{
        ActivateTotp, BackupCodes, ChangePassword, DisableTotp, EndSessions, Factors, Prove,
        ResetPassword, SecurityEvents, Sessions, TotpOffer,
    },
};

use super::{
    address::At,
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Error, Result,
    access::{self, Caller},
    action::{
        self, attempt,
        password::{self, Beside},
    },
    seal::password::{Password, Verdict},
    store::{self, account::Account},
    visitor::Visitor,
};

/// The account of whoever is signed in, if this is its password. Guesses are counted.
pub(super) async fn confirm(
    app: &App,
    caller: &Caller,
    visitor: &Visitor,
    password: String,
) -> Result<Account> {
    let _place = app.sign_ins.enter(visitor.network())?;
    let (parts, who) = (app.clone(), caller.clone());
    let account = app
        .db
        .write(move |tx| {
            let permit = access::own(tx, &who)?;
            attempt::count_proof(tx, &parts, &permit)?;
            store::account::get_own(tx, &permit)
        })
        .await?;
    let stored = Some(account.password_hash.clone());
    if app.hasher.verify(Password::new(password), stored).await? == Verdict::Wrong {
        return Err(wrong_password());
    }
    let (parts, who) = (app.clone(), caller.clone());
    app.db
        .write(move |tx| {
            let permit = access::own(tx, &who)?;
            attempt::forgive_proof(tx, &parts, &permit)
        })
        .await?;
    Ok(account)
}

fn wrong_password() -> Error {
    Error::refuse(ErrorCode::WrongPassword, "This is not your password.")
}

pub async fn change_password(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    Body(request): Body<ChangePassword>,
) -> Result<Done> {
    let account = confirm(&app, &caller, &visitor, request.current).await?;
    let who = caller.clone();
    let factor_at = app
        .db
        .read(move |tx| {
            let permit = access::own(tx, &who)?;
            store::factor::get_totp_at(tx, &permit, permit.user)
        })
        .await?;
    let beside = factor_at.map_or(Beside::Nothing, |_| Beside::SecondFactor);
    let names = password::names(&app, &account.username, &account.display_name);
    password::check(app.config.passwords.profile, beside, &request.new, &names)?;
    let hash = app.hasher.hash(Password::new(request.new)).await?;
    let (parts, second) = (app.clone(), request.second);
    app.db
        .write(move |tx| {
            let permit = access::own(tx, &caller)?;
            let now = store::account::get_own(tx, &permit)?;
            if now.password_hash != account.password_hash {
                return Err(wrong_password());
            }
            let how = (second.as_ref(), &visitor);
            password::change(tx, &parts, &permit, (&now, &hash), how)
        })
        .await??;
    Ok(Done::default())
}

pub async fn reset_password(
    State(app): State<App>,
    visitor: Visitor,
    Body(request): Body<ResetPassword>,
) -> Result<Done> {
    let _place = app.sign_ins.enter(visitor.network())?;
    let (parts, token, from) = (app.clone(), request.token.clone(), visitor.clone());
    let (account, factor_at) = app
        .db
        .write(move |tx| {
            let permit = access::anyone(tx);
            let account = password::of_link(tx, &parts, &permit, &token, &from)?;
            let factor_at = store::factor::get_totp_at(tx, &permit, account.id)?;
            Ok((account, factor_at))
        })
        .await?;
    let beside = factor_at.map_or(Beside::Nothing, |_| Beside::SecondFactor);
    let names = password::names(&app, &account.username, &account.display_name);
    password::check(app.config.passwords.profile, beside, &request.new, &names)?;
    let hash = app.hasher.hash(Password::new(request.new)).await?;
    let (parts, token) = (app.clone(), request.token);
    app.db
        .write(move |tx| {
            let permit = access::anyone(tx);
            password::reset(tx, &parts, &permit, (&token, &hash), &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn prove(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    Body(request): Body<Prove>,
) -> Result<Done> {
    confirm(&app, &caller, &visitor, request.password).await?;
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::own(tx, &caller)?;
            let second = request.second.as_ref();
            action::session::prove(tx, &parts, &permit, second, &visitor)
        })
        .await??;
    Ok(Done::default())
}

pub async fn sessions(State(app): State<App>, caller: Caller) -> Result<Reply<Sessions>> {
    let sessions = app
        .db
        .read(move |tx| {
            let permit = access::own(tx, &caller)?;
            store::session::page(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(Sessions { sessions }))
}

pub async fn end_session(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    At(session): At<SessionId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::proved(tx, &caller)?;
            action::ending::end_one(tx, &permit, session, &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn end_sessions(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    Body(request): Body<EndSessions>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::proved(tx, &caller)?;
            action::ending::end_many(tx, &permit, request.which, &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn events(State(app): State<App>, caller: Caller) -> Result<Reply<SecurityEvents>> {
    let events = app
        .db
        .read(move |tx| {
            let permit = access::own(tx, &caller)?;
            store::security_event::page(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(SecurityEvents { events }))
}

pub async fn see_events(State(app): State<App>, caller: Caller) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::own(tx, &caller)?;
            store::security_event::update_seen(tx, &permit)
        })
        .await?;
    Ok(Done::default())
}

pub async fn factors(State(app): State<App>, caller: Caller) -> Result<Reply<Factors>> {
    let parts = app.clone();
    let factors = app
        .db
        .read(move |tx| {
            let permit = access::own(tx, &caller)?;
            action::factor::show(tx, &parts, &permit)
        })
        .await?;
    Ok(Reply::ok(factors))
}

pub async fn offer_totp(State(app): State<App>, caller: Caller) -> Result<Reply<TotpOffer>> {
    let parts = app.clone();
    let offer = app
        .db
        .write(move |tx| {
            let permit = access::proved(tx, &caller)?;
            action::factor::offer(tx, &parts, &permit)
        })
        .await?;
    Ok(Reply::created(offer))
}

pub async fn activate_totp(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    Body(request): Body<ActivateTotp>,
) -> Result<Reply<BackupCodes>> {
    let parts = app.clone();
    let codes = app
        .db
        .write(move |tx| {
            let permit = access::proved(tx, &caller)?;
            action::factor::activate(tx, &parts, &permit, &request.code, &visitor)
        })
        .await??;
    Ok(Reply::created(codes))
}

pub async fn disable_totp(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    Body(request): Body<DisableTotp>,
) -> Result<Done> {
    confirm(&app, &caller, &visitor, request.password).await?;
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::own(tx, &caller)?;
            action::factor::disable(tx, &parts, &permit, &request.second, &visitor)
        })
        .await??;
    Ok(Done::default())
}

pub async fn renew_codes(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
) -> Result<Reply<BackupCodes>> {
    let parts = app.clone();
    let codes = app
        .db
        .write(move |tx| {
            let permit = access::proved(tx, &caller)?;
            action::factor::renew_codes(tx, &parts, &permit, &visitor)
        })
        .await?;
    Ok(Reply::created(codes))
}
