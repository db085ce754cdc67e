//! Conversations of several people.

use axum::extract::State;
use cloister_wire::{
    GuildId,
    guild::{CreateGroup, Joined, RemoveFromGroup},
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

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<CreateGroup>,
) -> Result<Reply<Joined>> {
    let parts = app.clone();
    let joined = app
        .db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::group::create(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Reply::created(joined))
}

pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<RemoveFromGroup>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::TakeOut)?;
            action::guild::take_out_of_group(tx, &parts, &permit, request.user)
        })
        .await?;
    Ok(Done::default())
}
