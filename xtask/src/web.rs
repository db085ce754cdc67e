//! The web client as static files in `web/dist`, which the server carries inside.

use anyhow::Result;

use crate::fingerprint::{Fingerprint, Stamp};
use crate::install;
use crate::place::Place;
use crate::process::{self, say};
use crate::toolchain::Choice;
use crate::wasm;

/// Builds the engine and then the pages, as far as their sources changed.
pub(crate) fn build(place: &Place) -> Result<()> {
    install::npm(place)?;
    wasm::build(place, Choice::Auto)?;
    let sources = Fingerprint::new("web").path(&place.web())?.finish();
    let stamp = Stamp::new(place, "web");
    if stamp.is(&sources) && place.web().join("dist/index.html").exists() {
        return Ok(());
    }
    say("Building the web client");
    process::run(place.in_web("npm").args(["run", "--silent", "build"]))?;
    stamp.set(&sources)
}
