//! The client engine for the browser: Rust to WebAssembly, its JavaScript side by wasm-bindgen (as a
//! library of exactly the version the engine is built with), made smaller by npm's wasm-opt. The one
//! Debian packages is too old and breaks the module.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::fingerprint::{Fingerprint, Stamp};
use crate::install;
use crate::place::Place;
use crate::process::{self, say};
use crate::toolchain::{Choice, Toolchain};
use crate::workspace::Workspace;

const CRATE: &str = "cloister-client-wasm";
const MODULE: &str = "cloister_client_wasm";
const PROFILE: &str = "wasm";
/// What Rust's and clang's modules use, and every browser we support has.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Makes `web/src/engine/wasm`, unless it was made from the same sources before.
pub(crate) fn build(place: &Place, choice: Choice) -> Result<()> {
    install::npm(place)?;
    let sources = sources(place, choice)?;
    let output = place.web().join("src/engine/wasm");
    let stamp = Stamp::at(output.join(".fresh"));
    if stamp.is(&sources) && output.join(format!("{MODULE}_bg.wasm")).exists() {
        return Ok(());
    }
    install::packages("build the C code inside", install::TO_BUILD)?;
    let toolchain = Toolchain::ready(place, choice)?;
    say(&format!(
        "Building the client engine for the browser with {}",
        toolchain.name()
    ));
    process::run(
        toolchain
            .build(place)
            .args(["--lib", "--package", CRATE, "--profile", PROFILE]),
    )?;
    let raw = toolchain.output(PROFILE).join(format!("{MODULE}.wasm"));
    finish(place, &raw, &output)?;
    stamp.set(&sources)
}

/// Everything the module is made from.
fn sources(place: &Place, choice: Choice) -> Result<String> {
    let workspace = Workspace::read(place)?;
    let inside = workspace.reachable(CRATE);
    let mut fingerprint = Fingerprint::new("wasm");
    for (name, folder) in workspace.members() {
        if name == CRATE || inside.contains(name.as_str()) {
            fingerprint.path(folder)?;
        }
    }
    fingerprint.text(if choice == Choice::Debian {
        "debian"
    } else {
        "any compiler"
    });
    for file in [
        "Cargo.toml",
        "Cargo.lock",
        "web/node_modules/binaryen/package.json",
    ] {
        fingerprint.path(&place.root().join(file))?;
    }
    Ok(fingerprint
        .path(&place.root().join("xtask/src/wasm.rs"))?
        .finish())
}

/// From the compiler's module to what the browser loads. Skipped when the compiler made the same module.
fn finish(place: &Place, raw: &Path, output: &Path) -> Result<()> {
    let made_from = Fingerprint::new("bindgen")
        .path(raw)?
        .path(&place.root().join("xtask/src/wasm.rs"))?
        .path(&place.web().join("node_modules/binaryen/package.json"))?
        .finish();
    let stamp = Stamp::at(output.join(".made-from"));
    if stamp.is(&made_from) {
        return Ok(());
    }
    say("Making the engine small");
    if output.exists() {
        fs::remove_dir_all(output)?;
    }
    fs::create_dir_all(output)?;
    Bindgen::new()
        .input_path(raw)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .typescript(true)
                .remove_producers_section(true)
                .generate(output)
        })
        .context("wasm-bindgen")?;
    let module = output.join(format!("{MODULE}_bg.wasm"));
    shrink(place, &module)?;
    stamp.set(&made_from)
}

fn shrink(place: &Place, module: &Path) -> Result<()> {
    let small: PathBuf = module.with_extension("small");
    let mut optimizer = place.in_web("node");
    optimizer
        .arg("node_modules/.bin/wasm-opt")
        .arg("-Os")
        .args(FEATURES)
        .arg(module)
        .arg("-o")
        .arg(&small);
    process::run(&mut optimizer)?;
    fs::rename(&small, module)?;
    say(&format!(
        "The engine has {} KB before compression",
        fs::metadata(module)?.len() / 1000
    ));
    Ok(())
}
