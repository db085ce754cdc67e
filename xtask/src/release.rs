//! `cargo xtask release`: the optimized binary, with the web client inside.

use std::fs;

use anyhow::Result;

use crate::install;
use crate::place::Place;
use crate::process::{self, say};
use crate::web;

/// Leaves `target/release/cloister`.
pub(crate) fn release(place: &Place) -> Result<()> {
    install::packages("build the C code inside", install::TO_BUILD)?;
    web::build(place)?;
    say("Building the optimized binary; this takes some minutes");
    process::run(
        place
            .cargo()
            .args(["build", "--release", "--package", "cloister"]),
    )?;
    let binary = place.binary("release");
    say(&format!(
        "{} has {} KB",
        binary.display(),
        fs::metadata(&binary)?.len() / 1000
    ));
    Ok(())
}
