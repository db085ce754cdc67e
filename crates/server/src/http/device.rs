//! A person's devices and device logs.

use axum::extract::State;
use cloister_wire::{
    DeviceId,
    account::{AppendDevlog, Devices, Devlogs, Me, QueryDevlogs, RenameDevice},
};

use super::{
    address::At,
    extract::Body,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action, store,
};

pub async fn me(State(app): State<App>, caller: Caller) -> Result<Reply<Me>> {
    let me = app
        .db
        .read(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            store::account::get_me(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(me))
}

pub async fn append(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<AppendDevlog>,
) -> Result<Done> {
    let parts = app.clone();
    app.db
        .write(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::device::append(tx, &parts, &permit, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn logs(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<QueryDevlogs>,
) -> Result<Reply<Devlogs>> {
    let logs = app
        .db
        .read(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::device::logs(tx, &permit, &request.users)
        })
        .await?;
    Ok(Reply::ok(Devlogs { logs }))
}

pub async fn list(State(app): State<App>, caller: Caller) -> Result<Reply<Devices>> {
    let devices = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            store::device::page(tx, &permit)
        })
        .await?;
    Ok(Reply::ok(Devices { devices }))
}

pub async fn rename(
    State(app): State<App>,
    caller: Caller,
    At(device): At<DeviceId>,
    Body(request): Body<RenameDevice>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::device::rename(tx, &permit, device, &request)
        })
        .await?;
    Ok(Done::default())
}

pub async fn dismiss(
    State(app): State<App>,
    caller: Caller,
    At(device): At<DeviceId>,
) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::enrol(tx, &caller)?;
            action::device::dismiss(tx, &permit, device)
        })
        .await?;
    Ok(Done::default())
}
