//! Sealed records of each person's key backup.

use cloister_wire::{
    Bytes,
    backup::{BackupVersion, RecordId, StoredRecord},
};

use super::db::{Row, Tx};
use crate::{
    Result,
    access::{Act, Permit},
    params, sql,
};

sql! {
    BEGIN = "INSERT INTO backup (user_id, version, serial, records, bytes) \
             VALUES ($1, 0, 0, 0, 0) ON CONFLICT (user_id) DO NOTHING";
    LOCK = "SELECT version, serial, records, bytes FROM backup WHERE user_id = $1 FOR UPDATE";
    VERSION = "SELECT version FROM backup WHERE user_id = $1";
    UPDATE = "UPDATE backup SET version = $2, serial = $3, records = $4, bytes = $5 \
              WHERE user_id = $1";
    GET = "SELECT id, serial, sealed FROM backup_record \
           WHERE user_id = $1 AND version = $2 AND id = $3";
    PUT = "INSERT INTO backup_record (user_id, version, id, serial, sealed, at) \
           VALUES ($1, $2, $3, $4, $5, $6) \
           ON CONFLICT (user_id, version, id) DO UPDATE \
           SET serial = excluded.serial, sealed = excluded.sealed, at = excluded.at";
    PAGE = "SELECT id, serial, sealed FROM backup_record \
            WHERE user_id = $1 AND version = $2 AND serial > $3 ORDER BY serial LIMIT $4";
    VERSIONS = "SELECT version, count(*) AS records FROM backup_record WHERE user_id = $1 \
                GROUP BY version ORDER BY version";
    SUM = "SELECT count(*), CAST(coalesce(sum(length(sealed)), 0) AS BIGINT) FROM backup_record \
           WHERE user_id = $1 AND version = $2";
    DELETE = "DELETE FROM backup_record WHERE user_id = $1 AND version = $2";
}

/// The backup of a person as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub version: u64,
    pub serial: u64,
    pub records: u64,
    pub bytes: u64,
}

/// The backup's own row, locked; made if there is none.
pub fn lock(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Account> {
    tx.execute(BEGIN, params![permit.user])?;
    tx.one(LOCK, params![permit.user], |row| {
        Ok(Account {
            version: row.get("version")?,
            serial: row.get("serial")?,
            records: row.get("records")?,
            bytes: row.get("bytes")?,
        })
    })
}

pub fn update(tx: &mut Tx<'_>, permit: &Permit<'_, Act>, account: &Account) -> Result<()> {
    tx.execute(
        UPDATE,
        params![
            permit.user,
            account.version,
            account.serial,
            account.records,
            account.bytes
        ],
    )
    .map(|_| ())
}

/// The version that is written; 0 before the first record.
pub fn version(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<u64> {
    let version = tx.maybe(VERSION, params![permit.user], |row| row.get(0))?;
    Ok(version.unwrap_or(0))
}

pub fn get(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    version: u64,
    id: &RecordId,
) -> Result<Option<StoredRecord>> {
    tx.maybe(GET, params![permit.user, version, id], read)
}

pub fn put(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    version: u64,
    (id, serial, sealed): (&RecordId, u64, &Bytes),
) -> Result<()> {
    let now = tx.now();
    tx.execute(PUT, params![permit.user, version, id, serial, sealed, now])
        .map(|_| ())
}

pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    version: u64,
    after: u64,
    limit: u32,
) -> Result<Vec<StoredRecord>> {
    tx.query(PAGE, params![permit.user, version, after, limit], read)
}

pub fn versions(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Vec<BackupVersion>> {
    tx.query(VERSIONS, params![permit.user], |row| {
        Ok(BackupVersion {
            version: row.get("version")?,
            records: row.get("records")?,
        })
    })
}

/// Deletes every record of a version; says how many and how large they were.
pub fn delete(tx: &mut Tx<'_>, permit: &Permit<'_, Act>, version: u64) -> Result<(u64, u64)> {
    let sum = tx.one(SUM, params![permit.user, version], |row| {
        Ok((row.get::<u64>(0)?, row.get::<u64>(1)?))
    })?;
    tx.execute(DELETE, params![permit.user, version])?;
    Ok(sum)
}

fn read(row: Row<'_>) -> Result<StoredRecord> {
    Ok(StoredRecord {
        id: row.get("id")?,
        serial: row.get("serial")?,
        sealed: row.get("sealed")?,
    })
}
