//! Emoji that a guild makes itself.

use axum::extract::State;
use cloister_wire::{
    EmojiId, GuildId,
    emoji::{CreateEmoji, EditEmoji, Emoji},
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

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<CreateEmoji>,
) -> Result<Reply<Emoji>> {
    let emoji = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageEmoji)?;
            action::emoji::create(tx, &permit, &request)
        })
        .await?;
    Ok(Reply::created(emoji))
}

pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, emoji): AtTwo<GuildId, EmojiId>,
    Body(request): Body<EditEmoji>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageEmoji)?;
            action::emoji::edit(tx, &permit, emoji, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, emoji): AtTwo<GuildId, EmojiId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageEmoji)?;
            action::emoji::delete(tx, &permit, emoji)
        })
        .await?;
    Ok(Done::default())
}
