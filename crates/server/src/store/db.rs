//! The two doors to the database, the same for SQLite and PostgreSQL.
//!
//! `db.read(|tx| …)` sees one snapshot; `db.write(|tx| …)` is one transaction. Both take a
//! synchronous closure and run it on a thread of the database, so that no statement waits for
//! the async runtime. A closure owns its input and may run more than once (a deadlock, a group
//! that lost its commit): it must have no effect but its statements, and what it emits. It
//! finishes even if the request that asked is gone.
//!
//! Everything, refusals included, is answered only after the commit; only then are notices
//! published.

mod migration;
mod postgres;
mod sql;
mod sqlite;
mod tx;
mod value;

use std::{
    fmt,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

pub use self::{
    sql::{Sql, sqlite_text},
    tx::Tx,
    value::{Cell, Column, FromCell, Mismatch, Row, Value},
};
use crate::{
    Error, Result,
    env::Env,
    gateway::bus::{Bus, Notice},
};

/// Jobs that may wait for a thread of the database before callers wait in turn.
const QUEUE: usize = 1_024;

/// The database.
#[derive(Clone)]
pub struct Db {
    doors: Arc<Doors>,
}

enum Doors {
    Queued {
        reads: mpsc::Sender<BoxedJob>,
        writes: mpsc::Sender<BoxedJob>,
        kind: Kind,
    },
    Inline {
        connection: Mutex<rusqlite::Connection>,
        ground: Ground,
    },
}

/// Which database stands behind the doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// What the threads of the database need besides their connection.
#[derive(Clone)]
struct Ground {
    env: Env,
    bus: Bus,
}

impl Db {
    /// Opens the file, which is made if it isn't there, and brings its schema up to date.
    pub fn open_sqlite(path: &Path, readers: NonZero<usize>, env: Env, bus: Bus) -> Result<Self> {
        let (reads, writes) = sqlite::open(path, readers, &Ground { env, bus })?;
        Ok(Self {
            doors: Arc::new(Doors::Queued {
                reads,
                writes,
                kind: Kind::Sqlite,
            }),
        })
    }

    /// Connects and brings the schema up to date. `ca_pem` holds the certificates that may sign
    /// the server's; without it the connection is not encrypted.
    pub fn open_postgres(
        url: &str,
        ca_pem: Option<&[u8]>,
        connections: NonZero<usize>,
        env: Env,
        bus: Bus,
    ) -> Result<Self> {
        let jobs = postgres::open(url, ca_pem, connections, &Ground { env, bus })?;
        let doors = Doors::Queued {
            reads: jobs.clone(),
            writes: jobs,
            kind: Kind::Postgres,
        };
        Ok(Self {
            doors: Arc::new(doors),
        })
    }

    /// Runs every closure on the caller's thread, over one SQLite connection (a path, or
    /// `:memory:`): for the simulator, where everything happens in a known order.
    pub fn inline(path: &Path, env: Env, bus: Bus) -> Result<Self> {
        let connection = sqlite::connect(path)?;
        let doors = Doors::Inline {
            connection: Mutex::new(connection),
            ground: Ground { env, bus },
        };
        Ok(Self {
            doors: Arc::new(doors),
        })
    }

    pub fn kind(&self) -> Kind {
        match &*self.doors {
            Doors::Queued { kind, .. } => *kind,
            Doors::Inline { .. } => Kind::Sqlite,
        }
    }

    /// Reads one snapshot.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.ask(Purpose::Read, work).await
    }

    /// Runs one transaction, and answers after its commit.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.ask(Purpose::Write, work).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        purpose: Purpose,
        work: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let job: BoxedJob = Box::new(Asked {
            purpose,
            work,
            result: None,
            reply,
        });
        match &*self.doors {
            Doors::Queued { reads, writes, .. } => {
                let queue = if purpose == Purpose::Read {
                    reads
                } else {
                    writes
                };
                let asked = async {
                    queue.send(job).await.map_err(|_| closed())?;
                    answer.await.map_err(|_| closed())?
                };
                return tokio::time::timeout(purpose.patience(), asked)
                    .await
                    .unwrap_or_else(|_| Err(Fault::Silent.into()));
            }
            Doors::Inline { connection, ground } => {
                // A closure that panicked left nothing behind: its transaction was rolled back.
                let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                match purpose {
                    Purpose::Read => sqlite::read(&connection, ground, job),
                    Purpose::Write => sqlite::settle(&connection, ground, vec![job]),
                }
            }
        }
        answer.await.map_err(|_| closed())?
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({:?})", self.kind())
    }
}

fn closed() -> Error {
    Fault::Unavailable("the database has been closed".to_owned()).into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Read,
    Write,
}

impl Purpose {
    /// Longer than any statement may take; then the database hangs.
    const fn patience(self) -> Duration {
        match self {
            Self::Read => Duration::from_secs(15),
            Self::Write => Duration::from_secs(35),
        }
    }
}

/// A closure with the place where its answer goes.
trait Job: Send {
    fn purpose(&self) -> Purpose;
    /// Runs the closure and keeps its result. Says whether the transaction may stay.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;
    /// The fault in the kept result.
    fn fault(&self) -> Option<&Fault>;
    /// Replaces the kept result.
    fn overrule(&mut self, fault: Fault);
    /// Answers with the kept result.
    fn release(self: Box<Self>);
}

type BoxedJob = Box<dyn Job>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    RollBack,
}

struct Asked<T, F> {
    purpose: Purpose,
    work: F,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: Fn(&mut Tx<'_>) -> Result<T> + Send> Job for Asked<T, F> {
    fn purpose(&self) -> Purpose {
        self.purpose
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        // Whatever the closure left half done goes with its rollback.
        let result = catch_unwind(AssertUnwindSafe(|| (self.work)(tx)))
            .unwrap_or_else(|_| Err(Error::internal("a closure of the database panicked")));
        let verdict = if result.is_ok() {
            Verdict::Keep
        } else {
            Verdict::RollBack
        };
        self.result = Some(result);
        verdict
    }

    fn fault(&self) -> Option<&Fault> {
        match &self.result {
            Some(Err(Error::Database(fault))) => Some(fault),
            _ => None,
        }
    }

    fn overrule(&mut self, fault: Fault) {
        self.result = Some(Err(fault.into()));
    }

    fn release(self: Box<Self>) {
        let result = self.result.unwrap_or_else(|| Err(closed()));
        // Nobody waits any more when the request was dropped.
        let _ = self.reply.send(result);
    }
}

impl Ground {
    fn publish(&self, notices: Vec<Notice>) {
        if !notices.is_empty() {
            self.bus.publish(notices);
        }
    }
}

/// What the database, or the way to it, did.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Sqlite(rusqlite::Error),
    #[error("{}", postgres::describe(.0))]
    Postgres(::postgres::Error),
    /// The database can't be reached, or can't write.
    #[error("{0}")]
    Unavailable(String),
    /// It does not answer. What was asked may have been done.
    #[error("the database does not answer")]
    Silent,
    #[error("column {column}: {mismatch}")]
    Column { column: String, mismatch: Mismatch },
    #[error("{0}")]
    Migration(Box<refinery::Error>),
}

impl Fault {
    fn column(column: &dyn fmt::Display, mismatch: Mismatch) -> Self {
        Self::Column {
            column: column.to_string(),
            mismatch,
        }
    }

    /// Will the same request work later, with nobody changing the program?
    pub fn passes_by_itself(&self) -> bool {
        match self {
            Self::Sqlite(error) => sqlite::passes_by_itself(error),
            Self::Postgres(error) => postgres::passes_by_itself(error),
            Self::Unavailable(_) | Self::Silent => true,
            Self::Column { .. } | Self::Migration(_) => false,
        }
    }
}

/// An up-to-date database in memory, for tests that look at the schema.
#[cfg(test)]
pub(crate) fn migrated_memory() -> Result<rusqlite::Connection> {
    sqlite::connect(Path::new(":memory:"))
}

#[cfg(test)]
pub(crate) use self::postgres::describe;

#[cfg(test)]
mod tests;
