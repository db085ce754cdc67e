//! What the members of a guild agree to before they write.

use axum::extract::State;
use cloister_wire::{
    GuildId,
    moderation::{AcceptRules, SetRules},
};

use super::{address::At, extract::Body, reply::Done};
use crate::{
    App, Result,
    access::{self, Caller, policy::Verb},
    action,
};

pub async fn set(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<SetRules>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::EditGuild)?;
            action::rules::set(tx, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn accept(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<AcceptRules>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::LookAround)?;
            action::rules::accept(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}
