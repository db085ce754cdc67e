//! Pictures of guilds.

use cloister_e2ee::Primitives;
use cloister_wire::{
    Bytes, Hash,
    picture::{Picture, PictureFormat},
};
use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError, StoreResult, hash32};

impl<P: Primitives> Store<P> {
    pub fn put_picture(&self, hash: &Hash, picture: &Picture) -> StoreResult<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO picture (hash, format, bytes) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![hash.0, picture.format.name(), picture.bytes.0])?;
        Ok(())
    }

    pub fn picture(&self, hash: &Hash) -> StoreResult<Option<Picture>> {
        let row: Option<(String, Vec<u8>)> = self
            .connection
            .prepare_cached("SELECT format, bytes FROM picture WHERE hash = ?1")?
            .query_row([hash.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(format, bytes)| {
            Ok(Picture {
                format: PictureFormat::by_name(&format).ok_or(StoreError::Unreadable)?,
                bytes: Bytes(bytes),
            })
        })
        .transpose()
    }

    pub fn has_picture(&self, hash: &Hash) -> StoreResult<bool> {
        Ok(self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM picture WHERE hash = ?1)")?
            .query_row([hash.0], |row| row.get(0))?)
    }

    /// Forgets every picture but these.
    pub fn keep_pictures(&self, used: &[Hash]) -> StoreResult<()> {
        let mut statement = self.connection.prepare_cached("SELECT hash FROM picture")?;
        let all = statement
            .query_map([], |row| row.get::<_, Vec<u8>>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        for bytes in all {
            let hash = hash32(&bytes)?;
            if !used.contains(&hash) {
                self.connection
                    .prepare_cached("DELETE FROM picture WHERE hash = ?1")?
                    .execute([hash.0])?;
            }
        }
        Ok(())
    }
}
