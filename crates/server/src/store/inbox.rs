//! The durable queue of each device: numbered without gaps, deleted only when acknowledged.

use cloister_wire::{
    Bytes, ChannelId, DeviceId, Hash, UserId,
    channel::WithholdCode,
    key::{NackReason, QueuedBody, QueuedItem, ToDeviceClass},
};

use super::db::{Row, Tx};
use crate::{
    Error, Result,
    access::{Enrol, Permit},
    params, sql,
};
sql! {
    NEXT = "INSERT INTO inbox (device_id, last_seq, acked_seq, bytes) VALUES ($1, 1, 0, $2) \
            ON CONFLICT (device_id) DO UPDATE SET last_seq = inbox.last_seq + 1, \
            bytes = inbox.bytes + excluded.bytes RETURNING last_seq, acked_seq, bytes";
    FULL = "UPDATE inbox SET full_at = $2 WHERE device_id = $1 AND full_at IS NULL";
    LIGHTEN = "UPDATE inbox SET full_at = NULL, bytes = bytes - (SELECT \
               CAST(coalesce(sum(length(ct)), 0) AS BIGINT) FROM inbox_item \
               WHERE device_id = $1 AND seq > $2 AND seq <= $3) WHERE device_id = $1";
    PURGE = "UPDATE inbox SET acked_seq = last_seq, bytes = 0, full_at = NULL \
             WHERE device_id = $1";
    LOCK = "SELECT last_seq, acked_seq FROM inbox WHERE device_id = $1 FOR UPDATE";
    WAITING_FROM = "SELECT count(*), CAST(coalesce(sum(length(ct)), 0) AS BIGINT) \
                    FROM inbox_item WHERE device_id = $1 AND sender_user = $2";
    POSITION = "SELECT last_seq, acked_seq FROM inbox WHERE device_id = $1";
    KNOWN = "SELECT 1 FROM inbox_item WHERE device_id = $1 AND sender_device = $2 \
             AND dedupe_id = $3 AND nack IS NULL";
    INSERT = "INSERT INTO inbox_item (device_id, seq, at, sender_user, sender_device, \
              dedupe_id, class, kind, ct, nack, withheld, about_channel, about_session) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    PAGE = "SELECT seq, at, sender_user, sender_device, dedupe_id, class, kind, ct, nack, \
            withheld, about_channel, about_session FROM inbox_item WHERE device_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    GET = "SELECT seq, at, sender_user, sender_device, dedupe_id, class, kind, ct, nack, \
           withheld, about_channel, about_session FROM inbox_item WHERE device_id = $1 AND seq = $2";
    ACK = "UPDATE inbox SET acked_seq = $2 WHERE device_id = $1 AND acked_seq < $2 \
           AND last_seq >= $2";
    DELETE_ACKED = "DELETE FROM inbox_item WHERE device_id = $1 AND seq <= $2";
    DELETE_ONE = "DELETE FROM inbox_item WHERE device_id = $1 AND seq = $2";
    EMPTY = "DELETE FROM inbox_item WHERE device_id = $1";
    RAISE_WRITES = "UPDATE device SET writes = $2 WHERE id = $1 AND writes < $2";
}

/// Where a queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub last_seq: u64,
    pub acked_seq: u64,
}

/// How much waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub items: u64,
    pub bytes: u64,
}

/// An item that has no number yet.
#[derive(Debug, Clone)]
pub struct New<'a> {
    pub sender_user: UserId,
    pub sender_device: DeviceId,
    pub dedupe_id: Hash,
    pub class: ToDeviceClass,
    pub body: NewBody<'a>,
}

#[derive(Debug, Clone, Copy)]
pub enum NewBody<'a> {
    Sealed {
        kind: u8,
        ct: &'a Bytes,
    },
    Nack(NackReason),
    Withheld {
        channel: ChannelId,
        session: &'a Hash,
        code: WithholdCode,
    },
}

/// The queue's position, locked.
pub fn lock(tx: &mut Tx<'_>, device: DeviceId) -> Result<Position> {
    let found = tx.maybe(LOCK, params![device], read_position)?;
    Ok(found.unwrap_or(Position {
        last_seq: 0,
        acked_seq: 0,
    }))
}

/// The queue's position.
pub(super) fn position(tx: &mut Tx<'_>, device: DeviceId) -> Result<Position> {
    let found = tx.maybe(POSITION, params![device], read_position)?;
    Ok(found.unwrap_or(Position {
        last_seq: 0,
        acked_seq: 0,
    }))
}

/// How much of one person waits for a device.
pub fn waiting_from(tx: &mut Tx<'_>, device: DeviceId, sender: UserId) -> Result<Waiting> {
    tx.one(WAITING_FROM, params![device, sender], |row| {
        Ok(Waiting {
            items: row.get(0)?,
            bytes: row.get(1)?,
        })
    })
}

/// Is the sender's item waiting already?
pub fn is_known(
    tx: &mut Tx<'_>,
    device: DeviceId,
    sender: DeviceId,
    dedupe_id: &Hash,
) -> Result<bool> {
    Ok(tx
        .maybe(KNOWN, params![device, sender, dedupe_id], |row| {
            row.get::<i64>(0)
        })?
        .is_some())
}

/// Adds an item at the end and says where.
pub fn append(tx: &mut Tx<'_>, device: DeviceId, new: &New<'_>) -> Result<(Waiting, QueuedItem)> {
    let size = match new.body {
        NewBody::Sealed { ct, .. } => ct.0.len() as u64,
        NewBody::Nack(_) | NewBody::Withheld { .. } => 0,
    };
    let (position, bytes) = tx.one(NEXT, params![device, size], |row| {
        Ok((read_position(row)?, row.get::<u64>(2)?))
    })?;
    let at = tx.now();
    let (mut kind, mut ct, mut nack) = (None, None, None);
    let (mut withheld, mut about_channel, mut about_session) = (None, None, None);
    match new.body {
        NewBody::Sealed {
            kind: sealed,
            ct: bytes,
        } => (kind, ct) = (Some(sealed), Some(bytes)),
        NewBody::Nack(reason) => nack = Some(nack_text(reason)),
        NewBody::Withheld {
            channel,
            session,
            code,
        } => {
            (withheld, about_channel) = (Some(withhold_text(code)), Some(channel));
            about_session = Some(session);
        }
    }
    tx.execute(
        INSERT,
        params![
            device,
            position.last_seq,
            at,
            new.sender_user,
            new.sender_device,
            &new.dedupe_id,
            class_text(new.class),
            kind,
            ct,
            nack,
            withheld,
            about_channel,
            about_session
        ],
    )?;
    let item = QueuedItem {
        seq: position.last_seq,
        at,
        sender_user: new.sender_user,
        sender_device: new.sender_device,
        dedupe_id: new.dedupe_id,
        class: new.class,
        body: queued(new.body),
    };
    let waiting = Waiting {
        items: position.last_seq - position.acked_seq,
        bytes,
    };
    Ok((waiting, item))
}

fn queued(body: NewBody<'_>) -> QueuedBody {
    match body {
        NewBody::Sealed { kind, ct } => QueuedBody::Sealed {
            kind,
            ct: ct.clone(),
        },
        NewBody::Nack(reason) => QueuedBody::Nack { reason },
        NewBody::Withheld {
            channel,
            session,
            code,
        } => QueuedBody::Withheld {
            channel,
            session: *session,
            code,
        },
    }
}

/// More waits than may.
pub fn mark_full(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    let now = tx.now();
    tx.execute(FULL, params![device, now]).map(|_| ())
}

/// Items after `after`, at most `limit`.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Enrol>,
    after: u64,
    limit: u32,
) -> Result<Vec<QueuedItem>> {
    tx.query(PAGE, params![permit.device, after, limit], read_item)
}

pub fn get(tx: &mut Tx<'_>, device: DeviceId, seq: u64) -> Result<Option<QueuedItem>> {
    tx.maybe(GET, params![device, seq], read_item)
}

/// Everything up to `seq` has arrived for good.
pub fn acknowledge(tx: &mut Tx<'_>, device: DeviceId, seq: u64) -> Result<()> {
    tx.execute(LIGHTEN, params![device, 0_u64, seq])?;
    tx.execute(ACK, params![device, seq])?;
    tx.execute(DELETE_ACKED, params![device, seq])?;
    Ok(())
}

pub fn delete(tx: &mut Tx<'_>, device: DeviceId, seq: u64) -> Result<()> {
    tx.execute(LIGHTEN, params![device, seq.saturating_sub(1), seq])?;
    tx.execute(DELETE_ONE, params![device, seq])?;
    Ok(())
}

/// Deletes what waits for a device that is revoked or dormant; its numbers stay used.
pub fn empty(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    tx.execute(EMPTY, params![device])?;
    tx.execute(PURGE, params![device])?;
    Ok(())
}

/// Keeps the maximum of a device's counter of ratchet commits.
pub fn raise_writes(tx: &mut Tx<'_>, device: DeviceId, writes: u64) -> Result<()> {
    tx.execute(RAISE_WRITES, params![device, writes])?;
    Ok(())
}

fn read_position(row: Row<'_>) -> Result<Position> {
    Ok(Position {
        last_seq: row.get(0)?,
        acked_seq: row.get(1)?,
    })
}

fn read_item(row: Row<'_>) -> Result<QueuedItem> {
    let nack: Option<String> = row.get("nack")?;
    let withheld: Option<String> = row.get("withheld")?;
    let body = match (nack, withheld) {
        (Some(nack), _) => QueuedBody::Nack {
            reason: nack_of(&nack)?,
        },
        (None, Some(code)) => QueuedBody::Withheld {
            channel: row.get("about_channel")?,
            session: row.get("about_session")?,
            code: withhold_of(&code)?,
        },
        (None, None) => QueuedBody::Sealed {
            kind: row.get("kind")?,
            ct: row.get("ct")?,
        },
    };
    Ok(QueuedItem {
        seq: row.get("seq")?,
        at: row.get("at")?,
        sender_user: row.get("sender_user")?,
        sender_device: row.get("sender_device")?,
        dedupe_id: row.get("dedupe_id")?,
        class: class_of(&row.get::<String>("class")?)?,
        body,
    })
}

const fn class_text(class: ToDeviceClass) -> &'static str {
    match class {
        ToDeviceClass::RoomKey => "room_key",
        ToDeviceClass::DmKey => "dm_key",
        ToDeviceClass::Secret => "secret",
        ToDeviceClass::Control => "control",
        ToDeviceClass::Verification => "verification",
    }
}

fn class_of(text: &str) -> Result<ToDeviceClass> {
    match text {
        "room_key" => Ok(ToDeviceClass::RoomKey),
        "dm_key" => Ok(ToDeviceClass::DmKey),
        "secret" => Ok(ToDeviceClass::Secret),
        "control" => Ok(ToDeviceClass::Control),
        "verification" => Ok(ToDeviceClass::Verification),
        _ => Err(Error::internal("a queued item has an unknown class")),
    }
}

const fn nack_text(reason: NackReason) -> &'static str {
    match reason {
        NackReason::UnknownPrekey => "unknown_prekey",
        NackReason::NoSession => "no_session",
        NackReason::Corrupt => "corrupt",
    }
}

fn nack_of(text: &str) -> Result<NackReason> {
    match text {
        "unknown_prekey" => Ok(NackReason::UnknownPrekey),
        "no_session" => Ok(NackReason::NoSession),
        "corrupt" => Ok(NackReason::Corrupt),
        _ => Err(Error::internal("a queued nack has an unknown reason")),
    }
}

pub(super) const fn withhold_text(code: WithholdCode) -> &'static str {
    match code {
        WithholdCode::TrustViolation => "trust_violation",
        WithholdCode::MinTrust => "min_trust",
        WithholdCode::NoPrekey => "no_prekey",
    }
}

fn withhold_of(text: &str) -> Result<WithholdCode> {
    match text {
        "trust_violation" => Ok(WithholdCode::TrustViolation),
        "min_trust" => Ok(WithholdCode::MinTrust),
        "no_prekey" => Ok(WithholdCode::NoPrekey),
        _ => Err(Error::internal("a queued item has an unknown code")),
    }
}
