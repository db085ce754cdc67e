//! Sessions with devices and groups, what was sent through them and what came.

use cloister_e2ee::Primitives;
use cloister_wire::{
    ChannelId, DeviceId, Hash, Txn, UserId,
    key::{NackReason, ToDeviceClass},
};
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError, StoreResult, Subject, hash32, id16, pack, unpack};

/// The group session that this device sends a channel's messages with.
pub(crate) struct OutboundRow<P: Primitives> {
    pub session: Hash,
    pub ratchet: P::Outbound,
    pub created_epoch: u64,
    pub created_at: u64,
    pub shared_history: bool,
    pub sent: u32,
}

/// A group session of somebody's device.
pub(crate) struct InboundRow<P: Primitives> {
    pub session: Hash,
    pub channel: ChannelId,
    pub sender_user: UserId,
    pub sender_device: DeviceId,
    pub ratchet: P::Inbound,
    pub created_epoch: u64,
    pub shared_history: bool,
    pub suite: u16,
    /// From one's own backup, not from the sender.
    pub restored: bool,
}

/// A request that was encrypted and must arrive as it is.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub number: i64,
    pub channel: Option<ChannelId>,
    pub path: String,
    pub body: Vec<u8>,
    /// For a share: the session, and whom it covers at which registration.
    pub session: Option<Hash>,
    pub devices: Vec<(DeviceId, u32)>,
}

/// Something that was sent to one device.
#[derive(Debug, Clone)]
pub(crate) struct SentItem {
    pub dedupe_id: Hash,
    pub device: DeviceId,
    pub class: ToDeviceClass,
    /// An encoded `DeviceContent`.
    pub content: Vec<u8>,
    pub resent: u32,
}

const CLASSES: [ToDeviceClass; 5] = [
    ToDeviceClass::RoomKey,
    ToDeviceClass::DmKey,
    ToDeviceClass::Secret,
    ToDeviceClass::Control,
    ToDeviceClass::Verification,
];
const REASONS: [NackReason; 3] = [
    NackReason::UnknownPrekey,
    NackReason::NoSession,
    NackReason::Corrupt,
];

impl<P: Primitives> Store<P> {
    pub fn outbound(&self, channel: ChannelId) -> StoreResult<Option<OutboundRow<P>>> {
        let row: Option<(Vec<u8>, Vec<u8>, i64, i64, i64, u32)> = self
            .connection
            .prepare_cached("SELECT session, ratchet, created_epoch, created_at, shared_history, sent FROM outbound WHERE channel = ?1")?
            .query_row([channel.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
            })
            .optional()?;
        row.map(
            |(session, ratchet, created_epoch, created_at, shared_history, sent)| {
                Ok(OutboundRow {
                    session: hash32(&session)?,
                    ratchet: P::outbound_from_bytes(&ratchet).ok_or(StoreError::Unreadable)?,
                    created_epoch: created_epoch as u64,
                    created_at: created_at as u64,
                    shared_history: shared_history != 0,
                    sent,
                })
            },
        )
        .transpose()
    }

    pub fn put_outbound(&self, channel: ChannelId, row: &OutboundRow<P>) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO outbound (channel, session, ratchet, created_epoch, created_at, shared_history, sent)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                channel.as_bytes(),
                row.session.0,
                P::outbound_to_bytes(&row.ratchet),
                row.created_epoch as i64,
                row.created_at as i64,
                i64::from(row.shared_history),
                row.sent
            ])?;
        Ok(())
    }

    /// Ends the group session that this device sends with: the next message begins another.
    pub fn end_outbound(&self, channel: ChannelId) -> StoreResult<()> {
        for sql in [
            "DELETE FROM coverage WHERE session IN (SELECT session FROM outbound WHERE channel = ?1)",
            "DELETE FROM withheld_from WHERE session IN (SELECT session FROM outbound WHERE channel = ?1)",
            "DELETE FROM parcel WHERE channel = ?1",
            "DELETE FROM outbound WHERE channel = ?1",
        ] {
            self.connection
                .prepare_cached(sql)?
                .execute([channel.as_bytes()])?;
        }
        Ok(())
    }

    pub fn covered(&self, session: &Hash) -> StoreResult<Vec<(DeviceId, u32)>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT device, reg_id FROM coverage WHERE session = ?1")?;
        let rows = statement
            .query_map([session.0], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, u32>(1)?))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(device, reg_id)| Ok((DeviceId::from_bytes(id16(&device)?), reg_id)))
            .collect()
    }

    pub fn cover(&self, session: &Hash, devices: &[(DeviceId, u32)]) -> StoreResult<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT OR REPLACE INTO coverage (session, device, reg_id) VALUES (?1, ?2, ?3)",
        )?;
        for (device, reg_id) in devices {
            statement.execute(params![session.0, device.as_bytes(), reg_id])?;
        }
        Ok(())
    }

    /// The server does not know that these devices hold the session.
    pub fn uncover(&self, session: &Hash, devices: &[DeviceId]) -> StoreResult<()> {
        let mut statement = self
            .connection
            .prepare_cached("DELETE FROM coverage WHERE session = ?1 AND device = ?2")?;
        for device in devices {
            statement.execute(params![session.0, device.as_bytes()])?;
        }
        Ok(())
    }

    pub fn inbound(&self, session: &Hash) -> StoreResult<Option<InboundRow<P>>> {
        let row: Option<(Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, u16, i64)> = self
            .connection
            .prepare_cached("SELECT channel, sender_user, sender_device, ratchet, created_epoch, shared_history, suite, restored FROM inbound WHERE session = ?1")?
            .query_row([session.0], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?))
            })
            .optional()?;
        row.map(
            |(channel, user, device, ratchet, created_epoch, shared_history, suite, restored)| {
                Ok(InboundRow {
                    session: *session,
                    channel: ChannelId::from_bytes(id16(&channel)?),
                    sender_user: UserId::from_bytes(id16(&user)?),
                    sender_device: DeviceId::from_bytes(id16(&device)?),
                    ratchet: P::inbound_from_bytes(&ratchet).ok_or(StoreError::Unreadable)?,
                    created_epoch: created_epoch as u64,
                    shared_history: shared_history != 0,
                    suite,
                    restored: restored != 0,
                })
            },
        )
        .transpose()
    }

    pub fn put_inbound(&self, row: &InboundRow<P>) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO inbound (session, channel, sender_user, sender_device, ratchet, first_index, created_epoch, shared_history, suite, restored)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                row.session.0,
                row.channel.as_bytes(),
                row.sender_user.as_bytes(),
                row.sender_device.as_bytes(),
                P::inbound_to_bytes(&row.ratchet),
                P::inbound_first_index(&row.ratchet),
                row.created_epoch as i64,
                i64::from(row.shared_history),
                row.suite,
                i64::from(row.restored)
            ])?;
        self.note_change(&Subject::Session(row.session))
    }

    pub fn put_dm_key(
        &self,
        channel: ChannelId,
        sender: DeviceId,
        txn: Txn,
        key: &Hash,
        ciphertext: &Hash,
    ) -> StoreResult<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO dm_key (channel, sender_device, txn, key, ciphertext) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![channel.as_bytes(), sender.as_bytes(), txn.as_bytes(), key.0, ciphertext.0])?;
        self.note_change(&Subject::Direct(channel, sender, txn))
    }

    /// The content key of a direct message, and the hash of the ciphertext it is for.
    pub fn dm_key(
        &self,
        channel: ChannelId,
        sender: DeviceId,
        txn: Txn,
    ) -> StoreResult<Option<(Hash, Hash)>> {
        let row: Option<(Vec<u8>, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT key, ciphertext FROM dm_key WHERE channel = ?1 AND sender_device = ?2 AND txn = ?3")?
            .query_row(params![channel.as_bytes(), sender.as_bytes(), txn.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(key, ciphertext)| Ok((hash32(&key)?, hash32(&ciphertext)?)))
            .transpose()
    }

    /// Sessions with a device: first the one that opened something most recently, then the
    /// newest.
    pub fn olm_sessions(&self, device: DeviceId) -> StoreResult<Vec<P::Session>> {
        let mut statement = self.connection.prepare_cached("SELECT ratchet FROM olm WHERE device = ?1 ORDER BY heard_at DESC, created_at DESC, session")?;
        let rows = statement
            .query_map([device.as_bytes()], |row| row.get::<_, Vec<u8>>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        rows.iter()
            .map(|bytes| P::session_from_bytes(bytes).ok_or(StoreError::Unreadable))
            .collect()
    }

    pub fn has_olm_session(&self, device: DeviceId) -> StoreResult<bool> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM olm WHERE device = ?1")?
            .exists([device.as_bytes()])?)
    }

    /// When this device last opened a session to `device` of its own accord.
    pub fn newest_olm_at(&self, device: DeviceId) -> StoreResult<u64> {
        let at: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(created_at) FROM olm WHERE device = ?1")?
            .query_row([device.as_bytes()], |row| row.get(0))?;
        Ok(at.unwrap_or(0) as u64)
    }

    /// `heard_at`: when it opened something, if it just did.
    pub fn put_olm(
        &self,
        device: DeviceId,
        session: &P::Session,
        now: u64,
        heard_at: Option<u64>,
    ) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO olm (device, session, ratchet, created_at, heard_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (device, session) DO UPDATE SET ratchet = excluded.ratchet, heard_at = max(heard_at, excluded.heard_at)",
            )?
            .execute(params![
                device.as_bytes(),
                P::session_id(session),
                P::session_to_bytes(session),
                now as i64,
                heard_at.unwrap_or(0) as i64
            ])?;
        // Five sessions with a device are more than any honest history needs.
        self.connection
            .prepare_cached(
                "DELETE FROM olm WHERE device = ?1 AND session NOT IN
                 (SELECT session FROM olm WHERE device = ?1 ORDER BY max(heard_at, created_at) DESC, session LIMIT 5)",
            )?
            .execute([device.as_bytes()])?;
        Ok(())
    }

    /// Marks an item as having taken effect; false if it already had.
    pub fn take_item(&self, dedupe_id: &Hash, now: u64) -> StoreResult<bool> {
        let rows = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO taken (dedupe_id, at) VALUES (?1, ?2)")?
            .execute(params![dedupe_id.0, now as i64])?;
        Ok(rows == 1)
    }

    pub fn was_taken(&self, dedupe_id: &Hash) -> StoreResult<bool> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM taken WHERE dedupe_id = ?1")?
            .exists([dedupe_id.0])?)
    }

    pub fn put_sent_item(&self, item: &SentItem, now: u64) -> StoreResult<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO sent_item (dedupe_id, device, class, content, at, resent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![item.dedupe_id.0, item.device.as_bytes(), item.class as i64, item.content, now as i64, item.resent])?;
        Ok(())
    }

    pub fn sent_item(&self, dedupe_id: &Hash) -> StoreResult<Option<SentItem>> {
        let row: Option<(Vec<u8>, i64, Vec<u8>, u32)> = self
            .connection
            .prepare_cached(
                "SELECT device, class, content, resent FROM sent_item WHERE dedupe_id = ?1",
            )?
            .query_row([dedupe_id.0], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        row.map(|(device, class, content, resent)| {
            let class = *CLASSES.get(class as usize).ok_or(StoreError::Unreadable)?;
            Ok(SentItem {
                dedupe_id: *dedupe_id,
                device: DeviceId::from_bytes(id16(&device)?),
                class,
                content,
                resent,
            })
        })
        .transpose()
    }

    /// Forgets what nobody can ask for any more: 60 days after it was sent or taken.
    pub fn prune_items(&self, now: u64) -> StoreResult<()> {
        let before = now.saturating_sub(60 * 24 * 3_600_000) as i64;
        self.connection
            .prepare_cached("DELETE FROM sent_item WHERE at < ?1")?
            .execute([before])?;
        self.connection
            .prepare_cached("DELETE FROM taken WHERE at < ?1")?
            .execute([before])?;
        Ok(())
    }

    pub fn put_parcel(&self, parcel: &Parcel) -> StoreResult<()> {
        self.connection
            .prepare_cached("INSERT INTO parcel (channel, path, body, session, devices) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                parcel.channel.map(|channel| *channel.as_bytes()),
                parcel.path,
                parcel.body,
                parcel.session.map(|session| session.0),
                pack(&parcel.devices)
            ])?;
        Ok(())
    }

    /// The oldest unacknowledged parcel of a channel, or of none.
    pub fn next_parcel(&self, channel: Option<ChannelId>) -> StoreResult<Option<Parcel>> {
        let row: Option<(i64, String, Vec<u8>, Option<Vec<u8>>, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT number, path, body, session, devices FROM parcel WHERE channel IS ?1 ORDER BY number LIMIT 1")?
            .query_row(params![channel.map(|channel| *channel.as_bytes())], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()?;
        row.map(|(number, path, body, session, devices)| {
            let session = session.map(|bytes| hash32(&bytes)).transpose()?;
            Ok(Parcel {
                number,
                channel,
                path,
                body,
                session,
                devices: unpack(&devices)?,
            })
        })
        .transpose()
    }

    pub fn delete_parcel(&self, number: i64) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM parcel WHERE number = ?1")?
            .execute([number])?;
        Ok(())
    }

    pub fn put_nack(
        &self,
        seq: u64,
        reason: NackReason,
        sender: DeviceId,
        now: u64,
    ) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO nack (seq, reason, device, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                seq as i64,
                REASONS
                    .iter()
                    .position(|one| *one == reason)
                    .map(|at| at as i64),
                sender.as_bytes(),
                now as i64
            ])?;
        Ok(())
    }

    /// The first report that the server has not taken yet.
    pub fn next_nack(&self) -> StoreResult<Option<(u64, NackReason)>> {
        let row = self
            .connection
            .prepare_cached("SELECT seq, reason FROM nack WHERE reported = 0 ORDER BY seq LIMIT 1")?
            .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .optional()?;
        row.map(|(seq, reason)| {
            let reason = REASONS.get(reason as usize).ok_or(StoreError::Unreadable)?;
            Ok((seq as u64, *reason))
        })
        .transpose()
    }

    pub fn report_nack(&self, seq: u64) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE nack SET reported = 1 WHERE seq = ?1")?
            .execute([seq as i64])?;
        Ok(())
    }

    /// Somebody could not open what this device sent.
    pub fn owe(&self, dedupe_id: &Hash, user: UserId, device: DeviceId) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO owed (dedupe_id, user, device) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![dedupe_id.0, user.as_bytes(), device.as_bytes()])?;
        Ok(())
    }

    /// The next item to seal again, and for whom.
    pub fn next_owed(&self) -> StoreResult<Option<(Hash, UserId, DeviceId)>> {
        let row: Option<(Vec<u8>, Vec<u8>, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT dedupe_id, user, device FROM owed ORDER BY dedupe_id LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        row.map(|(dedupe_id, user, device)| {
            Ok((
                hash32(&dedupe_id)?,
                UserId::from_bytes(id16(&user)?),
                DeviceId::from_bytes(id16(&device)?),
            ))
        })
        .transpose()
    }

    pub fn settle_owed(&self, dedupe_id: &Hash) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM owed WHERE dedupe_id = ?1")?
            .execute([dedupe_id.0])?;
        Ok(())
    }

    /// Whether something from this device could not be opened in the last day: its answer may
    /// still come.
    pub fn nack_pending(&self, sender: DeviceId, now: u64) -> StoreResult<bool> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM nack WHERE device = ?1 AND at > ?2")?
            .exists(params![
                sender.as_bytes(),
                now.saturating_sub(24 * 3_600_000) as i64
            ])?)
    }
}
