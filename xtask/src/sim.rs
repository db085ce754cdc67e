//! `cargo xtask sim`: the simulator of the test kit, optimized.

use anyhow::Result;

use crate::install;
use crate::place::Place;
use crate::process;

/// Fails if an invariant did not hold; the simulator prints which, and the seed to repeat it with.
pub(crate) fn sim(place: &Place, seed: u64, steps: u64) -> Result<()> {
    install::packages("build the C code inside", install::TO_BUILD)?;
    let simulator = [
        "run",
        "--quiet",
        "--release",
        "--package",
        "cloister-testkit",
        "--bin",
        "cloister-sim",
        "--",
    ];
    let (seed, steps) = (seed.to_string(), steps.to_string());
    process::run(
        place
            .cargo()
            .args(simulator)
            .args(["--seed", &seed, "--steps", &steps]),
    )
}
