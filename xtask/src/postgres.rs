//! A PostgreSQL of our own for tests and measurements: a cluster in a temporary folder, on a Unix socket there and a
//! free loopback port, with a password made for it, run without root's rights and gone afterwards.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::fingerprint::hex;
use crate::install;
use crate::process;

const START_LIMIT: Duration = Duration::from_mins(1);
/// The lost race for a free port is not lost this often.
const START_TRIES: u32 = 3;
const FOLDER: &str = "cloister-postgres-";
const USER: &str = "cloister";
const SETTINGS: [&str; 2] = ["max_connections=300", "listen_addresses=127.0.0.1"];

/// Whether a commit is on the disk when it is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Durability {
    /// For tests: a crash loses nothing of worth.
    None,
    /// As it is installed: for measurements.
    Full,
}

impl Durability {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::None => &[
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ],
            Self::Full => &[],
        }
    }
}

/// A running server; dropping it stops it and removes its data.
pub(crate) struct Postgres {
    server: Child,
    folder: PathBuf,
    url: String,
}

impl Postgres {
    pub(crate) fn start(durability: Durability) -> Result<Self> {
        let programs = programs().context("PostgreSQL is not installed")?;
        remove_left_over()?;
        let folder = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        if install::is_root()? {
            process::run(Command::new("chown").arg("postgres:postgres").arg(&folder))?;
        }
        process::run(Command::new("chmod").arg("0711").arg(&folder))?;
        let started = Self::start_in(&programs, &folder, durability);
        if started.is_err() {
            // Whatever is left of it is in the way of nobody.
            let _ = fs::remove_dir_all(&folder);
        }
        started
    }

    /// Where the tests reach it, with the right to create databases.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn start_in(programs: &Path, folder: &Path, durability: Durability) -> Result<Self> {
        let password = random_hex()?;
        let password_file = folder.join("password");
        fs::write(&password_file, &password)?;
        let data = folder.join("data");
        process::run_quietly(
            unprivileged(&programs.join("initdb"))?
                .arg("--pgdata")
                .arg(&data)
                .arg("--pwfile")
                .arg(&password_file)
                .args([
                    "--username",
                    USER,
                    "--auth",
                    "scram-sha-256",
                    "--encoding",
                    "UTF8",
                    "--locale",
                    "C.UTF-8",
                ])
                .arg("--no-sync")
                .current_dir(folder),
        )?;
        fs::remove_file(&password_file)?;
        for _ in 0..START_TRIES {
            let port = free_port()?;
            let mut command = unprivileged(&programs.join("postgres"))?;
            command
                .arg("-D")
                .arg(&data)
                .arg("-k")
                .arg(folder)
                .args(["-p", &port.to_string()]);
            for setting in SETTINGS.iter().chain(durability.settings()) {
                command.args(["-c", setting]);
            }
            let log = fs::File::create(folder.join("log"))?;
            command
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log);
            let mut server = command.spawn().context("cannot start PostgreSQL")?;
            if is_ready(programs, port, &mut server)? {
                let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres");
                return Ok(Self {
                    server,
                    folder: folder.to_path_buf(),
                    url,
                });
            }
            process::stop(&mut server);
        }
        bail!(
            "PostgreSQL does not start: {}",
            fs::read_to_string(folder.join("log")).unwrap_or_default()
        );
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is its fast shutdown; what doesn't work out here is settled by the next start.
        let _ = Command::new("kill")
            .args(["-INT", &self.server.id().to_string()])
            .status();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of the newest installed server's programs.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|version| folder_of(*version).join("initdb").is_file())
        .max()?;
    Some(folder_of(newest))
}

fn folder_of(version: u32) -> PathBuf {
    PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))
}

/// PostgreSQL refuses to run as root. It also ends when we do, however that happens.
fn unprivileged(program: &Path) -> Result<Command> {
    let mut command = Command::new("setpriv");
    if install::is_root()? {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "INT", "--"]).arg(program);
    Ok(command)
}

fn is_ready(programs: &Path, port: u16, server: &mut Child) -> Result<bool> {
    let end = Instant::now() + START_LIMIT;
    while Instant::now() < end && server.try_wait()?.is_none() {
        let mut question = Command::new(programs.join("pg_isready"));
        if process::succeeds(question.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])) {
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(false)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

fn random_hex() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(hex(&bytes))
}

/// Folders of runs that were killed before they could tidy up.
fn remove_left_over() -> Result<()> {
    for entry in fs::read_dir(std::env::temp_dir())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(process) = name.strip_prefix(FOLDER)
            && !Path::new("/proc").join(process).exists()
        {
            // Another person's: theirs to remove.
            let _ = fs::remove_dir_all(&path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_server_answers_and_leaves_nothing_behind() {
        let programs = programs().expect("PostgreSQL is installed, as `cargo xtask test` sees to");
        let postgres = Postgres::start(Durability::None).expect("PostgreSQL starts");
        let question = Command::new(programs.join("psql"))
            .args([postgres.url(), "-tAc", "SELECT 6 * 7"])
            .output();
        let answer = String::from_utf8(question.expect("psql").stdout).expect("text");
        let folder = postgres.folder.clone();
        drop(postgres);
        assert_eq!(answer.trim(), "42");
        assert!(!folder.exists());
    }
}
