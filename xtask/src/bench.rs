//! `cargo xtask bench`: measures the optimized binary, as docs/how-to/bench.md explains.

use std::process::Command;

use anyhow::Result;

use crate::install;
use crate::place::Place;
use crate::postgres::{Durability, Postgres};
use crate::process;
use crate::web;

const POSTGRES_URL: &str = "CLOISTER_BENCH_POSTGRES_URL";
const PROGRAM: &str = "release/cloister-bench";
const IN_BROWSER: &str = "web-";
const NEEDS_POSTGRES: &str = "send-postgres-";
/// A thousand connections need more files than a shell usually allows; their number may be raised
/// up to a limit that the system sets.
const MORE_FILES: &str = "ulimit -Sn 8192 2>/dev/null; exec \"$@\"";

/// Builds what is not fresh, starts what is needed, and lets the measuring program print.
pub(crate) fn bench(place: &Place, name: Option<&str>, json: bool) -> Result<()> {
    install::packages("build the C code inside", install::TO_BUILD)?;
    web::build(place)?;
    eprintln!("Building the optimized binary; the first time this takes some minutes");
    let packages = ["--package", "cloister", "--package", "cloister-bench"];
    process::run(
        place
            .cargo()
            .args(["build", "--quiet", "--release"])
            .args(packages),
    )?;
    let postgres = if name.is_none_or(may_need_postgres) {
        install::packages("measure the second database", install::DATABASE)?;
        Some(Postgres::start(Durability::Full)?)
    } else {
        None
    };
    if name.is_none_or(|name| !name.starts_with(IN_BROWSER)) {
        outside(place, name, json, postgres.as_ref())?;
    }
    if name.is_none_or(|name| name.starts_with(IN_BROWSER)) {
        in_browser(place, name, json)?;
    }
    Ok(())
}

/// Figures that are taken over the network.
fn outside(
    place: &Place,
    name: Option<&str>,
    json: bool,
    postgres: Option<&Postgres>,
) -> Result<()> {
    let mut measure = Command::new("sh");
    measure
        .args(["-c", MORE_FILES, "sh"])
        .arg(place.target().join(PROGRAM))
        .args(["measure", "--binary"])
        .arg(place.binary("release"))
        .arg("--folder")
        .arg(place.target().join("bench"));
    if let Some(postgres) = postgres {
        measure.env(POSTGRES_URL, postgres.url());
    }
    if json {
        measure.arg("--json");
    }
    process::run(measure.args(name))
}

/// Figures that are taken on the page, in Chromium.
fn in_browser(place: &Place, name: Option<&str>, json: bool) -> Result<()> {
    install::packages("measure in a browser", install::BROWSER)?;
    let mut measure = place.in_web("node");
    measure
        .arg("bench/browser.mjs")
        .arg(place.target().join(PROGRAM))
        .env("CLOISTER_BIN", place.binary("release"));
    if json {
        measure.arg("--json");
    }
    process::run(measure.args(name))
}

/// Names are given by their beginning.
fn may_need_postgres(name: &str) -> bool {
    name.starts_with(NEEDS_POSTGRES) || NEEDS_POSTGRES.starts_with(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_database_is_started_only_for_figures_that_need_it() {
        assert!(may_need_postgres("send"));
        assert!(may_need_postgres("send-postgres-64"));
        assert!(!may_need_postgres("send-sqlite-1"));
        assert!(!may_need_postgres("deliver-200"));
    }
}
