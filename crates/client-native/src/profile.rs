//! The folder of one account on one server: `--profile DIR`.
//!
//! ```text
//! DIR/               readable by this user of the machine only (0700)
//!   profile.toml     the server's address and, if it was pinned, its key
//!   store.key        32 bytes that open the store (0600)
//!   store.db         SQLCipher database: keys, sessions, messages, outbox
//!   lock             held by the program that runs the engine
//!   relay.sock       where that program serves the others
//! ```
//!
//! **The key lies beside what it locks.** Encryption of the store protects a copy of `store.db`
//! alone (a backup of one file, a disk that is sold). Whoever can read this folder as this user,
//! or as root, can read the messages. Encrypt the disk against theft of the machine.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use cloister_client::view::Refusal;
use cloister_wire::ErrorCode;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Pin, ServerUrl, env};

const KEY_BYTES: usize = 32;
const STORE: &str = "store.db";

/// Where a profile's server is, as kept in `profile.toml`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    server: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Profile {
    dir: PathBuf,
    server: ServerUrl,
    pin: Option<Pin>,
}

impl Profile {
    /// The profile in `dir`, or nothing if there is none.
    pub fn find(dir: &Path) -> Result<Option<Profile>, Refusal> {
        let file = dir.join("profile.toml");
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&file, &error)),
        };
        let settings: Settings =
            toml::from_str(&text).map_err(|error| failed(&file, error.message()))?;
        let server = settings.server.parse().map_err(|e| failed(&file, e))?;
        let pin = settings
            .pin
            .map(|pin| pin.parse())
            .transpose()
            .map_err(|error| failed(&file, error))?;
        Ok(Some(Profile {
            dir: dir.to_owned(),
            server,
            pin,
        }))
    }

    /// Writes down which server this profile belongs to. Its store is made when it is opened.
    pub fn create(dir: &Path, server: ServerUrl, pin: Option<Pin>) -> Result<Profile, Refusal> {
        make_private_folder(dir).map_err(|error| failed(dir, error))?;
        let settings = Settings {
            server: server.to_string(),
            pin: pin.map(|pin| pin.to_string()),
        };
        let file = dir.join("profile.toml");
        let text = toml::to_string(&settings).map_err(|error| failed(&file, error))?;
        write_private(&file, text.as_bytes()).map_err(|error| failed(&file, error))?;
        Ok(Profile {
            dir: dir.to_owned(),
            server,
            pin,
        })
    }

    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    pub fn pin(&self) -> Option<Pin> {
        self.pin
    }

    pub(crate) fn relay(&self) -> PathBuf {
        self.dir.join("relay.sock")
    }

    /// The right to run the engine on this profile, until it is dropped. `None`: another program
    /// holds it.
    pub(crate) fn lock(&self) -> Result<Option<File>, Refusal> {
        let path = self.dir.join("lock");
        let file = private_file()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| failed(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(&path, error)),
        }
    }

    /// Opens the encrypted database; makes it, and its key, where there is none.
    pub(crate) fn open_store(&self) -> Result<Connection, Refusal> {
        let path = self.dir.join(STORE);
        let key = self
            .key()
            .map_err(|error| failed(&self.key_path(), error))?;
        let pragma = key_pragma(&key);
        // SQLite gives the files beside it the same rights.
        private_file()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| failed(&path, error))?;
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(&path)?;
            connection.execute_batch(&pragma)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            Ok(connection)
        };
        open().map_err(|error| failed(&path, error))
    }

    /// Destroys the store and its key. The address of the server stays.
    pub(crate) fn wipe(&self) -> Result<(), Refusal> {
        let files = ["store.key", STORE, "store.db-wal", "store.db-shm"];
        for path in files.map(|name| self.dir.join(name)) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(failed(&path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn key_path(&self) -> PathBuf {
        self.dir.join("store.key")
    }

    fn key(&self) -> io::Result<Zeroizing<[u8; KEY_BYTES]>> {
        let path = self.key_path();
        match File::open(&path) {
            Ok(mut file) => {
                let mut key = Zeroizing::new([0; KEY_BYTES]);
                file.read_exact(&mut *key)?;
                Ok(key)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if self.dir.join(STORE).exists() {
                    return Err(io::Error::other("the store is here and its key is not"));
                }
                let key = Zeroizing::new(env::random().map_err(io::Error::other)?);
                write_private(&path, &*key)?;
                Ok(key)
            }
            Err(error) => Err(error),
        }
    }
}

/// SQL that hands the raw key to SQLCipher. Its buffer is as long as needed from the start, so
/// that no copy of the key is left behind.
fn key_pragma(key: &[u8; KEY_BYTES]) -> Zeroizing<String> {
    let mut pragma = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 32));
    pragma.push_str("PRAGMA key = \"x'");
    for byte in key {
        for digit in [byte >> 4, byte & 15] {
            pragma.extend(char::from_digit(digit.into(), 16));
        }
    }
    pragma.push_str("'\"");
    pragma
}

fn failed(path: &Path, why: impl std::fmt::Display) -> Refusal {
    Refusal {
        code: ErrorCode::StoreFailed,
        message: format!("{}: {why}.", path.display()),
        retry_after_ms: None,
    }
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Replaces a file by a whole one that is on the disk.
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = private_file()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

/// Makes the folder, or makes one that is there private.
fn make_private_folder(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    #[cfg(unix)]
    fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(dir: &Path) -> Profile {
        let server = "https://chat.example:8765".parse().unwrap();
        let pin = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
        Profile::create(&dir.join("profile"), server, Some(pin)).unwrap()
    }

    #[test]
    fn a_profile_is_found_again_with_its_server_and_pin() {
        let dir = tempfile::tempdir().unwrap();
        let made = profile(dir.path());
        let found = Profile::find(&dir.path().join("profile")).unwrap().unwrap();
        assert_eq!(found.server(), made.server());
        assert_eq!(found.pin(), made.pin());
        assert!(Profile::find(&dir.path().join("other")).unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_on_the_machine_may_look_inside() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let profile = profile(dir.path());
        drop(profile.open_store().unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&profile.dir), 0o700);
        assert_eq!(mode(&profile.key_path()), 0o600);
        assert_eq!(mode(&profile.dir.join(STORE)), 0o600);
    }

    #[test]
    fn the_store_does_not_open_without_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let profile = profile(dir.path());
        let store = profile.open_store().unwrap();
        store.execute_batch("CREATE TABLE t (x TEXT)").unwrap();
        drop(store);
        assert!(profile.open_store().is_ok());
        fs::remove_file(profile.key_path()).unwrap();
        assert_eq!(
            profile.open_store().unwrap_err().code,
            ErrorCode::StoreFailed
        );
        fs::write(profile.key_path(), [7; KEY_BYTES]).unwrap();
        assert_eq!(
            profile.open_store().unwrap_err().code,
            ErrorCode::StoreFailed
        );
    }

    #[test]
    fn two_programs_cannot_hold_one_profile() {
        let dir = tempfile::tempdir().unwrap();
        let profile = profile(dir.path());
        let held = profile.lock().unwrap();
        assert!(held.is_some());
        assert!(profile.lock().unwrap().is_none());
        drop(held);
        assert!(profile.lock().unwrap().is_some());
    }

    #[test]
    fn wiping_destroys_store_and_key_and_keeps_the_address() {
        let dir = tempfile::tempdir().unwrap();
        let profile = profile(dir.path());
        drop(profile.open_store().unwrap());
        profile.wipe().unwrap();
        assert!(!profile.key_path().exists());
        assert!(!profile.dir.join(STORE).exists());
        assert!(Profile::find(&profile.dir).unwrap().is_some());
    }
}
