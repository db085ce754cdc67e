//! The end of one's account.

use axum::extract::State;
use cloister_wire::deletion::{AskDeletion, Deletion};

use super::{
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action,
    visitor::Visitor,
};

pub async fn show(State(app): State<App>, caller: Caller) -> Result<Reply<Deletion>> {
    let parts = app.clone();
    let standing = app
        .db
        .read(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::deletion::show(tx, &parts, &permit)
        })
        .await?;
    Ok(Reply::ok(standing))
}

pub async fn ask(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    Body(request): Body<AskDeletion>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::proved(tx, &caller)?;
            action::deletion::ask(tx, &parts, &permit, &request.username, &visitor)
        })
        .await?;
    Ok(Done::default())
}

pub async fn keep(State(app): State<App>, caller: Caller, visitor: Visitor) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::deletion::keep(tx, &permit, &visitor)
        })
        .await?;
    Ok(Done::default())
}
