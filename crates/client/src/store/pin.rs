//! What channels keep at hand.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, channel::PinView};
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreResult, pack, unpack};

impl<P: Primitives> Store<P> {
    /// A channel's pins, the newest first, with the version of the list; 0 if none is known.
    pub fn pins(&self, channel: ChannelId) -> StoreResult<(u64, Vec<PinView>)> {
        let row: Option<(i64, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT version, list FROM pins WHERE channel = ?1")?
            .query_row([channel.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map_or(Ok((0, Vec::new())), |(version, list)| {
            Ok((version as u64, unpack(&list)?))
        })
    }

    pub fn put_pins(
        &self,
        channel: ChannelId,
        version: u64,
        pins: &Vec<PinView>,
    ) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO pins (channel, version, list) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![channel.as_bytes(), version as i64, pack(pins)])?;
        Ok(())
    }
}
