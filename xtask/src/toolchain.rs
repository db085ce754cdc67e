//! A Rust compiler for WebAssembly, and a C compiler for the SQLite in it.
//!
//! Rust: the standard library for `wasm32-unknown-unknown` that rustup installs, or, where rustup can't
//! download, Debian's own Rust compiler, unpacked into the cache, with the standard library built from
//! Debian's source of it. C: the newest clang and llvm of Debian.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::install;
use crate::place::Place;
use crate::process::{self, say};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Older ones lack what SQLite's C needs of WebAssembly.
const CLANG_MIN: u32 = 16;
/// Where nothing answers, rustup waits for ever.
const RUSTUP_LIMIT: Duration = Duration::from_secs(20);

/// Which Rust compiler makes WebAssembly.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// rustup's if it is there or can be had, else Debian's.
    Auto,
    /// The target that `rustup target add` installs.
    Rustup,
    /// Debian's packages, unpacked into the cache.
    Debian,
}

/// What to add to a `cargo build` so that it makes WebAssembly.
pub(crate) struct Toolchain {
    name: &'static str,
    variables: Vec<(&'static str, PathBuf)>,
    arguments: Vec<&'static str>,
    target: PathBuf,
}

impl Toolchain {
    /// Finds a toolchain, or installs it.
    pub(crate) fn ready(place: &Place, choice: Choice) -> Result<Self> {
        let clang = Clang::ready()?;
        let mut toolchain = match choice {
            Choice::Auto if is_installed() => Self::rustup(place),
            Choice::Auto | Choice::Rustup if rustup() => Self::rustup(place),
            Choice::Rustup => bail!("rustup can't install {TARGET} here; try --toolchain debian"),
            Choice::Auto | Choice::Debian => Self::debian(place, &clang)?,
        };
        toolchain
            .variables
            .push(("CC_wasm32_unknown_unknown", clang.program("clang")));
        toolchain
            .variables
            .push(("AR_wasm32_unknown_unknown", clang.program("llvm-ar")));
        Ok(toolchain)
    }

    /// `cargo build` for the browser; the crate and the profile are the caller's.
    pub(crate) fn build(&self, place: &Place) -> Command {
        let mut cargo = place.cargo();
        cargo
            .args(["build", "--target", TARGET])
            .args(&self.arguments)
            .arg("--target-dir")
            .arg(&self.target);
        for (name, value) in &self.variables {
            cargo.env(name, value);
        }
        cargo
    }

    /// Where [`Toolchain::build`] puts what it made with a profile.
    pub(crate) fn output(&self, profile: &str) -> PathBuf {
        self.target.join(TARGET).join(profile)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    fn rustup(place: &Place) -> Self {
        let target = place.target().to_path_buf();
        Self {
            name: "the installed Rust compiler",
            variables: Vec::new(),
            arguments: Vec::new(),
            target,
        }
    }

    fn debian(place: &Place, clang: &Clang) -> Result<Self> {
        let root = unpack(place)?;
        let variables = vec![
            ("RUSTC", root.join("usr/bin/rustc")),
            ("LD_LIBRARY_PATH", library_folder(&root)?),
            // The standard library's source is only for the compiler that came with it.
            ("RUSTC_BOOTSTRAP", PathBuf::from("1")),
            (
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
                clang.program("wasm-ld"),
            ),
        ];
        // Host programs are made by this compiler too: a folder of its own keeps the others valid.
        let target = place.target().join("wasm-debian");
        Ok(Self {
            name: "Debian's Rust compiler",
            variables,
            arguments: vec!["-Zbuild-std=std,panic_abort"],
            target,
        })
    }
}

fn is_installed() -> bool {
    let folder = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    folder.is_ok_and(|output| {
        output.status.success()
            && Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
    })
}

fn rustup() -> bool {
    if install::program("rustup").is_none() {
        return false;
    }
    say("Asking rustup for Rust's standard library for WebAssembly");
    let mut rustup = Command::new("rustup");
    // It may also believe that it is there already.
    process::succeeds_within(rustup.args(["target", "add", TARGET]), RUSTUP_LIMIT) && is_installed()
}

/// A clang with its llvm, by major version.
struct Clang(u32);

impl Clang {
    fn ready() -> Result<Self> {
        let complete = |version: &u32| {
            ["clang", "llvm-ar", "wasm-ld"]
                .iter()
                .all(|name| Self(*version).program(name).is_file())
        };
        if let Some(version) = versions(&list(Path::new("/usr/bin"))?)
            .into_iter()
            .rev()
            .find(complete)
        {
            return Ok(Self(version));
        }
        let offered = process::read(Command::new("apt-cache").args([
            "search",
            "--names-only",
            "^clang-[0-9]+$",
        ]));
        let mut offered = versions(&offered.unwrap_or_default());
        if offered.is_empty() {
            // A machine whose package lists were never fetched offers nothing.
            install::debian("build the client engine for the browser", &["clang"])?;
            let again = process::read(Command::new("apt-cache").args([
                "search",
                "--names-only",
                "^clang-[0-9]+$",
            ]))?;
            offered = versions(&again);
        }
        let newest = offered
            .pop()
            .with_context(|| format!("Debian offers no clang of version {CLANG_MIN} or newer"))?;
        let names = ["clang", "llvm", "lld"].map(|name| format!("{name}-{newest}"));
        install::debian(
            "build the client engine for the browser",
            &names.each_ref().map(String::as_str),
        )?;
        Ok(Self(newest))
    }

    fn program(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/usr/bin/{name}-{}", self.0))
    }
}

/// The versions of clang among names one a line, oldest first, as far as they are new enough.
fn versions(names: &str) -> Vec<u32> {
    let mut versions: Vec<u32> = names
        .lines()
        .filter_map(|line| {
            line.split_whitespace()
                .next()?
                .strip_prefix("clang-")?
                .parse()
                .ok()
        })
        .filter(|version| *version >= CLANG_MIN)
        .collect();
    versions.sort_unstable();
    versions
}

fn list(folder: &Path) -> Result<String> {
    let mut names = String::new();
    for entry in fs::read_dir(folder)? {
        names.push_str(&entry?.file_name().to_string_lossy());
        names.push('\n');
    }
    Ok(names)
}

/// Debian's compiler and the source of its standard library, as files in the cache: installing the
/// packages would collide with a Rust that is there already.
fn unpack(place: &Place) -> Result<PathBuf> {
    let folder = place.cache().join("rustc-web");
    let root = folder.join("root");
    let complete = folder.join("complete");
    if complete.exists() {
        return Ok(root);
    }
    say("Fetching Debian's Rust compiler for WebAssembly (about 200 MB)");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&root)?;
    let standard = depends("libstd-rust-web-dev", "libstd-rust-web-")?;
    let llvm = depends(&standard, "libllvm")?;
    install::debian("run Debian's Rust compiler", &[&llvm])?;
    let names = [
        "rustc-web",
        standard.as_str(),
        "libstd-rust-web-dev",
        "rust-web-src",
    ];
    process::run_quietly(
        Command::new("apt-get")
            .current_dir(&folder)
            .args(["-qq", "download"])
            .args(names),
    )?;
    for entry in fs::read_dir(&folder)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "deb") {
            process::run_quietly(Command::new("dpkg").arg("-x").arg(&file).arg(&root))?;
            fs::remove_file(&file)?;
        }
    }
    fs::write(&complete, "")?;
    Ok(root)
}

/// The one dependency of a Debian package whose name starts so.
fn depends(package: &str, start: &str) -> Result<String> {
    let all = process::read(Command::new("apt-cache").args(["depends", package]))?;
    let names = all
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    let found = names.map(str::trim).find(|name| name.starts_with(start));
    found
        .map(str::to_owned)
        .with_context(|| format!("Debian's {package} names no {start}…"))
}

fn library_folder(root: &Path) -> Result<PathBuf> {
    let libraries = root.join("usr/lib");
    for entry in fs::read_dir(&libraries)? {
        let folder = entry?.path();
        if folder
            .file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with("-linux-gnu"))
        {
            return Ok(folder);
        }
    }
    bail!("{} holds no libraries of the compiler", libraries.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_clang_is_last_and_old_ones_do_not_count() {
        let offered = "clang-15 - C compiler\nclang-22 - C compiler\nclang-19 - C compiler\nclang-tidy-19 - lint\n";
        assert_eq!(versions(offered), [19, 22]);
        assert_eq!(
            versions("clang\nclang-22\nclang++-22\nclang-16\n"),
            [16, 22]
        );
    }
}
