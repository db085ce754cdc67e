//! Threads: which messages have one, and how far people have read them.

use std::ops::Deref;

use cloister_wire::{
    MessageId, UserId,
    channel::Message,
    thread::{Thread, ThreadRead, ThreadState},
};

use super::{
    db::{Row, Tx},
    message::read_message,
};
use crate::{
    Result,
    access::{
        Act, Permit,
        channel::{Close, Place, Read, Send, View},
    },
    params, sql,
};

sql! {
    GET = "SELECT root_seq, started_by, archived_at, last_seq FROM thread \
           WHERE root_id = $1 AND channel_id = $2";
    NOTE = "INSERT INTO thread (root_id, channel_id, root_seq, started_by, started_at, messages, \
                                last_seq, last_at) \
            SELECT id, channel_id, seq, $3, $4, 1, $5, $4 FROM message \
            WHERE channel_id = $1 AND id = $2 \
            ON CONFLICT (root_id) DO UPDATE SET messages = thread.messages + 1, \
                last_seq = excluded.last_seq, last_at = excluded.last_at";
    ARCHIVE = "UPDATE thread SET archived_at = $3 WHERE channel_id = $1 AND root_id = $2";
    PAGE = "SELECT t.*, COALESCE(r.read_seq, 0) AS read_seq FROM thread t \
            LEFT JOIN thread_reader r ON r.root_id = t.root_id AND r.user_id = $2 \
            WHERE t.channel_id = $1 AND t.last_seq > $3 AND t.last_seq < $4 \
              AND (t.archived_at IS NULL) = ($5 = 'open') \
            ORDER BY t.last_seq DESC LIMIT $6";
    ONE = "SELECT t.*, COALESCE(r.read_seq, 0) AS read_seq FROM thread t \
           LEFT JOIN thread_reader r ON r.root_id = t.root_id AND r.user_id = $2 \
           WHERE t.channel_id = $1 AND t.root_id = $3";
    MESSAGES = "SELECT * FROM message WHERE thread_id = $2 AND channel_id = $1 \
                AND class = 'message' AND seq > $3 AND seq < $4 ORDER BY seq DESC LIMIT $5";
    MESSAGE = "SELECT * FROM message WHERE channel_id = $1 AND id = $2 AND seq > $3";
    ABOUT = "SELECT * FROM message WHERE target_id = $2 AND channel_id = $1 ORDER BY seq LIMIT $3";
    MARK_READ = "INSERT INTO thread_reader (root_id, user_id, channel_id, read_seq, moved_at) \
                 VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (root_id, user_id) DO UPDATE \
                 SET read_seq = excluded.read_seq, moved_at = excluded.moved_at \
                 WHERE thread_reader.read_seq < excluded.read_seq";
    READS = "SELECT channel_id, root_id, read_seq, moved_at FROM thread_reader \
             WHERE user_id = $1 AND (moved_at > $2 OR (moved_at = $2 AND root_id > $3)) \
             ORDER BY moved_at, root_id LIMIT $4";
}

/// What decides about a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub root_seq: u64,
    pub started_by: UserId,
    pub state: ThreadState,
    pub last_seq: u64,
}

/// The thread of a message of the permit's channel, if somebody began one.
pub fn get<R: Deref<Target = Place>>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    root: MessageId,
) -> Result<Option<Known>> {
    tx.maybe(GET, params![root, permit.channel()], |row| {
        let archived_at: Option<u64> = row.get("archived_at")?;
        Ok(Known {
            root_seq: row.get("root_seq")?,
            started_by: row.get("started_by")?,
            state: match archived_at {
                Some(_) => ThreadState::Archived,
                None => ThreadState::Open,
            },
            last_seq: row.get("last_seq")?,
        })
    })
}

/// A message stands in a thread: it begins with it, or is longer by it.
pub fn append(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    root: MessageId,
    message: &Message,
) -> Result<()> {
    let (by, at, seq) = (message.sender_user, message.at, message.seq);
    tx.execute(NOTE, params![permit.channel(), root, by, at, seq])?;
    Ok(())
}

/// Closes a thread at `at`, ms UTC, or opens it again without.
pub fn update_archived(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Close>,
    root: MessageId,
    at: Option<u64>,
) -> Result<()> {
    tx.execute(ARCHIVE, params![permit.channel(), root, at])?;
    Ok(())
}

/// At most `limit` threads with a message newer than `from` and none at `before` or later, the
/// one with the newest message first.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    state: ThreadState,
    (from, before): (u64, u64),
    limit: u32,
) -> Result<Vec<Thread>> {
    let state = match state {
        ThreadState::Open => "open",
        ThreadState::Archived => "archived",
    };
    let of = params![permit.channel(), permit.user(), from, before, state, limit];
    tx.query(PAGE, of, read_thread)
}

/// One thread as the reader sees it.
pub fn get_view(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    root: MessageId,
) -> Result<Option<Thread>> {
    let of = params![permit.channel(), permit.user(), root];
    tx.maybe(ONE, of, read_thread)
}

/// At most `limit` messages of a thread between two seqs, the newest first.
pub fn page_messages(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    root: MessageId,
    (from, before): (u64, u64),
    limit: u32,
) -> Result<Vec<Message>> {
    let of = params![permit.channel(), root, from, before, limit];
    tx.query(MESSAGES, of, read_message)
}

/// A message that is newer than `from`.
pub fn get_message(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    message: MessageId,
    from: u64,
) -> Result<Option<Message>> {
    tx.maybe(
        MESSAGE,
        params![permit.channel(), message, from],
        read_message,
    )
}

/// At most `limit` things that were said about a message, ascending.
pub fn page_about(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    message: MessageId,
    limit: u32,
) -> Result<Vec<Message>> {
    tx.query(
        ABOUT,
        params![permit.channel(), message, limit],
        read_message,
    )
}

/// Moves the cursor of the permit's person forward. Says whether it moved.
pub fn mark_read(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, View>,
    root: MessageId,
    seq: u64,
) -> Result<bool> {
    let now = tx.now();
    let of = params![root, permit.user(), permit.channel(), seq, now];
    Ok(tx.execute(MARK_READ, of)? == 1)
}

/// At most `limit` cursors of the caller that moved at `since` or later, after the one of `after`
/// among those of the same moment.
pub fn page_reads(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    since: u64,
    after: MessageId,
    limit: u32,
) -> Result<Vec<ThreadRead>> {
    tx.query(READS, params![permit.user, since, after, limit], |row| {
        Ok(ThreadRead {
            channel: row.get("channel_id")?,
            thread: row.get("root_id")?,
            seq: row.get("read_seq")?,
            moved_at: row.get("moved_at")?,
        })
    })
}

fn read_thread(row: Row<'_>) -> Result<Thread> {
    Ok(Thread {
        root: row.get("root_id")?,
        root_seq: row.get("root_seq")?,
        started_by: row.get("started_by")?,
        started_at: row.get("started_at")?,
        archived_at: row.get("archived_at")?,
        messages: row.get("messages")?,
        last_seq: row.get("last_seq")?,
        last_at: row.get("last_at")?,
        read_seq: row.get("read_seq")?,
    })
}
