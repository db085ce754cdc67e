//! SQLite: reader threads, and one writer that commits for many at once.
//!
//! The writer takes what waits in the queue, runs the closures in one transaction and commits once
//! for all (WAL, `synchronous=FULL`: an answer means that it is on the disk). Most closures that
//! refuse have changed nothing yet. Where one has, the group runs again, each closure in a
//! savepoint of its own, so that the refusal takes back what that one did and nothing else. What
//! the log holds is brought into the database by a thread of its own, so that no answer waits for
//! that.

use std::{
    num::NonZero,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, ffi};
use tokio::sync::mpsc;

use super::tx::Tx;
use super::{BoxedJob, Fault, Ground, Purpose, QUEUE, Verdict, migration, tx};
use crate::{Error, Result, gateway::bus::Notice};

/// Closures in one commit.
const GROUP: usize = 64;
/// How long to wait for another process that writes (an operator's command).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENTS: usize = 512;
/// So long the log may grow before it is brought into the database.
const CHECKPOINT_AFTER: Duration = Duration::from_millis(500);
/// Pages in the log (32 MB) from which the writer does that itself, before it answers: the disk is
/// slower than what is written.
const LOG_PAGES_MAX: i64 = 8_000;

type Queues = (mpsc::Sender<BoxedJob>, mpsc::Sender<BoxedJob>);

pub(super) fn open(path: &Path, readers: NonZero<usize>, ground: &Ground) -> Result<Queues> {
    let writer = connect(path)?;
    writer
        .pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES_MAX, |_| Ok(()))
        .map_err(Fault::Sqlite)?;
    let (writes, waiting) = mpsc::channel(QUEUE);
    let (committed, commits) = std::sync::mpsc::sync_channel(1);
    spawn("db-writer", ground, move |ground| {
        write_all(&writer, waiting, &committed, &ground);
    })?;
    let log = configure(path)?;
    spawn("db-checkpoint", ground, move |_| shorten(&log, &commits))?;

    let (reads, waiting) = mpsc::channel(QUEUE);
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..readers.get() {
        let reader = configure(path)?;
        reader
            .pragma_update(None, "query_only", "ON")
            .map_err(Fault::Sqlite)?;
        let waiting = Arc::clone(&waiting);
        spawn("db-reader", ground, move |ground| {
            while let Some(job) = next(&waiting) {
                read(&reader, &ground, job);
            }
        })?;
    }
    Ok((reads, writes))
}

/// A connection to an up-to-date database.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let mut connection = configure(path)?;
    migration::sqlite(&mut connection)?;
    Ok(connection)
}

fn configure(path: &Path) -> Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "cache_size", -16_000)?;
        Ok(connection)
    };
    Ok(open().map_err(Fault::Sqlite)?)
}

fn spawn(name: &str, ground: &Ground, work: impl FnOnce(Ground) + Send + 'static) -> Result<()> {
    let ground = ground.clone();
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || work(ground))
        .map_err(Error::internal)?;
    Ok(())
}

/// The next job, taken by whichever thread holds the queue.
pub(super) fn next(queue: &Mutex<mpsc::Receiver<BoxedJob>>) -> Option<BoxedJob> {
    queue
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .blocking_recv()
}

fn write_all(
    connection: &Connection,
    mut waiting: mpsc::Receiver<BoxedJob>,
    committed: &SyncSender<()>,
    ground: &Ground,
) {
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(job) = waiting.try_recv()
        {
            group.push(job);
        }
        settle(connection, ground, group);
        // Full: it is known already that there is something new.
        let _ = committed.try_send(());
    }
}

/// Brings what was committed from the log into the database, a little later and without being in
/// anybody's way; until the writer is gone.
#[expect(
    clippy::disallowed_methods,
    reason = "a thread of its own, for which nobody waits"
)]
fn shorten(connection: &Connection, commits: &Receiver<()>) {
    while commits.recv().is_ok() {
        thread::sleep(CHECKPOINT_AFTER);
        if let Err(error) = run_checkpoint(connection) {
            tracing::warn!(%error, "the log was not brought into the database; trying again after the next write");
        }
    }
}

fn run_checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Runs a closure in a snapshot and answers.
pub(super) fn read(connection: &Connection, ground: &Ground, mut job: BoxedJob) {
    debug_assert_eq!(job.purpose(), Purpose::Read);
    if let Err(error) = connection.execute_batch("BEGIN") {
        job.overrule(Fault::Sqlite(error));
        return job.release();
    }
    job.run(&mut transaction(connection, ground));
    end(connection);
    job.release();
}

/// Runs a group in one transaction, commits, publishes and answers; what a failed commit took
/// along runs again.
pub(super) fn settle(connection: &Connection, ground: &Ground, mut group: Vec<BoxedJob>) {
    let mut apart = Apart::Together;
    while !group.is_empty() {
        match attempt(connection, ground, &mut group, apart) {
            Ok(notices) => {
                ground.publish(notices);
                for job in group.drain(..) {
                    job.release();
                }
            }
            Err(Lost::Because(culprit)) => group.remove(culprit).release(),
            // What one alone did is taken back already.
            Err(Lost::Partly) if group.len() == 1 => group.remove(0).release(),
            Err(Lost::Partly) => apart = Apart::Savepoints,
            Err(Lost::All(error)) if group.len() > 1 => {
                tracing::warn!(%error, jobs = group.len(), "a group commit failed; going one by one");
                for job in group.drain(..) {
                    settle(connection, ground, vec![job]);
                }
            }
            Err(Lost::All(error)) => {
                for mut job in group.drain(..) {
                    job.overrule(Fault::Unavailable(error.to_string()));
                    job.release();
                }
            }
        }
    }
}

/// How an outer transaction was lost.
enum Lost {
    /// By this closure of the group (a full disk rolls back everything).
    Because(usize),
    /// A closure refused after it had changed something.
    Partly,
    All(rusqlite::Error),
}

/// Whether what one closure does can be taken back alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    Together,
    Savepoints,
}

fn attempt(
    connection: &Connection,
    ground: &Ground,
    group: &mut [BoxedJob],
    apart: Apart,
) -> Result<Vec<Notice>, Lost> {
    let step = |sql| run(connection, sql).map_err(|error| lost(connection, error));
    run(connection, "BEGIN IMMEDIATE").map_err(Lost::All)?;
    let mut tx = transaction(connection, ground);
    for (index, job) in group.iter_mut().enumerate() {
        if apart == Apart::Savepoints {
            step("SAVEPOINT closure")?;
        }
        let (told, changed) = (tx.notices.len(), connection.total_changes());
        if job.run(&mut tx) == Verdict::RollBack {
            tx.notices.truncate(told);
            if connection.is_autocommit() {
                return Err(Lost::Because(index));
            }
            if apart == Apart::Savepoints {
                step("ROLLBACK TO closure")?;
            } else if connection.total_changes() != changed {
                end(connection);
                return Err(Lost::Partly);
            }
        }
        if apart == Apart::Savepoints {
            step("RELEASE closure")?;
        }
    }
    step("COMMIT")?;
    Ok(tx.notices)
}

fn lost(connection: &Connection, error: rusqlite::Error) -> Lost {
    end(connection);
    Lost::All(error)
}

/// Ends whatever transaction is open.
fn end(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = run(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a rollback failed");
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

fn transaction<'tx>(connection: &'tx Connection, ground: &'tx Ground) -> Tx<'tx> {
    Tx::new(tx::Connection::Sqlite(connection), &ground.env)
}

pub(super) fn passes_by_itself(error: &rusqlite::Error) -> bool {
    use ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, SystemIoFailure,
    };
    matches!(
        error,
        rusqlite::Error::SqliteFailure(
            ffi::Error {
                code: CannotOpen
                    | DatabaseBusy
                    | DatabaseLocked
                    | DiskFull
                    | OutOfMemory
                    | SystemIoFailure,
                ..
            },
            _
        )
    )
}
