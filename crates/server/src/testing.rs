//! Databases for the unit tests: a SQLite file and, when `CLOISTER_TEST_POSTGRES_URL` names a
//! server, a schema of its own there for each test.

use std::{
    num::NonZero,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{env::Env, gateway::bus::Bus, store::db::Db};

/// Runs a story on every database that there is.
pub(crate) async fn on_every_database(story: impl AsyncFn(Db, Bus)) {
    let threads = NonZero::new(2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bus = Bus::default();
    let path = folder.path().join("test.db");
    story(
        Db::open_sqlite(&path, threads, Env::system(), bus.clone()).unwrap(),
        bus,
    )
    .await;
    if let Some(url) = fresh_schema() {
        let bus = Bus::default();
        story(
            Db::open_postgres(&url, None, threads, Env::system(), bus.clone()).unwrap(),
            bus,
        )
        .await;
    }
}

/// A PostgreSQL database with a few connections.
pub(crate) fn postgres() -> Option<Db> {
    let (url, threads) = (fresh_schema()?, NonZero::new(3).unwrap());
    Some(Db::open_postgres(&url, None, threads, Env::system(), Bus::default()).unwrap())
}

/// A migrated PostgreSQL database.
pub(crate) fn postgres_client() -> Option<postgres::Client> {
    let url = fresh_schema()?;
    let threads = NonZero::<usize>::MIN;
    Db::open_postgres(&url, None, threads, Env::system(), Bus::default()).unwrap();
    Some(postgres::Client::connect(&url, postgres::NoTls).unwrap())
}

/// The address of an empty schema.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says where its PostgreSQL is"
)]
fn fresh_schema() -> Option<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let url = std::env::var("CLOISTER_TEST_POSTGRES_URL").ok()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let schema = format!("unit_{}_{number}", std::process::id());
    let made = schema.clone();
    let address = url.clone();
    std::thread::spawn(move || {
        let mut client = postgres::Client::connect(&address, postgres::NoTls).unwrap();
        client
            .batch_execute(&format!("CREATE SCHEMA {made}"))
            .unwrap();
    })
    .join()
    .unwrap();
    let mark = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{mark}options=-c%20search_path%3D{schema}"))
}
