//! `cloister-sim --seed N --steps M [--primitives symbolic|real] [--mutation NAME]`: one run of
//! the simulator. Its last line says what it came to; it fails if a promise was broken.

use std::{io::Write, process::ExitCode};

use cloister_client::{Symbolic, Vodozemac};
use cloister_testkit::{
    mallory::Mutation,
    sim::{Plan, Report, run},
};

fn main() -> ExitCode {
    let mut seed = 1;
    let mut steps = 10_000;
    let mut history = 60;
    let mut mutation = None;
    let mut real = false;
    let mut tally = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let known = match (name.as_str(), value.as_str()) {
            ("--seed", value) => value.parse().map(|value| seed = value).is_ok(),
            ("--steps", value) => value.parse().map(|value| steps = value).is_ok(),
            ("--history", value) => value.parse().map(|value| history = value).is_ok(),
            ("--mutation", name) => {
                mutation = Mutation::parse(name);
                mutation.is_some()
            }
            ("--tally", "yes") => {
                tally = true;
                true
            }
            ("--primitives", "symbolic") => true,
            ("--primitives", "real") => {
                real = true;
                true
            }
            _ => false,
        };
        if !known {
            say(
                "usage: cloister-sim --seed N --steps M [--primitives symbolic|real] \
                 [--mutation NAME] [--history LINES] [--tally yes]",
            );
            for mutation in Mutation::ALL {
                say(&format!("  mutation: {}", mutation.name()));
            }
            return ExitCode::from(2);
        }
    }
    let plan = Plan {
        seed,
        steps,
        mutation,
        history,
    };
    let report = if real {
        run::<Vodozemac>(plan)
    } else {
        run::<Symbolic>(plan)
    };
    tell(&report, tally)
}

fn tell(report: &Report, tally: bool) -> ExitCode {
    if let Some(broken) = &report.broken {
        for line in &broken.history {
            say(&format!("  {line}"));
        }
        say(&format!(
            "seed {} broke a promise at step {}: {}",
            report.seed, broken.step, broken.promise
        ));
    }
    if tally {
        for (kind, times) in &report.done {
            say(&format!("  {kind} {times}"));
        }
    }
    say(&format!(
        "sim seed={} steps={} messages={} undecryptable={} withheld={} by-policy={} trace={}",
        report.seed,
        report.steps,
        report.messages,
        report.undecryptable,
        report.withheld,
        report.kept_out,
        report.trace
    ));
    if report.broken.is_none() && report.undecryptable == 0 && report.withheld == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn say(line: &str) {
    // Whoever reads has gone away: there is nobody to tell.
    let _ = writeln!(std::io::stdout(), "{line}");
}
