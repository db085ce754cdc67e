//! `cargo xtask sim`: the simulator of the test kit, optimized.

use std::ops::Range;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::install;
use crate::place::Place;
use crate::process;

/// What the engines stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Primitives {
    /// The same rules without secrecy, for long runs.
    Symbolic,
    /// Olm and Megolm.
    Real,
}

/// `7`, or `1..51` for the seeds from 1 to 50.
pub(crate) fn seeds(text: &str) -> Result<Range<u64>> {
    match text.split_once("..") {
        Some((first, end)) => Ok(first.parse()?..end.parse()?),
        None => {
            let seed: u64 = text.parse().context("a number, or two with .. between")?;
            Ok(seed..seed + 1)
        }
    }
}

/// Runs each seed. Fails if an invariant did not hold in one of them; the simulator prints which, and the
/// seed to repeat it with.
pub(crate) fn sim(
    place: &Place,
    seeds: Range<u64>,
    steps: u64,
    primitives: Primitives,
) -> Result<()> {
    install::packages("build the C code inside", install::TO_BUILD)?;
    let package = ["--package", "cloister-testkit", "--bin", "cloister-sim"];
    let mut build = place.cargo();
    process::run(build.args(["build", "--quiet", "--release"]).args(package))?;
    let program = place.target().join("release").join("cloister-sim");
    let (steps, count) = (steps.to_string(), seeds.end.saturating_sub(seeds.start));
    let primitives = match primitives {
        Primitives::Symbolic => "symbolic",
        Primitives::Real => "real",
    };
    let mut failed = Vec::new();
    for seed in seeds {
        let seed = seed.to_string();
        let run = process::run(std::process::Command::new(&program).args([
            "--seed",
            &seed,
            "--steps",
            &steps,
            "--primitives",
            primitives,
        ]));
        if run.is_err() {
            failed.push(seed);
        }
    }
    println!(
        "seeds: {count}, steps each: {steps}, {primitives}, failed: {}",
        failed.len()
    );
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("failed with the seeds {}", failed.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_one_or_a_range() {
        assert_eq!(seeds("7").expect("a seed"), 7..8);
        assert_eq!(seeds("1..51").expect("seeds"), 1..51);
        assert!(seeds("many").is_err());
    }
}
