//! Signing in, going on, signing out.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header::ORIGIN},
};
use cloister_wire::{
    ErrorCode,
    account::{
        AskChallenge, Challenge, PrepareSignIn, Prepared, Refresh, SignIn, SignInDevice, SignedIn,
        Tokens,
    },
};

use super::{
    extract::{Body, COOKIE_NAME, cookie},
    guard::{cross_site, is_own_origin},
    reply::{Done, Reply},
};
use crate::{
    App, Error, Result,
    access::{self, Anyone, Caller, Permit},
    action::{
        self,
        attempt::Attempt,
        session::{Refreshed, wrong_credentials},
    },
    seal::{
        password::{Password, Verdict},
        refresh::RefreshToken,
    },
    store::{self, account::Account, db::Tx},
    visitor::Visitor,
};

/// The header that proves that a request with the cookie comes from our own page.
pub const CSRF_HEADER: &str = "x-cloister-csrf";

pub async fn challenge(
    State(app): State<App>,
    Body(request): Body<AskChallenge>,
) -> Result<Reply<Challenge>> {
    let challenge = app
        .db
        .write(move |tx| {
            let permit = access::anyone(tx);
            action::session::challenge(tx, &permit, request.device)
        })
        .await?;
    Ok(Reply::created(challenge))
}

pub async fn prepare(
    State(app): State<App>,
    visitor: Visitor,
    Body(request): Body<PrepareSignIn>,
) -> Result<Reply<Prepared>> {
    let typed = (request.username, None);
    let (account, attempt) = check(&app, visitor, typed, request.password).await?;
    let (parts, second) = (app.clone(), request.second);
    let prepared = app
        .db
        .write(move |tx| {
            let permit = access::anyone(tx);
            let account = unchanged(tx, &permit, &account)?;
            let of = (&account, &attempt);
            action::session::prepare(tx, &parts, &permit, of, second.as_ref())
        })
        .await??;
    Ok(Reply::ok(prepared))
}

pub async fn sign_in(
    State(app): State<App>,
    visitor: Visitor,
    Body(request): Body<SignIn>,
) -> Result<Reply<SignedIn>> {
    let typed = (request.username.clone(), Some(request.device.clone()));
    let (account, attempt) = check(&app, visitor, typed, request.password.clone()).await?;
    let parts = app.clone();
    let granted = app
        .db
        .write(move |tx| {
            let permit = access::anyone(tx);
            let account = unchanged(tx, &permit, &account)?;
            action::session::sign_in(tx, &parts, &permit, (&account, &attempt), &request)
        })
        .await??;
    Ok(Reply::created(granted.signed_in).with_cookie(cookie_of(&app, granted.fresh.cookie)))
}

/// What was right a moment ago may have changed since.
fn unchanged(tx: &mut Tx<'_>, permit: &Permit<'_, Anyone>, then: &Account) -> Result<Account> {
    store::account::get_locked(tx, permit, then.id)?
        .filter(|now| now.password_hash == then.password_hash)
        .ok_or_else(wrong_credentials)
}

/// Counts the attempt, then compares the password. A name that nobody has takes as long, and so
/// does one whose door is shut.
async fn check(
    app: &App,
    visitor: Visitor,
    (username, device): (String, Option<SignInDevice>),
    password: String,
) -> Result<(Account, Attempt)> {
    let _place = app.sign_ins.enter(visitor.network())?;
    let parts = app.clone();
    let attempt = app
        .db
        .write(move |tx| {
            let permit = access::anyone(tx);
            let typed = (username.as_str(), device.as_ref());
            action::attempt::begin(tx, &parts, &permit, typed, &visitor)
        })
        .await?;
    let verdict = app
        .hasher
        .verify(Password::new(password.clone()), attempt.stored())
        .await?;
    let Some(mut account) = attempt
        .account
        .clone()
        .filter(|_| verdict != Verdict::Wrong)
    else {
        let (parts, failed) = (app.clone(), attempt);
        app.db
            .write(move |tx| {
                let permit = access::anyone(tx);
                action::attempt::fail(tx, &parts, &permit, &failed)
            })
            .await?;
        return Err(wrong_credentials());
    };
    if account.disabled_at.is_some() {
        return Err(Error::refuse(
            ErrorCode::AccountDisabled,
            "This account has been disabled. Ask the operator of this server.",
        ));
    }
    if verdict == Verdict::Outdated {
        let hash = app.hasher.hash(Password::new(password)).await?;
        let before = std::mem::replace(&mut account.password_hash, hash.clone());
        app.db
            .write(move |tx| {
                let permit = access::anyone(tx);
                let hashes = (before.as_str(), hash.as_str());
                store::account::replace_password(tx, &permit, account.id, hashes)
            })
            .await?;
    }
    Ok((account, attempt))
}

pub async fn refresh(
    State(app): State<App>,
    visitor: Visitor,
    uri: Uri,
    headers: HeaderMap,
    Body(request): Body<Refresh>,
) -> Result<Reply<Tokens>> {
    let (text, csrf) = match request.refresh_token {
        Some(token) => (token, None),
        None => from_cookie(&app, &uri, &headers)?,
    };
    let token = RefreshToken::parse(&text).ok_or_else(Error::unauthenticated)?;
    let parts = app.clone();
    let refreshed = app
        .db
        .write(move |tx| {
            let permit = access::anyone(tx);
            let given = (&token, csrf.as_deref());
            action::session::refresh(tx, &parts, &permit, given, &visitor)
        })
        .await?;
    match refreshed {
        Refreshed::Fresh(fresh) => {
            Ok(Reply::ok(fresh.tokens).with_cookie(cookie_of(&app, fresh.cookie)))
        }
        Refreshed::Reused => Err(Error::refuse(
            ErrorCode::RefreshReused,
            "This sign-in was used from two places and has been ended. Sign in again.",
        )),
    }
}

/// The browser's token, if the request came from a page of ours: its origin, what the browser
/// says of it, and the token in a header must all be right.
fn from_cookie(app: &App, uri: &Uri, headers: &HeaderMap) -> Result<(String, Option<String>)> {
    let token = cookie(headers).ok_or_else(Error::unauthenticated)?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(ORIGIN.as_str()).ok_or_else(cross_site)?;
    if !is_own_origin(app, origin, uri, headers) {
        return Err(cross_site());
    }
    let csrf = text(CSRF_HEADER).ok_or_else(cross_site)?;
    Ok((token, Some(csrf.to_owned())))
}

pub async fn sign_out(State(app): State<App>, visitor: Visitor, caller: Caller) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::ending::sign_out(tx, &permit, &visitor)
        })
        .await?;
    let forget = format!("{COOKIE_NAME}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok(Done::default().with_cookie(HeaderValue::try_from(forget).ok()))
}

/// The cookie that holds a browser's refresh token. `__Host-` needs `Secure` and `Path=/`.
pub(super) fn cookie_of(app: &App, token: Option<(RefreshToken, u64)>) -> Option<HeaderValue> {
    let (token, expires_at) = token?;
    let seconds = expires_at.saturating_sub(app.env.now()) / 1_000;
    let text = token.text();
    let cookie = format!(
        "{COOKIE_NAME}={text}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    );
    let mut value = HeaderValue::try_from(cookie).ok()?;
    value.set_sensitive(true);
    Some(value)
}
