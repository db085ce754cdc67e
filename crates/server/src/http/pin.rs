//! Messages that a channel keeps at hand.

use axum::extract::State;
use cloister_wire::{ChannelId, MessageId, channel::Pins};

use super::{
    address::{At, AtTwo},
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action, store,
};

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
) -> Result<Reply<Pins>> {
    let pins = app
        .db
        .read(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            let joined_seq = store::channel::joined_seq(tx, &permit)?;
            let (version, pins) = store::pin::page(tx, &permit, joined_seq)?;
            Ok(Pins { version, pins })
        })
        .await?;
    Ok(Reply::ok(pins))
}

pub async fn pin(
    State(app): State<App>,
    caller: Caller,
    AtTwo(channel, message): AtTwo<ChannelId, MessageId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::channel::pin(tx, &caller, channel)?;
            action::pin::pin(tx, &permit, message)
        })
        .await?;
    Ok(Done::default())
}

pub async fn unpin(
    State(app): State<App>,
    caller: Caller,
    AtTwo(channel, message): AtTwo<ChannelId, MessageId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::channel::pin(tx, &caller, channel)?;
            action::pin::unpin(tx, &permit, message)
        })
        .await?;
    Ok(Done::default())
}
