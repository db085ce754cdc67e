//! The key backup: what a person's clients seal for themselves. The server keeps it in order and
//! within bounds, and can't read or make a record.

use cloister_wire::{
    ErrorCode,
    backup::{PutOutcome, PutRecord, PutRecords},
    limits,
};

use crate::{
    Error, Result,
    access::{Act, Permit},
    store::{self, backup::Account, db::Tx},
};

/// Puts records into the newest version, each only in the place of the one that it names. A
/// version above the newest begins with its first record.
pub fn put(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    version: u64,
    request: &PutRecords,
) -> Result<Vec<PutOutcome>> {
    check(version, request)?;
    let mut account = store::backup::lock(tx, permit)?;
    if version < account.version {
        return Err(Error::refuse(
            ErrorCode::BackupStale,
            "The backup goes on under a newer key. Fetch it from another device.",
        ));
    }
    account.version = version;
    let mut outcomes = Vec::with_capacity(request.records.len());
    for record in &request.records {
        outcomes.push(put_one(tx, permit, &mut account, record)?);
    }
    if account.records > limits::BACKUP_RECORDS_MAX || account.bytes > limits::BACKUP_BYTES_MAX {
        return Err(Error::refuse(
            ErrorCode::BackupFull,
            "The backup holds as much as it may.",
        ));
    }
    store::backup::update(tx, permit, &account)?;
    Ok(outcomes)
}

fn put_one(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    account: &mut Account,
    record: &PutRecord,
) -> Result<PutOutcome> {
    let known = store::backup::get(tx, permit, account.version, &record.id)?;
    match (known, record.base) {
        // The same bytes again: an answer got lost.
        (Some(known), _) if known.sealed == record.sealed => {
            return Ok(PutOutcome::Stored {
                serial: known.serial,
            });
        }
        (Some(known), base) if base != Some(known.serial) => {
            return Ok(PutOutcome::Taken {
                serial: known.serial,
                sealed: known.sealed,
            });
        }
        (Some(known), _) => account.bytes -= known.sealed.0.len() as u64,
        (None, Some(_)) => return Ok(PutOutcome::Gone {}),
        (None, None) => account.records += 1,
    }
    account.serial += 1;
    account.bytes += record.sealed.0.len() as u64;
    let serial = account.serial;
    store::backup::put(
        tx,
        permit,
        account.version,
        (&record.id, serial, &record.sealed),
    )?;
    Ok(PutOutcome::Stored { serial })
}

/// Deletes a version that is not the newest.
pub fn delete(tx: &mut Tx<'_>, permit: &Permit<'_, Act>, version: u64) -> Result<()> {
    let mut account = store::backup::lock(tx, permit)?;
    if version >= account.version {
        return Err(Error::invalid("The version in use can't be deleted."));
    }
    let (records, bytes) = store::backup::delete(tx, permit, version)?;
    account.records = account.records.saturating_sub(records);
    account.bytes = account.bytes.saturating_sub(bytes);
    store::backup::update(tx, permit, &account)
}

fn check(version: u64, request: &PutRecords) -> Result<()> {
    if version == 0 || version > i64::MAX as u64 {
        return Err(Error::invalid("Versions of a backup begin with 1."));
    }
    if request.records.len() > limits::BACKUP_RECORDS_PER_REQUEST {
        return Err(Error::refuse(
            ErrorCode::TooLarge,
            "Put at most 100 records at once.",
        ));
    }
    let sizes = limits::BACKUP_RECORD_BYTES_MIN..=limits::BACKUP_RECORD_BYTES;
    if request
        .records
        .iter()
        .any(|record| !sizes.contains(&record.sealed.0.len()))
    {
        return Err(Error::invalid("A record has between 28 and 4,096 bytes."));
    }
    Ok(())
}
