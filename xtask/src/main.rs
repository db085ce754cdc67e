//! Build, check, test and run the project: `cargo xtask run`, `cargo xtask test` and the commands of
//! developers. Each command's file says what it does; the files they share are
//! `place` (where things lie), `process` (running programs), `install` (what must be there first) and
//! `fingerprint` (what is still fresh).

mod bench;
mod check;
mod fingerprint;
mod fuzz;
mod install;
mod mutate;
mod place;
mod postgres;
mod process;
mod release;
mod run;
mod sim;
mod tally;
mod test;
mod tidy;
mod toolchain;
mod wasm;
mod web;
mod wire;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::place::Place;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Build, check, test and run Cloister."
)]
enum Command {
    /// Install what is missing, build everything and start a server with its data in ./data.
    Run {
        /// Passed on to `cloister serve`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        serve: Vec<String>,
    },
    /// Install what is missing and run every test: Rust, web and two people in a browser.
    Test,
    /// Format, lints, licences, house rules and types: everything that is wrong without running it.
    Check {
        /// Only these steps, in their order.
        #[arg(value_parser = check::step_names())]
        only: Vec<String>,
    },
    /// Build the client engine for the browser into web/src/engine/wasm.
    Wasm {
        /// Which compiler to use.
        #[arg(long, value_enum, default_value_t = toolchain::Choice::Auto)]
        toolchain: toolchain::Choice,
    },
    /// Write web/src/wire, the TypeScript types of what the engine says, from the Rust ones.
    Wire,
    /// Run many clients and a server through a hostile network, from a seed.
    Sim {
        /// A seed, or a range: `1..51` are the seeds from 1 to 50.
        #[arg(long, visible_alias = "seed", default_value = "1", value_parser = sim::seeds)]
        seeds: std::ops::Range<u64>,
        /// Steps of each seed.
        #[arg(long, default_value_t = 10_000)]
        steps: u64,
        #[arg(long, value_enum, default_value_t = sim::Primitives::Symbolic)]
        primitives: sim::Primitives,
    },
    /// Leave out one check of server or client at a time, and say which test notices.
    Mutate {
        /// Only the mutation of this name.
        #[arg(long)]
        only: Option<String>,
        /// Only print the names and where the checks stand.
        #[arg(long)]
        list: bool,
    },
    /// Feed every decoder what a fuzzer makes up.
    Fuzz {
        /// For so long each.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Only these targets of `fuzz/fuzz_targets`.
        targets: Vec<String>,
    },
    /// Measure the optimized binary: sends, deliveries, memory, start and sizes.
    Bench {
        /// Only the figures whose names begin so.
        name: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Build the optimized binary, with the web client inside.
    Release,
}

fn main() -> ExitCode {
    let command = Command::parse();
    let done = Place::find().and_then(|place| match command {
        Command::Run { serve } => run::run(&place, &serve),
        Command::Test => test::test(&place),
        Command::Check { only } => check::check(&place, &only),
        Command::Wasm { toolchain } => wasm::build(&place, toolchain),
        Command::Wire => wire::write(&place),
        Command::Sim {
            seeds,
            steps,
            primitives,
        } => sim::sim(&place, seeds, steps, primitives),
        Command::Mutate { only, list } => mutate::mutate(&place, only.as_deref(), list),
        Command::Fuzz { seconds, targets } => fuzz::fuzz(&place, seconds, &targets),
        Command::Bench { name, json } => bench::bench(&place, name.as_deref(), json),
        Command::Release => release::release(&place),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
