//! Wrong guesses in a row on one name.

use cloister_wire::Hash;

use super::db::Tx;
use crate::{
    Result,
    access::{Permit, Runs, System},
    params, sql,
};

sql! {
    TOUCH = "INSERT INTO lockout (key_hash, failures, last_at) VALUES ($1, 0, $2)
        ON CONFLICT (key_hash) DO NOTHING";
    GET = "SELECT failures, locked_until FROM lockout WHERE key_hash = $1 FOR UPDATE";
    LOOK = "SELECT locked_until FROM lockout WHERE key_hash = $1 AND locked_until > $2";
    UPDATE = "UPDATE lockout SET failures = $2, locked_until = $3, last_at = $4
        WHERE key_hash = $1";
    DELETE = "DELETE FROM lockout WHERE key_hash = $1";
    DELETE_OLD = "DELETE FROM lockout WHERE last_at <= $1";
}

/// How many in a row, and until when nobody unknown is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lockout {
    pub failures: u32,
    pub locked_until: Option<u64>,
}

/// The row, locked: of many guesses at once each sees those before it.
pub fn lock<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, key: &Hash) -> Result<Lockout> {
    let now = tx.now();
    tx.execute(TOUCH, params![key, now])?;
    tx.one(GET, params![key], |row| {
        Ok(Lockout {
            failures: row.get(0)?,
            locked_until: row.get(1)?,
        })
    })
}

/// Until when unknown devices wait, if they do.
pub fn get_locked_until<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    key: &Hash,
) -> Result<Option<u64>> {
    let now = tx.now();
    tx.maybe(LOOK, params![key, now], |row| row.get(0))
}

pub fn update<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, key: &Hash, lockout: Lockout) -> Result<()> {
    let now = tx.now();
    let Lockout {
        failures,
        locked_until,
    } = lockout;
    tx.execute(UPDATE, params![key, failures, locked_until, now])
        .map(|_| ())
}

pub fn delete<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, key: &Hash) -> Result<()> {
    tx.execute(DELETE, params![key]).map(|_| ())
}

/// Forgets names that nobody guessed at since `before`.
pub fn delete_old(tx: &mut Tx<'_>, _: &Permit<'_, System>, before: u64) -> Result<u64> {
    tx.execute(DELETE_OLD, params![before])
}
