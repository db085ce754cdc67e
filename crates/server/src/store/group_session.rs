//! Megolm sessions: in which epoch each was begun, who holds its key, how far it was used.

use cloister_wire::{ChannelId, DeviceId, Hash, UserId, channel::WithholdCode};

use super::{
    db::{Row, Tx, Value},
    inbox::withhold_text,
};
use crate::{
    Result,
    access::{Permit, System, channel::Send},
    params, sql,
};

sql! {
    GET = "SELECT channel_id, created_epoch, covered_epoch, from_index, last_index \
           FROM group_session WHERE device_id = $1 AND id = $2";
    INSERT = "INSERT INTO group_session (device_id, id, channel_id, created_epoch, \
              covered_epoch, from_index, last_index, created_at) \
              VALUES ($1, $2, $3, $4, 0, 0, -1, $5)";
    USE = "UPDATE group_session SET last_index = $4 WHERE device_id = $1 AND id = $2 \
           AND channel_id = $3 AND covered_epoch = $5 AND created_epoch >= $6 \
           AND from_index <= $4 AND last_index < $4";
    SET_COVERED = "UPDATE group_session SET covered_epoch = $3, from_index = $4 \
                   WHERE device_id = $1 AND id = $2";
    COVERAGE = "SELECT recipient_id, reg_id, from_index FROM coverage \
                WHERE device_id = $1 AND session_id = $2";
    COVER = "INSERT INTO coverage (device_id, session_id, recipient_id, reg_id, from_index, \
             withheld) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (device_id, session_id, recipient_id) DO UPDATE \
             SET reg_id = excluded.reg_id, from_index = excluded.from_index, \
             withheld = excluded.withheld";
    FORGET = "DELETE FROM group_session WHERE device_id = $1";
    PRUNE = "DELETE FROM coverage WHERE (device_id, session_id) IN \
             (SELECT device_id, id FROM group_session WHERE created_at < $1)";
    FORGET_WITHHELD = "DELETE FROM coverage WHERE withheld = 'min_trust' AND recipient_id IN \
                       (SELECT id FROM device WHERE user_id = $2) AND (device_id, session_id) IN \
                       (SELECT device_id, id FROM group_session WHERE channel_id = $1)";
    FORGET_RECIPIENT = "DELETE FROM coverage WHERE recipient_id = $1";
}

/// A session of the permit's device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub channel: ChannelId,
    pub created_epoch: u64,
    /// The newest epoch whose whole roster is covered; 0 before the first.
    pub covered_epoch: u64,
    /// From this index on every covered device can read.
    pub from_index: u32,
    /// -1 before the first message.
    pub last_index: i64,
}

/// How one device was served with a session's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    pub recipient: DeviceId,
    pub reg_id: u32,
    pub given: Given,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// A key that reads from this index on.
    Key {
        from_index: u32,
    },
    Withheld(WithholdCode),
}

/// A message's place in its session, and what the channel asks of it.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    pub session: Hash,
    pub index: u32,
    pub epoch: u64,
    pub rotate_floor: u64,
}

pub fn get(tx: &mut Tx<'_>, permit: &Permit<'_, Send>, session: &Hash) -> Result<Option<Session>> {
    tx.maybe(GET, params![permit.device(), session], |row| {
        Ok(Session {
            channel: row.get("channel_id")?,
            created_epoch: row.get("created_epoch")?,
            covered_epoch: row.get("covered_epoch")?,
            from_index: row.get("from_index")?,
            last_index: row.get("last_index")?,
        })
    })
}

pub fn insert(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    session: &Hash,
    epoch: u64,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        INSERT,
        params![permit.device(), session, permit.channel(), epoch, now],
    )?;
    Ok(())
}

/// Takes the index, if the session may be used for it. `false`: something is in the way.
pub fn take_index(tx: &mut Tx<'_>, permit: &Permit<'_, Send>, one: &Use) -> Result<bool> {
    let taken = tx.execute(
        USE,
        params![
            permit.device(),
            &one.session,
            permit.channel(),
            one.index,
            one.epoch,
            one.rotate_floor
        ],
    )?;
    Ok(taken == 1)
}

/// The whole roster of `epoch` is covered, for messages from `from_index` on.
pub fn set_covered(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    session: &Hash,
    epoch: u64,
    from_index: u32,
) -> Result<()> {
    tx.execute(
        SET_COVERED,
        params![permit.device(), session, epoch, from_index],
    )?;
    Ok(())
}

/// Everybody who was served with the session's key, or told that they get none. The reason of a
/// withhold is not read back.
pub fn coverage(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    session: &Hash,
) -> Result<Vec<(DeviceId, u32, Option<u32>)>> {
    let read = |row: Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    tx.query(COVERAGE, params![permit.device(), session], read)
}

pub fn cover(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Send>,
    session: &Hash,
    served: &[Coverage],
) -> Result<()> {
    let rows: Vec<Vec<Value<'_>>> = served
        .iter()
        .map(|one| {
            let (from_index, withheld) = match one.given {
                Given::Key { from_index } => (Some(from_index), None),
                Given::Withheld(code) => (None, Some(withhold_text(code))),
            };
            params![
                permit.device(),
                session,
                one.recipient,
                one.reg_id,
                from_index,
                withheld
            ]
            .to_vec()
        })
        .collect();
    tx.execute_rows(COVER, &rows)?;
    Ok(())
}

/// Somebody was vouched for: whoever withheld a channel's keys from them hands them over.
pub fn forget_withheld(tx: &mut Tx<'_>, channel: ChannelId, user: UserId) -> Result<()> {
    tx.execute(FORGET_WITHHELD, params![channel, user])
        .map(|_| ())
}

/// A revoked device neither sends nor reads again.
pub fn forget_device(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    tx.execute(FORGET, params![device])?;
    tx.execute(FORGET_RECIPIENT, params![device])?;
    Ok(())
}

/// A dormant device holds no key of anybody's session any more.
pub fn forget_recipient(tx: &mut Tx<'_>, device: DeviceId) -> Result<()> {
    tx.execute(FORGET_RECIPIENT, params![device]).map(|_| ())
}

/// Forgets to whom the keys of sessions from before `before` went. The sessions themselves stay
/// known, so that none can be taken for a new one.
pub fn prune(tx: &mut Tx<'_>, _: &Permit<'_, System>, before: u64) -> Result<u64> {
    tx.execute(PRUNE, params![before])
}
