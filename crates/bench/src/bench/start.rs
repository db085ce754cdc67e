//! From the start of the process to its first answer, on a folder that has been used before.

use std::time::Duration;

use anyhow::Result;
use cloister_wire::account::Instance;

use crate::{
    Ground,
    api::Api,
    env,
    figure::{Figure, Report, percentile_ms},
    server::{Data, Server},
};

const STARTS: usize = 15;
const TARGET_MS: f64 = 100.0;

pub(super) async fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let data = Data::new(ground)?;
    drop(Server::start_plainly(ground, &data)?);
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..STARTS {
        let begun = env::instant();
        let server = Server::start_plainly(ground, &data)?;
        // A new connection: its TLS handshake is part of the first answer.
        let _: Instance = Api::new(&server.door)?
            .get_openly("/api/v1/instance")
            .await?;
        times.push(begun.elapsed());
    }
    let median = percentile_ms(&mut times, 50);
    let figure = Figure::new("start", median, "ms")
        .at_most(TARGET_MS)
        .with("slowest_ms", percentile_ms(&mut times, 100))
        .with("starts", STARTS);
    report.add(figure);
    Ok(())
}
