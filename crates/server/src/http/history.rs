//! Handing the keys of earlier messages to those who come later.

use axum::extract::State;
use cloister_wire::{
    ChannelId,
    channel::{Claimed, HandHistory, HistoryWishes},
};

use super::{
    address::At,
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action,
};

pub async fn wishes(State(app): State<App>, caller: Caller) -> Result<Reply<HistoryWishes>> {
    let wishes = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::history::page(tx, &permit, &caller)
        })
        .await?;
    Ok(Reply::ok(HistoryWishes { wishes }))
}

pub async fn ask(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            action::history::ask(tx, &permit)
        })
        .await?;
    Ok(Done::default())
}

pub async fn hand(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<HandHistory>,
) -> Result<Reply<Claimed>> {
    let claim = app
        .db
        .write(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            action::history::hand(tx, &permit, &request)
        })
        .await?;
    Ok(Reply::ok(Claimed { claim }))
}
