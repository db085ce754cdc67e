//! Attempts that guard accounts: buckets that outlive a restart.

use cloister_wire::Hash;

use super::db::Tx;
use crate::{
    Result,
    access::{Anyone, Permit, System},
    limit::{Rate, Spent},
    params, sql,
};

sql! {
    GET = "SELECT full_until FROM attempt WHERE key_hash = $1 FOR UPDATE";
    PUT = "INSERT INTO attempt (key_hash, full_until) VALUES ($1, $2)
        ON CONFLICT (key_hash) DO UPDATE SET full_until = excluded.full_until";
    REFUND = "UPDATE attempt SET full_until = full_until - $2 WHERE key_hash = $1";
    DELETE = "DELETE FROM attempt WHERE key_hash = $1";
    DELETE_OLD = "DELETE FROM attempt WHERE full_until <= $1";
}

/// Puts one more into the bucket of `key`, which is a keyed hash: the table names nobody.
pub fn spend(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, key: &Hash, rate: Rate) -> Result<Spent> {
    let now = tx.now();
    let full_until = tx.maybe(GET, params![key], |row| row.get(0))?;
    let (after, spent) = rate.spend(full_until, now);
    if let Some(after) = after {
        tx.execute(PUT, params![key, after])?;
    }
    Ok(spent)
}

/// Takes one out of a bucket again.
pub fn refund(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, key: &Hash, rate: Rate) -> Result<()> {
    tx.execute(REFUND, params![key, rate.each_ms()]).map(|_| ())
}

/// Empties a bucket: the right password was given.
pub fn delete(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, key: &Hash) -> Result<()> {
    tx.execute(DELETE, params![key]).map(|_| ())
}

pub fn delete_old(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<u64> {
    let now = tx.now();
    tx.execute(DELETE_OLD, params![now])
}
