//! The queue from device to device.

use axum::extract::State;
use cloister_wire::{
    key::{AckToDevice, NackToDevice, QueuePage, SendToDevice},
    limits::QUEUE_PAGE,
};
use serde::Deserialize;

use super::{
    address::Query,
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action, store,
};

/// The number after which to read; 0 for the beginning.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    #[serde(default)]
    pub(super) after: u64,
}

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    Query(After { after }): Query<After>,
) -> Result<Reply<QueuePage>> {
    let page = app
        .db
        .read(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            let mut items = store::inbox::page(tx, &permit, after, QUEUE_PAGE + 1)?;
            let end = items.len() <= QUEUE_PAGE as usize;
            items.truncate(QUEUE_PAGE as usize);
            Ok(QueuePage { items, end })
        })
        .await?;
    Ok(Reply::ok(page))
}

pub async fn send(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<SendToDevice>,
) -> Result<Done> {
    app.spend_items(&caller, request.items.len())?;
    app.db
        .write(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::inbox::send(tx, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn acknowledge(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<AckToDevice>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::inbox::acknowledge(tx, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn refuse(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<NackToDevice>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::inbox::refuse(tx, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}
