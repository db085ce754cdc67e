//! The server on one core, whatever loads it on another.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::server::Server;

/// While this stands, the server has the first core and this program the second.
#[must_use]
pub(crate) struct Split {
    all: String,
}

impl Split {
    pub(crate) fn between(server: &Server) -> Result<Self> {
        let cores = std::thread::available_parallelism()?.get();
        ensure!(cores > 1, "one core can't be split between server and load");
        hold(server.process_id(), "0")?;
        hold(std::process::id(), "1")?;
        Ok(Self {
            all: format!("0-{}", cores - 1),
        })
    }

    /// Gives this program all cores again.
    pub(crate) fn join(self) -> Result<()> {
        hold(std::process::id(), &self.all)
    }
}

/// All threads of a process; those that it begins later stay with them.
fn hold(process: u32, cores: &str) -> Result<()> {
    let output = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", cores])
        .arg(process.to_string())
        .output()
        .context("taskset")?;
    ensure!(
        output.status.success(),
        "taskset: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
