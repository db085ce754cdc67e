//! What this person keeps for themself on all their devices.

use cloister_e2ee::{OwnNote, Primitives};
use cloister_wire::{Bytes, DeviceId};
use rusqlite::{OptionalExtension as _, Row, params};
use serde::{Serialize, de::DeserializeOwned};

use super::{Store, StoreResult, id16, pack, unpack};

struct Raw(String, Vec<u8>, i64, Vec<u8>);

impl Raw {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self(row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    }

    fn understand(self) -> StoreResult<OwnNote> {
        Ok(OwnNote {
            name: self.0,
            value: Bytes(self.1),
            at_ms: self.2 as u64,
            device: DeviceId::from_bytes(id16(&self.3)?),
        })
    }
}

/// Whether one's other devices have a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Yes,
    No,
}

impl<P: Primitives> Store<P> {
    pub fn own_note(&self, name: &str) -> StoreResult<Option<OwnNote>> {
        let raw = self
            .connection
            .prepare_cached("SELECT name, value, at, device FROM own_note WHERE name = ?1")?
            .query_row([name], Raw::read)
            .optional()?;
        raw.map(Raw::understand).transpose()
    }

    /// What is kept under a name, if anything is.
    pub fn own<T: DeserializeOwned>(&self, name: &str) -> StoreResult<Option<T>> {
        let note = self.own_note(name)?.filter(|note| !note.value.0.is_empty());
        note.map(|note| unpack(&note.value.0)).transpose()
    }

    /// What was kept and what was given up, for one's other devices.
    pub fn own_notes(&self) -> StoreResult<Vec<OwnNote>> {
        self.own_notes_where("TRUE")
    }

    /// What one's other devices lack.
    pub fn own_notes_due(&self) -> StoreResult<Vec<OwnNote>> {
        self.own_notes_where("due = 1")
    }

    fn own_notes_where(&self, condition: &str) -> StoreResult<Vec<OwnNote>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT name, value, at, device FROM own_note WHERE {condition} ORDER BY name"
        ))?;
        let raws = statement
            .query_map([], Raw::read)?
            .collect::<Result<Vec<_>, _>>()?;
        raws.into_iter().map(Raw::understand).collect()
    }

    /// Keeps a note, or nothing any more, as of now.
    pub fn keep_own<T: Serialize>(
        &self,
        name: &str,
        value: Option<&T>,
        now: u64,
        device: DeviceId,
    ) -> StoreResult<()> {
        let known = self.own_note(name)?.map_or(0, |note| note.at_ms);
        let note = OwnNote {
            name: name.to_owned(),
            value: Bytes(value.map_or_else(Vec::new, pack)),
            at_ms: now.max(known + 1),
            device,
        };
        self.put_own_note(&note, Due::Yes)
    }

    pub fn put_own_note(&self, note: &OwnNote, due: Due) -> StoreResult<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO own_note (name, value, at, device, due) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                note.name,
                note.value.0,
                note.at_ms as i64,
                note.device.as_bytes(),
                i64::from(due == Due::Yes)
            ])?;
        Ok(())
    }

    /// One's other devices have this note, unless it changed meanwhile.
    pub fn own_note_handed(&self, note: &OwnNote) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE own_note SET due = 0 WHERE name = ?1 AND at = ?2")?
            .execute(params![note.name, note.at_ms as i64])?;
        Ok(())
    }
}
