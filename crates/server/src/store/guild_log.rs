//! Guild logs: every entry, and what they amount to.

use cloister_proof::{GuildLog, encode, guild_log::Position};
use cloister_wire::{Bytes, GuildId};

use super::db::Tx;
use crate::{
    Error, Result,
    access::{Permit, guild::InGuild},
    params, sql,
};
sql! {
    STATE = "SELECT state FROM guild_log_state WHERE guild_id = $1 FOR UPDATE";
    POSITION = "SELECT seq, head FROM guild_log_state WHERE guild_id = $1";
    PUT_STATE = "INSERT INTO guild_log_state (guild_id, seq, head, state) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (guild_id) DO UPDATE \
                 SET seq = excluded.seq, head = excluded.head, state = excluded.state";
    INSERT = "INSERT INTO guild_log (guild_id, seq, entry, at) VALUES ($1, $2, $3, $4)";
    PAGE = "SELECT entry FROM guild_log WHERE guild_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
}

/// What the log says now, locked until the end of the transaction; empty before its first entry.
pub fn lock(tx: &mut Tx<'_>, guild: GuildId) -> Result<GuildLog> {
    let state: Option<Vec<u8>> = tx.maybe(STATE, params![guild], |row| row.get(0))?;
    match state {
        Some(state) => cloister_proof::decode(&state).map_err(Error::internal),
        None => Ok(GuildLog::empty(guild)),
    }
}

/// The newest entry.
pub fn position(tx: &mut Tx<'_>, guild: GuildId) -> Result<Position> {
    let found = tx.maybe(POSITION, params![guild], |row| {
        Ok(Position {
            seq: row.get(0)?,
            head: row.get(1)?,
        })
    })?;
    Ok(found.unwrap_or(Position::START))
}

/// Adds the entry with which the log came to `log`.
pub fn insert(tx: &mut Tx<'_>, log: &GuildLog, entry: &[u8]) -> Result<()> {
    let (guild, seq) = (log.guild, log.position.seq);
    tx.execute(INSERT, params![guild, seq, entry, log.at_ms])
        .map(|_| ())
}

/// Keeps what the log amounts to after its newest entries.
pub fn put_state(tx: &mut Tx<'_>, log: &GuildLog) -> Result<()> {
    let (guild, Position { seq, head }) = (log.guild, log.position);
    tx.execute(PUT_STATE, params![guild, seq, &head, &encode(log)])
        .map(|_| ())
}

/// Entries after `after`, oldest first, at most `limit`.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    after: u64,
    limit: u32,
) -> Result<Vec<Bytes>> {
    tx.query(PAGE, params![permit.guild, after, limit], |row| row.get(0))
}
