//! The signed log of a guild.

use axum::extract::State;
use cloister_wire::{
    GuildId,
    guild::{AppendOp, Appended, Log},
    limits::LOG_PAGE,
};

use super::{
    address::{At, Query},
    extract::Body,
    inbox::After,
    reply::Reply,
};
use crate::{
    App, Result,
    access::{self, Caller, policy::Verb},
    action, store,
};

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Query(After { after }): Query<After>,
) -> Result<Reply<Log>> {
    let authority = app.authority.clone();
    let log = app
        .db
        .read(move |tx| {
            let permit = access::guild::may(tx, &caller, guild, Verb::LookAround)?;
            let mut entries = store::guild_log::page(tx, &permit, after, LOG_PAGE + 1)?;
            let end = entries.len() <= LOG_PAGE as usize;
            entries.truncate(LOG_PAGE as usize);
            let head = Some(action::guild_log::head(tx, &authority, &permit)?);
            Ok(Log { entries, end, head })
        })
        .await?;
    Ok(Reply::ok(log))
}

pub async fn append(
    State(app): State<App>,
    caller: Caller,
    At(guild): At<GuildId>,
    Body(request): Body<AppendOp>,
) -> Result<Reply<Appended>> {
    let authority = app.authority.clone();
    let appended = app
        .db
        .write(move |tx| {
            let verb = action::guild_log::verb(&request.op);
            let permit = access::guild::may_change(tx, &caller, guild, verb)?;
            action::guild_log::sign(tx, &authority, &permit, &request.op)
        })
        .await?;
    Ok(Reply::created(appended))
}
