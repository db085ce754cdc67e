//! The pictures of a guild.

use axum::extract::State;
use cloister_wire::{
    GuildId, Hash,
    picture::{Picture, PictureUse, SetPicture},
};

use super::{
    address::{At, AtTwo},
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Error, Result,
    access::{self, Caller, policy::Verb},
    action, store,
};

pub async fn get(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, picture): AtTwo<GuildId, Hash>,
) -> Result<Reply<Picture>> {
    let picture = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::LookAround)?;
            store::picture::get(tx, &permit, &picture)?.ok_or_else(Error::not_found)
        })
        .await?;
    Ok(Reply::ok(picture))
}

pub async fn set_icon(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<SetPicture>,
) -> Result<Done> {
    set(app, caller, guild, PictureUse::Icon, request).await
}

pub async fn set_banner(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<SetPicture>,
) -> Result<Done> {
    set(app, caller, guild, PictureUse::Banner, request).await
}

async fn set(
    app: App,
    caller: Caller,
    guild: GuildId,
    of: PictureUse,
    request: SetPicture,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::EditGuild)?;
            action::picture::set(tx, &permit, of, request.picture.as_ref())
        })
        .await?;
    Ok(Done::default())
}
