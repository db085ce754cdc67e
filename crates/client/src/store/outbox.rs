//! Messages that the server has not acknowledged.

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{
    ChannelId, ErrorCode, MessageId, Txn,
    channel::{MessageClass, Notify},
};
use rusqlite::{OptionalExtension as _, Row, params};

use super::{Store, StoreError, StoreResult, decode, id16, message::text_of, pack, unpack};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryState {
    /// Not encrypted yet.
    Queued,
    /// Encrypted: the exact request, repeated until there is an answer.
    Sealed(Vec<u8>),
    /// The person decides.
    Failed { code: ErrorCode, message: String },
}

/// What the server must know of what is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Frame {
    pub target: Option<MessageId>,
    pub thread: Option<MessageId>,
    pub notify: Option<Notify>,
    pub ttl_s: Option<u32>,
}

/// Something to say, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saying {
    pub content: MessageContent,
    pub frame: Frame,
}

impl Saying {
    pub const fn class(&self) -> MessageClass {
        self.content.class()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct OutboxRow {
    /// Also the transaction under which it is sent.
    pub entry: Txn,
    pub channel: ChannelId,
    pub saying: Saying,
    pub at: u64,
    pub state: EntryState,
    pub attempts: u32,
}

const COLUMNS: &str = "entry, channel, content, frame, at, state, request, code, message, attempts";

struct Raw(
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    i64,
    i64,
    Option<Vec<u8>>,
    Option<String>,
    Option<String>,
    u32,
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
            row.get(8)?,
            row.get(9)?,
        ))
    }

    fn understand(self) -> StoreResult<OutboxRow> {
        let state = match (self.5, self.6, self.7, self.8) {
            (0, ..) => EntryState::Queued,
            (1, Some(request), ..) => EntryState::Sealed(request),
            (2, _, Some(code), Some(message)) => {
                let code = serde_json::from_value(serde_json::Value::String(code))
                    .map_err(|_| StoreError::Unreadable)?;
                EntryState::Failed { code, message }
            }
            _ => return Err(StoreError::Unreadable),
        };
        Ok(OutboxRow {
            entry: Txn::from_bytes(id16(&self.0)?),
            channel: ChannelId::from_bytes(id16(&self.1)?),
            saying: Saying {
                content: decode(&self.2)?,
                frame: unpack(&self.3)?,
            },
            at: self.4 as u64,
            state,
            attempts: self.9,
        })
    }
}

impl<P: Primitives> Store<P> {
    pub fn queue(
        &self,
        entry: Txn,
        channel: ChannelId,
        saying: &Saying,
        now: u64,
    ) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO outbox (entry, channel, place, body, at, state, content, frame)
                 VALUES (?1, ?2, (SELECT coalesce(max(place), 0) + 1 FROM outbox), ?3, ?4, 0, ?5, ?6)",
            )?
            .execute(params![
                entry.as_bytes(),
                channel.as_bytes(),
                text_of(&saying.content).unwrap_or_default(),
                now as i64,
                cloister_proof::encode(&saying.content),
                pack(&saying.frame)
            ])?;
        Ok(())
    }

    pub fn entry(&self, entry: Txn) -> StoreResult<Option<OutboxRow>> {
        let raw = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE entry = ?1"))?
            .query_row([entry.as_bytes()], Raw::read)
            .optional()?;
        raw.map(Raw::understand).transpose()
    }

    /// The next message of a channel to send: failed ones stand aside.
    pub fn next_entry(&self, channel: ChannelId) -> StoreResult<Option<OutboxRow>> {
        let raw = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE channel = ?1 AND state <> 2 ORDER BY place LIMIT 1"))?
            .query_row([channel.as_bytes()], Raw::read)
            .optional()?;
        raw.map(Raw::understand).transpose()
    }

    /// Everything in the outbox, or in one channel's, oldest first.
    pub fn outbox(&self, channel: Option<ChannelId>) -> StoreResult<Vec<OutboxRow>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM outbox WHERE ?1 IS NULL OR channel = ?1 ORDER BY place"
        ))?;
        let channel = channel.map(|channel| *channel.as_bytes());
        let raws = statement
            .query_map(params![channel], Raw::read)?
            .collect::<Result<Vec<_>, _>>()?;
        raws.into_iter().map(Raw::understand).collect()
    }

    /// Channels with something to send.
    pub fn busy_channels(&self) -> StoreResult<Vec<ChannelId>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT channel FROM outbox WHERE state <> 2 ORDER BY channel",
        )?;
        let rows = statement
            .query_map([], |row| row.get::<_, Vec<u8>>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        rows.iter()
            .map(|bytes| id16(bytes).map(ChannelId::from_bytes))
            .collect()
    }

    pub fn put_entry_state(&self, entry: Txn, state: &EntryState) -> StoreResult<()> {
        let (number, request, code, message) = match state {
            EntryState::Queued => (0, None, None, None),
            EntryState::Sealed(request) => (1, Some(request), None, None),
            EntryState::Failed { code, message } => {
                let code = serde_json::to_value(code)
                    .ok()
                    .and_then(|code| code.as_str().map(str::to_owned));
                (2, None, code, Some(message))
            }
        };
        self.connection
            .prepare_cached("UPDATE outbox SET state = ?2, request = ?3, code = ?4, message = ?5 WHERE entry = ?1")?
            .execute(params![entry.as_bytes(), number, request, code, message])?;
        Ok(())
    }

    pub fn raise_attempts(&self, entry: Txn) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE outbox SET attempts = attempts + 1 WHERE entry = ?1")?
            .execute([entry.as_bytes()])?;
        Ok(())
    }

    pub fn clear_attempts(&self, entry: Txn) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE outbox SET attempts = 0 WHERE entry = ?1")?
            .execute([entry.as_bytes()])?;
        Ok(())
    }

    pub fn delete_entry(&self, entry: Txn) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM outbox WHERE entry = ?1")?
            .execute([entry.as_bytes()])?;
        Ok(())
    }
}
