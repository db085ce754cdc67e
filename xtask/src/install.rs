//! What must be on the machine first. Debian packages come through apt-get (with sudo when we are not
//! root), npm packages through `npm ci`; what is there already is left alone.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::fingerprint::{Fingerprint, Stamp};
use crate::place::Place;
use crate::process::{self, say};

/// Oldest Node with everything the web tools use.
const NODE_MAJOR_MIN: u32 = 20;

/// A Debian package and how to see that what we want of it is there, however it came.
pub(crate) struct Package {
    pub(crate) debian: &'static str,
    pub(crate) is_there: fn() -> bool,
}

/// For the C code inside: SQLite, OpenSSL for its encryption, and rustls' cryptography.
pub(crate) const TO_BUILD: &[Package] = &[
    Package {
        debian: "gcc",
        is_there: || program("cc").is_some(),
    },
    Package {
        debian: "libc6-dev",
        is_there: || Path::new("/usr/include/stdio.h").exists(),
    },
    Package {
        debian: "make",
        is_there: || program("make").is_some(),
    },
    Package {
        debian: "perl",
        is_there: || process::succeeds(Command::new("perl").args(["-MIPC::Cmd", "-e", "1"])),
    },
];

/// For what happens in a browser.
pub(crate) const BROWSER: &[Package] = &[
    Package {
        debian: "chromium",
        is_there: || Path::new("/usr/bin/chromium").exists(),
    },
    Package {
        debian: "fonts-liberation",
        is_there: || Path::new("/usr/share/fonts/truetype/liberation").exists(),
    },
];

/// The second database.
pub(crate) const DATABASE: &[Package] = &[Package {
    debian: "postgresql",
    is_there: || crate::postgres::programs().is_some(),
}];

/// Installs those of the packages that are missing; `purpose` completes "needed to …".
pub(crate) fn packages(purpose: &str, wanted: &[Package]) -> Result<()> {
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|package| !(package.is_there)())
        .map(|package| package.debian)
        .collect();
    debian(purpose, &missing)
}

/// Installs Debian packages by name, without asking whether they are there.
pub(crate) fn debian(purpose: &str, names: &[&str]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let list = names.join(" ");
    if program("apt-get").is_none() {
        bail!(
            "these programs are missing, needed to {purpose}: {list}; this is not Debian, so install them by hand"
        );
    }
    say(&format!(
        "Installing Debian packages, needed to {purpose}: {list}"
    ));
    let advice = || format!("could not install {list}; try `apt-get install {list}` by hand");
    process::run_quietly(as_root("apt-get")?.args(["-qq", "update"])).with_context(advice)?;
    let install = [
        "-qq",
        "-y",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=120",
        "install",
    ];
    process::run_quietly(as_root("apt-get")?.args(install).args(names)).with_context(advice)
}

/// The packages of the web client, exactly as its lock file names them.
pub(crate) fn npm(place: &Place) -> Result<()> {
    node()?;
    let web = place.web();
    let lock = Fingerprint::new("npm")
        .path(&web.join("package.json"))?
        .path(&web.join("package-lock.json"))?
        .finish();
    let stamp = Stamp::at(web.join("node_modules/.fresh"));
    if stamp.is(&lock) {
        return Ok(());
    }
    say("Installing the web client's npm packages (npm ci)");
    process::run_quietly(place.in_web("npm").args(["ci", "--no-audit", "--no-fund"]))?;
    stamp.set(&lock)
}

fn node() -> Result<()> {
    let advice =
        format!("Node {NODE_MAJOR_MIN} or newer, with npm, is needed to build the web client");
    if program("node").is_none() || program("npm").is_none() {
        bail!("{advice}; install it and start again");
    }
    let version = process::read(Command::new("node").arg("--version"))?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        bail!("{advice}; here is {}", version.trim());
    }
    Ok(())
}

/// Where a program lies on the PATH.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// True if this process may do everything.
pub(crate) fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")
        .context("cannot see who we are")?
        .uid()
        == 0)
}

fn as_root(name: &str) -> Result<Command> {
    let quiet = "DEBIAN_FRONTEND=noninteractive";
    let mut command = if is_root()? {
        Command::new("env")
    } else if program("sudo").is_some() {
        let mut sudo = Command::new("sudo");
        sudo.arg("env");
        sudo
    } else {
        bail!("installing needs root: start this as root, or install sudo");
    };
    command.args([quiet, name]);
    Ok(command)
}
