//! Where the data is.

use std::{num::NonZero, path::PathBuf};

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://…`; without one, SQLite in the data folder.
    pub url: Option<String>,
    /// PEM certificates that may sign the database server's.
    pub ca_file: Option<PathBuf>,
    /// Threads of the database: readers of SQLite, or connections to PostgreSQL.
    pub threads: Option<NonZero<usize>>,
}
