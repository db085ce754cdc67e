//! The doors, on SQLite and, when `CLOISTER_TEST_POSTGRES_URL` names one, on PostgreSQL.

use std::{
    num::NonZero,
    sync::atomic::{AtomicU32, Ordering},
};

use cloister_wire::{DeviceId, ErrorCode, Octets, SessionId, UserId};
use uuid::Uuid;

use super::*;
use crate::{
    gateway::bus::{Delivery, Identity, Mailbox},
    params, sql, testing,
};

sql! {
    INSERT = "INSERT INTO lockout (key_hash, failures, last_at) VALUES ($1, 0, $2)";
    COUNT = "SELECT count(*) AS n FROM lockout";
    GET = "SELECT last_at FROM lockout WHERE key_hash = $1 FOR UPDATE";
}

fn insert(tx: &mut Tx<'_>, key: u8, until: u64) -> Result<u64> {
    tx.execute(INSERT, params![&[key; 32], until])
}

fn count(tx: &mut Tx<'_>) -> Result<u64> {
    tx.one(COUNT, &[], |row| row.get("n"))
}

const SESSION: SessionId = SessionId(Uuid::from_u128(1));

/// A connection that is closed by `Notice::SessionEnded { session: SESSION }`.
fn listen(bus: &Bus) -> Mailbox {
    let identity = Identity {
        user: UserId(SESSION.0),
        device: DeviceId(SESSION.0),
        session: SESSION,
    };
    bus.listen(identity, Octets([1; 32]), &[])
}

#[tokio::test]
async fn a_refused_closure_leaves_nothing_and_publishes_nothing() {
    testing::on_every_database(async |db, bus| {
        let mut heard = listen(&bus);
        let refused = db
            .write(|tx| {
                insert(tx, 1, 5)?;
                tx.emit(Notice::SessionEnded { session: SESSION });
                Err::<(), _>(Error::forbidden())
            })
            .await;
        assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
        assert_eq!(db.read(count).await.unwrap(), 0);
        assert!(heard.try_next().is_none());
    })
    .await;
}

#[tokio::test]
async fn what_is_emitted_is_heard_after_the_commit() {
    testing::on_every_database(async |db, bus| {
        let mut heard = listen(&bus);
        db.write(|tx| {
            insert(tx, 2, 5)?;
            tx.emit(Notice::SessionEnded { session: SESSION });
            Ok(())
        })
        .await
        .unwrap();
        assert!(matches!(heard.try_next(), Some(Delivery::End(_))));
    })
    .await;
}

#[tokio::test]
async fn writers_at_once_all_get_their_own_answer() {
    testing::on_every_database(async |db, _| {
        let tasks: Vec<_> = (0..200_u8)
            .map(|key| {
                let db = db.clone();
                tokio::spawn(async move {
                    db.write(move |tx| {
                        insert(tx, key, 5)?;
                        if key % 2 == 0 {
                            Ok(key)
                        } else {
                            Err(Error::invalid("odd"))
                        }
                    })
                    .await
                })
            })
            .collect();
        for (key, task) in tasks.into_iter().enumerate() {
            let answer = task.await.unwrap();
            assert_eq!(answer.is_ok(), key % 2 == 0, "{key}: {answer:?}");
        }
        assert_eq!(db.read(count).await.unwrap(), 100);
    })
    .await;
}

#[tokio::test]
async fn a_broken_constraint_harms_only_its_own_closure() {
    testing::on_every_database(async |db, _| {
        db.write(|tx| insert(tx, 7, 1)).await.unwrap();
        let (again, other) = tokio::join!(
            db.write(|tx| insert(tx, 7, 2)),
            db.write(|tx| insert(tx, 8, 3))
        );
        assert_eq!(again.unwrap_err().code(), ErrorCode::Internal);
        assert_eq!(other.unwrap(), 1);
        let until: Option<u64> = db
            .read(|tx| tx.maybe(GET, params![&[7; 32]], |row| row.get(0)))
            .await
            .unwrap_or(None);
        assert!(until.is_none_or(|until| until == 1));
    })
    .await;
}

#[tokio::test]
async fn a_closure_that_panics_is_a_fault_and_the_door_stays_open() {
    testing::on_every_database(async |db, _| {
        let fault = db
            .write(|tx| -> Result<()> {
                insert(tx, 9, 1)?;
                panic!("on purpose")
            })
            .await;
        assert_eq!(fault.unwrap_err().code(), ErrorCode::Internal);
        assert_eq!(db.read(count).await.unwrap(), 0);
        assert_eq!(db.write(|tx| insert(tx, 9, 1)).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn many_rows_go_in_with_few_statements() {
    testing::on_every_database(async |db, _| {
        let changed = db
            .write(|tx| {
                let keys: Vec<[u8; 32]> = (0..150_u8).map(|key| [key; 32]).collect();
                let rows: Vec<_> = keys
                    .iter()
                    .map(|key| vec![Value::from(key), Value::from(3_u64)])
                    .collect();
                tx.execute_rows(INSERT, &rows)
            })
            .await
            .unwrap();
        assert_eq!(changed, 150);
        assert_eq!(db.read(count).await.unwrap(), 150);
    })
    .await;
}

#[tokio::test]
async fn a_full_disk_refuses_one_writer_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.db");
    let db = Db::open_sqlite(&path, NonZero::<usize>::MIN, Env::system(), Bus::default()).unwrap();
    let limit = |pages: u32| {
        move |tx: &mut Tx<'_>| {
            let tx::Connection::Sqlite(connection) = &tx.connection else {
                unreachable!()
            };
            connection
                .pragma_update(None, "max_page_count", pages)
                .map_err(Fault::Sqlite)?;
            Ok(())
        }
    };
    db.write(limit(1)).await.unwrap();
    let blob = vec![7_u8; 64 * 1024];
    let runs = AtomicU32::new(0);
    let refused = db
        .write(move |tx| {
            runs.fetch_add(1, Ordering::Relaxed);
            for key in 0..250_u8 {
                insert(tx, key, blob.len() as u64)?;
            }
            Ok(())
        })
        .await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Unavailable);
    db.write(limit(1_000_000)).await.unwrap();
    assert_eq!(db.read(count).await.unwrap(), 0);
    assert_eq!(db.write(|tx| insert(tx, 1, 1)).await.unwrap(), 1);
}

#[tokio::test]
async fn an_acknowledged_write_is_seen_by_the_next_reader() {
    testing::on_every_database(async |db, _| {
        for key in 0..50_u8 {
            db.write(move |tx| insert(tx, key, 1)).await.unwrap();
            assert_eq!(db.read(count).await.unwrap(), u64::from(key) + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn the_inline_database_runs_on_the_callers_thread() {
    let db = Db::inline(Path::new(":memory:"), Env::system(), Bus::default()).unwrap();
    let caller = std::thread::current().id();
    let runner = db.write(|_| Ok(std::thread::current().id())).await.unwrap();
    assert_eq!(caller, runner);
    assert_eq!(db.write(|tx| insert(tx, 1, 1)).await.unwrap(), 1);
    assert_eq!(db.read(count).await.unwrap(), 1);
}

#[test]
fn ids_keep_their_bytes_on_the_way_through_a_cell() {
    let id = UserId(Uuid::from_u128(0x0123_4567));
    assert_eq!(UserId::from_cell(Cell::Bytes(id.as_bytes())).unwrap(), id);
    assert!(UserId::from_cell(Cell::Bytes(&[0; 15])).is_err());
}

/// Waits in the database until another transaction has come as far.
fn meet(tx: &mut Tx<'_>, at: &std::sync::Barrier, first_run: &AtomicU32) {
    debug_assert!(matches!(tx.connection, tx::Connection::Postgres { .. }));
    if first_run.fetch_add(1, Ordering::Relaxed) == 0 {
        at.wait();
    }
}

#[tokio::test]
async fn two_that_lock_each_other_out_both_get_through() {
    let Some(db) = testing::postgres() else {
        return;
    };
    db.write(|tx| Ok((insert(tx, 1, 1)?, insert(tx, 2, 1)?)))
        .await
        .unwrap();
    let barrier = std::sync::Arc::new(std::sync::Barrier::new(2));
    let crossing = |one: u8, other: u8| {
        let (barrier, runs) = (barrier.clone(), AtomicU32::new(0));
        db.write(move |tx| {
            tx.maybe(GET, params![&[one; 32]], |_| Ok(()))?;
            meet(tx, &barrier, &runs);
            tx.maybe(GET, params![&[other; 32]], |_| Ok(()))?;
            insert(tx, one + 10, 1)
        })
    };
    let (one, two) = tokio::join!(crossing(1, 2), crossing(2, 1));
    assert_eq!((one.unwrap(), two.unwrap()), (1, 1));
    assert_eq!(db.read(count).await.unwrap(), 4);
}

#[tokio::test]
async fn connections_that_break_are_made_anew() {
    let Some(db) = testing::postgres() else {
        return;
    };
    for key in 0..20_u8 {
        let broken = db
            .write(|tx| {
                let tx::Connection::Postgres { transaction, .. } = &mut tx.connection else {
                    unreachable!()
                };
                transaction
                    .batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")
                    .map_err(Fault::Postgres)?;
                Ok(())
            })
            .await;
        assert_eq!(broken.unwrap_err().code(), ErrorCode::Unavailable);
        assert_eq!(db.write(move |tx| insert(tx, key, 1)).await.unwrap(), 1);
    }
}

#[test]
fn a_database_that_is_away_is_said_so() {
    let env = Env::system();
    let away = "postgres://nobody@127.0.0.1:1/none";
    let refused = Db::open_postgres(away, None, NonZero::<usize>::MIN, env, Bus::default());
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Unavailable);
}

/// Frames in the log, and how many of them are in the database.
fn log_of(path: &Path) -> (i64, i64) {
    let look = rusqlite::Connection::open(path).unwrap();
    look.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
        Ok((row.get(1)?, row.get(2)?))
    })
    .unwrap()
}

#[tokio::test]
async fn what_was_committed_comes_into_the_database_soon() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let db = Db::open_sqlite(&path, NonZero::<usize>::MIN, Env::system(), Bus::default()).unwrap();
    db.write(|tx| insert(tx, 1, 5)).await.unwrap();
    let (mut log, mut done) = log_of(&path);
    for _ in 0..1_000 {
        if log == done {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        (log, done) = log_of(&path);
    }
    assert_eq!(log, done);
    assert!(log > 0, "the log was written");
}
