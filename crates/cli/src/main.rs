//! The `cloister` binary: the server, its operator's commands, and a client for the terminal.
//!
//! Reading order: `arguments` (everything that can be typed), `failure` (how it ends), `print`
//! (what is shown), `seat` (an open profile at the server), `target` (names to ids), then one
//! file for each group of commands in `command`.

mod arguments;
mod command;
mod failure;
mod print;
mod seat;
mod secret;
mod target;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    arguments::Arguments,
    failure::Failure,
    print::{Form, Print},
};

fn main() -> ExitCode {
    // Before anything could ask for a default: there is one provider and no second one.
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nothing installs a provider before main");
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return wrong_usage(&error),
    };
    let print = Print::new(if arguments.global.json {
        Form::Json
    } else {
        Form::Text
    });
    command::run(arguments, &print)
        .err()
        .map_or(ExitCode::SUCCESS, |failure| fail(&print, &failure))
}

fn fail(print: &Print, failure: &Failure) -> ExitCode {
    print.failure(failure);
    ExitCode::from(failure.exit)
}

/// Help and version are asked for and no error; everything else ends with 2.
fn wrong_usage(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json");
    if error.use_stderr() && json {
        let first = error.to_string();
        let first = first.lines().next().unwrap_or_default();
        let message = first.strip_prefix("error: ").unwrap_or(first);
        return fail(&Print::new(Form::Json), &Failure::usage(message));
    }
    let _ = error.print();
    ExitCode::from(error.exit_code() as u8)
}
