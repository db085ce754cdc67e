//! Threads: what is known of each, what stands in it, and how far this person has read.

use cloister_e2ee::Primitives;
use cloister_wire::{
    ChannelId, MessageId, UserId,
    channel::{Message, MessageClass},
    thread::{Thread, ThreadState},
};
use rusqlite::{Row, params};

use super::{
    MessageRow, Store, StoreResult, id16,
    message::{COLUMNS as MESSAGE, Raw as RawMessage},
    relation::QUIET,
};

#[derive(Debug, Clone)]
pub(crate) struct ThreadRow {
    pub root: MessageId,
    pub channel: ChannelId,
    pub started_by: UserId,
    pub archived_at: Option<u64>,
    /// As the server counts, or as many as are here.
    pub messages: u32,
    pub last_seq: u64,
    pub last_at: u64,
    /// This person is told of what is written in it.
    pub following: bool,
    pub read_seq: u64,
}

const COLUMNS: &str = "t.root, t.channel, t.started_by, t.archived_at, max(t.messages, (SELECT count(*) FROM message AS m WHERE m.thread = t.root AND m.class = 0)), t.last_seq, t.last_at, coalesce(t.follow, t.mine), coalesce(r.read_seq, 0)";
const FROM: &str = "thread AS t LEFT JOIN thread_read AS r ON r.root = t.root";

struct Raw {
    root: Vec<u8>,
    channel: Vec<u8>,
    started_by: Vec<u8>,
    archived_at: Option<i64>,
    messages: u32,
    last_seq: i64,
    last_at: i64,
    following: i64,
    read_seq: i64,
}

impl Raw {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            root: row.get(0)?,
            channel: row.get(1)?,
            started_by: row.get(2)?,
            archived_at: row.get(3)?,
            messages: row.get(4)?,
            last_seq: row.get(5)?,
            last_at: row.get(6)?,
            following: row.get(7)?,
            read_seq: row.get(8)?,
        })
    }

    fn understand(self) -> StoreResult<ThreadRow> {
        Ok(ThreadRow {
            root: MessageId::from_bytes(id16(&self.root)?),
            channel: ChannelId::from_bytes(id16(&self.channel)?),
            started_by: UserId::from_bytes(id16(&self.started_by)?),
            archived_at: self.archived_at.map(|at| at as u64),
            messages: self.messages,
            last_seq: self.last_seq as u64,
            last_at: self.last_at as u64,
            following: self.following != 0,
            read_seq: self.read_seq as u64,
        })
    }
}

/// The name of the note that says whether this person is told of a thread.
pub(crate) fn follow_name(root: MessageId) -> String {
    format!("thread/{root}")
}

impl<P: Primitives> Store<P> {
    pub fn thread(&self, root: MessageId) -> StoreResult<Option<ThreadRow>> {
        Ok(self
            .threads_where("t.root = ?1", params![root.as_bytes()])?
            .pop())
    }

    /// Threads of a channel in one state, the one with the newest message first.
    pub fn threads(&self, channel: ChannelId, state: ThreadState) -> StoreResult<Vec<ThreadRow>> {
        let condition = match state {
            ThreadState::Open => {
                "t.channel = ?1 AND t.archived_at IS NULL ORDER BY t.last_seq DESC"
            }
            ThreadState::Archived => {
                "t.channel = ?1 AND t.archived_at IS NOT NULL ORDER BY t.last_seq DESC"
            }
        };
        self.threads_where(condition, params![channel.as_bytes()])
    }

    /// Threads of a channel that this person follows and that have something new.
    pub fn threads_to_read(&self, channel: ChannelId) -> StoreResult<Vec<ThreadRow>> {
        self.threads_where(
            "t.channel = ?1 AND coalesce(t.follow, t.mine) = 1 AND t.last_seq > coalesce(r.read_seq, 0)",
            params![channel.as_bytes()],
        )
    }

    fn threads_where(
        &self,
        condition: &str,
        parameters: &[&dyn rusqlite::ToSql],
    ) -> StoreResult<Vec<ThreadRow>> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM {FROM} WHERE {condition}"))?;
        let raws = statement
            .query_map(parameters, Raw::read)?
            .collect::<Result<Vec<_>, _>>()?;
        raws.into_iter().map(Raw::understand).collect()
    }

    /// What a message means for threads: it stands in one, or one hangs on it.
    pub fn note_thread(&self, message: &Message) -> StoreResult<()> {
        if message.class != MessageClass::Message {
            return Ok(());
        }
        let Some(me) = self.identity()? else {
            return Ok(());
        };
        let Some(root) = message.thread else {
            if message.sender_user == me.user {
                self.connection
                    .prepare_cached("UPDATE thread SET mine = 1 WHERE root = ?1")?
                    .execute([message.id.as_bytes()])?;
            }
            return Ok(());
        };
        let follow: Option<bool> = self.own(&follow_name(root))?;
        self.connection
            .prepare_cached(
                "INSERT INTO thread (root, channel, started_by, started_at, messages, last_seq, last_at, follow) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?4, ?6)
                 ON CONFLICT (root) DO UPDATE SET messages = messages + 1, last_seq = excluded.last_seq, last_at = excluded.last_at WHERE excluded.last_seq > last_seq",
            )?
            .execute(params![
                root.as_bytes(),
                message.channel.as_bytes(),
                message.sender_user.as_bytes(),
                message.at as i64,
                message.seq as i64,
                follow.map(i64::from)
            ])?;
        self.connection
            .prepare_cached(
                "UPDATE thread SET mine = 1 WHERE root = ?1 AND mine = 0 AND (?2 = ?3 OR EXISTS (SELECT 1 FROM message WHERE id = ?4 AND calls_me = 1) OR EXISTS (SELECT 1 FROM message WHERE id = ?1 AND author = ?3))",
            )?
            .execute(params![
                root.as_bytes(),
                message.sender_user.as_bytes(),
                me.user.as_bytes(),
                message.id.as_bytes()
            ])?;
        Ok(())
    }

    /// A thread as the server shows it.
    pub fn put_thread(&self, channel: ChannelId, view: &Thread) -> StoreResult<()> {
        let Some(me) = self.identity()? else {
            return Ok(());
        };
        let follow: Option<bool> = self.own(&follow_name(view.root))?;
        self.connection
            .prepare_cached(
                "INSERT INTO thread (root, channel, started_by, started_at, archived_at, messages, last_seq, last_at, mine, follow) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 OR EXISTS (SELECT 1 FROM message WHERE id = ?1 AND author = ?10), ?11)
                 ON CONFLICT (root) DO UPDATE SET started_by = excluded.started_by, started_at = excluded.started_at, archived_at = excluded.archived_at, messages = max(messages, excluded.messages), last_seq = max(last_seq, excluded.last_seq), last_at = max(last_at, excluded.last_at), mine = max(mine, excluded.mine)",
            )?
            .execute(params![
                view.root.as_bytes(),
                channel.as_bytes(),
                view.started_by.as_bytes(),
                view.started_at as i64,
                view.archived_at.map(|at| at as i64),
                view.messages,
                view.last_seq as i64,
                view.last_at as i64,
                i64::from(view.started_by == me.user),
                me.user.as_bytes(),
                follow.map(i64::from)
            ])?;
        self.put_thread_told(channel, view.root, view.read_seq)
    }

    pub fn put_thread_archived(&self, root: MessageId, at: Option<u64>) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE thread SET archived_at = ?2 WHERE root = ?1")?
            .execute(params![root.as_bytes(), at.map(|at| at as i64)])?;
        Ok(())
    }

    /// What this person chose; none: they are told if they take part.
    pub fn put_follow(&self, root: MessageId, follow: Option<bool>) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE thread SET follow = ?2 WHERE root = ?1")?
            .execute(params![root.as_bytes(), follow.map(i64::from)])?;
        Ok(())
    }

    /// Everything up to `seq` was read here. Says whether that is new.
    pub fn put_thread_read(
        &self,
        channel: ChannelId,
        root: MessageId,
        seq: u64,
    ) -> StoreResult<bool> {
        let changed = self
            .connection
            .prepare_cached(
                "INSERT INTO thread_read (root, channel, read_seq, told_read) VALUES (?1, ?2, ?3, 0)
                 ON CONFLICT (root) DO UPDATE SET read_seq = excluded.read_seq WHERE excluded.read_seq > read_seq",
            )?
            .execute(params![root.as_bytes(), channel.as_bytes(), seq as i64])?;
        Ok(changed > 0)
    }

    /// The server knows that everything up to `seq` was read.
    pub fn put_thread_told(
        &self,
        channel: ChannelId,
        root: MessageId,
        seq: u64,
    ) -> StoreResult<()> {
        if seq == 0 {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT INTO thread_read (root, channel, read_seq, told_read) VALUES (?1, ?2, ?3, ?3)
                 ON CONFLICT (root) DO UPDATE SET read_seq = max(read_seq, excluded.read_seq), told_read = max(told_read, excluded.told_read)",
            )?
            .execute(params![root.as_bytes(), channel.as_bytes(), seq as i64])?;
        Ok(())
    }

    /// Threads in which more was read than the server knows, and up to where.
    pub fn unsaid_thread_reads(&self) -> StoreResult<Vec<(ChannelId, MessageId, u64)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT channel, root, read_seq FROM thread_read WHERE read_seq > told_read ORDER BY root",
        )?;
        let rows = statement
            .query_map([], |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(channel, root, seq)| {
                Ok((
                    ChannelId::from_bytes(id16(&channel)?),
                    MessageId::from_bytes(id16(&root)?),
                    seq as u64,
                ))
            })
            .collect()
    }

    /// Up to `limit` messages of a thread before `before`, oldest first.
    pub fn thread_messages(
        &self,
        root: MessageId,
        before: Option<u64>,
        limit: u32,
    ) -> StoreResult<Vec<MessageRow>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {MESSAGE} FROM message WHERE thread = ?1 AND seq < ?2 AND class = 0 ORDER BY seq DESC LIMIT ?3"
        ))?;
        let before = before.map_or(i64::MAX, |seq| seq as i64);
        let raws = statement
            .query_map(params![root.as_bytes(), before, limit], RawMessage::read)?
            .collect::<Result<Vec<_>, _>>()?;
        raws.into_iter().rev().map(RawMessage::understand).collect()
    }

    /// Messages of others in a thread after `seq`, and those of them that name this person.
    pub fn thread_unread(
        &self,
        root: MessageId,
        after: u64,
        me: UserId,
    ) -> StoreResult<(u32, u32)> {
        Ok(self
            .connection
            .prepare_cached(&format!("SELECT count(*), coalesce(sum(calls_me), 0) FROM message WHERE thread = ?1 AND seq > ?2 AND class = 0 AND author <> ?3 AND state <> 4 AND author NOT IN {QUIET}"))?
            .query_row(params![root.as_bytes(), after as i64, me.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?)
    }

    /// The newest message of a thread that is here.
    pub fn thread_high(&self, root: MessageId) -> StoreResult<u64> {
        let seq: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(seq) FROM message WHERE thread = ?1")?
            .query_row([root.as_bytes()], |row| row.get(0))?;
        Ok(seq.unwrap_or(0) as u64)
    }

    /// A message came with a thread, and what stands around it in the channel did not.
    pub fn put_aside(&self, message: MessageId) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE message SET aside = 1 WHERE id = ?1")?
            .execute([message.as_bytes()])?;
        Ok(())
    }

    /// A message stands in the channel without a gap.
    pub fn take_in(&self, message: MessageId) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE message SET aside = 0 WHERE id = ?1 AND aside = 1")?
            .execute([message.as_bytes()])?;
        Ok(())
    }
}
