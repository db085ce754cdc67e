//! What one connected person who says nothing costs the server.

use std::time::Duration;

use anyhow::Result;
use cloister_wire::account::Admission;

use crate::{
    Ground,
    api::Api,
    figure::{Figure, Report, real},
    line::Line,
    person::Person,
    server::{Data, Server},
};

const CONNECTIONS: usize = 1_000;
/// These are open before the first look: what the server allocates once is not growth.
const FIRST: usize = 32;
const AT_ONCE: usize = 16;
const TARGET_KIB: f64 = 20.0;
/// Long enough for everything that belongs to connecting to be over.
const SETTLING: Duration = Duration::from_secs(2);

pub(super) async fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let data = Data::new(ground)?;
    let people = register(ground, &data).await?;
    // A fresh process: memory that registering left behind would hide the growth.
    let server = Server::start(ground, &data, None)?;
    let (first, rest) = people.split_at(FIRST);
    let mut lines = Line::open_all(&server.door, first, AT_ONCE).await?;
    tokio::time::sleep(SETTLING).await;
    let before = server.resident_kib()?;
    lines.extend(Line::open_all(&server.door, rest, AT_ONCE).await?);
    tokio::time::sleep(SETTLING).await;
    let after = server.resident_kib()?;
    let growth = after.saturating_sub(before);
    let figure = Figure::new(
        "gateway-memory",
        real(growth) / real(CONNECTIONS as u64),
        "KiB/gateway",
    )
    .at_most(TARGET_KIB)
    .with("connections", CONNECTIONS)
    .with("resident_before_kib", before)
    .with("resident_after_kib", after);
    report.add(figure);
    drop(lines);
    Ok(())
}

async fn register(ground: &Ground, data: &Data) -> Result<Vec<Person>> {
    let server = Server::start(ground, data, None)?;
    let api = Api::new(&server.door)?;
    let token = server.set_up.clone().unwrap_or_default();
    let owner = Person::register(&api, "olga", Admission::SetUp { token }).await?;
    let guild = owner.create_guild(&api, "Garden").await?;
    Person::crowd(&api, "idle", FIRST + CONNECTIONS, &guild.link.admission()).await
}
