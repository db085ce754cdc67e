//! `cargo xtask fuzz`: every decoder under libFuzzer for some seconds each. `fuzz/` is a workspace of
//! its own; its script builds and runs the targets with the toolchain of the project.

use anyhow::Result;

use crate::install;
use crate::place::Place;
use crate::process;

/// Runs the targets that are named, or all of them. Fails as soon as one finds something; the input
/// stays in `fuzz/artifacts`.
pub(crate) fn fuzz(place: &Place, seconds: u32, targets: &[String]) -> Result<()> {
    install::packages("build the fuzzer's runtime", install::TO_BUILD)?;
    let script = place.root().join("fuzz").join("run.sh");
    let seconds = seconds.to_string();
    process::run(
        std::process::Command::new("sh")
            .arg(script)
            .arg(seconds)
            .args(targets),
    )
}
