//! Channels and direct conversations: what is known of their messages and of their audience.

use cloister_e2ee::Primitives;
use cloister_proof::Roster;
use cloister_wire::{
    ChannelId, GuildId, Hash, UserId, channel::SignedHead, guild::Channel, retention::DAY_MS,
};
use rusqlite::{OptionalExtension as _, Row, params};

use super::{Store, StoreError, StoreResult, hash32, id16, pack, unpack};

#[derive(Debug, Clone)]
pub(crate) struct ChannelRow {
    pub view: Channel,
    pub peer: Option<UserId>,
    pub last_at: u64,
    pub draft: String,
    /// What its people call a conversation of several.
    pub title: Option<String>,
    pub low: u64,
    pub high: u64,
    pub reached_start: bool,
    /// The transcript's head at `high`.
    pub head: Option<Hash>,
    pub signed_head: Option<SignedHead>,
    pub audience: Option<Audience>,
    pub first_epoch: Option<u64>,
    /// The server has said that the audience is no longer the one that is known.
    pub stale: bool,
    /// The newest removal that took effect here.
    pub scrub_seq: u64,
    /// How far the server knows that this person has read.
    pub told_read: u64,
}

/// Who reads what is sent now, after verification.
#[derive(Debug, Clone)]
pub(crate) struct Audience {
    pub epoch: u64,
    pub record_hash: Hash,
    pub floor: u64,
    pub roster: Roster,
}

const COLUMNS: &str = "view, peer, last_at, draft, low, high, reached_start, head, signed_head, epoch, record_hash, floor, roster, first_epoch, stale_at, scrub_seq, told_read, title";

struct Raw {
    view: Vec<u8>,
    peer: Option<Vec<u8>>,
    last_at: i64,
    draft: String,
    low: i64,
    high: i64,
    reached_start: i64,
    head: Option<Vec<u8>>,
    signed_head: Option<Vec<u8>>,
    epoch: i64,
    record_hash: Option<Vec<u8>>,
    floor: i64,
    roster: Option<Vec<u8>>,
    first_epoch: Option<i64>,
    stale_at: Option<i64>,
    scrub_seq: i64,
    told_read: i64,
    title: Option<String>,
}

impl Raw {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            view: row.get(0)?,
            peer: row.get(1)?,
            last_at: row.get(2)?,
            draft: row.get(3)?,
            low: row.get(4)?,
            high: row.get(5)?,
            reached_start: row.get(6)?,
            head: row.get(7)?,
            signed_head: row.get(8)?,
            epoch: row.get(9)?,
            record_hash: row.get(10)?,
            floor: row.get(11)?,
            roster: row.get(12)?,
            first_epoch: row.get(13)?,
            stale_at: row.get(14)?,
            scrub_seq: row.get(15)?,
            told_read: row.get(16)?,
            title: row.get(17)?,
        })
    }

    fn understand(self) -> StoreResult<ChannelRow> {
        let audience = match (self.record_hash, self.roster) {
            (Some(record_hash), Some(roster)) => Some(Audience {
                epoch: self.epoch as u64,
                record_hash: hash32(&record_hash)?,
                floor: self.floor as u64,
                roster: Roster::parse(&roster).map_err(|_| StoreError::Unreadable)?,
            }),
            _ => None,
        };
        Ok(ChannelRow {
            view: unpack(&self.view)?,
            peer: self
                .peer
                .map(|bytes| id16(&bytes).map(UserId::from_bytes))
                .transpose()?,
            last_at: self.last_at as u64,
            draft: self.draft,
            title: self.title,
            low: self.low as u64,
            high: self.high as u64,
            reached_start: self.reached_start != 0,
            head: self.head.map(|bytes| hash32(&bytes)).transpose()?,
            signed_head: self.signed_head.map(|bytes| unpack(&bytes)).transpose()?,
            audience,
            first_epoch: self.first_epoch.map(|epoch| epoch as u64),
            stale: self.stale_at.is_some(),
            scrub_seq: self.scrub_seq as u64,
            told_read: self.told_read as u64,
        })
    }
}

impl<P: Primitives> Store<P> {
    /// A channel as the server shows it. A new one starts empty after the server's newest
    /// message: older ones are brought when somebody looks for them. Whoever sees a channel is in
    /// its audience, so that what was sent in earlier epochs was not for this device.
    pub fn put_channel(
        &self,
        view: &Channel,
        peer: Option<UserId>,
        last_at: u64,
    ) -> StoreResult<()> {
        let told_read = view.read_seq;
        let mut view = view.clone();
        // What was read here and could not be told yet stays read.
        let mut opened = false;
        let mut known = self.channel(view.id)?;
        // Whoever has waited for a place reads from here on, like somebody who has just come.
        if known.as_ref().is_some_and(|row| row.view.waits) && !view.waits {
            self.delete_channel(view.id)?;
            known = None;
        }
        if let Some(known) = known {
            view.read_seq = view.read_seq.max(known.view.read_seq);
            // More of what was said before may be read than was known.
            opened = view.joined_seq < known.view.joined_seq;
        }
        let view = &view;
        let guild = view.guild.map(|guild| *guild.as_bytes());
        let peer = peer.map(|peer| *peer.as_bytes());
        self.connection
            .prepare_cached(
                "INSERT INTO channel (channel, guild, peer, view, last_at, low, high, first_epoch, scrub_seq, told_read, kept_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?12)
                 ON CONFLICT (channel) DO UPDATE SET view = excluded.view, kept_ms = excluded.kept_ms, last_at = max(last_at, excluded.last_at), told_read = excluded.told_read, reached_start = CASE WHEN ?11 THEN 0 ELSE reached_start END",
            )?
            .execute(params![
                view.id.as_bytes(),
                guild,
                peer,
                pack(view),
                last_at as i64,
                view.last_seq as i64 + 1,
                view.last_seq as i64,
                view.epoch as i64,
                view.scrub_seq as i64,
                told_read as i64,
                opened,
                view.kept_days.map(|days| (u64::from(days) * DAY_MS) as i64)
            ])?;
        Ok(())
    }

    pub fn channel(&self, channel: ChannelId) -> StoreResult<Option<ChannelRow>> {
        let raw = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM channel WHERE channel = ?1"))?
            .query_row([channel.as_bytes()], Raw::read)
            .optional()?;
        raw.map(Raw::understand).transpose()
    }

    pub fn channels_of(&self, guild: GuildId) -> StoreResult<Vec<ChannelRow>> {
        self.channels_where("guild = ?1 ORDER BY channel", params![guild.as_bytes()])
    }

    pub fn dms(&self) -> StoreResult<Vec<ChannelRow>> {
        self.channels_where("peer IS NOT NULL ORDER BY last_at DESC, channel", params![])
    }

    pub fn dm_with(&self, peer: UserId) -> StoreResult<Option<ChannelRow>> {
        Ok(self
            .channels_where("peer = ?1", params![peer.as_bytes()])?
            .pop())
    }

    pub fn all_channels(&self) -> StoreResult<Vec<ChannelRow>> {
        self.channels_where("TRUE ORDER BY channel", params![])
    }

    fn channels_where(
        &self,
        condition: &str,
        parameters: &[&dyn rusqlite::ToSql],
    ) -> StoreResult<Vec<ChannelRow>> {
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM channel WHERE {condition}"))?;
        let raws = statement
            .query_map(parameters, Raw::read)?
            .collect::<Result<Vec<_>, _>>()?;
        raws.into_iter().map(Raw::understand).collect()
    }

    pub fn delete_channel(&self, channel: ChannelId) -> StoreResult<()> {
        self.unindex_channel(channel)?;
        for sql in [
            "DELETE FROM outbox WHERE channel = ?1",
            "DELETE FROM evidence WHERE message IN (SELECT id FROM message WHERE channel = ?1)",
            "DELETE FROM message WHERE channel = ?1",
            "DELETE FROM outbound WHERE channel = ?1",
            "DELETE FROM pins WHERE channel = ?1",
            "DELETE FROM scheduled WHERE channel = ?1",
            "DELETE FROM thread WHERE channel = ?1",
            "DELETE FROM thread_read WHERE channel = ?1",
            "DELETE FROM channel WHERE channel = ?1",
        ] {
            self.connection
                .prepare_cached(sql)?
                .execute([channel.as_bytes()])?;
        }
        self.forget_history_keys()
    }

    /// Changes what the server showed of a channel, without asking it.
    pub fn update_channel_view(
        &self,
        channel: ChannelId,
        change: impl FnOnce(&mut Channel),
    ) -> StoreResult<()> {
        let Some(mut row) = self.channel(channel)? else {
            return Ok(());
        };
        change(&mut row.view);
        self.connection
            .prepare_cached("UPDATE channel SET view = ?2 WHERE channel = ?1")?
            .execute(params![channel.as_bytes(), pack(&row.view)])?;
        Ok(())
    }

    /// Channels in which more was read than the server knows, and up to where.
    pub fn unsaid_reads(&self) -> StoreResult<Vec<(ChannelId, u64)>> {
        let rows = self.all_channels()?.into_iter();
        Ok(rows
            .filter(|row| row.view.read_seq > row.told_read)
            .map(|row| (row.view.id, row.view.read_seq))
            .collect())
    }

    pub fn put_told_read(&self, channel: ChannelId, seq: u64) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET told_read = max(told_read, ?2) WHERE channel = ?1")?
            .execute(params![channel.as_bytes(), seq as i64])?;
        Ok(())
    }

    pub fn put_scrub_seq(&self, channel: ChannelId, n: u64) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET scrub_seq = max(scrub_seq, ?2) WHERE channel = ?1")?
            .execute(params![channel.as_bytes(), n as i64])?;
        Ok(())
    }

    pub fn put_draft(&self, channel: ChannelId, draft: &str) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET draft = ?2 WHERE channel = ?1")?
            .execute(params![channel.as_bytes(), draft])?;
        Ok(())
    }

    /// Which messages are here without a gap, and whether older ones exist.
    pub fn put_range(
        &self,
        channel: ChannelId,
        low: u64,
        high: u64,
        reached_start: bool,
    ) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "UPDATE channel SET low = ?2, high = ?3, reached_start = ?4 WHERE channel = ?1",
            )?
            .execute(params![
                channel.as_bytes(),
                low as i64,
                high as i64,
                i64::from(reached_start)
            ])?;
        Ok(())
    }

    pub fn put_head(&self, channel: ChannelId, head: &Hash) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET head = ?2 WHERE channel = ?1")?
            .execute(params![channel.as_bytes(), head.0])?;
        Ok(())
    }

    pub fn put_signed_head(
        &self,
        channel: ChannelId,
        head: &SignedHead,
        at: u64,
    ) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET signed_head = ?2, last_at = max(last_at, ?3) WHERE channel = ?1")?
            .execute(params![channel.as_bytes(), pack(head), at as i64])?;
        Ok(())
    }

    pub fn put_audience(
        &self,
        channel: ChannelId,
        audience: &Audience,
        first_epoch: Option<u64>,
    ) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "UPDATE channel SET epoch = ?2, record_hash = ?3, floor = ?4, roster = ?5, first_epoch = ?6, stale_at = NULL WHERE channel = ?1",
            )?
            .execute(params![
                channel.as_bytes(),
                audience.epoch as i64,
                audience.record_hash.0,
                audience.floor as i64,
                audience.roster.to_bytes(),
                first_epoch.map(|epoch| epoch as i64)
            ])?;
        Ok(())
    }

    pub fn mark_stale(&self, channel: ChannelId, now: u64) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET stale_at = ?2 WHERE channel = ?1")?
            .execute(params![channel.as_bytes(), now as i64])?;
        Ok(())
    }

    /// This device was in no audience for a while: what it reads begins anew, and every audience
    /// is verified again before something is encrypted for it.
    pub fn forget_audiences(&self) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE channel SET first_epoch = NULL, stale_at = 0")?
            .execute([])?;
        Ok(())
    }
}
