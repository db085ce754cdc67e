//! The program under measurement, as a process of its own on a folder of its own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Lines},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result};
use cloister_client_native::Pin;

use crate::{Ground, env, figure};

/// Limits guard against strangers; here all requests come from one address. They stay switched
/// on, and are set to what nobody reaches. Passwords cost next to nothing, or making a thousand
/// accounts would take minutes.
pub(crate) const SETTINGS: [(&str, &str); 10] = [
    ("CLOISTER_LIMITS__REQUESTS", "100000000"),
    ("CLOISTER_LIMITS__SIGN_INS_PER_ACCOUNT", "100000000"),
    ("CLOISTER_LIMITS__SIGN_INS_PER_ADDRESS", "100000000"),
    ("CLOISTER_LIMITS__REGISTRATIONS_PER_ADDRESS", "100000000"),
    ("CLOISTER_LIMITS__INVITE_LOOKUPS_PER_ADDRESS", "100000000"),
    ("CLOISTER_LIMITS__MESSAGES", "100000000"),
    ("CLOISTER_LIMITS__DEVICE_ITEMS_PER_MINUTE", "100000000"),
    ("CLOISTER_LIMITS__DEVICE_ITEMS_PER_DAY", "100000000"),
    ("CLOISTER_PASSWORDS__MEMORY_KIB", "64"),
    ("CLOISTER_PASSWORDS__PASSES", "1"),
];

/// Where a server keeps its data, until this is dropped.
#[derive(Debug)]
pub(crate) struct Data(PathBuf);

impl Data {
    pub(crate) fn new(ground: &Ground) -> Result<Self> {
        let name = u64::from_be_bytes(env::random()?);
        let folder = ground.folder.join(format!("data-{name:016x}"));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }

    /// For other things that should be gone with it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn instance(&self) -> PathBuf {
        self.beside("instance")
    }

    fn log(&self) -> PathBuf {
        self.beside("server.log")
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // What a failed run leaves behind is below `target`, and in nobody's way.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Where a server is reached, and how it is known again.
#[derive(Debug, clap::Args)]
pub(crate) struct Door {
    /// Where it listens
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) address: SocketAddr,
    /// `sha256:HEX` of its certificate's public key
    #[arg(long)]
    pub(crate) pin: Pin,
    /// Its certificate in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: PathBuf,
}

/// A running server; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    /// Kept open: a server may say more, and must not fail at it.
    _said: Lines<BufReader<ChildStdout>>,
    pub(crate) door: Door,
    /// The token of the set-up link, on the first start.
    pub(crate) set_up: Option<String>,
}

impl Server {
    /// Starts on `data` with limits that a bench does not reach.
    pub(crate) fn start(ground: &Ground, data: &Data, postgres: Option<&str>) -> Result<Self> {
        let mut command = command(ground, data)?;
        command.envs(SETTINGS);
        if let Some(url) = postgres {
            command.env("DATABASE_URL", url);
        }
        Self::begin(command, data)
    }

    /// Starts as an operator would, with the settings that are the default.
    pub(crate) fn start_plainly(ground: &Ground, data: &Data) -> Result<Self> {
        Self::begin(command(ground, data)?, data)
    }

    fn begin(mut command: Command, data: &Data) -> Result<Self> {
        let first = !data.instance().exists();
        let mut process = command.spawn().context("cannot start the server")?;
        let said = process.stdout.take().context("the server has no output")?;
        let mut said = BufReader::new(said).lines();
        match read_ready(&mut said, first) {
            Ok((address, pin, set_up)) => Ok(Self {
                process,
                _said: said,
                door: Door {
                    address,
                    pin,
                    certificate: data.instance().join("tls/cert.pem"),
                },
                set_up,
            }),
            Err(error) => {
                end(&mut process);
                let log = fs::read_to_string(data.log()).unwrap_or_default();
                Err(error.context(log))
            }
        }
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Processor time that it has used, user and system.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        figure::cpu_seconds_of(&stat).context("the kernel tells no processor time")
    }

    /// Resident memory in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        figure::kib_of(&status, "VmRSS:").context("the kernel tells no resident size")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

/// What it holds is thrown away: there is nothing to drain.
fn end(process: &mut Child) {
    // Both fail only if it has ended by itself.
    let _ = process.kill();
    let _ = process.wait();
}

/// The server ends with this program, however that ends.
fn command(ground: &Ground, data: &Data) -> Result<Command> {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "--"])
        .arg(&ground.binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.instance())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(data.log())?);
    Ok(command)
}

type Said = (SocketAddr, Pin, Option<String>);

/// Reads the lines that a ready server prints.
fn read_ready(lines: &mut Lines<BufReader<ChildStdout>>, first: bool) -> Result<Said> {
    let address = line(lines, "listening https://")?.parse()?;
    let pin = line(lines, "certificate ")?.parse()?;
    let set_up = if first {
        let link = line(lines, "set-up ")?;
        link.split_once('#').map(|(_, token)| token.to_owned())
    } else {
        None
    };
    Ok((address, pin, set_up))
}

fn line(lines: &mut Lines<BufReader<ChildStdout>>, start: &str) -> Result<String> {
    let line = lines
        .next()
        .with_context(|| format!("the server ended before it said {start:?}"))??;
    let rest = line.strip_prefix(start);
    rest.map(str::to_owned)
        .with_context(|| format!("the server said {line:?}"))
}

/// Bytes of a file.
pub(crate) fn size(path: &Path) -> Result<u64> {
    Ok(fs::metadata(path)
        .with_context(|| path.display().to_string())?
        .len())
}
