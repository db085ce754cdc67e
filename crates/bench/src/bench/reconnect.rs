//! Everybody's connection breaks, and everybody comes back at once.

use anyhow::Result;
use cloister_wire::account::Admission;

use crate::{
    Ground,
    api::Api,
    env,
    figure::{Figure, Report},
    line::Line,
    person::Person,
    server::{Data, Server},
};

const CLIENTS: usize = 2_000;
/// A client waits for its turn in the kernel's queue, not for the others.
const AT_ONCE: usize = 256;

pub(super) async fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let data = Data::new(ground)?;
    let server = Server::start(ground, &data, None)?;
    let api = Api::new(&server.door)?;
    let token = server.set_up.clone().unwrap_or_default();
    let owner = Person::register(&api, "olga", Admission::SetUp { token }).await?;
    let guild = owner.create_guild(&api, "Garden").await?;
    let people = Person::crowd(&api, "back", CLIENTS, &guild.link.admission()).await?;
    drop(Line::open_all(&server.door, &people, AT_ONCE).await?);
    let cpu_before = server.cpu_seconds()?;
    let begun = env::instant();
    let lines = Line::open_all(&server.door, &people, AT_ONCE).await?;
    let took = begun.elapsed();
    let cpu = server.cpu_seconds()? - cpu_before;
    let figure = Figure::new("reconnect-2000", took.as_secs_f64(), "s")
        .with("clients", lines.len())
        .with("server_cpu_s", (cpu * 100.0).round() / 100.0);
    report.add(figure);
    Ok(())
}
