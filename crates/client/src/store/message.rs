//! Messages, opened or not.

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{
    ChannelId, DeviceId, Hash, MessageId, Txn, UserId,
    channel::{Message, MessageClass, SealedContent},
};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::view::Undecryptable;

use super::{Store, StoreError, StoreResult, decode, id16, pack, relation::QUIET, unpack};

/// How far a message was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MessageState {
    Open(MessageContent),
    /// No key yet: the queue has not been read to its end since the message came.
    Waiting,
    Closed(Undecryptable),
    /// From before this device or person could read here.
    Before,
    /// Its content was taken away, by its author or by somebody with the right.
    Removed(UserId),
}

/// What somebody said about a message.
#[derive(Debug, Clone)]
pub(crate) struct Remark {
    pub at: u64,
    pub author: UserId,
    pub content: MessageContent,
}

#[derive(Debug, Clone)]
pub(crate) struct MessageRow {
    pub seq: u64,
    pub id: MessageId,
    pub at: u64,
    pub author: UserId,
    pub device: DeviceId,
    pub channel: ChannelId,
    pub state: MessageState,
    /// The text as it stands after its author's edits.
    pub body: Option<String>,
    pub edited_at: Option<u64>,
    pub calls_me: bool,
    pub expires_at: Option<u64>,
    /// In which thread it stands.
    pub thread: Option<MessageId>,
}

pub(super) const COLUMNS: &str = "seq, id, at, author, device, state, body, cause, channel, content, edited_at, removed_by, calls_me, expires_at, thread";
pub(super) const CAUSES: [Undecryptable; 9] = [
    Undecryptable::KeyMissing,
    Undecryptable::WithheldUnvouched,
    Undecryptable::Corrupt,
    Undecryptable::WrongSender,
    Undecryptable::Replayed,
    Undecryptable::BeforeThisDevice,
    Undecryptable::WithheldViolation,
    Undecryptable::WithheldNoKeys,
    Undecryptable::KeysLost,
];

pub(super) struct Raw {
    seq: i64,
    id: Vec<u8>,
    at: i64,
    author: Vec<u8>,
    device: Vec<u8>,
    state: i64,
    body: Option<String>,
    cause: Option<i64>,
    channel: Vec<u8>,
    content: Option<Vec<u8>>,
    edited_at: Option<i64>,
    removed_by: Option<Vec<u8>>,
    calls_me: i64,
    expires_at: Option<i64>,
    thread: Option<Vec<u8>>,
}

impl Raw {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            id: row.get(1)?,
            at: row.get(2)?,
            author: row.get(3)?,
            device: row.get(4)?,
            state: row.get(5)?,
            body: row.get(6)?,
            cause: row.get(7)?,
            channel: row.get(8)?,
            content: row.get(9)?,
            edited_at: row.get(10)?,
            removed_by: row.get(11)?,
            calls_me: row.get(12)?,
            expires_at: row.get(13)?,
            thread: row.get(14)?,
        })
    }

    pub(super) fn understand(self) -> StoreResult<MessageRow> {
        let state = match (self.state, &self.content, self.cause, &self.removed_by) {
            (0, Some(content), ..) => MessageState::Open(decode(content)?),
            (1, ..) => MessageState::Waiting,
            (2, _, Some(cause), _) => {
                MessageState::Closed(*CAUSES.get(cause as usize).ok_or(StoreError::Unreadable)?)
            }
            (3, ..) => MessageState::Before,
            (4, .., Some(by)) => MessageState::Removed(UserId::from_bytes(id16(by)?)),
            _ => return Err(StoreError::Unreadable),
        };
        Ok(MessageRow {
            seq: self.seq as u64,
            id: MessageId::from_bytes(id16(&self.id)?),
            at: self.at as u64,
            author: UserId::from_bytes(id16(&self.author)?),
            device: DeviceId::from_bytes(id16(&self.device)?),
            channel: ChannelId::from_bytes(id16(&self.channel)?),
            state,
            body: self.body,
            edited_at: self.edited_at.map(|at| at as u64),
            calls_me: self.calls_me != 0,
            expires_at: self.expires_at.map(|at| at as u64),
            thread: self
                .thread
                .map(|root| id16(&root).map(MessageId::from_bytes))
                .transpose()?,
        })
    }
}

/// State, text, content, cause and who removed it, as columns.
type StateColumns<'a> = (
    i64,
    Option<&'a str>,
    Option<Vec<u8>>,
    Option<i64>,
    Option<[u8; 16]>,
);

fn state_columns(state: &MessageState) -> StateColumns<'_> {
    match state {
        MessageState::Open(content) => (
            0,
            text_of(content),
            Some(cloister_proof::encode(content)),
            None,
            None,
        ),
        MessageState::Waiting => (1, None, None, None, None),
        MessageState::Closed(cause) => {
            let number = CAUSES.iter().position(|one| one == cause);
            (2, None, None, number.map(|at| at as i64), None)
        }
        MessageState::Before => (3, None, None, None, None),
        MessageState::Removed(by) => (4, None, None, None, Some(*by.as_bytes())),
    }
}

/// What a message's content reads as, in one text.
pub(crate) fn text_of(content: &MessageContent) -> Option<&str> {
    match content {
        MessageContent::Text { body, .. } | MessageContent::Edit { body } => Some(body),
        MessageContent::Reaction { emoji } | MessageContent::ReactionEnd { emoji } => Some(emoji),
        MessageContent::Poll { question, .. } => Some(question),
        MessageContent::Vote { .. } | MessageContent::Deletion => None,
        MessageContent::Name { name } => Some(name),
    }
}

impl<P: Primitives> Store<P> {
    /// Stores a message as far as it could be opened; the sealed form stays until it is text.
    /// What is text can be searched for from the same commit on.
    pub fn put_message(
        &self,
        message: &Message,
        state: &MessageState,
        now: u64,
    ) -> StoreResult<()> {
        let (number, body, content, cause, removed_by) = state_columns(state);
        let settled = matches!(state, MessageState::Open(_) | MessageState::Removed(_));
        let place = match (body, message.class) {
            (Some(body), MessageClass::Message) => self.index_message(message, body)?,
            _ => None,
        };
        let (session, index) = match &message.content {
            SealedContent::Group {
                session, msg_index, ..
            } => (Some(session.0), Some(i64::from(*msg_index))),
            SealedContent::Direct { .. } | SealedContent::Scrubbed { .. } => (None, None),
        };
        let calls_me = self.calls_me(message, body)?;
        self.connection
            .prepare_cached(
                "INSERT INTO message (channel, seq, id, at, author, device, txn, class, state, body, cause, sealed, session, msg_index, since, target, content, removed_by, calls_me, place, expires_at, thread)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
                 ON CONFLICT (channel, seq) DO UPDATE SET state = excluded.state, body = excluded.body, cause = excluded.cause, sealed = excluded.sealed, content = excluded.content, removed_by = excluded.removed_by, place = excluded.place, calls_me = max(message.calls_me, excluded.calls_me)
                 WHERE message.state <> 4",
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
                (!settled).then(|| pack(message)),
                session,
                index,
                now as i64,
                message.target.map(|target| *target.as_bytes()),
                content,
                removed_by,
                i64::from(calls_me),
                place,
                message
                    .ttl_s
                    .map(|ttl| (message.at + u64::from(ttl) * 1_000) as i64),
                message.thread.map(|thread| *thread.as_bytes())
            ])?;
        match state {
            MessageState::Open(MessageContent::Name { name }) => {
                self.put_title(message.channel, message.seq, name)
            }
            _ => Ok(()),
        }
    }

    /// The newest name counts, in whatever order they are opened.
    fn put_title(&self, channel: ChannelId, seq: u64, name: &str) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET title = ?2, title_seq = ?3 WHERE channel = ?1 AND title_seq < ?3")?
            .execute(params![channel.as_bytes(), name, seq as i64])?;
        Ok(())
    }

    /// One message, whatever it is.
    pub fn message(&self, id: MessageId) -> StoreResult<Option<MessageRow>> {
        let raw = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE id = ?1"))?
            .query_row([id.as_bytes()], Raw::read)
            .optional()?;
        raw.map(Raw::understand).transpose()
    }

    /// What was said about a message and could be opened, oldest first.
    pub fn remarks(&self, target: MessageId) -> StoreResult<Vec<Remark>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at, author, content FROM message WHERE target = ?1 AND state = 0 AND content IS NOT NULL ORDER BY seq",
        )?;
        let rows = statement
            .query_map([target.as_bytes()], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, Vec<u8>>(2)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(at, author, content)| {
                Ok(Remark {
                    at: at as u64,
                    author: UserId::from_bytes(id16(&author)?),
                    content: decode(&content)?,
                })
            })
            .collect()
    }

    /// The text of a message after an edit; it is found by its new words only.
    pub fn put_edit(&self, id: MessageId, body: &str, at: u64) -> StoreResult<()> {
        self.index_anew(id, Some(body))?;
        self.connection
            .prepare_cached(
                "UPDATE message SET body = ?2, edited_at = ?3 WHERE id = ?1 AND state = 0",
            )?
            .execute(params![id.as_bytes(), body, at as i64])?;
        Ok(())
    }

    /// Takes away the content of a message and of what was said about it; a tombstone stays.
    pub fn scrub(&self, id: MessageId, by: UserId) -> StoreResult<()> {
        self.index_anew(id, None)?;
        self.drop_evidence(id)?;
        self.connection
            .prepare_cached(
                "DELETE FROM dm_key WHERE (channel, sender_device, txn) IN (SELECT channel, device, txn FROM message WHERE id = ?1 OR (target = ?1 AND class = 1))",
            )?
            .execute([id.as_bytes()])?;
        self.connection
            .prepare_cached(
                "UPDATE message SET state = 4, body = NULL, content = NULL, cause = NULL, sealed = NULL, edited_at = NULL, calls_me = 0, removed_by = ?2 WHERE id = ?1 OR (target = ?1 AND class = 1)",
            )?
            .execute(params![id.as_bytes(), by.as_bytes()])?;
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
            "SELECT {COLUMNS} FROM message WHERE channel = ?1 AND seq < ?2 AND class = 0 AND thread IS NULL AND aside = 0 ORDER BY seq DESC LIMIT ?3"
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
            .prepare_cached("SELECT body FROM message WHERE channel = ?1 AND state = 0 AND class = 0 AND thread IS NULL AND aside = 0 ORDER BY seq DESC LIMIT 1")?
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

    /// The message, other than this one, that used the same place in a group session.
    pub fn index_taken(&self, session: &Hash, index: u32, id: MessageId) -> StoreResult<bool> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM message WHERE session = ?1 AND msg_index = ?2 AND id <> ?3 AND state IN (0, 4)")?
            .exists(params![session.0, index, id.as_bytes()])?)
    }

    /// What a message says, if it was opened before, or that it was removed.
    pub fn settled(&self, id: MessageId) -> StoreResult<Option<MessageState>> {
        let state = self.message(id)?.map(|row| row.state);
        Ok(state.filter(|state| matches!(state, MessageState::Open(_) | MessageState::Removed(_))))
    }

    /// The channel of a message and its place there.
    pub fn place_of(&self, id: MessageId) -> StoreResult<Option<(ChannelId, u64)>> {
        let row: Option<(Vec<u8>, i64)> = self
            .connection
            .prepare_cached("SELECT channel, seq FROM message WHERE id = ?1")?
            .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(channel, seq)| Ok((ChannelId::from_bytes(id16(&channel)?), seq as u64)))
            .transpose()
    }

    /// Messages of others after `seq` in the channel itself.
    pub fn unread(&self, channel: ChannelId, after: u64, me: UserId) -> StoreResult<u32> {
        Ok(self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM message WHERE channel = ?1 AND seq > ?2 AND class = 0 AND thread IS NULL AND aside = 0 AND author <> ?3 AND state <> 4 AND author NOT IN {QUIET}"))?
            .query_row(params![channel.as_bytes(), after as i64, me.as_bytes()], |row| row.get(0))?)
    }

    /// Messages after `seq` in the channel itself that name this person or everyone.
    pub fn mentions(&self, channel: ChannelId, after: u64) -> StoreResult<u32> {
        Ok(self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM message WHERE channel = ?1 AND seq > ?2 AND class = 0 AND thread IS NULL AND aside = 0 AND calls_me = 1 AND author NOT IN {QUIET}"))?
            .query_row(params![channel.as_bytes(), after as i64], |row| row.get(0))?)
    }

    /// The next time at which a message disappears.
    pub fn next_expiry(&self) -> StoreResult<Option<u64>> {
        let at: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT min(expires_at) FROM message WHERE expires_at IS NOT NULL AND state <> 4",
            )?
            .query_row([], |row| row.get(0))?;
        Ok(at.map(|at| at as u64))
    }

    /// Messages whose time has come.
    pub fn expired(&self, now: u64) -> StoreResult<Vec<MessageRow>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM message WHERE expires_at <= ?1 AND state <> 4 LIMIT 500"
        ))?;
        let raws = statement
            .query_map([now as i64], Raw::read)?
            .collect::<Result<Vec<_>, _>>()?;
        raws.into_iter().map(Raw::understand).collect()
    }

    /// When the next message is too old for its channel.
    pub fn next_outlived(&self) -> StoreResult<Option<u64>> {
        let at: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT min((SELECT min(at) FROM message INDEXED BY message_kept
                     WHERE channel = c.channel AND class = 0 AND state <> 4) + c.kept_ms)
                 FROM channel c WHERE c.kept_ms IS NOT NULL",
            )?
            .query_row([], |row| row.get(0))?;
        Ok(at.map(|at| at as u64))
    }

    /// Messages that are too old for their channels.
    pub fn outlived(&self, now: u64) -> StoreResult<Vec<MessageRow>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT channel, ?1 - kept_ms FROM channel WHERE kept_ms IS NOT NULL",
        )?;
        let channels = statement
            .query_map([now as i64], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::new();
        for (channel, before) in channels {
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM message WHERE channel = ?1 AND class = 0 AND state <> 4 AND at <= ?2 ORDER BY at LIMIT 500"
            ))?;
            let raws = statement
                .query_map(params![channel, before], Raw::read)?
                .collect::<Result<Vec<_>, _>>()?;
            for raw in raws {
                found.push(raw.understand()?);
            }
        }
        Ok(found)
    }

    /// Messages that name this person or everyone, newest first.
    pub fn calls(&self, limit: u32) -> StoreResult<Vec<MessageRow>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM message WHERE calls_me = 1 AND class = 0 AND state = 0 AND author NOT IN {QUIET} ORDER BY at DESC LIMIT ?1"
        ))?;
        let raws = statement
            .query_map([limit], Raw::read)?
            .collect::<Result<Vec<_>, _>>()?;
        raws.into_iter().map(Raw::understand).collect()
    }
}
