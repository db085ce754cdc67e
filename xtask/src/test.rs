//! `cargo xtask test`: every test there is, and one line at the end that counts them.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::install;
use crate::place::Place;
use crate::postgres::{Durability, Postgres};
use crate::process::{self, say};
use crate::tally::Tally;
use crate::web;

/// The tests run on a second database when they find its address here.
const POSTGRES_URL: &str = "CLOISTER_TEST_POSTGRES_URL";

/// Runs all the runners, even after a failure, and fails if one of them did or ran nothing.
pub(crate) fn test(place: &Place) -> Result<()> {
    install::packages("build the C code inside", install::TO_BUILD)?;
    install::packages("test in a browser", install::BROWSER)?;
    install::packages("test on the second database", install::DATABASE)?;
    web::build(place)?;
    say("Building the server and the command line client");
    process::run(place.cargo_workspace("build").arg("--bins"))?;
    say("Starting a PostgreSQL for the tests");
    let postgres = Postgres::start(Durability::None)?;
    let runners: [(&str, Runner); 3] = [
        ("Rust tests", rust),
        ("web unit tests", web_units),
        ("tests in a browser", browser),
    ];
    let mut all = Tally::default();
    let mut problems = Vec::new();
    for (name, runner) in runners {
        say(&format!("Running the {name}"));
        match runner(place, &postgres) {
            Ok(run) => {
                all += run.tally;
                problems.extend(run.problem().map(|problem| format!("{name}: {problem}")));
            }
            Err(error) => problems.push(format!("{name}: {error:#}")),
        }
    }
    drop(postgres);
    for problem in &problems {
        println!("{problem}");
    }
    println!("{all}");
    if !problems.is_empty() || all.failed > 0 {
        bail!("not every test passed");
    }
    Ok(())
}

type Runner = fn(&Place, &Postgres) -> Result<Run>;

/// What a runner did.
struct Run {
    tally: Tally,
    ended_well: bool,
}

impl Run {
    fn problem(&self) -> Option<&'static str> {
        match (self.tally.ran(), self.ended_well) {
            (0, _) => Some("no test ran"),
            (_, false) if self.tally.failed == 0 => {
                Some("ended with an error although no test failed")
            }
            (_, false) => Some("some tests failed"),
            (_, true) => None,
        }
    }
}

fn rust(place: &Place, postgres: &Postgres) -> Result<Run> {
    let mut cargo = place.cargo_workspace("test");
    cargo
        .arg("--no-fail-fast")
        .env(POSTGRES_URL, postgres.url());
    let (status, output) = process::show_and_keep(&mut cargo)?;
    Ok(Run {
        tally: Tally::of_cargo(&output),
        ended_well: status.success(),
    })
}

fn web_units(place: &Place, _: &Postgres) -> Result<Run> {
    let report = place.target().join("vitest.json");
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let mut vitest = place.in_web("npm");
    vitest.args([
        "run",
        "--silent",
        "test",
        "--",
        "--reporter=default",
        "--reporter=json",
    ]);
    vitest.arg(format!("--outputFile.json={}", report.display()));
    let (status, _) = process::show_and_keep(&mut vitest)?;
    let report = fs::read_to_string(&report).context("vitest left no report")?;
    Ok(Run {
        tally: Tally::of_vitest(&report)?,
        ended_well: status.success(),
    })
}

fn browser(place: &Place, postgres: &Postgres) -> Result<Run> {
    let mut npm = place.in_web("npm");
    npm.args(["run", "--silent", "e2e"])
        .env("CLOISTER_BIN", place.binary("debug"))
        .env(POSTGRES_URL, postgres.url());
    let (status, output) = process::show_and_keep(&mut npm)?;
    Ok(Run {
        tally: Tally::of_node(&output),
        ended_well: status.success(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_that_ran_nothing_or_broke_down_is_a_problem() {
        let run = |passed, failed, ended_well| Run {
            tally: Tally { passed, failed },
            ended_well,
        };
        assert_eq!(run(3, 0, true).problem(), None);
        assert_eq!(run(0, 0, true).problem(), Some("no test ran"));
        assert_eq!(run(3, 1, false).problem(), Some("some tests failed"));
        assert_eq!(
            run(3, 0, false).problem(),
            Some("ended with an error although no test failed")
        );
    }
}
