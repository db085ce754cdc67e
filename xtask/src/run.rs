//! `cargo xtask run`: from a fresh clone to a running server.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Result, anyhow};

use crate::install;
use crate::place::Place;
use crate::process::{self, say};
use crate::web;

/// Builds what is not fresh and then becomes the server, so that it gets the terminal's signals itself.
pub(crate) fn run(place: &Place, serve: &[String]) -> Result<()> {
    install::packages("build the C code inside", install::TO_BUILD)?;
    web::build(place)?;
    say("Building the server");
    process::run(place.cargo().args(["build", "--package", "cloister"]))?;
    say(
        "Starting Cloister. Open the address it prints below; the first start prints a set-up link",
    );
    let mut server = Command::new(place.binary("debug"));
    server.arg("serve");
    let names_data = |argument: &String| argument == "--data" || argument.starts_with("--data=");
    if !serve.iter().any(names_data) {
        server.arg("--data").arg(place.root().join("data"));
    }
    Err(anyhow!(server.args(serve).exec()).context("cannot start the server"))
}
