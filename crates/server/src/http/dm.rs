//! Direct conversations.

use axum::extract::State;
use cloister_wire::{
    ChannelId,
    guild::{AnswerRequest, Dm, Dms, OpenDm},
};

use super::{
    address::At,
    extract::Body,
    reply::{Done, Reply},
};
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

pub async fn answer(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<AnswerRequest>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            action::dm::answer(tx, &permit, request.answer)
        })
        .await?;
    Ok(Done::default())
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
