//! Channels: their state, which is the point of order, and how far each person reads.

use cloister_proof::policy::HistoryRule;
use cloister_wire::{
    CategoryId, ChannelId, GuildId, Hash, Octets, Permissions, UserId,
    guild::{Channel, GuildKind, Writers},
    retention::shortest,
};

use super::{
    db::{Row, Tx},
    guild,
};
use crate::{
    Result,
    access::{Permit, channel::Read, guild::InGuild},
    params, sql,
};
sql! {
    STATE = "SELECT id, guild_id, suite, epoch, roster_hash, rotate_floor, record_hash, \
             last_seq, head, last_at, readers, slow_mode_s, announcements_at, shared_since, waiting, continues FROM channel WHERE id = $1";
    LOCK = "SELECT id, guild_id, suite, epoch, roster_hash, rotate_floor, record_hash, \
            last_seq, head, last_at, readers, slow_mode_s, announcements_at, shared_since, waiting, continues FROM channel WHERE id = $1 FOR UPDATE";
    INSERT = "INSERT INTO channel (id, guild_id, name, position, suite, epoch, roster_hash, \
              rotate_floor, record_hash, last_seq, head, last_at, created_at, readers, \
              shared_since, continues) \
              VALUES ($1, $2, $3, $4, $5, 0, $6, 0, $6, 0, $7, $8, $8, $9, $10, $11)";
    SET_POLICY = "UPDATE channel SET readers = $2, shared_since = \
                  CASE WHEN $3 = 'shared' THEN COALESCE(shared_since, last_seq) END WHERE id = $1";
    RULES = "SELECT owner_id, kind, everyone, access_version FROM guild WHERE id = $1";
    CONTINUED = "SELECT id FROM channel WHERE continues = $1";
    EXISTS = "SELECT 1 FROM channel WHERE id = $1";
    COUNT = "SELECT COUNT(*) FROM channel WHERE guild_id = $1";
    ADVANCE = "UPDATE channel SET last_seq = $2, head = $3, last_at = $4 WHERE id = $1";
    SET_EPOCH = "UPDATE channel SET epoch = $2, roster_hash = $3, rotate_floor = $4, \
                 record_hash = $5 WHERE id = $1";
    OF_GUILD = "SELECT c.id, c.guild_id, c.name, c.topic, c.category_id, c.slow_mode_s, c.announcements_at, \
                c.retention_days, \
                (SELECT g.retention_days FROM guild g WHERE g.id = c.guild_id) AS guild_days, \
                (SELECT i.retention_days FROM instance i) AS instance_days, \
                c.position, c.epoch, c.last_seq, c.last_at, \
                COALESCE(r.read_seq, 0) AS read_seq, COALESCE(r.joined_seq, 0) AS joined_seq, \
                c.scrub_seq, c.pin_version, c.waiting, c.continues, \
                (SELECT count(*) FROM channel_waiting w \
                WHERE w.channel_id = c.id AND w.user_id = $2) AS waits \
                FROM channel c LEFT JOIN reader r ON r.channel_id = c.id AND r.user_id = $2 \
                WHERE c.guild_id = $1 AND (c.readers = 'everyone' OR EXISTS \
                (SELECT 1 FROM channel_reader x WHERE x.channel_id = c.id AND x.user_id = $2)) \
                ORDER BY c.position, c.id";
    ONE = "SELECT c.id, c.guild_id, c.name, c.topic, c.category_id, c.slow_mode_s, c.announcements_at, c.position, \
           c.retention_days, \
           (SELECT g.retention_days FROM guild g WHERE g.id = c.guild_id) AS guild_days, \
           (SELECT i.retention_days FROM instance i) AS instance_days, \
           c.epoch, c.last_seq, c.last_at, \
           COALESCE(r.read_seq, 0) AS read_seq, COALESCE(r.joined_seq, 0) AS joined_seq, \
           c.scrub_seq, c.pin_version, c.waiting, c.continues, \
           (SELECT count(*) FROM channel_waiting w \
           WHERE w.channel_id = c.id AND w.user_id = $2) AS waits \
           FROM channel c LEFT JOIN reader r ON r.channel_id = c.id AND r.user_id = $2 \
           WHERE c.id = $1";
    EDIT = "UPDATE channel SET name = $2, topic = $3, slow_mode_s = $4, \
            announcements_at = $5 WHERE id = $1";
    COUNT_LOOSE = "SELECT count(*) FROM channel WHERE guild_id = $1 AND category_id IS NULL";
    DELETE = "DELETE FROM channel WHERE id = $1 AND guild_id = $2";
    IDS_OF_GUILD = "SELECT id FROM channel WHERE guild_id = $1 ORDER BY id";
    IDS_OF_PERSON = "SELECT c.id FROM channel c JOIN member m ON m.guild_id = c.guild_id \
                     WHERE m.user_id = $1 \
                     UNION SELECT channel_id FROM dm WHERE low_id = $1 \
                     UNION SELECT channel_id FROM dm WHERE high_id = $1 ORDER BY 1";
    ENTER = "INSERT INTO reader (channel_id, user_id, joined_seq, read_seq) \
             SELECT id, $2, CASE WHEN $3 = 'shared' THEN COALESCE(shared_since, last_seq) \
             ELSE last_seq END, last_seq FROM channel WHERE guild_id = $1 ON CONFLICT (channel_id, user_id) DO UPDATE \
             SET joined_seq = excluded.joined_seq, read_seq = excluded.read_seq";
    ENTER_ONE = "INSERT INTO reader (channel_id, user_id, joined_seq, read_seq) \
             SELECT id, $2, CASE WHEN $3 = 'shared' THEN COALESCE(shared_since, last_seq) \
             ELSE last_seq END, last_seq FROM channel WHERE id = $1 ON CONFLICT (channel_id, user_id) DO UPDATE \
             SET joined_seq = excluded.joined_seq, read_seq = excluded.read_seq";
    OPEN_BACK = "UPDATE reader SET joined_seq = $3 WHERE channel_id = $1 AND user_id = $2 \
                 AND joined_seq > $3";
    LOCK_OF_GUILD = "SELECT id FROM channel WHERE guild_id = $1 ORDER BY id FOR UPDATE";
    LEAVE = "DELETE FROM reader WHERE user_id = $2 \
             AND channel_id IN (SELECT id FROM channel WHERE guild_id = $1)";
    JOINED_SEQ = "SELECT joined_seq FROM reader WHERE channel_id = $1 AND user_id = $2";
    MARK_READ = "INSERT INTO reader (channel_id, user_id, joined_seq, read_seq) \
                 VALUES ($1, $2, 0, $3) ON CONFLICT (channel_id, user_id) DO UPDATE \
                 SET read_seq = excluded.read_seq WHERE reader.read_seq < excluded.read_seq";
}

/// What a send and a change of the audience need to know of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub id: ChannelId,
    /// Absent for a direct conversation.
    pub guild: Option<GuildId>,
    pub suite: u16,
    pub epoch: u64,
    pub roster_hash: Hash,
    pub rotate_floor: u64,
    pub record_hash: Hash,
    pub last_seq: u64,
    pub head: Hash,
    pub last_at: u64,
    pub slow_mode_s: u32,
    pub writers: Writers,
    pub readers: Readers,
    /// Vouched members read messages newer than this; none: from when they came.
    pub shared_since: Option<u64>,
    /// Members for whom there is no place in the audience.
    pub waiting: u32,
    /// The channel that goes on in this one.
    pub continues: Option<ChannelId>,
}

/// From where somebody who comes reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadsFrom {
    Now,
    /// Where a channel's policy shares its history, from there; elsewhere from now.
    Shared,
}

impl ReadsFrom {
    /// Earlier messages are for those whom somebody vouches for.
    pub fn of(log: &cloister_proof::GuildLog, user: UserId) -> Self {
        if log.vouched(user) {
            Self::Shared
        } else {
            Self::Now
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Shared => "shared",
        }
    }
}

/// Who of a guild reads a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Everyone,
    /// Those in `channel_reader`.
    Listed,
}

/// Who may see a guild's channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub owner: UserId,
    pub kind: GuildKind,
    pub everyone: Permissions,
    pub access_version: u64,
}

/// A channel as one person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub id: ChannelId,
    pub guild: Option<GuildId>,
    pub name: String,
    pub topic: String,
    pub category: Option<CategoryId>,
    pub slow_mode_s: u32,
    pub retention_days: Option<u32>,
    /// The shortest of what channel, guild and instance say.
    pub kept_days: Option<u32>,
    pub writers: Writers,
    pub position: u32,
    pub epoch: u64,
    pub last_seq: u64,
    pub last_at: u64,
    pub read_seq: u64,
    pub joined_seq: u64,
    pub scrub_seq: u64,
    pub pin_version: u64,
    pub waiting: u32,
    /// The person is among those who wait.
    pub waits: bool,
    pub continues: Option<ChannelId>,
}

impl View {
    /// With what the person may do here. Whoever waits for a place is told nothing of what is
    /// said.
    pub fn into_wire(self, my_permissions: Permissions) -> Channel {
        let told = |seq: u64| if self.waits { 0 } else { seq };
        Channel {
            id: self.id,
            guild: self.guild,
            name: self.name,
            topic: self.topic,
            category: self.category,
            slow_mode_s: self.slow_mode_s,
            retention_days: self.retention_days,
            kept_days: self.kept_days,
            writers: self.writers,
            position: self.position,
            epoch: self.epoch,
            last_seq: told(self.last_seq),
            read_seq: told(self.read_seq),
            joined_seq: told(self.joined_seq),
            scrub_seq: told(self.scrub_seq),
            pin_version: told(self.pin_version),
            waiting: self.waiting,
            waits: self.waits,
            continues: self.continues,
            my_permissions,
        }
    }
}

/// A channel that does not exist yet.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    pub id: ChannelId,
    pub guild: Option<GuildId>,
    pub name: &'a str,
    pub position: u32,
    pub suite: u16,
    pub head: Hash,
    pub readers: Readers,
    pub history: HistoryRule,
    pub continues: Option<ChannelId>,
}

const NO_HASH: Hash = Octets([0; 32]);

/// The state, without a lock.
pub fn state(tx: &mut Tx<'_>, channel: ChannelId) -> Result<Option<State>> {
    tx.maybe(STATE, params![channel], read_state)
}

/// The state, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, channel: ChannelId) -> Result<Option<State>> {
    tx.maybe(LOCK, params![channel], read_state)
}

pub fn rules(tx: &mut Tx<'_>, guild: GuildId) -> Result<Rules> {
    tx.one(RULES, params![guild], |row| {
        Ok(Rules {
            owner: row.get("owner_id")?,
            kind: guild::kind_of(&row.get::<String>("kind")?)?,
            everyone: row.get("everyone")?,
            access_version: row.get("access_version")?,
        })
    })
}

pub fn exists(tx: &mut Tx<'_>, channel: ChannelId) -> Result<bool> {
    Ok(tx
        .maybe(EXISTS, params![channel], |row| row.get::<i64>(0))?
        .is_some())
}

/// Whether a channel goes on in another one already.
pub fn is_continued(tx: &mut Tx<'_>, channel: ChannelId) -> Result<bool> {
    let found = tx.maybe(CONTINUED, params![channel], |row| row.get::<ChannelId>(0))?;
    Ok(found.is_some())
}

pub fn count(tx: &mut Tx<'_>, guild: GuildId) -> Result<u32> {
    tx.one(COUNT, params![guild], |row| row.get(0))
}

/// At epoch 0: nobody can send before the first epoch was made.
pub fn insert(tx: &mut Tx<'_>, new: &New<'_>) -> Result<()> {
    let now = tx.now();
    tx.execute(
        INSERT,
        params![
            new.id,
            new.guild,
            new.name,
            new.position,
            new.suite,
            &NO_HASH,
            &new.head,
            now,
            readers_text(new.readers),
            (new.history == HistoryRule::Shared).then_some(0_u64),
            new.continues
        ],
    )?;
    Ok(())
}

/// Writes what a new policy says of readers and of earlier messages: sharing begins now, or goes
/// on from where it began.
pub fn update_policy(
    tx: &mut Tx<'_>,
    channel: ChannelId,
    readers: Readers,
    history: HistoryRule,
) -> Result<()> {
    let from = match history {
        HistoryRule::Shared => ReadsFrom::Shared,
        HistoryRule::None => ReadsFrom::Now,
    };
    let of = params![channel, readers_text(readers), from.text()];
    tx.execute(SET_POLICY, of).map(|_| ())
}

/// Channels above all categories: where a new one comes after.
pub fn count_loose(tx: &mut Tx<'_>, guild: GuildId) -> Result<u32> {
    tx.one(COUNT_LOOSE, params![guild], |row| row.get(0))
}

pub fn update(
    tx: &mut Tx<'_>,
    _: &Permit<'_, InGuild>,
    channel: ChannelId,
    name: &str,
    topic: &str,
    (slow_mode_s, writers): (u32, Writers),
) -> Result<()> {
    let announcements_at = (writers == Writers::Announcers).then_some(tx.now());
    let to = params![channel, name, topic, slow_mode_s, announcements_at];
    tx.execute(EDIT, to).map(|_| ())
}

/// Deletes a channel with everything that was said there.
pub fn delete(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, channel: ChannelId) -> Result<()> {
    tx.execute(DELETE, params![channel, permit.guild])
        .map(|_| ())
}

/// The next message stands at `seq`, with the transcript at `head`.
pub fn advance(tx: &mut Tx<'_>, channel: ChannelId, seq: u64, head: &Hash, at: u64) -> Result<()> {
    tx.execute(ADVANCE, params![channel, seq, head, at])?;
    Ok(())
}

/// Writes the epoch fields of a state.
pub fn update_epoch(tx: &mut Tx<'_>, state: &State) -> Result<()> {
    tx.execute(
        SET_EPOCH,
        params![
            state.id,
            state.epoch,
            &state.roster_hash,
            state.rotate_floor,
            &state.record_hash
        ],
    )?;
    Ok(())
}

/// Channels of a guild as one person sees them, in their order.
pub fn views_of_guild(tx: &mut Tx<'_>, guild: GuildId, user: UserId) -> Result<Vec<View>> {
    tx.query(OF_GUILD, params![guild, user], read_view)
}

pub fn view(tx: &mut Tx<'_>, channel: ChannelId, user: UserId) -> Result<View> {
    tx.one(ONE, params![channel, user], read_view)
}

/// Ids of a guild's channels, in the order in which they are locked.
pub fn ids_of_guild(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<ChannelId>> {
    tx.query(IDS_OF_GUILD, params![guild], |row| row.get(0))
}

/// Ids of every channel and conversation of a person, in the order in which they are locked.
pub fn ids_of_person(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<ChannelId>> {
    tx.query(IDS_OF_PERSON, params![user], |row| row.get(0))
}

/// A new member reads what comes after now. What is being sent comes before or after, never in
/// between: the channels are locked first.
pub fn enter_guild(tx: &mut Tx<'_>, guild: GuildId, user: UserId, from: ReadsFrom) -> Result<()> {
    tx.query(LOCK_OF_GUILD, params![guild], |row| row.get::<ChannelId>(0))?;
    tx.execute(ENTER, params![guild, user, from.text()])?;
    Ok(())
}

/// The same for somebody who may read one channel from now on.
pub fn enter(tx: &mut Tx<'_>, channel: ChannelId, user: UserId, from: ReadsFrom) -> Result<()> {
    tx.execute(ENTER_ONE, params![channel, user, from.text()])
        .map(|_| ())
}

/// Somebody who is here reads from `since` on.
pub fn open_back(tx: &mut Tx<'_>, channel: ChannelId, user: UserId, since: u64) -> Result<()> {
    tx.execute(OPEN_BACK, params![channel, user, since])
        .map(|_| ())
}

pub fn leave_guild(tx: &mut Tx<'_>, guild: GuildId, user: UserId) -> Result<()> {
    tx.execute(LEAVE, params![guild, user])?;
    Ok(())
}

/// The person reads messages newer than this.
pub fn joined_seq(tx: &mut Tx<'_>, permit: &Permit<'_, Read>) -> Result<u64> {
    let of = params![permit.channel(), permit.user()];
    Ok(tx.maybe(JOINED_SEQ, of, |row| row.get(0))?.unwrap_or(0))
}

/// Moves the cursor forward. Says whether it moved.
pub fn mark_read(tx: &mut Tx<'_>, channel: ChannelId, user: UserId, seq: u64) -> Result<bool> {
    Ok(tx.execute(MARK_READ, params![channel, user, seq])? == 1)
}

fn read_state(row: Row<'_>) -> Result<State> {
    Ok(State {
        id: row.get("id")?,
        guild: row.get("guild_id")?,
        suite: row.get("suite")?,
        epoch: row.get("epoch")?,
        roster_hash: row.get("roster_hash")?,
        rotate_floor: row.get("rotate_floor")?,
        record_hash: row.get("record_hash")?,
        last_seq: row.get("last_seq")?,
        head: row.get("head")?,
        last_at: row.get("last_at")?,
        readers: if row.get::<String>("readers")? == "listed" {
            Readers::Listed
        } else {
            Readers::Everyone
        },
        slow_mode_s: row.get("slow_mode_s")?,
        writers: writers_of(row)?,
        shared_since: row.get("shared_since")?,
        waiting: row.get("waiting")?,
        continues: row.get("continues")?,
    })
}

fn writers_of(row: Row<'_>) -> Result<Writers> {
    Ok(match row.get::<Option<u64>>("announcements_at")? {
        Some(_) => Writers::Announcers,
        None => Writers::All,
    })
}

const fn readers_text(readers: Readers) -> &'static str {
    match readers {
        Readers::Everyone => "everyone",
        Readers::Listed => "listed",
    }
}

fn read_view(row: Row<'_>) -> Result<View> {
    Ok(View {
        id: row.get("id")?,
        guild: row.get("guild_id")?,
        name: row.get("name")?,
        topic: row.get("topic")?,
        category: row.get("category_id")?,
        slow_mode_s: row.get("slow_mode_s")?,
        retention_days: row.get("retention_days")?,
        kept_days: shortest([
            row.get("retention_days")?,
            row.get("guild_days")?,
            row.get("instance_days")?,
        ]),
        writers: writers_of(row)?,
        position: row.get("position")?,
        epoch: row.get("epoch")?,
        last_seq: row.get("last_seq")?,
        last_at: row.get("last_at")?,
        read_seq: row.get("read_seq")?,
        joined_seq: row.get("joined_seq")?,
        scrub_seq: row.get("scrub_seq")?,
        pin_version: row.get("pin_version")?,
        waiting: row.get("waiting")?,
        waits: row.get::<u32>("waits")? > 0,
        continues: row.get("continues")?,
    })
}
