//! What the server's database says, read from outside, without the server's own code: who may
//! read a channel is computed here from members and devices, not from epochs.

mod right;

use std::collections::BTreeSet;

use cloister_proof::{EpochRecord, GuildLog, Roster};
use cloister_wire::{ChannelId, DeviceId, GuildId, Hash, MessageId, Octets, Txn, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

pub use right::people;

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
    pub sender_user: UserId,
    pub roster_hash: Hash,
    /// Text that people see in its place; an edit, reaction or deletion has none.
    pub is_message: bool,
    /// What an edit, reaction, vote or deletion is about.
    pub target: Option<MessageId>,
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
        "SELECT seq, id, sender_device, txn, epoch, group_session, group_index, sender_user,
             roster_hash, class = 'message', target_id
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
            sender_user: UserId::from_bytes(id16(row, 7)?),
            roster_hash: Octets(row.get(8)?),
            is_message: row.get(9)?,
            target: row
                .get::<_, Option<[u8; 16]>>(10)?
                .map(MessageId::from_bytes),
        })
    })?
    .collect()
}

/// All devices that somebody ever had: what one of them could read, a backup brings to the others.
pub fn devices_of(db: &Connection, user: UserId) -> Read<BTreeSet<DeviceId>> {
    db.prepare_cached("SELECT id FROM device WHERE user_id = ?1")?
        .query_map([user.as_bytes()], |row| {
            Ok(DeviceId::from_bytes(id16(row, 0)?))
        })?
        .collect()
}

/// Whether the server keeps any record of a person's backup.
pub fn has_backup(db: &Connection, user: UserId) -> Read<bool> {
    db.prepare_cached("SELECT 1 FROM backup_record WHERE user_id = ?1")?
        .exists([user.as_bytes()])
}

/// Members may be handed the keys of messages newer than this; none: of no earlier ones.
pub fn shared_since(db: &Connection, channel: ChannelId) -> Read<Option<u64>> {
    let since: Option<Option<i64>> = db
        .prepare_cached("SELECT shared_since FROM channel WHERE id = ?1")?
        .query_row([channel.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(since.flatten().map(|seq| seq as u64))
}

/// Devices that may read what is sent in a channel now.
pub fn readers(db: &Connection, channel: ChannelId) -> Read<BTreeSet<DeviceId>> {
    let mut devices = db.prepare_cached(
        "SELECT id FROM device
         WHERE user_id = ?1 AND active_at IS NOT NULL AND revoked_at IS NULL
             AND dormant_at IS NULL",
    )?;
    let mut readers = BTreeSet::new();
    for user in people(db, channel)? {
        for device in devices.query_map([user.as_bytes()], |row| id16(row, 0))? {
            readers.insert(DeviceId::from_bytes(device?));
        }
    }
    Ok(readers)
}

/// A guild's log as the server has read it itself, if it is newer than `seq`.
pub fn guild_log(db: &Connection, guild: GuildId, seq: u64) -> Read<Option<GuildLog>> {
    let state: Option<Vec<u8>> = db
        .prepare_cached("SELECT state FROM guild_log_state WHERE guild_id = ?1 AND seq > ?2")?
        .query_row(params![guild.as_bytes(), seq as i64], |row| row.get(0))
        .optional()?;
    Ok(state.map(|state| {
        cloister_proof::decode(&state).expect("the server keeps logs as it reads them")
    }))
}

/// Whether the content of a message is gone from the server.
pub fn is_scrubbed(db: &Connection, message: MessageId) -> Read<bool> {
    db.prepare_cached("SELECT 1 FROM message WHERE id = ?1 AND scrubbed_at IS NOT NULL")?
        .exists([message.as_bytes()])
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
         WHERE device_id = ?1 AND session_id = ?2 AND from_index <= ?3",
    )?
    .query_map(params![sender.as_bytes(), session.0, index], |row| {
        Ok(DeviceId::from_bytes(id16(row, 0)?))
    })?
    .collect()
}

/// Devices that get no key of a session because the channel's policy says so.
pub fn kept_out(db: &Connection, sender: DeviceId, session: &Hash) -> Read<BTreeSet<DeviceId>> {
    db.prepare_cached(
        "SELECT recipient_id FROM coverage
         WHERE device_id = ?1 AND session_id = ?2 AND withheld = 'min_trust'",
    )?
    .query_map(params![sender.as_bytes(), session.0], |row| {
        Ok(DeviceId::from_bytes(id16(row, 0)?))
    })?
    .collect()
}

/// How often a device was given no key: because a policy says so, and for any other reason.
pub fn withheld(db: &Connection) -> Read<(u64, u64)> {
    db.query_row(
        "SELECT coalesce(sum(withheld = 'min_trust'), 0),
             coalesce(sum(withheld <> 'min_trust'), 0)
         FROM coverage WHERE withheld IS NOT NULL",
        [],
        |row| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64)),
    )
}

/// How many messages a device's transaction became.
pub fn messages_of_txn(db: &Connection, device: DeviceId, txn: Txn) -> Read<u32> {
    db.prepare_cached("SELECT count(*) FROM message WHERE sender_device = ?1 AND txn = ?2")?
        .query_row(params![device.as_bytes(), txn.as_bytes()], |row| row.get(0))
}

/// Channels that a person may read, each with the seq after which they may.
pub fn channels_of(db: &Connection, user: UserId) -> Read<Vec<(ChannelId, u64)>> {
    let mut candidates = db.prepare_cached(
        "SELECT c.id, coalesce(r.joined_seq, 0) FROM channel c
             LEFT JOIN reader r ON r.channel_id = c.id AND r.user_id = ?1
         WHERE c.guild_id IN (SELECT guild_id FROM member WHERE user_id = ?1)
            OR c.id IN (SELECT channel_id FROM dm WHERE ?1 IN (low_id, high_id))
         ORDER BY c.id",
    )?;
    let candidates: Vec<(ChannelId, u64)> = candidates
        .query_map([user.as_bytes()], |row| {
            Ok((
                ChannelId::from_bytes(id16(row, 0)?),
                row.get::<_, i64>(1)? as u64,
            ))
        })?
        .collect::<Read<_>>()?;
    let mut channels = Vec::new();
    for (channel, joined) in candidates {
        if people(db, channel)?.contains(&user) {
            channels.push((channel, joined));
        }
    }
    Ok(channels)
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
