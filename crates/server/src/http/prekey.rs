//! Prekeys of devices.

use axum::extract::State;
use cloister_wire::key::{ClaimKeys, ClaimedKeys, KeyCounts, UploadKeys};

use super::{extract::Body, reply::Reply};
use crate::{
    App, Result,
    access::{self, Caller},
    action, store,
};

pub async fn upload(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<UploadKeys>,
) -> Result<Reply<KeyCounts>> {
    let counts = app
        .db
        .write(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::prekey::upload(tx, &permit, &request)
        })
        .await?;
    Ok(Reply::ok(counts))
}

pub async fn count(State(app): State<App>, caller: Caller) -> Result<Reply<KeyCounts>> {
    let counts = app
        .db
        .read(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            store::prekey::count_own(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(counts))
}

pub async fn claim(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<ClaimKeys>,
) -> Result<Reply<ClaimedKeys>> {
    let keys = app
        .db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::prekey::claim(tx, &permit, &request)
        })
        .await?;
    Ok(Reply::ok(keys))
}
