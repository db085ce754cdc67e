//! Second factors: authenticators and backup codes.

use cloister_wire::{Hash, UserId};

use super::db::Tx;
use crate::{
    Result,
    access::{Permit, System},
    params, sql,
};

sql! {
    GET_TOTP = "SELECT sealed, created_at, activated_at, last_step FROM totp
        WHERE user_id = $1 FOR UPDATE";
    TOTP_AT = "SELECT activated_at FROM totp WHERE user_id = $1";
    PUT_TOTP = "INSERT INTO totp (user_id, sealed, created_at, last_step) VALUES ($1, $2, $3, 0)
        ON CONFLICT (user_id) DO UPDATE
        SET sealed = excluded.sealed, created_at = excluded.created_at, last_step = 0";
    ACTIVATE_TOTP = "UPDATE totp SET activated_at = $2 WHERE user_id = $1";
    USE_STEP = "UPDATE totp SET last_step = $2 WHERE user_id = $1";
    DELETE_TOTP = "DELETE FROM totp WHERE user_id = $1";
    DELETE_OLD_OFFERS = "DELETE FROM totp WHERE activated_at IS NULL AND created_at <= $1";
    INSERT_CODE = "INSERT INTO backup_code (user_id, code_hash, created_at) VALUES ($1, $2, $3)";
    USE_CODE = "UPDATE backup_code SET used_at = $3
        WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL";
    COUNT_CODES = "SELECT count(*) FROM backup_code WHERE user_id = $1 AND used_at IS NULL";
    DELETE_CODES = "DELETE FROM backup_code WHERE user_id = $1";
}

/// The secret that a person shares with their authenticator.
#[derive(Debug, Clone)]
pub struct StoredTotp {
    pub sealed: Vec<u8>,
    pub created_at: u64,
    /// Empty as long as no code of it was given.
    pub activated_at: Option<u64>,
    pub last_step: u64,
}

/// Locks the row: of two who give one code at once, one is first.
pub fn get_totp<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<Option<StoredTotp>> {
    tx.maybe(GET_TOTP, params![user], |row| {
        Ok(StoredTotp {
            sealed: row.get("sealed")?,
            created_at: row.get("created_at")?,
            activated_at: row.get("activated_at")?,
            last_step: row.get("last_step")?,
        })
    })
}

/// Since when codes of an authenticator are asked for.
pub fn get_totp_at<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<Option<u64>> {
    Ok(tx
        .maybe(TOTP_AT, params![user], |row| row.get(0))?
        .flatten())
}

/// Offers a secret; it replaces an offer before it.
pub fn insert_totp<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
    sealed: &[u8],
) -> Result<()> {
    let now = tx.now();
    tx.execute(PUT_TOTP, params![user, sealed, now]).map(|_| ())
}

pub fn update_activated<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.execute(ACTIVATE_TOTP, params![user, now]).map(|_| ())
}

/// A code of this time step, or one before it, opens nothing any more.
pub fn update_step<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId, step: u64) -> Result<()> {
    tx.execute(USE_STEP, params![user, step]).map(|_| ())
}

pub fn delete_totp<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<()> {
    tx.execute(DELETE_TOTP, params![user])?;
    tx.execute(DELETE_CODES, params![user]).map(|_| ())
}

/// Forgets secrets that were offered before `before` and never taken up.
pub fn delete_old(tx: &mut Tx<'_>, _: &Permit<'_, System>, before: u64) -> Result<u64> {
    tx.execute(DELETE_OLD_OFFERS, params![before])
}

/// A new set of codes in the place of the old one.
pub fn insert_codes<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
    hashes: &[Hash],
) -> Result<()> {
    let now = tx.now();
    tx.execute(DELETE_CODES, params![user])?;
    for hash in hashes {
        tx.execute(INSERT_CODE, params![user, hash, now])?;
    }
    Ok(())
}

/// Uses a code up; says whether it was there.
pub fn take_code<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId, hash: &Hash) -> Result<bool> {
    let now = tx.now();
    Ok(tx.execute(USE_CODE, params![user, hash, now])? == 1)
}

pub fn count_codes<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<u32> {
    tx.one(COUNT_CODES, params![user], |row| row.get(0))
}
