//! People: names, password hashes, vaults.

use cloister_wire::{Bytes, Hash, UserId, account::Me, limits::USERNAME_MAX};

use super::db::{Row, Tx};
use crate::{
    Result,
    access::{Actor, Anyone, Enrol, Own, Permit, Runs, System},
    params, sql,
};

sql! {
    INSERT = "INSERT INTO account
        (id, username, username_key, display_name, password_hash, operator_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    GET_BY_NAME = "SELECT id, username, display_name, password_hash, devlog_length, operator_at,
        disabled_at, deletion_at FROM account WHERE username_key = $1";
    GET_BY_ID = "SELECT id, username, display_name, password_hash, devlog_length, operator_at,
        disabled_at, deletion_at FROM account WHERE id = $1";
    GET_LOCKED = "SELECT id, username, display_name, password_hash, devlog_length, operator_at,
        disabled_at, deletion_at FROM account WHERE id = $1 FOR UPDATE";
    REPLACE_PASSWORD = "UPDATE account SET password_hash = $2
        WHERE id = $1 AND password_hash = $3";
    ADOPT_ID = "UPDATE account SET id = $2 WHERE id = $1 AND devlog_length = 0";
    GET_VAULT = "SELECT vault FROM account WHERE id = $1";
    UPDATE_VAULT = "UPDATE account SET vault = $2 WHERE id = $1";
    PAGE = "SELECT id, username, display_name, password_hash, devlog_length, operator_at,
        disabled_at, deletion_at FROM account WHERE deleted_at IS NULL ORDER BY username_key";
    PAGE_AFTER = "SELECT a.id, a.username, a.display_name, a.created_at, a.operator_at,
        a.disabled_at, a.deletion_at, (SELECT t.activated_at FROM totp AS t WHERE t.user_id = a.id) AS totp_at
        FROM account AS a
        WHERE a.username_key > $1 AND a.deleted_at IS NULL ORDER BY a.username_key LIMIT $2";
    UPDATE_DISABLED = "UPDATE account SET disabled_at = $2 WHERE id = $1";
    GET_USERNAME = "SELECT username FROM account WHERE id = $1";
    UPDATE_PASSWORD = "UPDATE account SET password_hash = $2 WHERE id = $1";
    LOCK = "SELECT devlog_length FROM account WHERE id = $1 FOR UPDATE";
    UPDATE_DEVLOG = "UPDATE account SET devlog_length = $2, devlog_head = $3 WHERE id = $1";
}

/// A person as the server knows them.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub password_hash: String,
    /// 0: made by the operator, and nobody signed in yet.
    pub devlog_length: u64,
    pub operator_at: Option<u64>,
    pub disabled_at: Option<u64>,
    /// When it goes, unless it is kept until then.
    pub deletion_at: Option<u64>,
}

/// A person in the operator's list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub created_at: u64,
    pub operator_at: Option<u64>,
    pub disabled_at: Option<u64>,
    pub deletion_at: Option<u64>,
    pub totp_at: Option<u64>,
}

/// A person who is about to be.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub password_hash: String,
    pub operator_at: Option<u64>,
}

/// Leaves that allow to make an account.
pub trait MayRegister {}
impl MayRegister for Anyone {}
impl MayRegister for System {}

/// Makes the account, unless its name is taken.
#[must_use = "the name may be taken"]
pub fn insert<R: MayRegister>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    account: &NewAccount,
) -> Result<bool> {
    let now = tx.now();
    let key = name_key(&account.username);
    let inserted = tx.execute(
        INSERT,
        params![
            account.id,
            &account.username,
            &key,
            &account.display_name,
            &account.password_hash,
            account.operator_at,
            now
        ],
    )?;
    Ok(inserted == 1)
}

/// For signing in.
pub fn get_by_name(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    username: &str,
) -> Result<Option<Account>> {
    by_name(tx, username)
}

/// For signing in: the person behind a refresh token.
pub fn get(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, user: UserId) -> Result<Option<Account>> {
    tx.maybe(GET_BY_ID, params![user], read)
}

/// The same, locked: whatever changes the password meanwhile comes before or after.
pub fn get_locked(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    user: UserId,
) -> Result<Option<Account>> {
    tx.maybe(GET_LOCKED, params![user], read)
}

/// The same password under a new hash, unless it was changed meanwhile.
pub fn replace_password(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    user: UserId,
    (before, hash): (&str, &str),
) -> Result<()> {
    tx.execute(REPLACE_PASSWORD, params![user, hash, before])
        .map(|_| ())
}

/// Everybody, by name: for the operator on the machine.
pub fn page(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<Vec<Account>> {
    tx.query(PAGE, &[], read)
}

/// Has somebody this name, or one that reads like it?
pub fn is_taken<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, username: &str) -> Result<bool> {
    let found = tx.maybe(GET_BY_NAME, params![&name_key(username)], read)?;
    Ok(found.is_some())
}

/// Some of them by name, after the key of one.
pub fn page_after<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    after: &str,
    limit: usize,
) -> Result<Vec<Listed>> {
    tx.query(PAGE_AFTER, params![after, limit], |row| {
        Ok(Listed {
            id: row.get("id")?,
            username: row.get("username")?,
            display_name: row.get("display_name")?,
            created_at: row.get("created_at")?,
            operator_at: row.get("operator_at")?,
            disabled_at: row.get("disabled_at")?,
            deletion_at: row.get("deletion_at")?,
            totp_at: row.get("totp_at")?,
        })
    })
}

/// By name: for whoever runs the instance.
pub fn find<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    username: &str,
) -> Result<Option<Account>> {
    by_name(tx, username)
}

/// By id: for whoever runs the instance.
pub fn find_by_id<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
) -> Result<Option<Account>> {
    tx.maybe(GET_BY_ID, params![user], read)
}

/// Nobody signs in to a disabled account.
pub fn update_disabled<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
    at: Option<u64>,
) -> Result<()> {
    tx.execute(UPDATE_DISABLED, params![user, at]).map(|_| ())
}

pub fn get_username<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<String> {
    tx.one(GET_USERNAME, params![user], |row| row.get(0))
}

/// The account of whoever acts, with the hash of its password.
pub fn get_own(tx: &mut Tx<'_>, permit: &Permit<'_, Own>) -> Result<Account> {
    tx.one(GET_BY_ID, params![permit.user], read)
}

pub fn update_password<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
    hash: &str,
) -> Result<()> {
    tx.execute(UPDATE_PASSWORD, params![user, hash]).map(|_| ())
}

/// The person who acts, as they see themself.
pub fn get_me(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>) -> Result<Me> {
    me(tx, permit)
}

/// The person who is signing in.
pub fn get_new_me(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, actor: &Actor) -> Result<Me> {
    me(tx, actor)
}

fn me(tx: &mut Tx<'_>, actor: &Actor) -> Result<Me> {
    let account = tx.one(GET_BY_ID, params![actor.user], read)?;
    Ok(Me {
        user: account.id,
        username: account.username,
        display_name: account.display_name,
        operator: account.operator_at.is_some(),
        device: actor.device,
        standing: actor.standing,
        deletion_at: account.deletion_at,
    })
}

/// Gives an account that the operator made the id that its first device drew.
pub fn adopt_id(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, old: UserId, new: UserId) -> Result<bool> {
    Ok(tx.execute(ADOPT_ID, params![old, new])? == 1)
}

pub fn get_vault(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>) -> Result<Option<Bytes>> {
    tx.one(GET_VAULT, params![permit.user], |row| row.get(0))
}

pub fn update_vault(tx: &mut Tx<'_>, permit: &Permit<'_, Enrol>, vault: &Bytes) -> Result<()> {
    tx.execute(UPDATE_VAULT, params![permit.user, vault])
        .map(|_| ())
}

/// The vault of an account that is being made.
pub fn insert_vault(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    user: UserId,
    vault: &Bytes,
) -> Result<()> {
    tx.execute(UPDATE_VAULT, params![user, vault]).map(|_| ())
}

/// Locks a person's row: whatever changes their devices or where they are a member comes one
/// after the other, so that no audience misses a device. Take it before guilds and channels; of
/// two people, the smaller id first.
pub fn lock(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    tx.maybe(LOCK, params![user], |_| Ok(())).map(|_| ())
}

pub(super) fn update_devlog(tx: &mut Tx<'_>, user: UserId, length: u64, head: &Hash) -> Result<()> {
    tx.execute(UPDATE_DEVLOG, params![user, length, head])
        .map(|_| ())
}

/// What a name is read as: names are unique by it, so that `b0b` can't pass for `bob`.
pub fn name_key(username: &str) -> String {
    username
        .chars()
        .map(|one| match one.to_ascii_lowercase() {
            '0' => 'o',
            '1' | 'i' => 'l',
            other => other,
        })
        .collect()
}

/// The account of exactly this name, not of one that reads like it.
fn by_name(tx: &mut Tx<'_>, username: &str) -> Result<Option<Account>> {
    // What is no name is nobody's, and need not be asked for: PostgreSQL takes no U+0000.
    if username.len() > USERNAME_MAX || !username.bytes().all(|one| one.is_ascii_graphic()) {
        return Ok(None);
    }
    let found = tx.maybe(GET_BY_NAME, params![&name_key(username)], read)?;
    Ok(found.filter(|account| account.username.eq_ignore_ascii_case(username)))
}

fn read(row: Row<'_>) -> Result<Account> {
    Ok(Account {
        id: row.get("id")?,
        username: row.get("username")?,
        display_name: row.get("display_name")?,
        password_hash: row.get("password_hash")?,
        devlog_length: row.get("devlog_length")?,
        operator_at: row.get("operator_at")?,
        disabled_at: row.get("disabled_at")?,
        deletion_at: row.get("deletion_at")?,
    })
}
