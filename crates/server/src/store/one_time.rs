//! Secrets that are good for one use. Only their keyed hashes are kept.

use cloister_wire::{Hash, UserId};

use super::db::Tx;
use crate::{
    Result,
    access::{Permit, System},
    params, sql,
};

sql! {
    INSERT = "INSERT INTO one_time (token_hash, user_id, purpose, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    GET = "SELECT user_id FROM one_time WHERE token_hash = $1 AND purpose = $2
        AND expires_at > $3";
    TAKE = "DELETE FROM one_time WHERE token_hash = $1 AND purpose = $2 AND expires_at > $3
        RETURNING user_id";
    DELETE_OF = "DELETE FROM one_time WHERE user_id = $1 AND purpose = $2";
    DELETE_OLD = "DELETE FROM one_time WHERE expires_at <= $1";
}

/// What a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Stands for the second factor in the sign-in that follows.
    Pass,
    /// Sets a new password.
    Reset,
    /// Proves an e-mail address.
    Verify,
    /// Says of something that it was not the person.
    Alarm,
    /// The same, and goes back to the e-mail address before.
    Undo,
}

impl Purpose {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Reset => "reset",
            Self::Verify => "verify",
            Self::Alarm => "alarm",
            Self::Undo => "undo",
        }
    }
}

/// Keeps a secret for `lives_ms`; a newer one for the same purpose ends those before it.
pub fn insert<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    (user, purpose): (UserId, Purpose),
    hash: &Hash,
    lives_ms: u64,
) -> Result<()> {
    let now = tx.now();
    tx.execute(DELETE_OF, params![user, purpose.name()])?;
    tx.execute(
        INSERT,
        params![hash, user, purpose.name(), now, now + lives_ms],
    )
    .map(|_| ())
}

/// The same beside those before it: each mail has its own.
pub fn append<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    (user, purpose): (UserId, Purpose),
    hash: &Hash,
    lives_ms: u64,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        INSERT,
        params![hash, user, purpose.name(), now, now + lives_ms],
    )
    .map(|_| ())
}

/// Ends all secrets of somebody for a purpose.
pub fn delete<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId, purpose: Purpose) -> Result<()> {
    tx.execute(DELETE_OF, params![user, purpose.name()])
        .map(|_| ())
}

/// Whose a secret is, which stays.
pub fn get<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    purpose: Purpose,
    hash: &Hash,
) -> Result<Option<UserId>> {
    let now = tx.now();
    tx.maybe(GET, params![hash, purpose.name(), now], |row| row.get(0))
}

/// Uses a secret up; says whose it was.
pub fn take<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    purpose: Purpose,
    hash: &Hash,
) -> Result<Option<UserId>> {
    let now = tx.now();
    tx.maybe(TAKE, params![hash, purpose.name(), now], |row| row.get(0))
}

pub fn delete_old(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<u64> {
    let now = tx.now();
    tx.execute(DELETE_OLD, params![now])
}
