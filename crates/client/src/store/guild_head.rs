//! Where each guild's log stood, and the newest place that the server signed.

use cloister_e2ee::Primitives;
use cloister_proof::guild_log::Position;
use cloister_wire::{GuildId, Hash, channel::SignedHead};
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreResult, hash32, pack, unpack};

/// So many are remembered: what members say they saw is rarely older.
const REMEMBERED: u64 = 2_000;

impl<P: Primitives> Store<P> {
    /// Remembers where a guild's log stands after an entry.
    pub fn note_guild_head(&self, guild: GuildId, position: Position) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO guild_head (guild, seq, head) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![
                guild.as_bytes(),
                position.seq as i64,
                position.head.0
            ])?;
        self.connection
            .prepare_cached("DELETE FROM guild_head WHERE guild = ?1 AND seq <= ?2")?
            .execute(params![
                guild.as_bytes(),
                position.seq as i64 - REMEMBERED as i64
            ])?;
        Ok(())
    }

    pub fn guild_head_at(&self, guild: GuildId, seq: u64) -> StoreResult<Option<Hash>> {
        let head: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT head FROM guild_head WHERE guild = ?1 AND seq = ?2")?
            .query_row(params![guild.as_bytes(), seq as i64], |row| row.get(0))
            .optional()?;
        head.map(|head| hash32(&head)).transpose()
    }

    /// The newest place of the log that the server signed and that this device has too.
    pub fn signed_guild_head(&self, guild: GuildId) -> StoreResult<Option<SignedHead>> {
        let bytes: Option<Option<Vec<u8>>> = self
            .connection
            .prepare_cached("SELECT log_head FROM guild WHERE guild = ?1")?
            .query_row([guild.as_bytes()], |row| row.get(0))
            .optional()?;
        bytes.flatten().map(|bytes| unpack(&bytes)).transpose()
    }

    pub fn put_signed_guild_head(&self, guild: GuildId, signed: &SignedHead) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE guild SET log_head = ?2 WHERE guild = ?1")?
            .execute(params![guild.as_bytes(), pack(signed)])?;
        Ok(())
    }
}
