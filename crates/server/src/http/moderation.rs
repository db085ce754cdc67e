//! Keeping order in a guild.

use axum::extract::State;
use cloister_wire::{
    GuildId, UserId,
    guild::Member,
    limits::MEMBERS_PAGE,
    moderation::{
        Ban, BanMany, Bans, GateView, Joins, Kick, LiftBan, LiftQuarantine, Quarantine, SetGate,
        Settle, TimeOut,
    },
};

use super::{
    address::{At, AtTwo, Query},
    extract::Body,
    guild::PageOf,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller, policy::Verb},
    action, jobs, store,
};

pub async fn kick(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<Kick>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::Kick)?;
            action::moderation::kick(tx, &parts, &permit, user, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn ban(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<Ban>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::Ban)?;
            action::moderation::ban(tx, &parts, &permit, user, &request)
        })
        .await?;
    jobs::sweep_some(&app).await?;
    Ok(Done::default())
}

pub async fn ban_many(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<BanMany>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::Ban)?;
            action::moderation::ban_many(tx, &parts, &permit, &request)
        })
        .await?;
    jobs::sweep_some(&app).await?;
    Ok(Done::default())
}

pub async fn bans(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Query(page): Query<PageOf>,
) -> Result<Reply<Bans>> {
    let found = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::Ban)?;
            store::moderation::page_bans(tx, &permit, page.after(), page.sought(MEMBERS_PAGE))
        })
        .await?;
    let (bans, end) = page.cut(MEMBERS_PAGE, found);
    Ok(Reply::ok(Bans { bans, end }))
}

pub async fn lift_ban(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<LiftBan>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::Ban)?;
            action::moderation::lift_ban(tx, &permit, user, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn time_out(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<TimeOut>,
) -> Result<Reply<Member>> {
    let member = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::TimeOut)?;
            action::moderation::time_out(tx, &permit, user, &request)
        })
        .await?;
    Ok(Reply::ok(member))
}

pub async fn settle(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<Settle>,
) -> Result<Reply<Member>> {
    let member = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::TimeOut)?;
            action::moderation::settle(tx, &permit, user, &request)
        })
        .await?;
    Ok(Reply::ok(member))
}

pub async fn quarantine(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<Quarantine>,
) -> Result<Reply<Member>> {
    let parts = app.clone();
    let member = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::TimeOut)?;
            action::moderation::quarantine(tx, &parts, &permit, user, &request)
        })
        .await?;
    Ok(Reply::ok(member))
}

pub async fn lift_quarantine(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, user): AtTwo<GuildId, UserId>,
    Body(request): Body<LiftQuarantine>,
) -> Result<Reply<Member>> {
    let parts = app.clone();
    let member = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::TimeOut)?;
            action::moderation::lift_quarantine(tx, &parts, &permit, user, &request)
        })
        .await?;
    Ok(Reply::ok(member))
}

pub async fn gate(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
) -> Result<Reply<GateView>> {
    let gate = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::EditGuild)?;
            action::moderation::gate(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(gate))
}

pub async fn set_gate(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<SetGate>,
) -> Result<Reply<GateView>> {
    let gate = app
        .db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::EditGuild)?;
            action::moderation::set_gate(tx, &permit, &request)
        })
        .await?;
    Ok(Reply::ok(gate))
}

pub async fn joins(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
) -> Result<Reply<Joins>> {
    let joins = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::EndAnyInvite)?;
            store::moderation::page_joins(tx, &permit, MEMBERS_PAGE)
        })
        .await?;
    Ok(Reply::ok(Joins { joins }))
}
