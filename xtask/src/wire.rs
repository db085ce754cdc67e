//! `web/src/wire`: the TypeScript types of what the client engine says and takes, written from the Rust
//! types by ts-rs. They are committed, and `cargo xtask check` compares them with what the Rust types
//! say now.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::place::Place;
use crate::process::{self, say};

/// Writes the types anew.
pub(crate) fn write(place: &Place) -> Result<()> {
    say("Writing the TypeScript types into web/src/wire");
    let made = generate(place)?;
    let folder = place.web().join("src/wire");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for (name, text) in made {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap_or(&folder))?;
        fs::write(file, text)?;
    }
    Ok(())
}

/// Fails if what is committed is not what would be written.
pub(crate) fn compare(place: &Place) -> Result<()> {
    let mut there = BTreeMap::new();
    let folder = place.web().join("src/wire");
    if folder.exists() {
        collect(&folder, Path::new(""), &mut there)?;
    }
    let made = generate(place)?;
    let differing = differing(&there, &made);
    if differing.is_empty() {
        return Ok(());
    }
    for name in &differing {
        println!(
            "web/src/wire/{} is not what the Rust types say",
            name.display()
        );
    }
    bail!("write the TypeScript types anew with `cargo xtask wire`");
}

type Files = BTreeMap<PathBuf, String>;

fn generate(place: &Place) -> Result<Files> {
    let folder = place.typescript();
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    process::run_quietly(place.cargo_workspace("test").args([
        "--quiet",
        "--lib",
        "export_bindings",
    ]))?;
    let mut files = Files::new();
    collect(&folder, Path::new(""), &mut files)?;
    if files.is_empty() {
        bail!("the Rust types wrote no TypeScript");
    }
    let index = index_of(&files);
    files.insert(PathBuf::from("index.ts"), index);
    Ok(files)
}

/// One door to all the types: `import type { Query } from "../wire"`.
fn index_of(files: &Files) -> String {
    let modules = files.keys().map(|file| file.with_extension(""));
    modules.fold(String::new(), |mut text, module| {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(
            text,
            "export type {{ {name} }} from \"./{}\";",
            module.display()
        );
        text
    })
}

fn collect(folder: &Path, inside: &Path, files: &mut Files) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = inside.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            collect(&path, &name, files)?;
        } else {
            files.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn differing<'a>(there: &'a Files, made: &'a Files) -> Vec<&'a PathBuf> {
    let missing_or_changed = made
        .iter()
        .filter(|(name, text)| there.get(*name) != Some(text));
    let left_over = there.iter().filter(|(name, _)| !made.contains_key(*name));
    missing_or_changed
        .chain(left_over)
        .map(|(name, _)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_names_each_type_once_with_its_file() {
        let files = ["Me.ts", "deep/You.ts"].map(|name| (PathBuf::from(name), String::new()));
        let expected =
            "export type { Me } from \"./Me\";\nexport type { You } from \"./deep/You\";\n";
        assert_eq!(index_of(&files.into()), expected);
    }

    #[test]
    fn changed_missing_and_left_over_types_are_all_found() {
        let files = |pairs: &[(&str, &str)]| -> Files {
            pairs
                .iter()
                .map(|(name, text)| (PathBuf::from(name), (*text).to_owned()))
                .collect()
        };
        let there = files(&[("Same.ts", "1"), ("Changed.ts", "1"), ("LeftOver.ts", "1")]);
        let made = files(&[("Same.ts", "1"), ("Changed.ts", "2"), ("Missing.ts", "1")]);
        let found = differing(&there, &made);
        assert_eq!(
            found,
            [
                Path::new("Changed.ts"),
                Path::new("Missing.ts"),
                Path::new("LeftOver.ts")
            ]
        );
    }
}
