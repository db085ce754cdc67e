//! Measures the optimized `cloister` binary from outside, over TLS on this machine.
//!
//! Reading order: `figure` (what is reported), `server` (the program under measurement), `cores` (which core it has), `api` and
//! `line` (how a client reaches it), `person` (accounts that sign like real ones), `voice` (what
//! such a person sends), `talker` (people with the real engine), then one file
//! for each measurement in `bench`. `crowd`
//! lends the same people to figures that are taken elsewhere. Every server and every folder is gone at the end.

mod api;
mod bench;
mod cores;
mod crowd;
mod env;
mod figure;
mod hearers;
mod line;
mod person;
mod server;
mod talker;
mod texts;
mod voice;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, bail};
use clap::Parser;

use crate::figure::{Form, Report};

/// Measure a built `cloister` binary.
#[derive(Debug, Parser)]
#[command(name = "cloister-bench")]
enum Work {
    /// Take the figures that need no browser.
    Measure(Measure),
    /// Print the settings that servers are measured with, as environment variables.
    Settings,
    /// Be a crowd for figures that somebody else takes.
    Crowd(crowd::Crowd),
}

#[derive(Debug, clap::Args)]
struct Measure {
    /// Only the figures whose names begin so
    name: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// The binary
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// Where data folders are made; on the disk that is to be measured
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// An empty PostgreSQL database, for the figures that need one
    #[arg(long, env = "CLOISTER_BENCH_POSTGRES_URL", hide_env_values = true)]
    postgres: Option<String>,
}

/// What every measurement is given.
#[derive(Debug)]
struct Ground {
    binary: PathBuf,
    folder: PathBuf,
    postgres: Option<String>,
    wanted: Option<String>,
}

impl Ground {
    fn wants(&self, name: &str) -> bool {
        self.wanted
            .as_ref()
            .is_none_or(|wanted| name.starts_with(wanted.as_str()))
    }
}

fn main() -> ExitCode {
    // Before anything could ask for a default: there is one provider and no second one.
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nothing installs a provider before main");
    let worked = match Work::parse() {
        Work::Measure(arguments) => measure(arguments),
        Work::Settings => {
            for (name, value) in server::SETTINGS {
                println!("{name}={value}");
            }
            Ok(())
        }
        Work::Crowd(arguments) => {
            runtime().and_then(|runtime| runtime.block_on(crowd::obey(arguments)))
        }
    };
    match worked {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: Measure) -> Result<()> {
    let form = if arguments.json {
        Form::Json
    } else {
        Form::Table
    };
    let ground = Ground {
        binary: arguments.binary,
        folder: arguments.folder,
        postgres: arguments.postgres,
        wanted: arguments.name,
    };
    if !bench::NAMES.iter().any(|name| ground.wants(name)) {
        bail!(
            "no figure begins so; there are: {}",
            bench::NAMES.join(", ")
        );
    }
    std::fs::create_dir_all(&ground.folder)?;
    let mut report = Report::new(form);
    report.machine(&figure::machine(&ground.folder));
    runtime()?.block_on(bench::run(&ground, &mut report))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.enable_all().build()?)
}
