//! Where things lie: the repository, cargo's target folder, the cache of the build commands.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// The folders that every command works with, all absolute.
pub(crate) struct Place {
    root: PathBuf,
    target: PathBuf,
}

impl Place {
    /// Finds the repository this program was started from.
    pub(crate) fn find() -> Result<Self> {
        let package =
            env::var_os("CARGO_MANIFEST_DIR").context("start this program as `cargo xtask`")?;
        let root = Path::new(&package)
            .parent()
            .context("the repository has no folder")?
            .to_path_buf();
        let metadata = process::read(cargo_in(&root).args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
        ]))?;
        let metadata: serde_json::Value =
            serde_json::from_str(&metadata).context("cargo metadata")?;
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target folder")?;
        Ok(Self {
            target: PathBuf::from(target),
            root,
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn web(&self) -> PathBuf {
        self.root.join("web")
    }

    /// Downloads, tools and stamps that may be deleted at any time.
    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join(".cache")
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The `cloister` binary of a cargo profile's folder: `debug` or `release`.
    pub(crate) fn binary(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join("cloister")
    }

    /// The cargo that started this program, in the repository.
    pub(crate) fn cargo(&self) -> Command {
        cargo_in(&self.root)
    }

    /// The same choice of packages and features for whatever checks, tests and exports the
    /// whole workspace, so that no dependency is compiled twice for it.
    pub(crate) fn cargo_workspace(&self, verb: &str) -> Command {
        let mut command = self.cargo();
        command
            .args([verb, "--workspace", "--features", "cloister-client/ts"])
            .env("TS_RS_EXPORT_DIR", self.typescript())
            // Times, sequence numbers and counts stay far below 2^53; JSON makes numbers of them.
            .env("TS_RS_LARGE_INT", "number");
        command
    }

    /// Where the types' own tests write what they are in TypeScript.
    pub(crate) fn typescript(&self) -> PathBuf {
        self.target().join("wire")
    }

    /// A program, in the web folder.
    pub(crate) fn in_web(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.web());
        command
    }
}

fn cargo_in(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root);
    command
}
