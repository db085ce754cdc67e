//! Applications for an account. Address and answers are sealed, and forgotten after a while.

use cloister_wire::{AccountApplicationId, Hash, UserId, account_application::ApplicationDecision};

use super::{
    account::name_key,
    db::{Row, Tx},
};
use crate::{
    Result,
    access::{Anyone, Permit, Runs, System},
    params, sql,
};

sql! {
    INSERT = "INSERT INTO account_application
        (id, username, username_key, display_name, sealed, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    COUNT_WAITING = "SELECT count(*) FROM account_application WHERE decided_at IS NULL";
    IS_RESERVED = "SELECT 1 FROM account_application WHERE username_key = $1 AND (decided_at IS NULL
        OR (used_at IS NULL AND code_until > $2)) LIMIT 1";
    PAGE_WAITING = "SELECT p.id, p.username, p.display_name, p.sealed, p.created_at, p.decision,
        p.decided_at, p.decided_by, a.username AS decided_by_name, p.reason, p.used_at
        FROM account_application AS p LEFT JOIN account AS a ON a.id = p.decided_by
        WHERE p.decided_at IS NULL AND p.id < $1 ORDER BY p.id DESC LIMIT $2";
    PAGE_DECIDED = "SELECT p.id, p.username, p.display_name, p.sealed, p.created_at, p.decision,
        p.decided_at, p.decided_by, a.username AS decided_by_name, p.reason, p.used_at
        FROM account_application AS p LEFT JOIN account AS a ON a.id = p.decided_by
        WHERE p.decided_at IS NOT NULL AND p.id < $1 ORDER BY p.id DESC LIMIT $2";
    GET = "SELECT p.id, p.username, p.display_name, p.sealed, p.created_at, p.decision,
        p.decided_at, p.decided_by, NULL AS decided_by_name, p.reason, p.used_at
        FROM account_application AS p WHERE p.id = $1 FOR UPDATE";
    FIND = "SELECT id FROM account_application WHERE username_key = $1 AND decided_at IS NULL";
    DECIDE = "UPDATE account_application SET decision = $2, decided_at = $3, decided_by = $4, reason = $5,
        code_hash = $6, code_until = $7, mailed_at = $8 WHERE id = $1 AND decided_at IS NULL";
    GET_BY_CODE = "SELECT id, username, sealed, mailed_at FROM account_application
        WHERE code_hash = $1 AND used_at IS NULL AND code_until > $2 FOR UPDATE";
    USE = "UPDATE account_application SET used_at = $2 WHERE id = $1";
    FORGET = "UPDATE account_application SET sealed = NULL
        WHERE decided_at <= $1 AND sealed IS NOT NULL";
    DELETE_OLD = "DELETE FROM account_application WHERE decided_at <= $1";
    GET_QUESTIONS = "SELECT questions FROM instance";
    UPDATE_QUESTIONS = "UPDATE instance SET questions = $1";
}

/// An application as the server keeps it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: AccountApplicationId,
    pub username: String,
    pub display_name: String,
    pub sealed: Option<Vec<u8>>,
    pub created_at: u64,
    pub decision: Option<ApplicationDecision>,
    pub decided_at: Option<u64>,
    pub decided_by: Option<UserId>,
    pub decided_by_name: Option<String>,
    pub reason: Option<String>,
    pub used_at: Option<u64>,
}

/// One that is about to be.
#[derive(Debug, Clone)]
pub struct NewAccountApplication<'a> {
    pub id: AccountApplicationId,
    pub username: &'a str,
    pub display_name: &'a str,
    pub sealed: &'a [u8],
}

/// What becomes of one.
#[derive(Debug, Clone)]
pub struct Decided<'a> {
    pub decision: ApplicationDecision,
    pub by: Option<UserId>,
    pub reason: Option<&'a str>,
    /// Of what lets the applicant in, and until when.
    pub code: Option<(Hash, u64)>,
    pub mailed: bool,
}

/// Whose code it is.
#[derive(Debug, Clone)]
pub struct OfCode {
    pub id: AccountApplicationId,
    pub username: String,
    pub sealed: Option<Vec<u8>>,
    /// It went to the address alone.
    pub mailed_at: Option<u64>,
}

/// Takes one in, unless another waits for the name.
#[must_use = "the name may be taken"]
pub fn insert(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    application: &NewAccountApplication<'_>,
) -> Result<bool> {
    let now = tx.now();
    let key = name_key(application.username);
    let inserted = tx.execute(
        INSERT,
        params![
            application.id,
            application.username,
            &key,
            application.display_name,
            application.sealed,
            now
        ],
    )?;
    Ok(inserted == 1)
}

pub fn count_waiting<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>) -> Result<u32> {
    tx.one(COUNT_WAITING, &[], |row| row.get(0))
}

/// Does somebody wait for this name, or may make its account?
pub fn is_reserved<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, username: &str) -> Result<bool> {
    let now = tx.now();
    let found = tx.maybe(IS_RESERVED, params![&name_key(username), now], |_| Ok(()))?;
    Ok(found.is_some())
}

/// Those that wait, or those that were decided; newest first.
pub fn page<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    decided: bool,
    (before, limit): (AccountApplicationId, u32),
) -> Result<Vec<Stored>> {
    if decided {
        tx.query(PAGE_DECIDED, params![before, limit], read)
    } else {
        tx.query(PAGE_WAITING, params![before, limit], read)
    }
}

/// The one that waits for a name.
pub fn find<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    username: &str,
) -> Result<Option<AccountApplicationId>> {
    tx.maybe(FIND, params![&name_key(username)], |row| row.get(0))
}

/// Locks the row.
pub fn get<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    id: AccountApplicationId,
) -> Result<Option<Stored>> {
    tx.maybe(GET, params![id], read)
}

/// Decides one; says whether it waited still.
pub fn update_decided<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    id: AccountApplicationId,
    decided: &Decided<'_>,
) -> Result<bool> {
    let now = tx.now();
    let decision = decision_text(decided.decision);
    let (hash, until) = match &decided.code {
        Some((hash, until)) => (Some(hash), Some(*until)),
        None => (None, None),
    };
    let mailed_at = decided.mailed.then_some(now);
    let updated = tx.execute(
        DECIDE,
        params![
            id,
            decision,
            now,
            decided.by,
            decided.reason,
            hash,
            until,
            mailed_at
        ],
    )?;
    Ok(updated == 1)
}

/// Whose code it is, if it is good. Locks the row: of many who use it at once, one is first.
pub fn get_by_code(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, hash: &Hash) -> Result<Option<OfCode>> {
    let now = tx.now();
    tx.maybe(GET_BY_CODE, params![hash, now], |row| {
        Ok(OfCode {
            id: row.get("id")?,
            username: row.get("username")?,
            sealed: row.get("sealed")?,
            mailed_at: row.get("mailed_at")?,
        })
    })
}

pub fn update_used(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    id: AccountApplicationId,
) -> Result<()> {
    let now = tx.now();
    tx.execute(USE, params![id, now]).map(|_| ())
}

/// Forgets what was said in applications decided before `said`, and those before `all` wholly.
pub fn delete_old(tx: &mut Tx<'_>, _: &Permit<'_, System>, said: u64, all: u64) -> Result<u64> {
    tx.execute(FORGET, params![said])?;
    tx.execute(DELETE_OLD, params![all])
}

/// What applicants are asked.
pub fn get_questions<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>) -> Result<Vec<String>> {
    let text: Option<String> = tx.maybe(GET_QUESTIONS, &[], |row| row.get(0))?.flatten();
    Ok(text
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default())
}

pub fn update_questions<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    questions: &[String],
) -> Result<()> {
    let text = serde_json::to_string(questions).map_err(crate::Error::internal)?;
    tx.execute(UPDATE_QUESTIONS, params![&text]).map(|_| ())
}

const fn decision_text(decision: ApplicationDecision) -> &'static str {
    match decision {
        ApplicationDecision::Approved => "approved",
        ApplicationDecision::Rejected => "rejected",
    }
}

fn read(row: Row<'_>) -> Result<Stored> {
    let decision: Option<String> = row.get("decision")?;
    let decision = decision.map(|text| {
        if text == decision_text(ApplicationDecision::Approved) {
            ApplicationDecision::Approved
        } else {
            ApplicationDecision::Rejected
        }
    });
    Ok(Stored {
        id: row.get("id")?,
        username: row.get("username")?,
        display_name: row.get("display_name")?,
        sealed: row.get("sealed")?,
        created_at: row.get("created_at")?,
        decision,
        decided_at: row.get("decided_at")?,
        decided_by: row.get("decided_by")?,
        decided_by_name: row.get("decided_by_name")?,
        reason: row.get("reason")?,
        used_at: row.get("used_at")?,
    })
}
