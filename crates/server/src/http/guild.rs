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
    /// After whom.
    pub(super) fn after(self) -> UserId {
        self.after.unwrap_or(UserId::from_bytes([0; 16]))
    }

    /// How many to look for: one more than are shown, which says whether there are more.
    pub(super) fn sought(self, most: u32) -> u32 {
        self.shown(most) + 1
    }

    /// What is shown of those that were found, and whether that is the end.
    pub(super) fn cut<T>(self, most: u32, mut found: Vec<T>) -> (Vec<T>, bool) {
        let shown = self.shown(most) as usize;
        let end = found.len() <= shown;
        found.truncate(shown);
        (found, end)
    }

    fn shown(self, most: u32) -> u32 {
        self.limit.unwrap_or(most).clamp(1, most)
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
    let found = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::LookAround)?;
            store::guild::page_members(tx, &permit, page.after(), page.sought(MEMBERS_PAGE))
        })
        .await?;
    let (members, end) = page.cut(MEMBERS_PAGE, found);
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
