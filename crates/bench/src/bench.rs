//! The measurements, cheapest preparation first.

mod channels;
mod deliver;
mod fan;
mod gateway;
mod reconnect;
mod rest;
mod rights;
mod search;
mod send;
mod share;
mod size;
mod start;

use std::time::Duration;

use anyhow::{Context, Result};

use crate::{Ground, figure::Report};

pub(crate) const NAMES: [&str; 28] = [
    "size-binary",
    "size-web",
    "start",
    "rest-memory",
    "rights-200",
    "send-sqlite-1",
    "send-sqlite-64",
    "send-postgres-1",
    "send-postgres-64",
    "deliver-200",
    "fan-50",
    "fan-200",
    "paced-200",
    "history-pages",
    "fan-1000",
    "join-1000",
    "fan-100x10",
    "gateway-memory",
    "reconnect-2000",
    "share-300-cold",
    "share-300-warm",
    "share-1000-cold",
    "share-1000-warm",
    "channels-100-first",
    "channels-100",
    "search-index",
    "search-newest",
    "search-relevance",
];
/// With its preparation, no group of figures takes longer than this.
const LIMIT: Duration = Duration::from_mins(2);

pub(crate) async fn run(ground: &Ground, report: &mut Report) -> Result<()> {
    if ground.wants("size-binary") {
        size::binary(ground, report)?;
    }
    if ground.wants("size-web") {
        within("size-web", size::web(ground, report)).await?;
    }
    if ground.wants("start") {
        within("start", start::measure(ground, report)).await?;
    }
    if ground.wants("rest-memory") {
        within("rest-memory", rest::measure(ground, report)).await?;
    }
    if ground.wants("rights-200") {
        rights::measure(report);
    }
    for database in [send::Database::Sqlite, send::Database::Postgres] {
        within(database.name(), send::measure(ground, report, database)).await?;
    }
    report.ratio(
        "postgres-to-sqlite-64",
        "send-postgres-64",
        "send-sqlite-64",
    );
    if ground.wants("deliver-200") {
        within("deliver-200", deliver::measure(ground, report)).await?;
    }
    fan::measure(ground, report).await?;
    if ground.wants("reconnect-2000") {
        within("reconnect-2000", reconnect::measure(ground, report)).await?;
    }
    if ground.wants("gateway-memory") {
        within("gateway-memory", gateway::measure(ground, report)).await?;
    }
    for (name, devices) in share::SIZES {
        if wanted(ground, name) {
            within(name, share::measure(ground, report, name, devices)).await?;
        }
    }
    if wanted(ground, "channels-100") {
        within("channels-100", channels::measure(ground, report)).await?;
    }
    if wanted(ground, "search-") {
        search::measure(ground, report).context("search")?;
    }
    Ok(())
}

/// Whether any figure of a group, whose names begin alike, was asked for.
fn wanted(ground: &Ground, group: &str) -> bool {
    let mut names = NAMES.iter().filter(|name| name.starts_with(group));
    names.any(|name| ground.wants(name))
}

async fn within(name: &str, work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::time::timeout(LIMIT, work)
        .await
        .with_context(|| format!("{name} took longer than {} s", LIMIT.as_secs()))?
        .with_context(|| name.to_owned())
}
