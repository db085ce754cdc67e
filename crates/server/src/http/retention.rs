//! How long messages are kept.

use axum::extract::State;
use cloister_wire::{
    ChannelId, GuildId,
    retention::{Retention, SetRetention},
};

use super::{
    address::At,
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller, policy::Verb},
    action,
};

pub async fn set_guild(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<SetRetention>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::EditGuild)?;
            action::retention::set_guild(tx, &permit, request.days)
        })
        .await?;
    Ok(Done::default())
}

pub async fn set_channel(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<SetRetention>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let verb = Verb::ManageChannels;
            let permit = access::guild::may_change_channel(tx, &caller, channel, verb)?;
            action::retention::set_channel(tx, &permit, channel, request.days)
        })
        .await?;
    Ok(Done::default())
}

pub async fn report(State(app): State<App>, caller: Caller) -> Result<Reply<Retention>> {
    let report = app
        .db
        .read(move |tx| {
            let permit = access::operate(tx, &caller)?;
            action::retention::report(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(report))
}
