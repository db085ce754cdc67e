//! `cargo xtask check`: everything that can be found wrong without running the program.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::install;
use crate::place::Place;
use crate::process::{self, say};
use crate::tidy;
use crate::toolchain::Choice;
use crate::wasm;
use crate::wire;

/// The version whose configuration deny.toml is written for.
const DENY_VERSION: &str = "0.20.2";

const STEPS: [(&str, Step); 6] = [
    ("format", format),
    ("tidy", tidy::tidy),
    ("licences", deny),
    ("clippy", clippy),
    ("wire", wire::compare),
    ("web", web),
];

/// What can be asked for one by one.
pub(crate) fn step_names() -> [&'static str; STEPS.len()] {
    STEPS.map(|(name, _)| name)
}

/// Takes every step, or `only` some, even after one that failed, and names the failed ones at the end.
pub(crate) fn check(place: &Place, only: &[String]) -> Result<()> {
    install::packages("build the C code inside", install::TO_BUILD)?;
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        say(name);
        let start = Instant::now();
        let outcome = step(place);
        let seconds = start.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => println!("{name}: good ({seconds:.1} s)"),
            Err(error) => {
                println!("{name}: FAILED ({seconds:.1} s): {error:#}");
                failed.push(name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join("; "));
    }
    Ok(())
}

type Step = fn(&Place) -> Result<()>;

fn format(place: &Place) -> Result<()> {
    process::run(place.cargo().args(["fmt", "--all", "--check"]))
}

fn clippy(place: &Place) -> Result<()> {
    let mut clippy = place.cargo_workspace("clippy");
    process::run(clippy.args(["--all-targets", "--", "-D", "warnings"]))
}

fn deny(place: &Place) -> Result<()> {
    let program = match install::program("cargo-deny") {
        Some(program) => program,
        None => install_deny(place)?,
    };
    let mut deny = std::process::Command::new(program);
    deny.current_dir(place.root()).args([
        "--log-level",
        "error",
        "check",
        "licenses",
        "bans",
        "sources",
    ]);
    process::run(&mut deny)
}

fn install_deny(place: &Place) -> Result<std::path::PathBuf> {
    let tools = place.cache().join("tools");
    let program = tools.join("bin/cargo-deny");
    if !program.is_file() {
        say("Installing cargo-deny, needed to check licences; this takes some minutes once");
        let mut cargo = place.cargo();
        cargo
            .args([
                "install",
                "--quiet",
                "cargo-deny",
                "--version",
                DENY_VERSION,
                "--root",
            ])
            .arg(&tools);
        // Not --locked: its lock file may name versions that a mirror of the registry doesn't have yet.
        process::run(&mut cargo).context("cannot install cargo-deny")?;
    }
    Ok(program)
}

fn web(place: &Place) -> Result<()> {
    // The engine's own types are part of what the web client is checked against.
    wasm::build(place, Choice::Auto)?;
    process::run(place.in_web("npm").args(["run", "--silent", "check"]))
}
