//! What a server holds in memory when nobody is there.

use std::time::Duration;

use anyhow::Result;
use cloister_wire::account::Instance;

use crate::{
    Ground,
    api::Api,
    figure::{Figure, Report, real},
    server::{Data, Server},
};

const TARGET_MIB: f64 = 16.0;
/// What is done beside the first answers is done then.
const SETTLING: Duration = Duration::from_secs(3);

pub(super) async fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let data = Data::new(ground)?;
    let server = Server::start_plainly(ground, &data)?;
    let _: Instance = Api::new(&server.door)?
        .get_openly("/api/v1/instance")
        .await?;
    tokio::time::sleep(SETTLING).await;
    let resident = real(server.resident_kib()?) / 1024.0;
    report.add(Figure::new("rest-memory", resident, "MiB").at_most(TARGET_MIB));
    Ok(())
}
