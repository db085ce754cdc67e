//! Attempts that guard accounts: exact windows that outlive a restart.

use cloister_wire::Hash;

use super::db::Tx;
use crate::{
    Result,
    access::{Permit, System},
    limit::{Spent, Window},
    params, sql,
};

sql! {
    TOUCH = "INSERT INTO attempt (key_hash, times, until) VALUES ($1, $2, $3)
        ON CONFLICT (key_hash) DO NOTHING";
    GET = "SELECT times FROM attempt WHERE key_hash = $1 FOR UPDATE";
    UPDATE = "UPDATE attempt SET times = $2, until = $3 WHERE key_hash = $1";
    DELETE = "DELETE FROM attempt WHERE key_hash = $1";
    DELETE_OLD = "DELETE FROM attempt WHERE until <= $1";
}

/// Adds one more to the window of `key`, which is a keyed hash: the table names nobody. The row
/// is locked, so that of many at once exactly as many fit as the window says.
pub fn spend<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, key: &Hash, window: Window) -> Result<Spent> {
    let now = tx.now();
    tx.execute(TOUCH, params![key, &[] as &[u8], now])?;
    let mut times = get(tx, key)?;
    let spent = window.spend(&mut times, now);
    if spent.wait_ms.is_none() {
        put(tx, key, &times, now + window.ms)?;
    }
    Ok(spent)
}

/// Takes the newest out of a window again.
pub fn refund<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, key: &Hash, window: Window) -> Result<()> {
    let mut times = get(tx, key)?;
    match times.pop() {
        Some(at) => put(tx, key, &times, at + window.ms),
        None => Ok(()),
    }
}

/// Empties a window: the right secret was given.
pub fn delete<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, key: &Hash) -> Result<()> {
    tx.execute(DELETE, params![key]).map(|_| ())
}

pub fn delete_old(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<u64> {
    let now = tx.now();
    tx.execute(DELETE_OLD, params![now])
}

fn get(tx: &mut Tx<'_>, key: &Hash) -> Result<Vec<u64>> {
    let times: Option<Vec<u8>> = tx.maybe(GET, params![key], |row| row.get(0))?;
    let times = times.unwrap_or_default();
    let (whole, _) = times.as_chunks::<8>();
    Ok(whole.iter().map(|at| u64::from_be_bytes(*at)).collect())
}

fn put(tx: &mut Tx<'_>, key: &Hash, times: &[u64], until: u64) -> Result<()> {
    let bytes: Vec<u8> = times.iter().flat_map(|at| at.to_be_bytes()).collect();
    tx.execute(UPDATE, params![key, &bytes, until]).map(|_| ())
}
