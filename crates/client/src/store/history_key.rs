//! Sessions that somebody else than their sender handed over: what was said before one came.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, DeviceId, Hash, MessageId, UserId};
use rusqlite::{OptionalExtension as _, params};

use super::{InboundRow, Store, StoreError, StoreResult, hash32, id16};

/// Sessions of one channel that are taken from others, at most.
const PER_CHANNEL_MAX: i64 = 20_000;
/// Pieces that wait for a log, at most, and how long.
const WAITING_MAX: u64 = 2_000;
const WAITING_MS: u64 = 7 * 24 * 3_600_000;

/// A session, and who handed it over.
pub(crate) struct HeldKey<P: Primitives> {
    pub row: InboundRow<P>,
    pub via: UserId,
}

/// Keys that came before the log that says whether they may be taken.
pub(crate) struct WaitingKeys {
    pub dedupe_id: Hash,
    pub channel: ChannelId,
    pub via: (UserId, DeviceId),
    /// Encoded `Vec<HistoryKey>`.
    pub keys: Vec<u8>,
}

impl<P: Primitives> Store<P> {
    /// Keeps a session that somebody handed over, unless the same person handed one over that
    /// reaches as far back. Never touches what came from the sender. Says whether it is new.
    pub fn put_history_key(&self, held: &HeldKey<P>) -> StoreResult<bool> {
        let row = &held.row;
        let first = P::inbound_first_index(&row.ratchet);
        let known: Option<u32> = self
            .connection
            .prepare_cached("SELECT first_index FROM history_key WHERE session = ?1 AND via = ?2")?
            .query_row(params![row.session.0, held.via.as_bytes()], |row| {
                row.get(0)
            })
            .optional()?;
        let count: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM history_key WHERE channel = ?1")?
            .query_row([row.channel.as_bytes()], |row| row.get(0))?;
        let no_better = known.is_some_and(|known| known <= first);
        if no_better || (known.is_none() && count >= PER_CHANNEL_MAX) {
            return Ok(false);
        }
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO history_key (session, via, channel, sender_user, sender_device, ratchet, first_index, created_epoch, suite)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                row.session.0,
                held.via.as_bytes(),
                row.channel.as_bytes(),
                row.sender_user.as_bytes(),
                row.sender_device.as_bytes(),
                P::inbound_to_bytes(&row.ratchet),
                first,
                row.created_epoch as i64,
                row.suite
            ])?;
        Ok(true)
    }

    /// What was handed over of a session of a channel, the furthest back first.
    pub fn history_keys(&self, session: &Hash, channel: ChannelId) -> StoreResult<Vec<HeldKey<P>>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT via, sender_user, sender_device, ratchet, created_epoch, suite FROM history_key
             WHERE session = ?1 AND channel = ?2 ORDER BY first_index, via",
        )?;
        let rows = statement
            .query_map(params![session.0, channel.as_bytes()], |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, Vec<u8>>(2)?,
                    row.get::<_, Vec<u8>>(3)?,
                    row.get::<_, i64>(4)?,
                    row.get::<_, u16>(5)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(via, user, device, ratchet, created_epoch, suite)| {
                let row = InboundRow {
                    session: *session,
                    channel,
                    sender_user: UserId::from_bytes(id16(&user)?),
                    sender_device: DeviceId::from_bytes(id16(&device)?),
                    ratchet: P::inbound_from_bytes(&ratchet).ok_or(StoreError::Unreadable)?,
                    created_epoch: created_epoch as u64,
                    shared_history: true,
                    suite,
                    restored: false,
                };
                let via = UserId::from_bytes(id16(&via)?);
                Ok(HeldKey { row, via })
            })
            .collect()
    }

    /// Remembers that a message was opened with what somebody handed over.
    pub fn put_via(&self, message: MessageId, via: UserId) -> StoreResult<()> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO message_via (message, via) VALUES (?1, ?2)")?
            .execute(params![message.as_bytes(), via.as_bytes()])?;
        Ok(())
    }

    /// Who handed over the key of a message, if it did not come from its sender.
    pub fn via(&self, message: MessageId) -> StoreResult<Option<UserId>> {
        let found: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT via FROM message_via WHERE message = ?1")?
            .query_row([message.as_bytes()], |row| row.get(0))
            .optional()?;
        found
            .map(|bytes| id16(&bytes).map(UserId::from_bytes))
            .transpose()
    }

    /// Ids of the sessions of a channel that those who come later may be handed, newest first,
    /// at most `limit`.
    pub fn shareable(&self, channel: ChannelId, limit: u32) -> StoreResult<Vec<Hash>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT session FROM (
               SELECT session, created_epoch FROM inbound WHERE channel = ?1 AND shared_history = 1
               UNION SELECT session, created_epoch FROM history_key WHERE channel = ?1)
             GROUP BY session ORDER BY max(created_epoch) DESC, session LIMIT ?2",
        )?;
        let rows = statement
            .query_map(params![channel.as_bytes(), limit], |row| {
                row.get::<_, Vec<u8>>(0)
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.iter().map(|session| hash32(session)).collect()
    }

    /// Forgets what was handed over for channels that are not here any more.
    pub fn forget_history_keys(&self) -> StoreResult<()> {
        for sql in [
            "DELETE FROM history_key WHERE channel NOT IN (SELECT channel FROM channel)",
            "DELETE FROM message_via WHERE message NOT IN (SELECT id FROM message)",
            "DELETE FROM transcript WHERE channel NOT IN (SELECT channel FROM channel)",
            "DELETE FROM fork WHERE place NOT IN (SELECT channel FROM channel UNION SELECT guild FROM guild)",
        ] {
            self.connection.prepare_cached(sql)?.execute([])?;
        }
        Ok(())
    }

    pub fn put_waiting_keys(&self, waiting: &WaitingKeys, now: u64) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM history_waiting WHERE at < ?1")?
            .execute([now.saturating_sub(WAITING_MS) as i64])?;
        self.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO history_waiting (dedupe_id, channel, via, device, keys, at)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE (SELECT count(*) FROM history_waiting) < ?7",
            )?
            .execute(params![
                waiting.dedupe_id.0,
                waiting.channel.as_bytes(),
                waiting.via.0.as_bytes(),
                waiting.via.1.as_bytes(),
                waiting.keys,
                now as i64,
                WAITING_MAX as i64
            ])?;
        Ok(())
    }

    pub fn waiting_keys(&self) -> StoreResult<Vec<WaitingKeys>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT dedupe_id, channel, via, device, keys FROM history_waiting ORDER BY at, dedupe_id",
        )?;
        let rows = statement
            .query_map([], |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, Vec<u8>>(2)?,
                    row.get::<_, Vec<u8>>(3)?,
                    row.get::<_, Vec<u8>>(4)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(dedupe_id, channel, via, device, keys)| {
                Ok(WaitingKeys {
                    dedupe_id: hash32(&dedupe_id)?,
                    channel: ChannelId::from_bytes(id16(&channel)?),
                    via: (
                        UserId::from_bytes(id16(&via)?),
                        DeviceId::from_bytes(id16(&device)?),
                    ),
                    keys,
                })
            })
            .collect()
    }

    pub fn delete_waiting_keys(&self, dedupe_id: &Hash) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM history_waiting WHERE dedupe_id = ?1")?
            .execute([dedupe_id.0])?;
        Ok(())
    }

    /// Keys of earlier messages were asked for now.
    pub fn note_history_asked(&self, channel: ChannelId, now: u64) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET history_asked_at = ?2 WHERE channel = ?1")?
            .execute(params![channel.as_bytes(), now as i64])?;
        Ok(())
    }

    /// Some came: nothing is awaited any more.
    pub fn note_history_came(&self, channel: ChannelId) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET history_asked_at = NULL WHERE channel = ?1")?
            .execute([channel.as_bytes()])?;
        Ok(())
    }

    /// When keys of earlier messages were asked for, if none have come since.
    pub fn history_asked_at(&self, channel: ChannelId) -> StoreResult<Option<u64>> {
        let at: Option<Option<i64>> = self
            .connection
            .prepare_cached("SELECT history_asked_at FROM channel WHERE channel = ?1")?
            .query_row([channel.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(at.flatten().map(|at| at as u64))
    }
}
