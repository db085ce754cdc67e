//! Direct conversations.

use axum::extract::State;
use cloister_wire::guild::{Dm, Dms, OpenDm};

use super::{extract::Body, reply::Reply};
use crate::{
    App, Result,
    access::{self, Caller},
    action, store,
};

pub async fn open(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<OpenDm>,
) -> Result<Reply<Dm>> {
    let authority = app.authority.clone();
    let dm = app
        .db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::dm::open(tx, &authority, &permit, request.peer)
        })
        .await?;
    Ok(Reply::ok(dm))
}

pub async fn list(State(app): State<App>, caller: Caller) -> Result<Reply<Dms>> {
    let dms = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            store::dm::views(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(Dms { dms }))
}
