//! The structure of a guild: roles, overwrites, and why somebody may do something.

use axum::extract::State;
use cloister_wire::{
    ChannelId, ErrorCode, GuildId, Permissions, RoleId, UserId,
    guild::{Appended, Member},
    permission::explain,
    role::{
        CreateRole, EditEveryone, EditRole, Explained, MoveRole, Overwrites, Role, SetOverwrite,
        SetRoles, TransferGuild,
    },
};
use serde::Deserialize;

use super::{
    address::{At, AtTwo, Query},
    extract::Body,
    reply::{Done, Reply},
    security::confirm,
};
use crate::{
    App, Error, Result,
    access::{self, Caller, policy::Verb},
    action,
    visitor::Visitor,
};

/// Who may do what, where.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    user: UserId,
    channel: Option<ChannelId>,
    right: String,
}

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<CreateRole>,
) -> Result<Reply<Role>> {
    let parts = app.clone();
    let role = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageRoles)?;
            action::role::create(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Reply::created(role))
}

pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, role): AtTwo<GuildId, RoleId>,
    Body(request): Body<EditRole>,
) -> Result<Reply<Role>> {
    let parts = app.clone();
    let role = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageRoles)?;
            action::role::edit(tx, &parts, &permit, role, &request)
        })
        .await?;
    Ok(Reply::ok(role))
}

pub async fn reorder(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, role): AtTwo<GuildId, RoleId>,
    Body(request): Body<MoveRole>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageRoles)?;
            action::role::reorder(tx, &parts, &permit, role, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, role): AtTwo<GuildId, RoleId>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageRoles)?;
            action::role::delete(tx, &parts, &permit, role)
        })
        .await?;
    Ok(Done::default())
}

pub async fn edit_everyone(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<EditEveryone>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageRoles)?;
            action::role::edit_everyone(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn set_roles(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<SetRoles>,
) -> Result<Reply<Member>> {
    let parts = app.clone();
    let member = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::GiveRoles)?;
            action::role::set_roles(tx, &parts, &permit, user, &request)
        })
        .await?;
    Ok(Reply::ok(member))
}

pub async fn overwrites(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
) -> Result<Reply<Overwrites>> {
    let overwrites = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::SeeOverwrites)?;
            action::role::overwrites(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(Overwrites { overwrites }))
}

pub async fn set_overwrite(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<SetOverwrite>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::ManageRoles)?;
            action::role::set_overwrite(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}

/// Everybody may ask about themself; about others, who manages roles.
pub async fn explain_right(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Query(Question {
        user,
        channel,
        right,
    }): Query<Question>,
) -> Result<Reply<Explained>> {
    let bit = Permissions::by_name(&right)
        .ok_or_else(|| Error::refuse(ErrorCode::Invalid, "There is no right of that name."))?;
    let explained = app
        .db
        .read(move |tx| {
            let mut permit = access::guild::may(tx, &caller, guild, Verb::LookAround)?;
            if user != permit.user {
                permit = access::guild::may(tx, &caller, guild, Verb::ExplainOthers)?;
            }
            if let Some(channel) = channel {
                let view = access::channel::view(tx, &caller, channel)?;
                if view.state.guild != Some(guild) {
                    return Err(Error::not_found());
                }
            }
            let stored = if user == permit.user {
                access::guild::own(tx, &permit)?
            } else {
                access::guild::member(tx, &permit, user)?
            };
            let rules = access::guild::rules(tx, &stored)?;
            let roles = stored.role_ids();
            let holder = stored.holder(user, &roles);
            Ok(Explained {
                user,
                channel,
                right: bit.name().unwrap_or_default(),
                explanation: explain(&rules, &holder, channel, bit),
                permissions: match channel {
                    Some(channel) => rules.in_channel(&holder, channel),
                    None => rules.in_guild(&holder),
                },
            })
        })
        .await?;
    Ok(Reply::ok(explained))
}

/// Hands a guild over, with the password once more.
pub async fn hand_over(
    State(app): State<App>,
    caller: Caller,
    visitor: Visitor,
    At(guild): At<GuildId>,
    Body(request): Body<TransferGuild>,
) -> Result<Reply<Appended>> {
    // Whoever may not ask learns nothing of the password.
    let who = caller.clone();
    app.db
        .read(move |tx| access::guild::may(tx, &who, guild, Verb::HandOver).map(|_| ()))
        .await?;
    confirm(&app, &caller, &visitor, request.password.clone()).await?;
    let parts = app.clone();
    let appended = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::HandOver)?;
            action::guild_log::hand_over(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Reply::ok(appended))
}
