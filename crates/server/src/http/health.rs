//! Whether the server runs, whether it can serve, and what it is.

use axum::extract::State;
use cloister_wire::account::Version;

use super::reply::{Done, Reply};
use crate::{App, Result, store};

/// Versions of the HTTP contract and of the gateway.
const API: u32 = 1;
const GATEWAY: u32 = 1;

pub async fn live() -> Done {
    Done::default()
}

pub async fn ready(State(app): State<App>) -> Result<Done> {
    app.db.read(store::instance::check).await?;
    Ok(Done::default())
}

pub async fn version() -> Reply<Version> {
    Reply::ok(Version {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api: API,
        gateway: GATEWAY,
    })
}
