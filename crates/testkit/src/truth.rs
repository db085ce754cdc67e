//! What the server's database says, read from outside, without the server's own code: who may
//! read a channel is computed here from members and devices, not from epochs.

use std::collections::BTreeSet;

use cloister_proof::{EpochRecord, Roster};
use cloister_wire::{ChannelId, DeviceId, GuildId, Hash, MessageId, Octets, Txn, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A channel as the server keeps it.
#[derive(Debug, Clone)]
pub struct ChannelRow {
    pub guild: Option<GuildId>,
    pub epoch: u64,
    pub floor: u64,
    pub last_seq: u64,
}

/// A message as the server stored it.
#[derive(Debug, Clone)]
pub struct MessageRow {
    pub seq: u64,
    pub id: MessageId,
    pub sender: DeviceId,
    pub txn: Txn,
    pub epoch: u64,
    /// Session and index of a group message.
    pub group: Option<(Hash, u32)>,
}

type Read<T> = rusqlite::Result<T>;

pub(crate) fn id16(row: &Row<'_>, at: usize) -> Read<[u8; 16]> {
    row.get(at)
}

pub fn channel(db: &Connection, channel: ChannelId) -> Read<Option<ChannelRow>> {
    db.prepare_cached("SELECT guild_id, epoch, rotate_floor, last_seq FROM channel WHERE id = ?1")?
        .query_row([channel.as_bytes()], |row| {
            Ok(ChannelRow {
                guild: row.get::<_, Option<[u8; 16]>>(0)?.map(GuildId::from_bytes),
                epoch: row.get::<_, i64>(1)? as u64,
                floor: row.get::<_, i64>(2)? as u64,
                last_seq: row.get::<_, i64>(3)? as u64,
            })
        })
        .optional()
}

pub fn channels(db: &Connection) -> Read<Vec<ChannelId>> {
    db.prepare_cached("SELECT id FROM channel ORDER BY id")?
        .query_map([], |row| Ok(ChannelId::from_bytes(id16(row, 0)?)))?
        .collect()
}

/// The roster of a channel's current epoch.
pub fn roster(db: &Connection, channel: ChannelId) -> Read<Roster> {
    let bytes: Vec<u8> = db
        .prepare_cached(
            "SELECT r.devices FROM channel c JOIN roster r ON r.hash = c.roster_hash WHERE c.id = ?1",
        )?
        .query_row([channel.as_bytes()], |row| row.get(0))?;
    Ok(Roster::parse(&bytes).expect("the server keeps rosters as they are hashed"))
}

/// The newest epoch record of a channel.
pub fn epoch_record(db: &Connection, channel: ChannelId) -> Read<EpochRecord> {
    let bytes: Vec<u8> = db
        .prepare_cached(
            "SELECT record FROM epoch_record WHERE channel_id = ?1 ORDER BY epoch DESC LIMIT 1",
        )?
        .query_row([channel.as_bytes()], |row| row.get(0))?;
    Ok(cloister_proof::decode(&bytes).expect("the server keeps records as they are signed"))
}

/// Messages after `seq`, in order.
pub fn messages_after(db: &Connection, channel: ChannelId, seq: u64) -> Read<Vec<MessageRow>> {
    db.prepare_cached(
        "SELECT seq, id, sender_device, txn, epoch, group_session, group_index
         FROM message WHERE channel_id = ?1 AND seq > ?2 ORDER BY seq",
    )?
    .query_map(params![channel.as_bytes(), seq as i64], |row| {
        let session: Option<[u8; 32]> = row.get(5)?;
        let index: Option<u32> = row.get(6)?;
        Ok(MessageRow {
            seq: row.get::<_, i64>(0)? as u64,
            id: MessageId::from_bytes(id16(row, 1)?),
            sender: DeviceId::from_bytes(id16(row, 2)?),
            txn: Txn::from_bytes(id16(row, 3)?),
            epoch: row.get::<_, i64>(4)? as u64,
            group: session.map(Octets).zip(index),
        })
    })?
    .collect()
}

/// Devices that may read what is sent in a channel now.
pub fn readers(db: &Connection, channel: ChannelId) -> Read<BTreeSet<DeviceId>> {
    db.prepare_cached(
        "SELECT d.id FROM channel c JOIN member m ON m.guild_id = c.guild_id
             JOIN device d ON d.user_id = m.user_id
         WHERE c.id = ?1 AND d.active_at IS NOT NULL AND d.revoked_at IS NULL AND d.dormant_at IS NULL
           AND (c.readers = 'everyone' OR m.user_id IN
                (SELECT user_id FROM channel_reader WHERE channel_id = c.id))
         UNION
         SELECT d.id FROM dm JOIN device d ON d.user_id IN (dm.low_id, dm.high_id)
         WHERE dm.channel_id = ?1 AND d.active_at IS NOT NULL AND d.revoked_at IS NULL AND d.dormant_at IS NULL",
    )?
    .query_map([channel.as_bytes()], |row| {
        Ok(DeviceId::from_bytes(id16(row, 0)?))
    })?
    .collect()
}

/// Epoch in which a sender's session began, and the newest one that it covers.
pub fn session(db: &Connection, sender: DeviceId, session: &Hash) -> Read<Option<(u64, u64)>> {
    db.prepare_cached(
        "SELECT created_epoch, covered_epoch FROM group_session WHERE device_id = ?1 AND id = ?2",
    )?
    .query_row(params![sender.as_bytes(), session.0], |row| {
        Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
    })
    .optional()
}

/// Devices that were handed a session from `index` or before on.
pub fn covered(
    db: &Connection,
    sender: DeviceId,
    session: &Hash,
    index: u32,
) -> Read<BTreeSet<DeviceId>> {
    db.prepare_cached(
        "SELECT recipient_id FROM coverage
         WHERE device_id = ?1 AND session_id = ?2
           AND (from_index <= ?3 OR withheld = 'min_trust')",
    )?
    .query_map(params![sender.as_bytes(), session.0, index], |row| {
        Ok(DeviceId::from_bytes(id16(row, 0)?))
    })?
    .collect()
}

/// How many messages a device's transaction became.
pub fn messages_of_txn(db: &Connection, device: DeviceId, txn: Txn) -> Read<u32> {
    db.prepare_cached("SELECT count(*) FROM message WHERE sender_device = ?1 AND txn = ?2")?
        .query_row(params![device.as_bytes(), txn.as_bytes()], |row| row.get(0))
}

/// Channels that a person may read, each with the seq after which they may.
pub fn channels_of(db: &Connection, user: UserId) -> Read<Vec<(ChannelId, u64)>> {
    db.prepare_cached(
        "SELECT c.id, coalesce(r.joined_seq, 0) FROM channel c
             LEFT JOIN reader r ON r.channel_id = c.id AND r.user_id = ?1
         WHERE (c.guild_id IN (SELECT guild_id FROM member WHERE user_id = ?1)
                AND (c.readers = 'everyone' OR EXISTS (SELECT 1 FROM channel_reader l
                     WHERE l.channel_id = c.id AND l.user_id = ?1)))
            OR c.id IN (SELECT channel_id FROM dm WHERE ?1 IN (low_id, high_id))
         ORDER BY c.id",
    )?
    .query_map([user.as_bytes()], |row| {
        Ok((
            ChannelId::from_bytes(id16(row, 0)?),
            row.get::<_, i64>(1)? as u64,
        ))
    })?
    .collect()
}

/// Newest number of a device's queue, and items that wait in it.
pub fn queue(db: &Connection, device: DeviceId) -> Read<(u64, u32)> {
    let last: Option<i64> = db
        .prepare_cached("SELECT last_seq FROM inbox WHERE device_id = ?1")?
        .query_row([device.as_bytes()], |row| row.get(0))
        .optional()?;
    let waiting = db
        .prepare_cached("SELECT count(*) FROM inbox_item WHERE device_id = ?1")?
        .query_row([device.as_bytes()], |row| row.get(0))?;
    Ok((last.unwrap_or(0) as u64, waiting))
}

pub fn is_active(db: &Connection, device: DeviceId) -> Read<bool> {
    db.prepare_cached(
        "SELECT 1 FROM device WHERE id = ?1 AND active_at IS NOT NULL AND revoked_at IS NULL",
    )?
    .exists([device.as_bytes()])
}

/// The account with this name, and how many active devices it has.
pub fn account(db: &Connection, username: &str) -> Read<Option<(UserId, u32)>> {
    db.prepare_cached(
        "SELECT a.id, (SELECT count(*) FROM device d WHERE d.user_id = a.id
             AND d.active_at IS NOT NULL AND d.revoked_at IS NULL)
         FROM account a WHERE a.username = ?1",
    )?
    .query_row([username], |row| {
        Ok((UserId::from_bytes(id16(row, 0)?), row.get(1)?))
    })
    .optional()
}

pub fn is_member(db: &Connection, guild: GuildId, user: UserId) -> Read<bool> {
    db.prepare_cached("SELECT 1 FROM member WHERE guild_id = ?1 AND user_id = ?2")?
        .exists(params![guild.as_bytes(), user.as_bytes()])
}
