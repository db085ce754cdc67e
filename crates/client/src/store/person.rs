//! People, and the device logs that were verified.

use cloister_e2ee::Primitives;
use cloister_proof::{DeviceCert, DeviceLog, encode};
use cloister_wire::{DeviceId, GuildId, UserId, deletion::DELETED_NAME};
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreResult, decode, id16};

impl<P: Primitives> Store<P> {
    pub fn put_person(&self, user: UserId, username: &str, display_name: &str) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO person (user, username, display_name) VALUES (?1, ?2, ?3)
                 ON CONFLICT (user) DO UPDATE SET username = excluded.username, display_name = excluded.display_name",
            )?
            .execute(params![user.as_bytes(), username, display_name])?;
        Ok(())
    }

    /// Somebody whose account is gone: nobody remembers how they were called.
    pub fn forget_person(&self, user: UserId, username: &str) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "UPDATE person SET username = ?2, display_name = ?3 WHERE user = ?1 AND display_name <> ?3",
            )?
            .execute(params![user.as_bytes(), username, DELETED_NAME])?;
        Ok(())
    }

    /// User name and shown name.
    pub fn names(&self, user: UserId) -> StoreResult<Option<(String, String)>> {
        Ok(self
            .connection
            .prepare_cached("SELECT username, display_name FROM person WHERE user = ?1")?
            .query_row([user.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    pub fn display_name(&self, user: UserId) -> StoreResult<String> {
        Ok(self
            .names(user)?
            .map_or_else(|| "…".to_owned(), |(_, shown)| shown))
    }

    /// What somebody is called in a guild: by their nickname there, or else by their own name.
    pub fn name_in(&self, guild: Option<GuildId>, user: UserId) -> StoreResult<String> {
        if let Some(guild) = guild {
            let nickname: Option<Option<String>> = self
                .connection
                .prepare_cached("SELECT nickname FROM member WHERE guild = ?1 AND user = ?2")?
                .query_row([guild.as_bytes(), user.as_bytes()], |row| row.get(0))
                .optional()?;
            if let Some(nickname) = nickname.flatten() {
                return Ok(nickname);
            }
        }
        self.display_name(user)
    }

    /// Everybody's nicknames, in whatever guild.
    pub fn nicknames(&self) -> StoreResult<Vec<(UserId, String)>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT user, nickname FROM member WHERE nickname IS NOT NULL")?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(user, nickname)| Ok((UserId::from_bytes(id16(&user)?), nickname)))
            .collect()
    }

    pub fn devlog(&self, user: UserId) -> StoreResult<Option<DeviceLog>> {
        let bytes: Option<Option<Vec<u8>>> = self
            .connection
            .prepare_cached("SELECT log FROM person WHERE user = ?1")?
            .query_row([user.as_bytes()], |row| row.get(0))
            .optional()?;
        bytes.flatten().map(|bytes| decode(&bytes)).transpose()
    }

    /// Pins a verified log.
    pub fn put_devlog(&self, log: &DeviceLog) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO person (user, username, display_name, log, starts_noted, lives) VALUES (?1, '', '', ?2, ?3, ?3)
                 ON CONFLICT (user) DO UPDATE SET log = excluded.log, lives = excluded.lives,
                     starts_noted = CASE WHEN log IS NULL THEN excluded.starts_noted ELSE starts_noted END",
            )?
            .execute(params![log.user.as_bytes(), encode(log), log.lives.len() as i64])?;
        Ok(())
    }

    /// Whether somebody has started over since this was last noted.
    pub fn start_to_note(&self, user: UserId) -> StoreResult<bool> {
        Ok(self
            .connection
            .prepare_cached("SELECT 1 FROM person WHERE user = ?1 AND lives > starts_noted")?
            .exists([user.as_bytes()])?)
    }

    pub fn note_start(&self, user: UserId) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE person SET starts_noted = lives WHERE user = ?1")?
            .execute([user.as_bytes()])?;
        Ok(())
    }

    /// What is wrong with somebody's log, if anything is.
    pub fn violation(&self, user: UserId) -> StoreResult<Option<String>> {
        let violation: Option<Option<String>> = self
            .connection
            .prepare_cached("SELECT violation FROM person WHERE user = ?1")?
            .query_row([user.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(violation.flatten())
    }

    pub fn put_violation(&self, user: UserId, what: &str) -> StoreResult<()> {
        self.connection
            .prepare_cached("UPDATE person SET violation = ?2 WHERE user = ?1")?
            .execute(params![user.as_bytes(), what])?;
        Ok(())
    }

    /// The certificate of somebody's device, revoked or not.
    pub fn cert(&self, user: UserId, device: DeviceId) -> StoreResult<Option<DeviceCert>> {
        Ok(self
            .devlog(user)?
            .and_then(|log| log.devices.get(&device).map(|record| record.cert.clone())))
    }
}
