//! Reports: making one, looking at those that one is asked to look at.

use axum::extract::State;
use cloister_wire::{
    ChannelId, GuildId, ReportId,
    report::{KeepReport, MyReports, Report, Reported, Reports, ResolveReport},
};
use serde::Deserialize;

use super::{
    address::{At, AtTwo, Query},
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action, store,
};

const PAGE: u32 = 20;

/// Which reports: older than `before`, only open ones unless `open` is false.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    before: Option<ReportId>,
    open: Option<bool>,
}

pub async fn make(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<Report>,
) -> Result<Reply<Reported>> {
    let parts = app.clone();
    let made = app
        .db
        .write(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            parts
                .reports
                .spend(&permit.user().to_string(), tx.now())
                .allowed()?;
            action::report::report(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Reply::created(made))
}

pub async fn of_guild(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Query(which): Query<Which>,
) -> Result<Reply<Reports>> {
    let parts = app.clone();
    let reports = app
        .db
        .read(move |tx| {
            let (permit, _) = access::report::of_guild(tx, &caller, guild)?;
            let open = which.open.unwrap_or(true);
            action::report::show(tx, &parts.keys, &permit, which.before, open, PAGE)
        })
        .await?;
    Ok(Reply::ok(reports))
}

pub async fn of_operator(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Reply<Reports>> {
    let parts = app.clone();
    let reports = app
        .db
        .read(move |tx| {
            let permit = access::report::of_operator(tx, &caller)?;
            let open = which.open.unwrap_or(true);
            action::report::show(tx, &parts.keys, &permit, which.before, open, PAGE)
        })
        .await?;
    Ok(Reply::ok(reports))
}

pub async fn mine(State(app): State<App>, caller: Caller) -> Result<Reply<MyReports>> {
    let reports = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            store::report::page_own(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(MyReports { reports }))
}

pub async fn resolve_of_guild(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, report): AtTwo<GuildId, ReportId>,
    Body(request): Body<ResolveReport>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let (permit, within) = access::report::of_guild(tx, &caller, guild)?;
            action::report::resolve(tx, &permit, Some(&within), report, request.resolution)
        })
        .await?;
    Ok(Done::default())
}

pub async fn resolve_of_operator(
    State(app): State<App>,
    caller: Caller,
    At(report): At<ReportId>,
    Body(request): Body<ResolveReport>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::report::of_operator(tx, &caller)?;
            action::report::resolve(tx, &permit, None, report, request.resolution)
        })
        .await?;
    Ok(Done::default())
}

pub async fn keep_of_guild(
    State(app): State<App>,
    caller: Caller,
    AtTwo(guild, report): AtTwo<GuildId, ReportId>,
    Body(request): Body<KeepReport>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let (permit, within) = access::report::of_guild(tx, &caller, guild)?;
            action::report::keep(tx, &parts, &permit, Some(&within), report, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn keep_of_operator(
    State(app): State<App>,
    caller: Caller,
    At(report): At<ReportId>,
    Body(request): Body<KeepReport>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::report::of_operator(tx, &caller)?;
            action::report::keep(tx, &parts, &permit, None, report, &request)
        })
        .await?;
    Ok(Done::default())
}
