//! Decisions about other people: whom this person verified, whose new keys they accepted.
//!
//! [`Store::person_records`] and [`Store::merge_person_records`] are all that a backup and
//! one's other devices need.

use cloister_e2ee::{Primitives, record::PersonRecord};
use cloister_proof::encode;
use cloister_wire::UserId;
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreResult, backup::Subject, decode};

/// Why nothing is encrypted to somebody until the person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// The server showed device logs that contradict each other.
    Contradiction(String),
    /// They have started over since they were verified, or since this device met them.
    StartedOver,
}

impl<P: Primitives> Store<P> {
    /// Every decision, for one's other devices and for a backup.
    pub fn person_records(&self) -> StoreResult<Vec<PersonRecord>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT record FROM person_record ORDER BY user")?;
        let rows = statement
            .query_map([], |row| row.get::<_, Vec<u8>>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        rows.iter().map(|row| decode(row)).collect()
    }

    pub fn person_record(&self, user: UserId) -> StoreResult<Option<PersonRecord>> {
        let row: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT record FROM person_record WHERE user = ?1")?
            .query_row([user.as_bytes()], |row| row.get(0))
            .optional()?;
        row.map(|row| decode(&row)).transpose()
    }

    /// Takes in decisions from elsewhere, in any order and as often as they come; gives those
    /// people about whom something changed.
    pub fn merge_person_records(&self, records: &[PersonRecord]) -> StoreResult<Vec<UserId>> {
        self.commit(|store| {
            let mut changed = Vec::new();
            for record in records {
                let known = store.person_record(record.user)?;
                if known.is_some_and(|known| !record.replaces(&known)) {
                    continue;
                }
                store
                    .connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO person_record (user, record) VALUES (?1, ?2)",
                    )?
                    .execute(params![record.user.as_bytes(), encode(record)])?;
                store.note_change(&Subject::Person(record.user))?;
                changed.push(record.user);
            }
            Ok(changed)
        })
    }

    /// The record by which somebody is verified as who they are now.
    pub fn verified(&self, user: UserId) -> StoreResult<Option<PersonRecord>> {
        let genesis = self.devlog(user)?.map(|log| log.genesis);
        Ok(self
            .person_record(user)?
            .filter(|record| record.verifies() && Some(record.genesis) == genesis))
    }

    /// Why nothing may be encrypted to somebody in a conversation, if that is so: whoever starts
    /// over is somebody else until the person says that they know of it.
    pub fn distrust(&self, user: UserId) -> StoreResult<Option<Distrust>> {
        match self.distrust_in_guild(user)? {
            None if self.start_to_note(user)? => Ok(Some(Distrust::StartedOver)),
            known => Ok(known),
        }
    }

    /// The same in a guild's channel, where its log says whom members let in, and as who: somebody
    /// who was not verified and starts over is unvouched there.
    pub fn distrust_in_guild(&self, user: UserId) -> StoreResult<Option<Distrust>> {
        if let Some(what) = self.violation(user)? {
            return Ok(Some(Distrust::Contradiction(what)));
        }
        let Some(record) = self.person_record(user)?.filter(PersonRecord::verifies) else {
            return Ok(None);
        };
        let changed = self
            .devlog(user)?
            .is_some_and(|log| log.genesis != record.genesis);
        Ok(changed.then_some(Distrust::StartedOver))
    }

    /// Pins a log in the place of one that it contradicts: the person has decided so.
    pub fn repin(&self, log: &cloister_proof::DeviceLog) -> StoreResult<()> {
        self.put_devlog(log)?;
        self.connection
            .prepare_cached("UPDATE person SET violation = NULL WHERE user = ?1")?
            .execute([log.user.as_bytes()])?;
        Ok(())
    }
}
