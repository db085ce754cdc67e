//! One transaction, on either database.

use std::collections::HashMap;

use super::{Fault, Row, Sql, Value, value::Names};
use crate::{Error, Result, env::Env, gateway::bus::Notice};

/// A transaction: what every function of `store` works on.
///
/// It lives for one run of the closure that a door was given. What it emits is published only
/// after the commit, and thrown away with a rollback.
#[derive(Debug)]
pub struct Tx<'tx> {
    pub(super) connection: Connection<'tx>,
    pub(super) env: &'tx Env,
    pub(super) notices: Vec<Notice>,
    /// Of the SQLite statements that were read from, by their names.
    columns: HashMap<&'static str, Names>,
}

pub(super) enum Connection<'tx> {
    Sqlite(&'tx rusqlite::Connection),
    Postgres {
        transaction: postgres::Transaction<'tx>,
        cache: &'tx mut Cache,
    },
}

impl<'tx> Tx<'tx> {
    pub(super) fn new(connection: Connection<'tx>, env: &'tx Env) -> Self {
        Self {
            connection,
            env,
            notices: Vec::new(),
            columns: HashMap::new(),
        }
    }

    /// Runs a statement and says how many rows it changed.
    pub fn execute(&mut self, sql: Sql, params: &[Value<'_>]) -> Result<u64> {
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let mut statement = connection
                    .prepare_cached(sql.sqlite)
                    .map_err(Fault::Sqlite)?;
                let changed = statement
                    .execute(rusqlite::params_from_iter(params))
                    .map_err(Fault::Sqlite)?;
                Ok(changed as u64)
            }
            Connection::Postgres { transaction, cache } => {
                let statement = prepare(transaction, cache, sql.postgres)?;
                Ok(transaction
                    .execute(&statement, &borrow(params))
                    .map_err(Fault::Postgres)?)
            }
        }
    }

    /// Every row, as `read` makes it.
    pub fn query<T>(
        &mut self,
        sql: Sql,
        params: &[Value<'_>],
        mut read: impl FnMut(Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let mut statement = connection
                    .prepare_cached(sql.sqlite)
                    .map_err(Fault::Sqlite)?;
                let mut rows = statement
                    .query(rusqlite::params_from_iter(params))
                    .map_err(Fault::Sqlite)?;
                let names = self.columns.entry(sql.name).or_default();
                let mut out = Vec::new();
                while let Some(row) = rows.next().map_err(Fault::Sqlite)? {
                    out.push(read(Row::Sqlite(row, names))?);
                }
                Ok(out)
            }
            Connection::Postgres { transaction, cache } => {
                let statement = prepare(transaction, cache, sql.postgres)?;
                let rows = transaction
                    .query(&statement, &borrow(params))
                    .map_err(Fault::Postgres)?;
                rows.iter().map(|row| read(Row::Postgres(row))).collect()
            }
        }
    }

    /// The first row, if there is one.
    pub fn maybe<T>(
        &mut self,
        sql: Sql,
        params: &[Value<'_>],
        read: impl FnMut(Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, params, read)?.into_iter().next())
    }

    /// The row that must be there.
    pub fn one<T>(
        &mut self,
        sql: Sql,
        params: &[Value<'_>],
        read: impl FnMut(Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.maybe(sql, params, read)?
            .ok_or_else(|| Error::internal(format!("{} found no row", sql.name)))
    }

    /// Inserts many rows in few statements. `sql` is an insert of one row, `VALUES ($1, …, $n)`
    /// with the `n` parameters in that group only.
    pub fn execute_rows(&mut self, sql: Sql, rows: &[Vec<Value<'_>>]) -> Result<u64> {
        let mut changed = 0;
        let mut rest = rows;
        while let Some(first) = rest.first() {
            // Few sizes, so that few texts fill the statement cache.
            let size = [64, 16, 4, 1]
                .into_iter()
                .find(|size| rest.len() >= *size)
                .unwrap_or(1);
            let (chunk, after) = rest.split_at(size);
            rest = after;
            let params: Vec<Value<'_>> = chunk.iter().flatten().copied().collect();
            changed += self.execute_chunk(sql, size, first.len(), &params)?;
        }
        Ok(changed)
    }

    fn execute_chunk(
        &mut self,
        sql: Sql,
        size: usize,
        width: usize,
        params: &[Value<'_>],
    ) -> Result<u64> {
        if size == 1 {
            return self.execute(sql, params);
        }
        let text = sql.for_rows(size, width);
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let text = text.replace('$', "?");
                let mut statement = connection.prepare_cached(&text).map_err(Fault::Sqlite)?;
                let changed = statement
                    .execute(rusqlite::params_from_iter(params))
                    .map_err(Fault::Sqlite)?;
                Ok(changed as u64)
            }
            Connection::Postgres { transaction, cache } => {
                let statement = prepare(transaction, cache, &text)?;
                Ok(transaction
                    .execute(&statement, &borrow(params))
                    .map_err(Fault::Postgres)?)
            }
        }
    }

    /// Publishes after the commit, in the order of the calls. There is no other way to publish.
    pub fn emit(&mut self, notice: Notice) {
        self.notices.push(notice);
    }

    /// Ms UTC. On SQLite transactions see times in the order in which they run.
    pub fn now(&self) -> u64 {
        self.env.now()
    }

    /// A new id: `tx.id(MessageId::new)`.
    pub fn id<T>(&self, make: impl FnOnce(u64, &[u8; 10]) -> T) -> T {
        self.env.id(make)
    }

    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.env.bytes()
    }
}

fn prepare(
    transaction: &mut postgres::Transaction<'_>,
    cache: &mut Cache,
    text: &str,
) -> Result<postgres::Statement, Fault> {
    if let Some(statement) = cache.statements.get(text) {
        return Ok(statement.clone());
    }
    let statement = transaction.prepare(text).map_err(Fault::Postgres)?;
    cache.statements.insert(text.to_owned(), statement.clone());
    Ok(statement)
}

fn borrow<'a>(params: &'a [Value<'_>]) -> Vec<&'a (dyn postgres::types::ToSql + Sync)> {
    params
        .iter()
        .map(|value| value as &(dyn postgres::types::ToSql + Sync))
        .collect()
}

impl std::fmt::Debug for Connection<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "Sqlite",
            Self::Postgres { .. } => "Postgres",
        })
    }
}

/// Statements that one PostgreSQL connection has prepared, by text.
#[derive(Default)]
pub(super) struct Cache {
    pub(super) statements: HashMap<String, postgres::Statement>,
}
