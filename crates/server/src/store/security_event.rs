//! What happened to accounts.

use cloister_wire::{
    DeviceId, SecurityEventId, UserId,
    operate::Happened,
    security::{EVENTS_PAGE, SecurityEvent, SecurityEventKind},
};

use super::db::{Row, Tx};
use crate::{
    Error, Result,
    access::{Own, Permit, Runs, System},
    params, sql,
    visitor::{Visitor, place_of, place_text},
};

sql! {
    INSERT = "INSERT INTO security_event
        (id, user_id, kind, at, device_id, address, place, user_agent, notable_at, by_user, about)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    PAGE = "SELECT id, kind, at, device_id, place, user_agent, notable_at, seen_at
        FROM security_event WHERE user_id = $1 ORDER BY id DESC LIMIT $2";
    PAGE_OF_ALL = "SELECT e.id, e.kind, e.at, e.user_id, a.username, e.by_user,
        o.username AS by_name, e.device_id, e.address, e.place, e.user_agent, e.about
        FROM security_event AS e LEFT JOIN account AS a ON a.id = e.user_id
        LEFT JOIN account AS o ON o.id = e.by_user
        WHERE e.id < $1 AND e.at >= $2 AND e.at < $3 AND ($4 = '' OR e.kind = $4)
        ORDER BY e.id DESC LIMIT $5";
    PAGE_OF_ONE = "SELECT e.id, e.kind, e.at, e.user_id, a.username, e.by_user,
        o.username AS by_name, e.device_id, e.address, e.place, e.user_agent, e.about
        FROM security_event AS e JOIN account AS a ON a.id = e.user_id
        LEFT JOIN account AS o ON o.id = e.by_user
        WHERE e.user_id = $6 AND e.id < $1 AND e.at >= $2 AND e.at < $3
        AND ($4 = '' OR e.kind = $4) ORDER BY e.id DESC LIMIT $5";
    WAS_SEEN_AT = "SELECT 1 FROM session WHERE user_id = $1 AND place = $2 LIMIT 1";
    MARK_SEEN = "UPDATE security_event SET seen_at = $2
        WHERE user_id = $1 AND notable_at IS NOT NULL AND seen_at IS NULL";
    FORGET_ADDRESSES = "UPDATE security_event SET address = '' WHERE at <= $1 AND address <> ''";
    DELETE_OLD = "DELETE FROM security_event WHERE at <= $1";
}

/// A mail about something that happened is of use for so long.
const NOTICE_MS: u64 = 2 * 24 * 60 * 60_000;

/// Something that is happening to an account.
#[derive(Debug, Clone)]
pub struct Happening<'a> {
    /// None: to the instance itself.
    pub user: Option<UserId>,
    pub kind: SecurityEventKind,
    pub device: Option<DeviceId>,
    pub visitor: &'a Visitor,
    /// The operator who does it.
    pub by: Option<UserId>,
    /// What changes, in a few words.
    pub about: &'a str,
}

/// Which of what happened to everybody.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub user: Option<UserId>,
    pub kind: Option<SecurityEventKind>,
    /// From then on.
    pub since: u64,
    /// Before then.
    pub until: u64,
    /// Older than this one.
    pub before: SecurityEventId,
    pub limit: u32,
}

/// Writes it down, in the transaction in which it happens.
pub fn insert<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    happening: &Happening<'_>,
) -> Result<SecurityEvent> {
    let Happening {
        user,
        kind,
        device,
        visitor,
        by,
        about,
    } = *happening;
    let now = tx.now();
    let id = tx.id(SecurityEventId::new);
    let place = visitor.place();
    let notable_at = kind.is_notable().then_some(now);
    tx.execute(
        INSERT,
        params![
            id,
            user,
            &kind_text(kind),
            now,
            device,
            &visitor.address.to_string(),
            &place_text(&place),
            &visitor.user_agent,
            notable_at,
            by,
            about
        ],
    )?;
    if kind.is_mailed()
        && let Some(user) = user
    {
        super::mail::insert_notice(tx, (user, id), NOTICE_MS)?;
    }
    Ok(SecurityEvent {
        id,
        kind,
        at: now,
        device,
        user_agent: visitor.user_agent.clone(),
        place,
        unseen: notable_at.is_some(),
    })
}

/// The newest, newest first.
pub fn page(tx: &mut Tx<'_>, permit: &Permit<'_, Own>) -> Result<Vec<SecurityEvent>> {
    let rows = tx.query(PAGE, params![permit.user, EVENTS_PAGE], read)?;
    rows.into_iter()
        .map(|(kind, event)| {
            let kind = kind_of(&kind).ok_or_else(|| Error::internal(format!("event {kind}?")))?;
            Ok(SecurityEvent { kind, ..event })
        })
        .collect()
}

/// What happened to everybody, or to one, newest first.
pub fn page_of_all<R: Runs>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    wanted: &Wanted,
) -> Result<Vec<Happened>> {
    let kind = wanted.kind.map(kind_text).unwrap_or_default();
    let (before, since, until) = (wanted.before, wanted.since, wanted.until);
    let rows = match wanted.user {
        None => tx.query(
            PAGE_OF_ALL,
            params![before, since, until, &kind, wanted.limit],
            read_happened,
        )?,
        Some(user) => tx.query(
            PAGE_OF_ONE,
            params![before, since, until, &kind, wanted.limit, user],
            read_happened,
        )?,
    };
    rows.into_iter()
        .map(|(kind, event)| {
            let kind = kind_of(&kind).ok_or_else(|| Error::internal(format!("event {kind}?")))?;
            Ok(Happened { kind, ..event })
        })
        .collect()
}

fn read_happened(row: Row<'_>) -> Result<(String, Happened)> {
    let event = Happened {
        id: row.get("id")?,
        kind: SecurityEventKind::SignedIn,
        at: row.get("at")?,
        user: row.get("user_id")?,
        username: row.get("username")?,
        by: row.get("by_user")?,
        by_name: row.get("by_name")?,
        device: row.get("device_id")?,
        address: row.get("address")?,
        place: place_of(row.get("place")?),
        user_agent: row.get("user_agent")?,
        about: row.get("about")?,
    };
    Ok((row.get("kind")?, event))
}

/// Has this person been signed in from there before?
pub fn was_seen_at<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
    visitor: &Visitor,
) -> Result<bool> {
    let place = place_text(&visitor.place());
    Ok(tx
        .maybe(WAS_SEEN_AT, params![user, &place], |_| Ok(()))?
        .is_some())
}

/// The person has looked at all of them.
pub fn update_seen(tx: &mut Tx<'_>, permit: &Permit<'_, Own>) -> Result<()> {
    let now = tx.now();
    tx.execute(MARK_SEEN, params![permit.user, now]).map(|_| ())
}

/// Forgets from which addresses things before `addresses` came, and events before `events`.
pub fn delete_old(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    addresses: u64,
    events: u64,
) -> Result<u64> {
    tx.execute(FORGET_ADDRESSES, params![addresses])?;
    tx.execute(DELETE_OLD, params![events])
}

fn read(row: Row<'_>) -> Result<(String, SecurityEvent)> {
    let (notable_at, seen_at): (Option<u64>, Option<u64>) =
        (row.get("notable_at")?, row.get("seen_at")?);
    let event = SecurityEvent {
        id: row.get("id")?,
        kind: SecurityEventKind::SignedIn,
        at: row.get("at")?,
        device: row.get("device_id")?,
        user_agent: row.get("user_agent")?,
        place: place_of(row.get("place")?),
        unseen: notable_at.is_some() && seen_at.is_none(),
    };
    Ok((row.get("kind")?, event))
}

/// As it is written on the wire.
fn kind_text(kind: SecurityEventKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

pub(super) fn kind_of(text: &str) -> Option<SecurityEventKind> {
    SecurityEventKind::ALL
        .into_iter()
        .find(|kind| kind_text(*kind) == text)
}
