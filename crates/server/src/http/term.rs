//! Terms of roles: when one is given by itself, and what it asks for.

use axum::extract::State;
use cloister_wire::{
    GuildId, RoleId,
    role::{SetAutomatic, SetConstraints, Terms},
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

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
) -> Result<Reply<Terms>> {
    let terms = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::ManageRoles)?;
            action::term::page(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(Terms { terms }))
}

pub async fn set_automatic(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, role): AtTwo<GuildId, RoleId>,
    Body(request): Body<SetAutomatic>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageRoles)?;
            action::term::set_automatic(tx, &parts, &permit, role, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn set_constraints(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, role): AtTwo<GuildId, RoleId>,
    Body(request): Body<SetConstraints>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageRoles)?;
            action::term::set_constraints(tx, &permit, role, &request)
        })
        .await?;
    Ok(Done::default())
}
