//! Channels: making one, who reads it now, and how far somebody has read.

use axum::extract::State;
use cloister_wire::{
    ChannelId, GuildId,
    channel::{EpochView, MarkRead},
    guild::{Channel, CreateChannel},
};
use serde::Deserialize;

use super::{
    address::{At, Query},
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller, policy::Verb},
    action, store,
};

/// Which epoch the asker knows; 0 for none.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    #[serde(default)]
    since: u64,
}

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<CreateChannel>,
) -> Result<Reply<Channel>> {
    let authority = app.authority.clone();
    let channel = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::CreateChannel)?;
            action::channel::create(tx, &authority, &permit, &request)
        })
        .await?;
    Ok(Reply::created(channel))
}

pub async fn epoch(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Query(Since { since }): Query<Since>,
) -> Result<Reply<EpochView>> {
    let view = app
        .db
        .read(move |tx| {
            let permit = access::channel::view(tx, &caller, channel)?;
            store::epoch::page_since(tx, &permit, since)
        })
        .await?;
    Ok(Reply::ok(view))
}

pub async fn mark_read(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<MarkRead>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::channel::view(tx, &caller, channel)?;
            action::channel::mark_read(tx, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}
