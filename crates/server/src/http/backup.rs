//! One's key backup.

use axum::extract::State;
use cloister_wire::{
    backup::{Backup, BackupPage, PutOutcomes, PutRecords},
    limits::BACKUP_PAGE,
};

use super::{
    address::{At, Query},
    extract::Body,
    inbox::After,
    reply::{Done, Reply},
};
use crate::{
    App, Result,
    access::{self, Caller},
    action, store,
};

pub async fn show(State(app): State<App>, caller: Caller) -> Result<Reply<Backup>> {
    let backup = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            Ok(Backup {
                version: store::backup::version(tx, &permit)?,
                versions: store::backup::versions(tx, &permit)?,
            })
        })
        .await?;
    Ok(Reply::ok(backup))
}

pub async fn page(
    State(app): State<App>,
    caller: Caller,
    At(version): At<u64>,
    Query(After { after }): Query<After>,
) -> Result<Reply<BackupPage>> {
    let page = app
        .db
        .read(move |tx| {
            let permit = access::act(tx, &caller)?;
            let limit = BACKUP_PAGE + 1;
            let mut records = store::backup::page(tx, &permit, version, after, limit)?;
            let end = records.len() <= BACKUP_PAGE as usize;
            records.truncate(BACKUP_PAGE as usize);
            Ok(BackupPage { records, end })
        })
        .await?;
    Ok(Reply::ok(page))
}

pub async fn put(
    State(app): State<App>,
    caller: Caller,
    At(version): At<u64>,
    Body(request): Body<PutRecords>,
) -> Result<Reply<PutOutcomes>> {
    let outcomes = app
        .db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::backup::put(tx, &permit, version, &request)
        })
        .await?;
    Ok(Reply::ok(PutOutcomes { outcomes }))
}

pub async fn delete(State(app): State<App>, caller: Caller, At(version): At<u64>) -> Result<Done> {
    app.db
        .write(move |tx| {
            let permit = access::act(tx, &caller)?;
            action::backup::delete(tx, &permit, version)
        })
        .await?;
    Ok(Done::default())
}
