//! The audit log: rows that are only ever added, each in a chain with those before it.

use std::collections::{BTreeMap, btree_map::Entry};

use cloister_proof::AuditEntry;
use cloister_wire::{GuildId, Hash, UserId, audit::AuditView};

use super::db::{Row, Tx};
use crate::{
    Result,
    access::{Permit, System, guild::InGuild},
    params, sql,
};

sql! {
    HEAD = "SELECT seq, head FROM audit_head WHERE guild_id = $1 FOR UPDATE";
    LAST = "SELECT seq, head FROM audit_head WHERE guild_id = $1";
    PUT_HEAD = "INSERT INTO audit_head (guild_id, seq, head) VALUES ($1, $2, $3)
        ON CONFLICT (guild_id) DO UPDATE SET seq = excluded.seq, head = excluded.head";
    INSERT = "INSERT INTO audit (guild_id, seq, at, actor_id, device_id, action, target,
        before_json, after_json, reason, digest, head)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    PAGE = "SELECT l.guild_id, l.seq, l.at, l.actor_id, l.device_id, l.action, l.target,
        l.before_json, l.after_json, l.reason, l.digest, l.head, a.username
        FROM audit AS l LEFT JOIN account AS a ON a.id = l.actor_id
        WHERE l.guild_id = $1 AND l.seq < $2 ORDER BY l.seq DESC LIMIT $3";
    PAGE_BY_ACTOR = "SELECT l.guild_id, l.seq, l.at, l.actor_id, l.device_id, l.action, l.target,
        l.before_json, l.after_json, l.reason, l.digest, l.head, a.username
        FROM audit AS l LEFT JOIN account AS a ON a.id = l.actor_id
        WHERE l.guild_id = $1 AND l.seq < $2 AND l.actor_id = $4 ORDER BY l.seq DESC LIMIT $3";
    PAGE_BY_ACTION = "SELECT l.guild_id, l.seq, l.at, l.actor_id, l.device_id, l.action, l.target,
        l.before_json, l.after_json, l.reason, l.digest, l.head, a.username
        FROM audit AS l LEFT JOIN account AS a ON a.id = l.actor_id
        WHERE l.guild_id = $1 AND l.seq < $2 AND l.action = $4 ORDER BY l.seq DESC LIMIT $3";
    PAGE_BY_TARGET = "SELECT l.guild_id, l.seq, l.at, l.actor_id, l.device_id, l.action, l.target,
        l.before_json, l.after_json, l.reason, l.digest, l.head, a.username
        FROM audit AS l LEFT JOIN account AS a ON a.id = l.actor_id
        WHERE l.guild_id = $1 AND l.seq < $2 AND l.target = $4 ORDER BY l.seq DESC LIMIT $3";
    DIGESTS = "SELECT digest FROM audit WHERE guild_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    HEAD_AT = "SELECT head FROM audit WHERE guild_id = $1 AND seq = $2";
    WHOLE = "SELECT l.guild_id, l.seq, l.at, l.actor_id, l.device_id, l.action, l.target,
        l.before_json, l.after_json, l.reason, l.digest, l.head, NULL AS username
        FROM audit AS l WHERE l.guild_id = $1 AND l.seq > $2 ORDER BY l.seq LIMIT $3";
    NAME = "SELECT username FROM account WHERE id = $1";
    GUILDS = "SELECT id FROM guild UNION SELECT guild_id FROM audit ORDER BY 1";
}

/// Which entries: all, or those of one column.
#[derive(Debug, Clone)]
pub enum Only {
    All,
    Actor(UserId),
    Action(String),
    Target(String),
}

/// Where a chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub seq: u64,
    pub head: Hash,
}

/// A row as it lies in the database.
#[derive(Debug, Clone)]
pub struct Stored {
    pub entry: AuditEntry,
    pub digest: Hash,
    pub head: Hash,
    pub actor_name: Option<String>,
    pub target_name: Option<String>,
}

impl Stored {
    pub fn into_wire(self) -> AuditView {
        let AuditEntry {
            seq,
            at_ms,
            actor,
            device,
            action,
            target,
            before,
            after,
            reason,
            ..
        } = self.entry;
        AuditView {
            seq,
            at: at_ms,
            actor,
            actor_name: self.actor_name,
            device,
            action,
            target,
            target_name: self.target_name,
            before,
            after,
            reason,
            digest: self.digest,
            head: self.head,
        }
    }
}

/// Where the chain stands, locked until the transaction ends.
pub fn lock(tx: &mut Tx<'_>, guild: GuildId) -> Result<Option<Head>> {
    tx.maybe(HEAD, params![guild], read_head)
}

pub fn head(tx: &mut Tx<'_>, guild: GuildId) -> Result<Option<Head>> {
    tx.maybe(LAST, params![guild], read_head)
}

/// Adds an entry, and moves the head.
pub fn append(tx: &mut Tx<'_>, entry: &AuditEntry, digest: &Hash, head: &Hash) -> Result<()> {
    tx.execute(
        INSERT,
        params![
            entry.guild,
            entry.seq,
            entry.at_ms,
            entry.actor,
            entry.device,
            &entry.action,
            &entry.target,
            entry.before.as_ref(),
            entry.after.as_ref(),
            entry.reason.as_ref(),
            digest,
            head
        ],
    )?;
    tx.execute(PUT_HEAD, params![entry.guild, entry.seq, head])
        .map(|_| ())
}

/// Entries before `before`, newest first.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    only: &Only,
    before: u64,
    limit: u32,
) -> Result<Vec<Stored>> {
    let guild = permit.guild;
    let mut rows = match only {
        Only::All => tx.query(PAGE, params![guild, before, limit], read),
        Only::Actor(actor) => tx.query(PAGE_BY_ACTOR, params![guild, before, limit, *actor], read),
        Only::Action(action) => {
            tx.query(PAGE_BY_ACTION, params![guild, before, limit, action], read)
        }
        Only::Target(target) => {
            tx.query(PAGE_BY_TARGET, params![guild, before, limit, target], read)
        }
    }?;
    name_targets(tx, &mut rows)?;
    Ok(rows)
}

/// People whom entries are about have names also when they are no members.
fn name_targets(tx: &mut Tx<'_>, rows: &mut [Stored]) -> Result<()> {
    let mut known: BTreeMap<UserId, Option<String>> = BTreeMap::new();
    for row in rows {
        let id = row.entry.target.strip_prefix("member:");
        let Some(user) = id.and_then(|id| id.parse::<UserId>().ok()) else {
            continue;
        };
        let name = match known.entry(user) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(tx.maybe(NAME, params![user], |row| row.get(0))?),
        };
        row.target_name.clone_from(name);
    }
    Ok(())
}

/// Digests after `since`, oldest first.
pub fn digests(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    since: u64,
    limit: u32,
) -> Result<Vec<Hash>> {
    tx.query(DIGESTS, params![permit.guild, since, limit], |row| {
        row.get(0)
    })
}

/// The head after one entry.
pub fn head_at(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, seq: u64) -> Result<Option<Hash>> {
    tx.maybe(HEAD_AT, params![permit.guild, seq], |row| row.get(0))
}

/// Every guild that has, or had, a log.
pub fn guilds(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<Vec<GuildId>> {
    tx.query(GUILDS, params![], |row| row.get(0))
}

/// Rows after `after`, oldest first, as they lie there.
pub fn rows(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    guild: GuildId,
    after: u64,
    limit: u32,
) -> Result<Vec<Stored>> {
    tx.query(WHOLE, params![guild, after, limit], read)
}

fn read_head(row: Row<'_>) -> Result<Head> {
    Ok(Head {
        seq: row.get(0)?,
        head: row.get(1)?,
    })
}

fn read(row: Row<'_>) -> Result<Stored> {
    Ok(Stored {
        entry: AuditEntry {
            v: 1,
            guild: row.get("guild_id")?,
            seq: row.get("seq")?,
            at_ms: row.get("at")?,
            actor: row.get("actor_id")?,
            device: row.get("device_id")?,
            action: row.get("action")?,
            target: row.get("target")?,
            before: row.get("before_json")?,
            after: row.get("after_json")?,
            reason: row.get("reason")?,
        },
        digest: row.get("digest")?,
        head: row.get("head")?,
        actor_name: row.get("username")?,
        target_name: None,
    })
}
