//! Removing messages.

use axum::extract::State;
use cloister_wire::{
    ChannelId,
    channel::{ScrubMessages, Scrubbed, Scrubs},
    limits::SCRUBS_PAGE,
};
use serde::Deserialize;

use super::{
    address::{At, Query},
    extract::Body,
    reply::Reply,
};
use crate::{
    App, Result,
    access::{self, Caller},
    action, store,
};

/// The newest removal that the asker knows; 0 for none.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    #[serde(default)]
    after: u64,
}

pub async fn scrub(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Body(request): Body<ScrubMessages>,
) -> Result<Reply<Scrubbed>> {
    let scrubbed = app
        .db
        .write(move |tx| {
            let permit = access::channel::remove(tx, &caller, channel)?;
            action::scrub::scrub(tx, &permit, &request)
        })
        .await?;
    Ok(Reply::ok(scrubbed))
}

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    At(channel): At<ChannelId>,
    Query(After { after }): Query<After>,
) -> Result<Reply<Scrubs>> {
    let scrubs = app
        .db
        .read(move |tx| {
            let permit = access::channel::read(tx, &caller, channel)?;
            let mut scrubs = store::scrub::page_after(tx, &permit, after, SCRUBS_PAGE + 1)?;
            let end = scrubs.len() <= SCRUBS_PAGE as usize;
            scrubs.truncate(SCRUBS_PAGE as usize);
            Ok(Scrubs { scrubs, end })
        })
        .await?;
    Ok(Reply::ok(scrubs))
}
