//! Messages that a channel keeps at hand.

use cloister_wire::{MessageId, channel::PinView};

use super::db::Tx;
use crate::{
    Result,
    access::{
        Permit,
        channel::{Pin, Read},
    },
    params, sql,
};

sql! {
    PAGE = "SELECT message_id, seq, at, by_user FROM pin WHERE channel_id = $1 AND seq > $2 \
            ORDER BY at DESC, seq DESC";
    COUNT = "SELECT count(*) FROM pin WHERE channel_id = $1";
    INSERT = "INSERT INTO pin (message_id, channel_id, seq, at, by_user) \
              SELECT id, channel_id, seq, $3, $4 FROM message \
              WHERE channel_id = $1 AND id = $2 ON CONFLICT (message_id) DO NOTHING";
    DELETE = "DELETE FROM pin WHERE channel_id = $1 AND message_id = $2";
    RAISE = "UPDATE channel SET pin_version = pin_version + 1 WHERE id = $1 RETURNING pin_version";
    VERSION = "SELECT pin_version FROM channel WHERE id = $1";
}

/// A channel's pins that are newer than `after`, the newest pin first, with the version of the
/// list.
pub fn page(tx: &mut Tx<'_>, permit: &Permit<'_, Read>, after: u64) -> Result<(u64, Vec<PinView>)> {
    let version = tx.one(VERSION, params![permit.channel()], |row| row.get(0))?;
    Ok((version, pins(tx, permit.channel(), after)?))
}

/// All of a channel's pins, for those who hear of a change.
pub fn list(tx: &mut Tx<'_>, permit: &Permit<'_, Pin>) -> Result<Vec<PinView>> {
    pins(tx, permit.channel(), 0)
}

fn pins(tx: &mut Tx<'_>, channel: cloister_wire::ChannelId, after: u64) -> Result<Vec<PinView>> {
    tx.query(PAGE, params![channel, after], |row| {
        Ok(PinView {
            message: row.get("message_id")?,
            seq: row.get("seq")?,
            at: row.get("at")?,
            by: row.get("by_user")?,
        })
    })
}

pub fn count(tx: &mut Tx<'_>, permit: &Permit<'_, Pin>) -> Result<u32> {
    tx.one(COUNT, params![permit.channel()], |row| row.get(0))
}

/// Says whether it was not pinned before.
pub fn insert(tx: &mut Tx<'_>, permit: &Permit<'_, Pin>, message: MessageId) -> Result<bool> {
    let now = tx.now();
    let of = params![permit.channel(), message, now, permit.user()];
    Ok(tx.execute(INSERT, of)? == 1)
}

/// Says whether it was pinned.
pub fn delete(tx: &mut Tx<'_>, permit: &Permit<'_, Pin>, message: MessageId) -> Result<bool> {
    Ok(tx.execute(DELETE, params![permit.channel(), message])? == 1)
}

/// The version of the list after a change.
pub fn raise(tx: &mut Tx<'_>, permit: &Permit<'_, Pin>) -> Result<u64> {
    tx.one(RAISE, params![permit.channel()], |row| row.get(0))
}
