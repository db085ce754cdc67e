//! Messages of a channel, in their order.

use std::ops::Deref;

use cloister_wire::{
    Bytes, ChannelId, DeviceId, Hash, MessageId, Txn, UserId,
    channel::{Message, MessageClass, Notify, SealedContent, Sent},
};

use super::db::{Row, Tx};
use crate::{
    Error, Result,
    access::{
        Permit,
        channel::{Place, Read, Send},
    },
    params, sql,
};

sql! {
    BY_TXN = "SELECT id, channel_id, seq, at, head, frank_tag FROM message \
              WHERE sender_device = $1 AND txn = $2";
    INSERT = "INSERT INTO message (channel_id, seq, id, sender_user, sender_device, txn, at, \
              epoch, roster_hash, suite, class, target_id, thread_id, notify, ttl_s, \
              group_session, group_index, ct, c2, frank_tag, head, expires_at) VALUES ($1, $2, $3, $4, $5, \
              $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";
    TARGET = "SELECT sender_user, class, thread_id, scrubbed_at FROM message \
              WHERE id = $1 AND channel_id = $2";
    ABOUT = "SELECT a.* FROM message t JOIN message a ON a.target_id = t.id \
             WHERE t.channel_id = $1 AND t.seq >= $2 AND t.seq <= $3 AND a.seq > $4 \
             ORDER BY a.seq LIMIT $5";
    BEFORE = "SELECT * FROM message WHERE channel_id = $1 AND seq > $2 AND seq < $3 \
              ORDER BY seq DESC LIMIT $4";
    AFTER = "SELECT * FROM message WHERE channel_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    HEAD_AT = "SELECT head FROM message WHERE channel_id = $1 AND seq = $2";
}

/// A message that was accepted under a transaction id before, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub channel: ChannelId,
    pub sent: Sent,
}

/// What an annotation or a deletion refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub sender: UserId,
    pub class: MessageClass,
    /// In which thread it stands.
    pub thread: Option<MessageId>,
    /// When its content was removed, if it was.
    pub scrubbed_at: Option<u64>,
}

/// Messages of a channel, the first and the last seq included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: u64,
    pub to: u64,
}

/// The result of an earlier request of this device with the same transaction id.
pub fn by_txn(tx: &mut Tx<'_>, device: DeviceId, txn: Txn) -> Result<Option<Known>> {
    tx.maybe(BY_TXN, params![device, txn], |row| {
        Ok(Known {
            channel: row.get("channel_id")?,
            sent: Sent {
                id: row.get("id")?,
                seq: row.get("seq")?,
                at: row.get("at")?,
                head: row.get("head")?,
                frank_tag: row.get("frank_tag")?,
            },
        })
    })
}

/// Adds a message at the end of the permit's channel. `head`: the transcript after it.
pub fn append(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    message: &Message,
    head: &Hash,
) -> Result<()> {
    let (session, index, ct) = match &message.content {
        SealedContent::Group {
            session,
            msg_index,
            ct,
        } => (Some(session), Some(*msg_index), ct),
        SealedContent::Direct { ct } => (None, None, ct),
        SealedContent::Scrubbed { .. } => {
            return Err(Error::internal("nobody sends what is scrubbed already"));
        }
    };
    let notify = message.notify.as_ref().map(write_notify).transpose()?;
    let expires_at = message.ttl_s.map(|ttl| message.at + u64::from(ttl) * 1_000);
    tx.execute(
        INSERT,
        params![
            permit.channel(),
            message.seq,
            message.id,
            permit.user(),
            permit.device(),
            message.txn,
            message.at,
            message.epoch,
            &message.roster_hash,
            message.suite,
            class_text(message.class),
            message.target,
            message.thread,
            notify.as_ref(),
            message.ttl_s,
            session,
            index,
            ct,
            &message.c2,
            &message.frank_tag,
            head,
            expires_at
        ],
    )?;
    Ok(())
}

/// A message of the permit's channel.
pub fn target<R: Deref<Target = Place>>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    message: MessageId,
) -> Result<Option<Target>> {
    tx.maybe(TARGET, params![message, permit.channel()], |row| {
        Ok(Target {
            sender: row.get("sender_user")?,
            class: class_of(&row.get::<String>("class")?)?,
            thread: row.get("thread_id")?,
            scrubbed_at: row.get("scrubbed_at")?,
        })
    })
}

/// At most `limit` annotations and deletions newer than `after` of messages in a range, ascending.
pub fn page_about(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    range: Range,
    after: u64,
    limit: u32,
) -> Result<Vec<Message>> {
    tx.query(
        ABOUT,
        params![permit.channel(), range.from, range.to, after, limit],
        read_message,
    )
}

/// At most `limit` messages older than `before` and newer than `from`, ascending.
pub fn page_before(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    from: u64,
    before: u64,
    limit: u32,
) -> Result<Vec<Message>> {
    let mut page = tx.query(
        BEFORE,
        params![permit.channel(), from, before, limit],
        read_message,
    )?;
    page.reverse();
    Ok(page)
}

/// At most `limit` messages newer than `after`, ascending.
pub fn page_after(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    after: u64,
    limit: u32,
) -> Result<Vec<Message>> {
    tx.query(AFTER, params![permit.channel(), after, limit], read_message)
}

/// The transcript's head after the message `seq`.
pub fn head_at(tx: &mut Tx<'_>, permit: &Permit<'_, Read>, seq: u64) -> Result<Hash> {
    if seq == 0 {
        return Ok(cloister_proof::transcript::start(permit.channel()));
    }
    tx.one(HEAD_AT, params![permit.channel(), seq], |row| row.get(0))
}

pub(super) fn read_message(row: Row<'_>) -> Result<Message> {
    let session: Option<Hash> = row.get("group_session")?;
    let index: Option<u32> = row.get("group_index")?;
    let ct: Option<Bytes> = row.get("ct")?;
    let content = match (ct, session, index) {
        (Some(ct), Some(session), Some(msg_index)) => SealedContent::Group {
            session,
            msg_index,
            ct,
        },
        (Some(ct), ..) => SealedContent::Direct { ct },
        (None, ..) => SealedContent::Scrubbed {
            hash: row.get("ct_hash")?,
            at: row.get("scrubbed_at")?,
            by: row.get("scrubbed_by")?,
        },
    };
    let notify: Option<Bytes> = row.get("notify")?;
    Ok(Message {
        id: row.get("id")?,
        channel: row.get("channel_id")?,
        seq: row.get("seq")?,
        at: row.get("at")?,
        sender_user: row.get("sender_user")?,
        sender_device: row.get("sender_device")?,
        txn: row.get("txn")?,
        epoch: row.get("epoch")?,
        roster_hash: row.get("roster_hash")?,
        suite: row.get("suite")?,
        class: class_of(&row.get::<String>("class")?)?,
        target: row.get("target_id")?,
        thread: row.get("thread_id")?,
        notify: notify.as_ref().map(read_notify).transpose()?,
        ttl_s: row.get("ttl_s")?,
        content,
        c2: row.get("c2")?,
        frank_tag: row.get("frank_tag")?,
    })
}

const fn class_text(class: MessageClass) -> &'static str {
    match class {
        MessageClass::Message => "message",
        MessageClass::Annotation => "annotation",
        MessageClass::Control => "control",
    }
}

pub(super) fn class_of(text: &str) -> Result<MessageClass> {
    match text {
        "message" => Ok(MessageClass::Message),
        "annotation" => Ok(MessageClass::Annotation),
        "control" => Ok(MessageClass::Control),
        _ => Err(Error::internal("a message has an unknown class")),
    }
}

fn write_notify(notify: &Notify) -> Result<Bytes> {
    let mut bytes = Vec::new();
    ciborium::into_writer(notify, &mut bytes).map_err(Error::internal)?;
    Ok(Bytes(bytes))
}

fn read_notify(bytes: &Bytes) -> Result<Notify> {
    ciborium::from_reader(bytes.as_ref()).map_err(Error::internal)
}
