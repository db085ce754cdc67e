//! The encrypted database file in the browser's private file system.
//!
//! The file system hands out each file's handle once. A tab that has just become the leader may
//! find the handles still held by the worker of a tab that is closing, so opening waits for them.

use cloister_wire::ErrorCode;
use js_sys::{Function, Promise, Reflect};
use rusqlite::{Connection, OpenFlags};
use sqlite_wasm_rs::{WasmOsCallback, vfs::VfsFilesManager};
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use zeroize::Zeroizing;

/// Length of the database key in bytes; it is used as it is, without a password hash.
pub const KEY_LENGTH: usize = 32;

const DIRECTORY: &str = ".cloister";
const FILE_SYSTEM: &str = "cloister";
/// The database, its journal, and room for what SQLite keeps beside them in a large transaction.
const FILE_SLOTS: usize = 6;

const HANDLE_WAIT_MS: i32 = 5_000;
const HANDLE_RETRY_MS: i32 = 50;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another worker still holds the files.
    #[error("another tab holds the store")]
    Busy,
    /// The browser gives this page no private file system, or not in this mode.
    #[error("this browser offers no private file system here")]
    Unsupported,
    /// The disk or the browser's quota is used up.
    #[error("there is no space left for the store")]
    Full,
    #[error("the private file system failed: {0}")]
    Files(String),
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
}

impl StoreError {
    /// The stable name the page finds its sentence by.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Busy => ErrorCode::StoreBusy,
            Self::Unsupported | Self::Full | Self::Files(_) | Self::Database(_) => {
                ErrorCode::StoreFailed
            }
        }
    }
}

/// Opens the database `name`, creating it when it is absent.
///
/// A file that cannot be read with the key is removed and begun anew: its key was random and is
/// gone, so nobody will ever read it, and a device whose store is lost is a lost device.
///
/// The one connection owns the file (`locking_mode=EXCLUSIVE`), which is what lets SQLite keep a
/// write-ahead log without shared memory.
pub async fn open(name: &str, key: &[u8; KEY_LENGTH]) -> Result<Connection, StoreError> {
    let files = acquire_files().await?;
    if let Some(connection) = read_with(name, key)? {
        return Ok(connection);
    }
    for suffix in ["", "-wal", "-journal"] {
        files
            .remove(&format!("{name}{suffix}"))
            .map_err(|error| files_error(&error))?;
    }
    read_with(name, key)?.ok_or_else(|| StoreError::Files("a new file cannot be read".to_owned()))
}

/// None when the file is not one that this key opens.
fn read_with(name: &str, key: &[u8; KEY_LENGTH]) -> Result<Option<Connection>, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(name, flags, FILE_SYSTEM)?;
    connection.execute_batch(&key_pragma(key))?;
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
    match connection.query_row("PRAGMA schema_version", [], |row| row.get(0)) {
        Ok::<i64, _>(_) => {}
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    }
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")?;
    Ok(Some(connection))
}

/// SQL that hands the raw key to SQLCipher.
fn key_pragma(key: &[u8; KEY_LENGTH]) -> Zeroizing<String> {
    let mut pragma = Zeroizing::new(String::with_capacity(96));
    pragma.push_str("PRAGMA key = \"x'");
    for byte in key {
        for digit in [byte >> 4, byte & 15] {
            pragma.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    pragma.push_str("'\"");
    pragma
}

/// Takes the file handles, waiting for a closing tab to let go of them.
async fn acquire_files() -> Result<OpfsSAHPoolUtil, StoreError> {
    let pool = OpfsSAHPoolCfgBuilder::new()
        .vfs_name(FILE_SYSTEM)
        .directory(DIRECTORY)
        .initial_capacity(FILE_SLOTS)
        .build();
    let mut waited_ms = 0;
    loop {
        match install::<WasmOsCallback>(&pool, true).await {
            Ok(files) => return Ok(files),
            Err(error) if is_held_elsewhere(&error) => {
                if waited_ms >= HANDLE_WAIT_MS {
                    return Err(StoreError::Busy);
                }
                pause(HANDLE_RETRY_MS).await;
                waited_ms += HANDLE_RETRY_MS;
            }
            Err(OpfsSAHError::NotSupported) => return Err(StoreError::Unsupported),
            Err(error) => return Err(files_error(&error)),
        }
    }
}

fn is_held_elsewhere(error: &OpfsSAHError) -> bool {
    exception_name(error).as_deref() == Some("NoModificationAllowedError")
}

fn files_error(error: &OpfsSAHError) -> StoreError {
    match exception_name(error).as_deref() {
        Some("QuotaExceededError") => StoreError::Full,
        Some("SecurityError" | "NotAllowedError" | "UnknownError") => StoreError::Unsupported,
        _ => StoreError::Files(error.to_string()),
    }
}

fn exception_name(error: &OpfsSAHError) -> Option<String> {
    match error {
        OpfsSAHError::Opfs { value, .. } => Reflect::get(value, &JsValue::from_str("name"))
            .ok()?
            .as_string(),
        OpfsSAHError::Cleanup { error, .. } => exception_name(error),
        _ => None,
    }
}

async fn pause(delay_ms: i32) {
    let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, delay_ms));
    // A timer's promise is only ever resolved.
    let _ = JsFuture::from(promise).await;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(resolve: &Function, delay_ms: i32);
}
