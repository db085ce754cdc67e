//! Messages and the shares that let people read them.

use axum::extract::State;
use cloister_wire::{
    ChannelId,
    channel::{Annotations, History, Message, Send, Sent, Share, Shared},
    limits::{ANNOTATIONS_PAGE, HISTORY_PAGE},
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
    store::{self, db::Tx, message::Range},
};

/// Which page of history: older than `before`, or newer than `after`; the newest by default.
/// `annotations`: at most so many of what was said about its messages later.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    before: Option<u64>,
    after: Option<u64>,
    limit: Option<u32>,
    annotations: Option<u32>,
}

/// Which page of what was said about the messages `from` to `to`: newer than `after`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    #[serde(default)]
    from: u64,
    to: Option<u64>,
    #[serde(default)]
    after: u64,
}

pub async fn send(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<Send>,
) -> Result<Reply<Sent>> {
    app.spend_message(&caller, request.wraps.len())?;
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
    app.spend_items(&caller, request.envelopes.len())?;
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

pub async fn annotations(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Query(About { from, to, after }): Query<About>,
) -> Result<Reply<Annotations>> {
    let page = app
        .db
        .read(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            let joined = store::channel::joined_seq(tx, &permit)?;
            let range = Range {
                from: from.max(joined + 1),
                to: to.unwrap_or(permit.state.last_seq),
            };
            let (annotations, annotations_after) =
                annotations_of(tx, &permit, range, after, ANNOTATIONS_PAGE)?;
            Ok(Annotations {
                annotations,
                annotations_after,
            })
        })
        .await?;
    Ok(Reply::ok(page))
}

/// At most `limit` annotations of a range, and after which seq to ask for more.
fn annotations_of(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    range: Range,
    after: u64,
    limit: u32,
) -> Result<(Vec<Message>, Option<u64>)> {
    if limit > ANNOTATIONS_PAGE {
        return Err(Error::invalid(
            "A page of history has at most 200 annotations.",
        ));
    }
    if limit == 0 || after >= permit.state.last_seq {
        return Ok((Vec::new(), None));
    }
    let mut annotations = store::message::page_about(tx, permit, range, after, limit + 1)?;
    let more = annotations.len() > limit as usize;
    annotations.truncate(limit as usize);
    let last = annotations.last().map(|message| message.seq);
    Ok((annotations, last.filter(|_| more)))
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
    let range = Range {
        from: first,
        to: messages.last().map_or(0, |message| message.seq),
    };
    let wanted = page.annotations.unwrap_or(ANNOTATIONS_PAGE);
    let (annotations, annotations_after) = annotations_of(tx, permit, range, range.to, wanted)?;
    Ok(History {
        annotations,
        annotations_after,
        prev_head: store::message::head_at(tx, permit, first - 1)?,
        head: authority.sign_head(state.id, state.last_seq, state.head),
        messages,
        end,
    })
}
