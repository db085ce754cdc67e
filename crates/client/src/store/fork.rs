//! Histories of one channel that contradict each other, and what they are told by.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, Hash};
use rusqlite::{OptionalExtension as _, params};

use super::{ChannelRow, Store, StoreResult, hash32};

/// Heads of so many messages are remembered: what people say they saw is rarely older.
const REMEMBERED: u64 = 2_000;

/// A contradiction that the server signed.
#[derive(Debug, Clone)]
pub(crate) struct Fork {
    pub sentence: String,
    pub proof: String,
    pub at: u64,
    /// The person has seen it and goes on.
    pub accepted: bool,
}

impl<P: Primitives> Store<P> {
    /// Remembers where the transcript stands after a message.
    pub fn note_transcript(&self, channel: ChannelId, seq: u64, head: &Hash) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO transcript (channel, seq, head) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![channel.as_bytes(), seq as i64, head.0])?;
        self.connection
            .prepare_cached("DELETE FROM transcript WHERE channel = ?1 AND seq <= ?2")?
            .execute(params![channel.as_bytes(), seq as i64 - REMEMBERED as i64])?;
        Ok(())
    }

    pub fn transcript_at(&self, channel: ChannelId, seq: u64) -> StoreResult<Option<Hash>> {
        let head: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT head FROM transcript WHERE channel = ?1 AND seq = ?2")?
            .query_row(params![channel.as_bytes(), seq as i64], |row| row.get(0))
            .optional()?;
        head.map(|head| hash32(&head)).transpose()
    }

    /// Keeps the first contradiction about a channel or a guild, until the person has accepted it; then the next one.
    pub fn put_fork(&self, place: &[u8; 16], fork: &Fork) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO fork (place, sentence, proof, at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (place) DO UPDATE SET sentence = excluded.sentence, proof = excluded.proof, at = excluded.at, accepted_at = NULL
                 WHERE fork.accepted_at IS NOT NULL AND fork.proof <> excluded.proof",
            )?
            .execute(params![
                place,
                fork.sentence,
                fork.proof,
                fork.at as i64
            ])?;
        Ok(())
    }

    pub fn fork(&self, place: &[u8; 16]) -> StoreResult<Option<Fork>> {
        Ok(self
            .connection
            .prepare_cached("SELECT sentence, proof, at, accepted_at FROM fork WHERE place = ?1")?
            .query_row([place], |row| {
                Ok(Fork {
                    sentence: row.get(0)?,
                    proof: row.get(1)?,
                    at: row.get::<_, i64>(2)? as u64,
                    accepted: row.get::<_, Option<i64>>(3)?.is_some(),
                })
            })
            .optional()?)
    }

    /// The contradiction about a channel, or about its guild, that the person has yet to look at.
    pub fn open_fork(&self, row: &ChannelRow) -> StoreResult<Option<Fork>> {
        let guild = row.view.guild.map(|guild| *guild.as_bytes());
        for place in [Some(*row.view.id.as_bytes()), guild].into_iter().flatten() {
            if let Some(fork) = self.fork(&place)?.filter(|fork| !fork.accepted) {
                return Ok(Some(fork));
            }
        }
        Ok(None)
    }

    pub fn accept_fork(&self, place: &[u8; 16], now: u64) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE fork SET accepted_at = ?2 WHERE place = ?1")?
            .execute(params![place, now as i64])?;
        Ok(())
    }
}
