//! Removing the content of messages, and the list of removals by somebody else than the author.

use std::ops::Deref;

use cloister_wire::{Bytes, ChannelId, MessageId, UserId, channel::Scrub};

use super::{db::Tx, sweep::Sweep};
use crate::{
    Result,
    access::{
        Permit, System,
        channel::{Place, Read, Remove},
    },
    params, sql,
};

sql! {
    CONTENTS = "SELECT id, ct FROM message WHERE channel_id = $1 \
                AND (id = $2 OR target_id = $2) AND class <> 'control' AND ct IS NOT NULL";
    SCRUB = "UPDATE message SET ct = NULL, notify = NULL, ct_hash = $2, scrubbed_at = $3, \
             scrubbed_by = $4 WHERE id = $1";
    EXPIRED = "SELECT id, channel_id, sender_user FROM message \
               WHERE expires_at <= $1 AND scrubbed_at IS NULL ORDER BY expires_at LIMIT $2";
    UNPIN = "DELETE FROM pin WHERE message_id = $1";
    UNPINNED = "UPDATE channel SET pin_version = pin_version + 1 WHERE id = $1";
    NEXT = "UPDATE channel SET scrub_seq = scrub_seq + 1 WHERE id = $1 RETURNING scrub_seq";
    INSERT = "INSERT INTO scrub (channel_id, n, message_id, at, by_user) \
              VALUES ($1, $2, $3, $4, $5)";
    AFTER = "SELECT n, message_id, at, by_user FROM scrub WHERE channel_id = $1 AND n > $2 \
             ORDER BY n LIMIT $3";
}

/// Removes the content of a message and of everything that was said about it; the rows stay as
/// tombstones, with the hash that the transcript needs. `at`: ms UTC.
pub fn scrub<R: Deref<Target = Place>>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    message: MessageId,
    at: u64,
) -> Result<()> {
    remove(tx, permit.channel(), message, at, permit.user())
}

/// Removes the content of at most `limit` messages whose time has come, in their authors' names.
/// Says how many there were.
pub fn scrub_expired(tx: &mut Tx<'_>, _: &Permit<'_, System>, limit: u32) -> Result<u32> {
    let now = tx.now();
    let expired: Vec<(MessageId, ChannelId, UserId)> =
        tx.query(EXPIRED, params![now, limit], |row| {
            Ok((
                row.get("id")?,
                row.get("channel_id")?,
                row.get("sender_user")?,
            ))
        })?;
    for (message, channel, sender) in &expired {
        // What is being said about it comes before or after, never in between.
        super::channel::lock(tx, *channel)?;
        remove(tx, *channel, *message, now, *sender)?;
    }
    Ok(expired.len() as u32)
}

fn remove(
    tx: &mut Tx<'_>,
    channel: ChannelId,
    message: MessageId,
    at: u64,
    by: UserId,
) -> Result<()> {
    let of = params![channel, message];
    let contents: Vec<(MessageId, Bytes)> =
        tx.query(CONTENTS, of, |row| Ok((row.get("id")?, row.get("ct")?)))?;
    for (id, ct) in contents {
        let hash = cloister_proof::hash(&[ct.as_ref()]);
        tx.execute(SCRUB, params![id, &hash, at, by])?;
    }
    if tx.execute(UNPIN, params![message])? > 0 {
        tx.execute(UNPINNED, params![channel])?;
    }
    Ok(())
}

/// Removes one message of somebody who was banned, as the moderator who banned them would.
pub fn scrub_swept(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    sweep: &Sweep,
    message: MessageId,
) -> Result<Scrub> {
    let now = tx.now();
    remove(tx, sweep.channel, message, now, sweep.by)?;
    add(tx, sweep.channel, message, now, sweep.by)
}

/// Removes what is too old to be kept, in its author's name: clients remove it by themselves.
pub fn scrub_outlived(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    channel: ChannelId,
    (message, sender): (MessageId, UserId),
) -> Result<()> {
    let now = tx.now();
    remove(tx, channel, message, now, sender)
}

/// Adds a removal to the channel's list.
pub fn append(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Remove>,
    message: MessageId,
    at: u64,
) -> Result<Scrub> {
    add(tx, permit.channel(), message, at, permit.user())
}

fn add(
    tx: &mut Tx<'_>,
    channel: ChannelId,
    message: MessageId,
    at: u64,
    by: UserId,
) -> Result<Scrub> {
    let n: u64 = tx.one(NEXT, params![channel], |row| row.get(0))?;
    tx.execute(INSERT, params![channel, n, message, at, by])?;
    Ok(Scrub { n, message, at, by })
}

/// At most `limit` removals after the one numbered `after`.
pub fn page_after(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Read>,
    after: u64,
    limit: u32,
) -> Result<Vec<Scrub>> {
    tx.query(AFTER, params![permit.channel(), after, limit], |row| {
        Ok(Scrub {
            n: row.get("n")?,
            message: row.get("message_id")?,
            at: row.get("at")?,
            by: row.get("by_user")?,
        })
    })
}
