//! Prekeys of devices.

use axum::extract::State;
use cloister_wire::key::{ClaimKeys, ClaimedKeys, KeyCounts, UploadKeys};

use super::{extract::Body, reply::Reply};
use crate::{
    App, Error, Result,
    access::{self, Caller},
    action::{self, prekey::Holder},
    store,
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
            let device = store::device_target::get(tx, permit.device)?;
            let signing_key = device.ok_or_else(Error::not_found)?.signing_key;
            let holder = Holder {
                user: permit.user,
                device: permit.device,
                signing_key,
            };
            action::prekey::upload(tx, &holder, &request)
        })
        .await?;
    Ok(Reply::ok(counts))
}

pub async fn count(State(app): State<App>, caller: Caller) -> Result<Reply<KeyCounts>> {
    let counts = app
        .db
        .read(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            store::prekey::counts(tx, permit.device)
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
