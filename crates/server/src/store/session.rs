//! Sign-ins, their refresh tokens, and the challenges that devices sign.

use cloister_wire::{
    DeviceId, Hash, SessionId, UserId,
    account::{ClientKind, DeviceStanding},
    security::Session,
};

use super::db::{Row, Tx};
use crate::{
    Result,
    access::{Actor, Anyone, Own, Permit, Runs, System},
    params, sql,
    visitor::{Visitor, place_of, place_text},
};

sql! {
    GET_LIVING = "SELECT s.id, s.user_id, s.device_id, s.proved_at, d.active_at, d.revoked_at,
        d.cloned_at, a.operator_at,
        (SELECT COALESCE(i.second_factor_chosen, i.second_factor) FROM instance AS i)
            AS second_factor,
        (SELECT t.activated_at FROM totp AS t WHERE t.user_id = s.user_id) AS totp_at
        FROM session AS s
        JOIN device AS d ON d.id = s.device_id
        JOIN account AS a ON a.id = s.user_id
        WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND a.disabled_at IS NULL";
    INSERT = "INSERT INTO session
        (id, user_id, device_id, client, created_at, last_seen_at, expires_at, user_agent, place,
        proved_at)
        VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $5)";
    PAGE_OF_DEVICE = "SELECT id FROM session WHERE device_id = $1 AND ended_at IS NULL ORDER BY id";
    PAGE = "SELECT id, device_id, client, user_agent, place, created_at, last_seen_at, expires_at
        FROM session WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
        ORDER BY last_seen_at DESC, id DESC LIMIT 100";
    COUNT_LIVING = "SELECT count(*), max(last_seen_at) FROM session
        WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2";
    PAGE_OF_USER = "SELECT id FROM session WHERE user_id = $1 AND ended_at IS NULL ORDER BY id";
    END_ALL = "UPDATE session SET ended_at = $1, ended_why = $2 WHERE ended_at IS NULL";
    PAGE_ENDED = "SELECT id FROM session WHERE ended_at >= $1";
    PROVE = "UPDATE session SET proved_at = $2 WHERE id = $1";
    GET_PROVED_AT = "SELECT proved_at FROM session WHERE id = $1";
    MOVED = "UPDATE session SET place = $2, user_agent = $3 WHERE id = $1";
    END = "UPDATE session SET ended_at = $2, ended_why = $3 WHERE id = $1 AND ended_at IS NULL";
    SEEN = "UPDATE session SET last_seen_at = $2 WHERE id = $1";
    INSERT_TOKEN = "INSERT INTO refresh_token (token_hash, session_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4)";
    GET_TOKEN = "SELECT t.session_id, t.expires_at, t.used_at, t.successor, s.user_id, s.device_id,
        s.client, s.expires_at AS session_expires_at, s.ended_at,
        (SELECT d.revoked_at FROM device AS d WHERE d.id = s.device_id) AS revoked_at
        FROM refresh_token AS t JOIN session AS s ON s.id = t.session_id
        WHERE t.token_hash = $1 FOR UPDATE";
    USE_TOKEN = "UPDATE refresh_token SET used_at = $2, successor = $3 WHERE token_hash = $1";
    IS_TOKEN_FRESH = "SELECT 1 FROM refresh_token WHERE token_hash = $1 AND used_at IS NULL";
    INSERT_CHALLENGE = "INSERT INTO challenge (nonce, device_id, expires_at) VALUES ($1, $2, $3)";
    DELETE_OLD_CHALLENGES = "DELETE FROM challenge WHERE expires_at <= $1";
    TAKE_CHALLENGE = "DELETE FROM challenge WHERE nonce = $1 AND device_id = $2 AND expires_at > $3";
    DELETE_OLD_TOKENS = "DELETE FROM refresh_token WHERE expires_at <= $1";
    DELETE_OLD = "DELETE FROM session WHERE expires_at <= $1";
}

/// A sign-in that is about to be.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    pub id: SessionId,
    pub user: UserId,
    pub device: DeviceId,
    pub client: ClientKind,
    pub expires_at: u64,
    pub visitor: &'a Visitor,
}

/// A refresh token with its sign-in.
#[derive(Debug, Clone)]
pub struct StoredToken {
    pub session: SessionId,
    pub user: UserId,
    pub device: DeviceId,
    pub client: ClientKind,
    pub expires_at: u64,
    pub session_expires_at: u64,
    pub ended_at: Option<u64>,
    /// When the device was revoked.
    pub revoked_at: Option<u64>,
    pub used_at: Option<u64>,
    pub successor: Option<Vec<u8>>,
}

/// The sign-in, if it lives. Runs before there is a permit.
pub fn get_living(tx: &mut Tx<'_>, session: SessionId) -> Result<Option<Living>> {
    let now = tx.now();
    tx.maybe(GET_LIVING, params![session, now], |row| {
        let actor = Actor {
            session: row.get("id")?,
            user: row.get("user_id")?,
            device: row.get("device_id")?,
            standing: standing(row)?,
            operator_at: row.get("operator_at")?,
            address: None,
        };
        let has_factor = row.get::<Option<u64>>("totp_at")?.is_some();
        let policy: Option<String> = row.get("second_factor")?;
        let owes = match policy.as_deref() {
            Some("all") if !has_factor => Owes::ForAnything,
            Some("staff") if !has_factor && actor.operator_at.is_some() => Owes::ForOperating,
            _ => Owes::Nothing,
        };
        Ok(Living {
            actor,
            cloned_at: row.get("cloned_at")?,
            proved_at: row.get("proved_at")?,
            owes,
        })
    })
}

/// A sign-in that has not ended.
#[derive(Debug, Clone, Copy)]
pub struct Living {
    pub actor: Actor,
    /// When its device was found to be a copy.
    pub cloned_at: Option<u64>,
    /// When password and second factor were last given here.
    pub proved_at: u64,
    pub owes: Owes,
}

/// What waits until somebody sets up a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owes {
    Nothing,
    ForOperating,
    ForAnything,
}

/// The person's living sign-ins, newest use first.
pub fn page(tx: &mut Tx<'_>, permit: &Permit<'_, Own>) -> Result<Vec<Session>> {
    page_seen_from(tx, permit.user, Some(permit.session))
}

/// The same of anybody: for the operator on the machine.
pub fn page_of(tx: &mut Tx<'_>, _: &Permit<'_, System>, user: UserId) -> Result<Vec<Session>> {
    page_seen_from(tx, user, None)
}

fn page_seen_from(tx: &mut Tx<'_>, user: UserId, here: Option<SessionId>) -> Result<Vec<Session>> {
    let now = tx.now();
    tx.query(PAGE, params![user, now], |row| {
        let id = row.get("id")?;
        Ok(Session {
            id,
            device: row.get("device_id")?,
            client: client_of(&row.get::<String>("client")?),
            user_agent: row.get("user_agent")?,
            place: place_of(row.get("place")?),
            created_at: row.get("created_at")?,
            last_seen_at: row.get("last_seen_at")?,
            expires_at: row.get("expires_at")?,
            this_one: Some(id) == here,
        })
    })
}

/// How many a person has, and when they last used one.
pub fn count_living<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
) -> Result<(u32, Option<u64>)> {
    let now = tx.now();
    tx.one(COUNT_LIVING, params![user, now], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Sign-ins of a person that have not ended.
pub fn page_of_user<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, user: UserId) -> Result<Vec<SessionId>> {
    tx.query(PAGE_OF_USER, params![user], |row| row.get(0))
}

/// Ends every sign-in of everybody; says how many there were.
pub fn update_all_ended(tx: &mut Tx<'_>, _: &Permit<'_, System>, why: &'static str) -> Result<u64> {
    let now = tx.now();
    tx.execute(END_ALL, params![now, why])
}

/// Sign-ins that ended since `since`, by whichever program.
pub fn page_ended(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, since: u64) -> Result<Vec<SessionId>> {
    tx.query(PAGE_ENDED, params![since], |row| row.get(0))
}

/// Password and second factor were given here now.
pub fn update_proved(tx: &mut Tx<'_>, permit: &Permit<'_, Own>) -> Result<()> {
    let now = tx.now();
    tx.execute(PROVE, params![permit.session, now]).map(|_| ())
}

pub fn get_proved_at<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, session: SessionId) -> Result<u64> {
    tx.one(GET_PROVED_AT, params![session], |row| row.get(0))
}

/// From where it is used now.
pub fn update_place(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    session: SessionId,
    visitor: &Visitor,
) -> Result<()> {
    let place = place_text(&visitor.place());
    tx.execute(MOVED, params![session, &place, &visitor.user_agent])
        .map(|_| ())
}

pub fn insert(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, session: &NewSession<'_>) -> Result<()> {
    let now = tx.now();
    let client = client_text(session.client);
    let place = place_text(&session.visitor.place());
    tx.execute(
        INSERT,
        params![
            session.id,
            session.user,
            session.device,
            client,
            now,
            session.expires_at,
            &session.visitor.user_agent,
            &place
        ],
    )
    .map(|_| ())
}

/// Sign-ins of a device that have not ended.
pub fn page_of_device<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    device: DeviceId,
) -> Result<Vec<SessionId>> {
    tx.query(PAGE_OF_DEVICE, params![device], |row| row.get(0))
}

/// Ends a sign-in; its tokens are worth nothing from the commit on.
pub fn update_ended<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    session: SessionId,
    why: &'static str,
) -> Result<()> {
    let now = tx.now();
    tx.execute(END, params![session, now, why]).map(|_| ())
}

pub fn update_seen(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, session: SessionId) -> Result<()> {
    let now = tx.now();
    tx.execute(SEEN, params![session, now]).map(|_| ())
}

pub fn insert_token(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    hash: &Hash,
    session: SessionId,
    expires_at: u64,
) -> Result<()> {
    let now = tx.now();
    tx.execute(INSERT_TOKEN, params![hash, session, now, expires_at])
        .map(|_| ())
}

/// The token by its hash. Locks it: of two who use it at once, one is first.
pub fn get_token(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    hash: &Hash,
) -> Result<Option<StoredToken>> {
    tx.maybe(GET_TOKEN, params![hash], |row| {
        Ok(StoredToken {
            session: row.get("session_id")?,
            user: row.get("user_id")?,
            device: row.get("device_id")?,
            client: client_of(&row.get::<String>("client")?),
            expires_at: row.get("expires_at")?,
            session_expires_at: row.get("session_expires_at")?,
            ended_at: row.get("ended_at")?,
            revoked_at: row.get("revoked_at")?,
            used_at: row.get("used_at")?,
            successor: row.get("successor")?,
        })
    })
}

/// Marks a token as used, with the sealed token that replaces it.
pub fn update_used(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    hash: &Hash,
    successor: &[u8],
) -> Result<()> {
    let now = tx.now();
    tx.execute(USE_TOKEN, params![hash, now, successor])
        .map(|_| ())
}

/// Is it there, and was it never used?
pub fn is_token_fresh(tx: &mut Tx<'_>, _: &Permit<'_, Anyone>, hash: &Hash) -> Result<bool> {
    Ok(tx
        .maybe(IS_TOKEN_FRESH, params![hash], |_| Ok(()))?
        .is_some())
}

pub fn insert_challenge(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    nonce: &Hash,
    device: DeviceId,
    expires_at: u64,
) -> Result<()> {
    let now = tx.now();
    tx.execute(DELETE_OLD_CHALLENGES, params![now])?;
    tx.execute(INSERT_CHALLENGE, params![nonce, device, expires_at])
        .map(|_| ())
}

/// Uses a challenge up; says whether it was there for this device.
pub fn take_challenge(
    tx: &mut Tx<'_>,
    _: &Permit<'_, Anyone>,
    nonce: &Hash,
    device: DeviceId,
) -> Result<bool> {
    let now = tx.now();
    Ok(tx.execute(TAKE_CHALLENGE, params![nonce, device, now])? == 1)
}

/// Throws away what has run out; it was worth nothing before that.
pub fn delete_old(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<u64> {
    let now = tx.now();
    let tokens = tx.execute(DELETE_OLD_TOKENS, params![now])?;
    Ok(tokens + tx.execute(DELETE_OLD, params![now])?)
}

/// Where a device stands, from its columns `active_at` and `revoked_at`.
pub(super) fn standing(row: Row<'_>) -> Result<DeviceStanding> {
    let active: Option<u64> = row.get("active_at")?;
    let revoked: Option<u64> = row.get("revoked_at")?;
    Ok(match (active, revoked) {
        (_, Some(_)) => DeviceStanding::Revoked,
        (Some(_), None) => DeviceStanding::Active,
        (None, None) => DeviceStanding::Pending,
    })
}

const fn client_text(client: ClientKind) -> &'static str {
    match client {
        ClientKind::Browser => "browser",
        ClientKind::Native => "native",
    }
}

fn client_of(text: &str) -> ClientKind {
    if text == "browser" {
        ClientKind::Browser
    } else {
        ClientKind::Native
    }
}
