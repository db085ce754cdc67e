//! Guilds and their members.

use axum::extract::State;
use cloister_wire::{
    GuildId, UserId,
    guild::{CreateGuild, Guild, Guilds, Joined, Members},
    limits::MEMBERS_PAGE,
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

/// Which page of members.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageOf {
    /// The last member of the page before.
    after: Option<UserId>,
    limit: Option<u32>,
}

impl PageOf {
    /// After whom, and how many.
    pub(super) fn bounds(self, most: u32) -> (UserId, u32) {
        let after = self.after.unwrap_or(UserId::from_bytes([0; 16]));
        (after, self.limit.unwrap_or(most).clamp(1, most))
    }
}

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<CreateGuild>,
) -> Result<Reply<Joined>> {
    let parts = app.clone();
    let joined = app
        .db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::guild::create(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Reply::created(joined))
}

pub async fn list(State(app): State<App>, caller: Caller) -> Result<Reply<Guilds>> {
    let guilds = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::guild::list(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(Guilds { guilds }))
}

pub async fn show(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
) -> Result<Reply<Guild>> {
    let view = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::LookAround)?;
            action::guild::show(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(view))
}

pub async fn members(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Query(page): Query<PageOf>,
) -> Result<Reply<Members>> {
    let (after, limit) = page.bounds(MEMBERS_PAGE);
    let mut members = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::LookAround)?;
            store::guild::page_members(tx, &permit, after, limit + 1)
        })
        .await?;
    let end = members.len() <= limit as usize;
    members.truncate(limit as usize);
    Ok(Reply::ok(Members { members, end }))
}

pub async fn leave(State(app): State<App>, caller: Caller, At(guild): At<GuildId>) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::Leave)?;
            action::guild::leave(tx, &parts, &permit)
        })
        .await?;
    Ok(Done::default())
}

pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::guild::may_change(tx, &caller, guild, Verb::DeleteGuild)?;
            action::guild::delete(tx, &permit)
        })
        .await?;
    Ok(Done::default())
}
