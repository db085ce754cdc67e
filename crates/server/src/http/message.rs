//! Messages and the shares that let people read them.

use axum::extract::State;
use cloister_wire::{
    ChannelId,
    channel::{History, Send, Sent, Share, Shared},
    limits::HISTORY_PAGE,
};
use serde::Deserialize;

use super::{
    address::{At, Query},
    extract::Body,
    reply::Reply,
};
use crate::{
    App, Error, Result,
    access::{self, Caller, Permit, channel::Read},
    action,
    seal::authority::Authority,
    store::{self, db::Tx},
};

/// Which page of history: older than `before`, or newer than `after`; the newest by default.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    before: Option<u64>,
    after: Option<u64>,
    limit: Option<u32>,
}

pub async fn send(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<Send>,
) -> Result<Reply<Sent>> {
    let authority = app.authority.clone();
    let sent = app
        .db
        .write(move |tx| {
            let permit = access::channel::send(tx, &caller, channel)?;
            action::message::send(tx, &authority, &permit, &request)
        })
        .await?;
    Ok(Reply::created(sent))
}

pub async fn share(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<Share>,
) -> Result<Reply<Shared>> {
    let shared = app
        .db
        .write(move |tx| {
            let permit = access::channel::send(tx, &caller, channel)?;
            action::share::share(tx, &permit, &request)
        })
        .await?;
    Ok(Reply::ok(shared))
}

pub async fn history(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Query(page): Query<Page>,
) -> Result<Reply<History>> {
    let authority = app.authority.clone();
    let history = app
        .db
        .read(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            read_page(tx, &authority, &permit, page)
        })
        .await?;
    Ok(Reply::ok(history))
}

fn read_page(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Permit<'_, Read>,
    page: Page,
) -> Result<History> {
    let limit = page.limit.unwrap_or(HISTORY_PAGE);
    if limit == 0 || limit > HISTORY_PAGE {
        return Err(Error::invalid("A page of history has 1 to 100 messages."));
    }
    let state = &permit.state;
    let joined = store::channel::joined_seq(tx, permit)?;
    // One more than asked for tells whether there is more.
    let (mut messages, from) = match (page.before, page.after) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid(
                "Ask for what is before or after, not for both.",
            ));
        }
        (before, None) => {
            let before = before.unwrap_or(u64::MAX).min(state.last_seq + 1);
            (
                store::message::page_before(tx, permit, joined, before, limit + 1)?,
                joined,
            )
        }
        (None, Some(after)) => {
            let after = after.max(joined);
            (
                store::message::page_after(tx, permit, after, limit + 1)?,
                after,
            )
        }
    };
    let end = messages.len() <= limit as usize;
    if !end && page.after.is_none() {
        messages.remove(0);
    }
    messages.truncate(limit as usize);
    let first = messages
        .first()
        .map_or(from.min(state.last_seq) + 1, |message| message.seq);
    Ok(History {
        prev_head: store::message::head_at(tx, permit, first - 1)?,
        head: authority.sign_head(state.id, state.last_seq, state.head),
        messages,
        end,
    })
}
