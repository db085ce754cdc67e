//! One's e-mail address, and what its mails lead to.

use axum::extract::State;
use cloister_wire::email::{Email, ForgotPassword, NotMe, SetEmail, VerifyEmail};

use super::{
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action,
    mail::EmailAddress,
    visitor::Visitor,
};

pub async fn show(State(app): State<App>, caller: Caller) -> Result<Reply<Email>> {
    let parts = app.clone();
    let email = app
        .db
        .write(move |tx| {
            let permit = access::own(tx, &caller)?;
            action::email::show(tx, &parts, &permit)
        })
        .await?;
    Ok(Reply::ok(email))
}

pub async fn set(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<SetEmail>,
) -> Result<Done> {
    let address = EmailAddress::parse(&request.address)?;
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::proved(tx, &caller)?;
            action::email::set(tx, &parts, &permit, &address)
        })
        .await?;
    Ok(Done::default())
}

pub async fn remove(State(app): State<App>, caller: Caller, visitor: Visitor) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::proved(tx, &caller)?;
            action::email::remove(tx, &parts, &permit, &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn verify(
    State(app): State<App>,
    visitor: Visitor,
    Body(request): Body<VerifyEmail>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::anyone(tx);
            action::email::verify(tx, &parts, &permit, &request.token, &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn forgot(
    State(app): State<App>,
    visitor: Visitor,
    Body(request): Body<ForgotPassword>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::anyone(tx);
            action::email::forgot(tx, &parts, &permit, (&request.who, &visitor))
        })
        .await?;
    Ok(Done::default())
}

pub async fn not_me(
    State(app): State<App>,
    visitor: Visitor,
    Body(request): Body<NotMe>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::anyone(tx);
            action::email::not_me(tx, &parts, &permit, &request.token, &visitor)
        })
        .await?;
    Ok(Done::default())
}
