//! Messages, opened or not.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, DeviceId, Hash, MessageId, Txn, UserId, channel::Message};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::view::Undecryptable;

use super::{Store, StoreError, StoreResult, id16, pack, unpack};

/// How far a message was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MessageState {
    Text(String),
    /// No key yet: the queue has not been read to its end since the message came.
    Waiting,
    Closed(Undecryptable),
    /// From before this device or person could read here.
    Before,
}

#[derive(Debug, Clone)]
pub(crate) struct MessageRow {
    pub seq: u64,
    pub id: MessageId,
    pub at: u64,
    pub author: UserId,
    pub device: DeviceId,
    pub state: MessageState,
}

const COLUMNS: &str = "seq, id, at, author, device, state, body, cause";
const CAUSES: [Undecryptable; 6] = [
    Undecryptable::KeyMissing,
    Undecryptable::Withheld,
    Undecryptable::Corrupt,
    Undecryptable::WrongSender,
    Undecryptable::Replayed,
    Undecryptable::BeforeThisDevice,
];

struct Raw(
    i64,
    Vec<u8>,
    i64,
    Vec<u8>,
    Vec<u8>,
    i64,
    Option<String>,
    Option<i64>,
);

impl Raw {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self(
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
            row.get(7)?,
        ))
    }

    fn understand(self) -> StoreResult<MessageRow> {
        let state = match (self.5, self.6, self.7) {
            (0, Some(body), _) => MessageState::Text(body),
            (1, ..) => MessageState::Waiting,
            (2, _, Some(cause)) => {
                MessageState::Closed(*CAUSES.get(cause as usize).ok_or(StoreError::Unreadable)?)
            }
            (3, ..) => MessageState::Before,
            _ => return Err(StoreError::Unreadable),
        };
        Ok(MessageRow {
            seq: self.0 as u64,
            id: MessageId::from_bytes(id16(&self.1)?),
            at: self.2 as u64,
            author: UserId::from_bytes(id16(&self.3)?),
            device: DeviceId::from_bytes(id16(&self.4)?),
            state,
        })
    }
}

fn state_columns(state: &MessageState) -> (i64, Option<&str>, Option<i64>) {
    match state {
        MessageState::Text(body) => (0, Some(body), None),
        MessageState::Waiting => (1, None, None),
        MessageState::Closed(cause) => (
            2,
            None,
            CAUSES
                .iter()
                .position(|one| one == cause)
                .map(|at| at as i64),
        ),
        MessageState::Before => (3, None, None),
    }
}

impl<P: Primitives> Store<P> {
    /// Stores a message as far as it could be opened; the sealed form stays until it is text.
    pub fn put_message(
        &self,
        message: &Message,
        state: &MessageState,
        now: u64,
    ) -> StoreResult<()> {
        let (number, body, cause) = state_columns(state);
        let opened = matches!(state, MessageState::Text(_));
        let (session, index) = match &message.content {
            cloister_wire::channel::SealedContent::Group {
                session, msg_index, ..
            } => (Some(session.0), Some(i64::from(*msg_index))),
            cloister_wire::channel::SealedContent::Direct { .. } => (None, None),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO message (channel, seq, id, at, author, device, txn, class, state, body, cause, sealed, session, msg_index, since)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                 ON CONFLICT (channel, seq) DO UPDATE SET state = excluded.state, body = excluded.body, cause = excluded.cause, sealed = excluded.sealed",
            )?
            .execute(params![
                message.channel.as_bytes(),
                message.seq as i64,
                message.id.as_bytes(),
                message.at as i64,
                message.sender_user.as_bytes(),
                message.sender_device.as_bytes(),
                message.txn.as_bytes(),
                message.class as i64,
                number,
                body,
                cause,
                (!opened).then(|| pack(message)),
                session,
                index,
                now as i64
            ])?;
        Ok(())
    }

    /// Up to `limit` messages before `before`, oldest first.
    pub fn timeline(
        &self,
        channel: ChannelId,
        before: Option<u64>,
        limit: u32,
    ) -> StoreResult<Vec<MessageRow>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM message WHERE channel = ?1 AND seq < ?2 AND class = 0 ORDER BY seq DESC LIMIT ?3"
        ))?;
        let before = before.map_or(i64::MAX, |seq| seq as i64);
        let raws = statement
            .query_map(params![channel.as_bytes(), before, limit], Raw::read)?
            .collect::<Result<Vec<_>, _>>()?;
        raws.into_iter().rev().map(Raw::understand).collect()
    }

    /// The newest message that was opened.
    pub fn last_text(&self, channel: ChannelId) -> StoreResult<Option<String>> {
        Ok(self
            .connection
            .prepare_cached("SELECT body FROM message WHERE channel = ?1 AND state = 0 AND class = 0 ORDER BY seq DESC LIMIT 1")?
            .query_row([channel.as_bytes()], |row| row.get(0))
            .optional()?)
    }

    /// Sealed messages that a session or content key might open now.
    pub fn sealed_in(
        &self,
        channel: ChannelId,
        session: Option<&Hash>,
    ) -> StoreResult<Vec<Message>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT sealed FROM message WHERE channel = ?1 AND state <> 0 AND sealed IS NOT NULL AND (?2 IS NULL OR session = ?2) ORDER BY seq",
        )?;
        let session = session.map(|session| session.0);
        let rows = statement
            .query_map(params![channel.as_bytes(), session], |row| {
                row.get::<_, Vec<u8>>(0)
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.iter().map(|sealed| unpack(sealed)).collect()
    }

    /// The sealed message of a device's transaction, if it was not opened yet.
    pub fn sealed_txn(
        &self,
        channel: ChannelId,
        device: DeviceId,
        txn: Txn,
    ) -> StoreResult<Option<Message>> {
        let sealed: Option<Option<Vec<u8>>> = self
            .connection
            .prepare_cached("SELECT sealed FROM message WHERE device = ?1 AND txn = ?2 AND channel = ?3 AND state <> 0")?
            .query_row(params![device.as_bytes(), txn.as_bytes(), channel.as_bytes()], |row| row.get(0))
            .optional()?;
        sealed.flatten().map(|bytes| unpack(&bytes)).transpose()
    }

    /// The message of a device's transaction.
    pub fn message_of_txn(&self, device: DeviceId, txn: Txn) -> StoreResult<Option<MessageId>> {
        let id: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT id FROM message WHERE device = ?1 AND txn = ?2")?
            .query_row(params![device.as_bytes(), txn.as_bytes()], |row| row.get(0))
            .optional()?;
        id.map(|id| Ok(MessageId::from_bytes(id16(&id)?)))
            .transpose()
    }

    /// Channels with messages that wait since before `until`, and those messages.
    pub fn waiting(&self, until: u64) -> StoreResult<Vec<Message>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT sealed FROM message WHERE state = 1 AND since <= ?1 ORDER BY channel, seq",
        )?;
        let rows = statement
            .query_map([until as i64], |row| row.get::<_, Vec<u8>>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        rows.iter().map(|sealed| unpack(sealed)).collect()
    }

    /// The message, other than this one, that used the same place in a group session.
    pub fn index_taken(&self, session: &Hash, index: u32, id: MessageId) -> StoreResult<bool> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM message WHERE session = ?1 AND msg_index = ?2 AND id <> ?3 AND state = 0")?
            .exists(params![session.0, index, id.as_bytes()])?)
    }

    /// The text of a message, if it was opened before.
    pub fn text_of(&self, id: MessageId) -> StoreResult<Option<String>> {
        Ok(self
            .connection
            .prepare_cached("SELECT body FROM message WHERE id = ?1 AND state = 0")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?)
    }

    /// Messages of others after `seq`.
    pub fn unread(&self, channel: ChannelId, after: u64, me: UserId) -> StoreResult<u32> {
        Ok(self
            .connection
            .prepare_cached("SELECT count(*) FROM message WHERE channel = ?1 AND seq > ?2 AND class = 0 AND author <> ?3")?
            .query_row(params![channel.as_bytes(), after as i64, me.as_bytes()], |row| row.get(0))?)
    }

    /// Whether somebody wrote and was answered: the moment to offer the recovery key.
    pub fn exchange_took_place(&self, me: UserId) -> StoreResult<bool> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM message WHERE state = 0 AND author = ?1) AND EXISTS (SELECT 1 FROM message WHERE state = 0 AND author <> ?1)",
            )?
            .query_row([me.as_bytes()], |row| row.get(0))?)
    }

    /// How many messages cannot be read, by cause, and how many wait.
    pub fn undecryptable(&self) -> StoreResult<(Vec<(Undecryptable, u32)>, u32)> {
        let mut statement = self.connection.prepare_cached("SELECT state, cause, count(*) FROM message WHERE state IN (1, 2) GROUP BY state, cause")?;
        let rows = statement
            .query_map([], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Option<i64>>(1)?,
                    row.get::<_, u32>(2)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let waiting = rows
            .iter()
            .filter(|(state, ..)| *state == 1)
            .map(|(.., count)| count)
            .sum();
        let causes = rows
            .iter()
            .filter_map(|(_, cause, count)| {
                CAUSES.get((*cause)? as usize).map(|cause| (*cause, *count))
            })
            .collect();
        Ok((causes, waiting))
    }
}
