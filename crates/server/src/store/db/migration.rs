//! Brings a schema up to date. The two folders of migrations say the same thing in two dialects;
//! a test compares what they make.

use super::Fault;
use crate::Result;

mod sqlite_files {
    refinery::embed_migrations!("migrations/sqlite");
}
mod postgres_files {
    refinery::embed_migrations!("migrations/postgres");
}

/// Held while migrating, so that nodes that start together go one after the other.
const LOCK: &str = "SELECT pg_advisory_lock(5171023018833417302)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(5171023018833417302)";

pub(super) fn sqlite(connection: &mut rusqlite::Connection) -> Result<()> {
    let runner = sqlite_files::migrations::runner();
    runner
        .run(connection)
        .map_err(|error| Fault::Migration(Box::new(error)))?;
    Ok(())
}

pub(super) fn postgres(client: &mut postgres::Client) -> Result<()> {
    client.batch_execute(LOCK).map_err(Fault::Postgres)?;
    let runner = postgres_files::migrations::runner();
    let ran = runner
        .run(client)
        .map_err(|error| Fault::Migration(Box::new(error)));
    client.batch_execute(UNLOCK).map_err(Fault::Postgres)?;
    ran?;
    Ok(())
}
