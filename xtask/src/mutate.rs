//! `cargo xtask mutate`: leaves out one check of the server or of a client at a time, and fails if no
//! test notices.
//!
//! The sources stay as they are. A copy of them, in the target folder, gets every mutation of the list
//! at once, each behind a switch that an environment variable turns on, and is compiled once; then the
//! tests that should notice run once for each mutation.

mod list;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::list::{Mutation, Test};
use crate::install;
use crate::place::Place;
use crate::process::{self, say};

/// Names the mutation that is on.
const SWITCH: &str = "CLOISTER_MUTATION";
/// A test that takes longer waits for something that the missing check would have brought about.
const PATIENCE: Duration = Duration::from_secs(90);
/// What answers in the copy whether a mutation is on.
const SWITCHES: &str = r#"//! Which check is left out in this run.

pub fn is_on(name: &str) -> bool {
    static ON: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    ON.get_or_init(|| std::env::var("CLOISTER_MUTATION").ok()).as_deref() == Some(name)
}
"#;

/// Drops every check of the list, or only the one that is named, and prints what noticed.
pub(crate) fn mutate(place: &Place, only: Option<&str>, list: bool) -> Result<()> {
    let all = list::read(place.root())?;
    if list {
        for mutation in &all {
            let files: BTreeSet<&str> = mutation
                .edits
                .iter()
                .map(|edit| edit.file.as_str())
                .collect();
            println!("{}: {}", mutation.name, Vec::from_iter(files).join(", "));
        }
        return Ok(());
    }
    let chosen: Vec<&Mutation> = all
        .iter()
        .filter(|one| only.is_none_or(|name| one.name == name))
        .collect();
    if chosen.is_empty() {
        bail!("no mutation is called so; see `cargo xtask mutate --list`");
    }
    install::packages("build the C code inside", install::TO_BUILD)?;
    let copy = copy(place, &all)?;
    say("Building the tests with every mutation inside");
    let programs = build(place, &copy)?;
    say("Running the tests with no mutation on");
    run_honestly(&programs, &copy, &chosen)?;
    let mut survived = Vec::new();
    for mutation in &chosen {
        match notice(&programs, &copy, mutation)? {
            Some((test, said)) => println!("{:40} {} — {said}", mutation.name, test.name),
            None => {
                println!("{:40} SURVIVED", mutation.name);
                survived.push(mutation.name.as_str());
            }
        }
    }
    println!(
        "mutations: {}, noticed: {}",
        chosen.len(),
        chosen.len() - survived.len()
    );
    if !survived.is_empty() {
        bail!("nobody noticed: {}", survived.join(", "));
    }
    Ok(())
}

/// Writes the changed copy of everything that the Rust tests read. What is the same keeps its time.
fn copy(place: &Place, all: &[Mutation]) -> Result<PathBuf> {
    let copy = place.target().join("mutate");
    let files = process::read(Command::new("git").current_dir(place.root()).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]))?;
    let mut edited: BTreeMap<&str, String> = BTreeMap::new();
    for mutation in all {
        for edit in &mutation.edits {
            let text = match edited.remove(edit.file.as_str()) {
                Some(text) => text,
                None => fs::read_to_string(place.root().join(&edit.file))?,
            };
            edited.insert(&edit.file, edit.apply(&mutation.name, &text)?);
        }
    }
    let wire = "crates/wire/src/lib.rs";
    let library = fs::read_to_string(place.root().join(wire))?;
    edited.insert(wire, library + "\npub mod mutation;\n");
    for name in files.split('\0').filter(|name| !name.is_empty()) {
        if name.starts_with("web/") {
            continue;
        }
        let bytes = match edited.get(name) {
            Some(text) => text.clone().into_bytes(),
            None => match fs::read(place.root().join(name)) {
                Ok(bytes) => bytes,
                // Deleted, and not yet forgotten by git.
                Err(_) => continue,
            },
        };
        write(&copy.join(name), &bytes)?;
    }
    write(
        &copy.join("crates/wire/src/mutation.rs"),
        SWITCHES.as_bytes(),
    )?;
    // The server's build looks here, and would look again each time if there were nothing.
    fs::create_dir_all(copy.join("web/dist"))?;
    Ok(copy)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let folder = path.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)?;
    fs::write(path, bytes).with_context(|| path.display().to_string())
}

/// Compiles the tests of the copy; the programs by their names.
fn build(place: &Place, copy: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let output = process::read(
        place
            .cargo()
            .current_dir(copy)
            // Not the folder of everybody else: cargo tells packages of two workspaces apart by
            // where they lie in them, and these two would pass for each other.
            .env("CARGO_TARGET_DIR", place.target().join("mutants"))
            .args(["test", "--no-run", "--message-format=json", "--tests"])
            .args(["-p", "cloister-proof", "-p", "cloister-server"])
            .args(["-p", "cloister-testkit"]),
    )?;
    let mut programs = BTreeMap::new();
    for line in output.lines() {
        let message: Value = serde_json::from_str(line).unwrap_or_default();
        let name = message["target"]["name"].as_str();
        if let (Some(name), Some(path)) = (name, message["executable"].as_str())
            && message["profile"]["test"] == true
        {
            programs.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    Ok(programs)
}

/// A test that fails by itself notices nothing.
fn run_honestly(
    programs: &BTreeMap<String, PathBuf>,
    copy: &Path,
    chosen: &[&Mutation],
) -> Result<()> {
    let mut ran = BTreeSet::new();
    for test in chosen.iter().flat_map(|one| &one.tests) {
        if ran.insert((&test.program, &test.name))
            && let Some(said) = run(programs, copy, test, "")?
        {
            bail!("{} fails without any mutation: {said}", test.name);
        }
    }
    Ok(())
}

/// The first test that fails under a mutation, and what it says.
fn notice<'a>(
    programs: &BTreeMap<String, PathBuf>,
    copy: &Path,
    mutation: &'a Mutation,
) -> Result<Option<(&'a Test, String)>> {
    for test in &mutation.tests {
        if let Some(said) = run(programs, copy, test, &mutation.name)? {
            return Ok(Some((test, said)));
        }
    }
    Ok(None)
}

/// What a failing test says; none if it passes.
fn run(
    programs: &BTreeMap<String, PathBuf>,
    copy: &Path,
    test: &Test,
    mutation: &str,
) -> Result<Option<String>> {
    let program = programs
        .get(&test.program)
        .with_context(|| format!("there is no test program {}", test.program))?;
    let package = folder_of(&test.program);
    let shown = copy.join("output.txt");
    let output = fs::File::create(&shown)?;
    let mut child = Command::new(program)
        .arg(&test.name)
        .current_dir(copy.join(package))
        .env(SWITCH, mutation)
        .env("RUST_BACKTRACE", "0")
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| program.display().to_string())?;
    let Some(status) = process::wait_at_most(&mut child, PATIENCE)? else {
        return Ok(Some("it waited for what never came".to_owned()));
    };
    let text = fs::read_to_string(&shown)?;
    if text.contains("running 0 tests") {
        bail!("{} has no test {}", test.program, test.name);
    }
    if status.success() {
        return Ok(None);
    }
    // After the place of a panic comes what it says.
    let said = text
        .lines()
        .skip_while(|line| !line.contains("panicked at"))
        .skip(1)
        .find(|line| !line.trim().is_empty());
    let said: String = said.unwrap_or("it ended badly").chars().take(110).collect();
    Ok(Some(said))
}

/// Where cargo runs the tests of a program.
fn folder_of(program: &str) -> &'static str {
    match program {
        "cloister_proof" | "chains" => "crates/proof",
        "cloister_server" | "api" | "gateway" | "sync" | "authz" => "crates/server",
        _ => "crates/testkit",
    }
}
