//! Messages that leave later, from this device.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, Txn};
use rusqlite::{OptionalExtension as _, Row, params};

use super::{Store, StoreResult, id16};

/// One message that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScheduledRow {
    pub entry: Txn,
    pub channel: ChannelId,
    pub body: String,
    pub due_at: u64,
}

struct Raw(Vec<u8>, Vec<u8>, String, i64);

impl Raw {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self(row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    }

    fn understand(self) -> StoreResult<ScheduledRow> {
        Ok(ScheduledRow {
            entry: Txn::from_bytes(id16(&self.0)?),
            channel: ChannelId::from_bytes(id16(&self.1)?),
            body: self.2,
            due_at: self.3 as u64,
        })
    }
}

impl<P: Primitives> Store<P> {
    /// Everything that waits, the soonest first.
    pub fn scheduled(&self) -> StoreResult<Vec<ScheduledRow>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT entry, channel, body, due_at FROM scheduled ORDER BY due_at, entry",
        )?;
        let raws = statement
            .query_map([], Raw::read)?
            .collect::<Result<Vec<_>, _>>()?;
        raws.into_iter().map(Raw::understand).collect()
    }

    pub fn scheduled_entry(&self, entry: Txn) -> StoreResult<Option<ScheduledRow>> {
        let raw = self
            .connection
            .prepare_cached("SELECT entry, channel, body, due_at FROM scheduled WHERE entry = ?1")?
            .query_row([entry.as_bytes()], Raw::read)
            .optional()?;
        raw.map(Raw::understand).transpose()
    }

    pub fn put_scheduled(&self, row: &ScheduledRow) -> StoreResult<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO scheduled (entry, channel, body, due_at) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                row.entry.as_bytes(),
                row.channel.as_bytes(),
                row.body,
                row.due_at as i64
            ])?;
        Ok(())
    }

    pub fn delete_scheduled(&self, entry: Txn) -> StoreResult<()> {
        self.connection
            .prepare_cached("DELETE FROM scheduled WHERE entry = ?1")?
            .execute([entry.as_bytes()])?;
        Ok(())
    }
}
