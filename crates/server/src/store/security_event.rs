//! What happened to accounts.

use cloister_wire::{
    DeviceId, SecurityEventId, UserId,
    security::{EVENTS_PAGE, SecurityEvent, SecurityEventKind},
};

use super::db::{Row, Tx};
use crate::{
    Error, Result,
    access::{Own, Permit, System},
    params, sql,
    visitor::{Visitor, place_of, place_text},
};

sql! {
    INSERT = "INSERT INTO security_event
        (id, user_id, kind, at, device_id, address, place, user_agent, notable_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    PAGE = "SELECT id, kind, at, device_id, place, user_agent, notable_at, seen_at
        FROM security_event WHERE user_id = $1 ORDER BY id DESC LIMIT $2";
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
    pub user: UserId,
    pub kind: SecurityEventKind,
    pub device: Option<DeviceId>,
    pub visitor: &'a Visitor,
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
            notable_at
        ],
    )?;
    if kind.is_mailed() {
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
