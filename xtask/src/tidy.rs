//! The house rules that a program can check by reading the source. Each rule says where it was broken
//! and what to do instead.

mod dependencies;
mod layers;
mod permits;
mod requirements;
mod rust;
mod text;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::process;
use crate::workspace::Workspace;

/// A broken rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Relative to the repository.
    file: String,
    /// 0 if the whole file is meant.
    line: usize,
    what: String,
}

impl Fault {
    fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            what: what.into(),
        }
    }
}

/// A file that git keeps or would keep.
pub(crate) struct Source {
    /// Relative to the repository, with `/`.
    path: String,
    text: String,
}

/// Reads every source once and prints all faults before it fails.
pub(crate) fn tidy(place: &Place) -> Result<()> {
    let mut faults = layers::check(&Workspace::read(place)?);
    let sources = sources(place)?;
    for source in &sources {
        faults.extend(text::check(source));
        if has_extension(&source.path, &["rs"]) {
            faults.extend(rust::check(source)?);
        }
    }
    faults.extend(permits::check(place, &sources)?);
    faults.extend(dependencies::check(&sources)?);
    faults.extend(requirements::check(&sources)?);
    for fault in &faults {
        println!("{}:{}: {}", fault.file, fault.line, fault.what);
    }
    if !faults.is_empty() {
        bail!(
            "{} of the house rules' faults, see docs/STYLE.md",
            faults.len()
        );
    }
    Ok(())
}

fn sources(place: &Place) -> Result<Vec<Source>> {
    let list = [
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ];
    let names = process::read(
        std::process::Command::new("git")
            .current_dir(place.root())
            .args(list),
    )?;
    let mut sources = Vec::new();
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let path = place.root().join(name);
        // Deleted, but not yet for git; or a picture or a font.
        if !path.is_file() {
            continue;
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {name}"))?;
        if let Ok(text) = String::from_utf8(bytes) {
            sources.push(Source {
                path: name.to_owned(),
                text,
            });
        }
    }
    Ok(sources)
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extensions.iter().any(|one| extension == *one))
}

#[cfg(test)]
fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}
