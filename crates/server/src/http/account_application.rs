//! Applying for an account, and deciding about it.

use axum::extract::State;
use cloister_wire::{
    AccountApplicationId,
    account_application::{
        AccountApplications, ApplyForAccount, ApproveAccount, Approved, RejectAccount,
        SetAccountQuestions,
    },
};
use serde::Deserialize;

use super::{
    address::{At, Query},
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action,
    visitor::Visitor,
};

/// Which applications.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    #[serde(default)]
    decided: bool,
    before: Option<AccountApplicationId>,
}

pub async fn apply(
    State(app): State<App>,
    visitor: Visitor,
    Body(request): Body<ApplyForAccount>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::anyone(tx);
            action::account_application::apply(tx, &parts, &permit, &request, &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Reply<AccountApplications>> {
    let parts = app.clone();
    let page = app
        .db
        .read(move |tx| {
            let permit = access::operate(tx, &caller)?;
            let which = (which.decided, which.before);
            action::account_application::page(tx, &parts, &permit, which)
        })
        .await?;
    Ok(Reply::ok(page))
}

pub async fn approve(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    At(application): At<AccountApplicationId>,
    Body(request): Body<ApproveAccount>,
) -> Result<Reply<Approved>> {
    let parts = app.clone();
    let approved = app
        .db
        .write(move |tx| {
            let permit = access::operate_proved(tx, &caller)?;
            let of = (application, request.by);
            action::account_application::approve(tx, &parts, &permit, of, &visitor)
        })
        .await?;
    Ok(Reply::ok(approved))
}

pub async fn reject(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    At(application): At<AccountApplicationId>,
    Body(request): Body<RejectAccount>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::operate_proved(tx, &caller)?;
            let of = (application, request.reason.as_str());
            action::account_application::reject(tx, &parts, &permit, of, &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn set_questions(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    Body(request): Body<SetAccountQuestions>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::operate_proved(tx, &caller)?;
            action::account_application::set_questions(tx, &permit, &request.questions, &visitor)
        })
        .await?;
    Ok(Done::default())
}
