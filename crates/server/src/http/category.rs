//! Name, categories and channels of a guild.

use axum::extract::State;
use cloister_wire::{
    CategoryId, ChannelId, GuildId,
    role::{Category, CreateCategory, EditCategory, EditChannel, EditGuild, MoveChannel},
};

use super::{
    address::{At, AtTwo},
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller, policy::Verb},
    action,
};

pub async fn edit_guild(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<EditGuild>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::EditGuild)?;
            action::category::edit_guild(tx, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<CreateCategory>,
) -> Result<Reply<Category>> {
    let category = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageChannels)?;
            action::category::create(tx, &permit, &request)
        })
        .await?;
    Ok(Reply::created(category))
}

pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, category): AtTwo<GuildId, CategoryId>,
    Body(request): Body<EditCategory>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageChannels)?;
            action::category::edit(tx, &permit, category, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, category): AtTwo<GuildId, CategoryId>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageChannels)?;
            action::category::delete(tx, &parts, &permit, category)
        })
        .await?;
    Ok(Done::default())
}

pub async fn edit_channel(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<EditChannel>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let verb = Verb::ManageChannels;
            let permit = access::guild::may_change_channel(tx, &caller, channel, verb)?;
            action::category::edit_channel(tx, &permit, channel, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn move_channel(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<MoveChannel>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let verb = Verb::ManageChannels;
            let permit = access::guild::may_change_channel(tx, &caller, channel, verb)?;
            action::category::move_channel(tx, &parts, &permit, channel, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn delete_channel(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let verb = Verb::ManageChannels;
            let permit = access::guild::may_change_channel(tx, &caller, channel, verb)?;
            action::category::delete_channel(tx, &permit, channel)
        })
        .await?;
    Ok(Done::default())
}
