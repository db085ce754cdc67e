//! E-mail addresses of people, sealed. A proved one is found by its keyed hash.

use cloister_wire::{Hash, UserId};

use super::db::{Row, Tx};
use crate::{
    Result,
    access::{Permit, Runs},
    params, sql,
};

sql! {
    GET = "SELECT user_id, proved, proved_hash, wanted, former, former_until FROM email
        WHERE user_id = $1 FOR UPDATE";
    OF_HASH = "SELECT user_id FROM email WHERE proved_hash = $1";
    WANT = "INSERT INTO email (user_id, wanted) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET wanted = excluded.wanted";
    UPDATE = "UPDATE email SET proved = $2, proved_hash = $3, wanted = $4, former = $5,
        former_until = $6 WHERE user_id = $1";
    IS_PROVED = "SELECT 1 FROM email WHERE user_id = $1 AND proved_hash IS NOT NULL";
    FORGET_FORMER = "UPDATE email SET former = NULL, former_until = NULL WHERE former_until <= $1";
}

/// What is kept of somebody's address.
#[derive(Debug, Clone, Default)]
pub struct StoredEmail {
    pub proved: Option<(Vec<u8>, Hash)>,
    /// Waits for proof.
    pub wanted: Option<Vec<u8>>,
    /// The one before, and until when its owner may go back to it.
    pub former: Option<(Vec<u8>, u64)>,
}

/// Locks the row.
pub fn get<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<StoredEmail> {
    Ok(tx.maybe(GET, params![user], read)?.unwrap_or_default())
}

/// Whose proved address it is.
pub fn get_user<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, hash: &Hash) -> Result<Option<UserId>> {
    tx.maybe(OF_HASH, params![hash], |row| row.get(0))
}

/// Can this person be written to?
pub(super) fn is_proved(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    Ok(tx.maybe(IS_PROVED, params![user], |_| Ok(()))?.is_some())
}

/// The same, for whoever runs the instance.
pub fn has_proved<R: Runs>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<bool> {
    is_proved(tx, user)
}

/// An address that waits for proof, in the place of one that did.
pub fn insert_wanted<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
    sealed: &[u8],
) -> Result<()> {
    tx.execute(WANT, params![user, sealed]).map(|_| ())
}

pub fn update<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
    email: &StoredEmail,
) -> Result<()> {
    let (proved, hash) = email
        .proved
        .as_ref()
        .map(|(sealed, hash)| (sealed, hash))
        .unzip();
    let (former, until) = email
        .former
        .as_ref()
        .map(|(sealed, until)| (sealed, *until))
        .unzip();
    tx.execute(
        UPDATE,
        params![user, proved, hash, email.wanted.as_ref(), former, until],
    )
    .map(|_| ())
}

/// Forgets addresses to which nobody can go back any more.
pub fn delete_old<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>) -> Result<()> {
    let now = tx.now();
    tx.execute(FORGET_FORMER, params![now]).map(|_| ())
}

fn read(row: Row<'_>) -> Result<StoredEmail> {
    let (proved, hash): (Option<Vec<u8>>, Option<Hash>) =
        (row.get("proved")?, row.get("proved_hash")?);
    let (former, until): (Option<Vec<u8>>, Option<u64>) =
        (row.get("former")?, row.get("former_until")?);
    Ok(StoredEmail {
        proved: proved.zip(hash),
        wanted: row.get("wanted")?,
        former: former.zip(until),
    })
}
