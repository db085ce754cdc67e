//! The key backup: every key that comes to this device is written behind to the server, sealed
//! with a key that only the person's own devices and vault hold.

mod restore;

use cloister_e2ee::{
    Primitives,
    backup::{BackupKey, BackupRecord},
    vault::AccountSecrets,
};
use cloister_wire::{
    Bytes, ErrorCode, UserId,
    account::DeviceStanding,
    backup::{PutOutcome, PutOutcomes, PutRecord, PutRecords},
    limits::BACKUP_RECORDS_PER_REQUEST,
};

pub(crate) use self::restore::{bring_all, restore};
use crate::{
    core::{Core, Shared},
    engine::Method,
    flow::{
        call::{CallError, read, to_cbor},
        queue, vault,
    },
    store::{Backed, StoreError, Subject},
    view::{Connection, Refusal, Topic},
};

/// Keys come in flocks: so long they are waited for.
const SETTLE_MS: u64 = 1_000;
/// After a fault of the server it is asked again so much later.
const AGAIN_MS: u64 = 60_000;
/// Rounds that stored nothing, after which the server is not asked again for now.
const IDLE_ROUNDS: u32 = 4;

/// Writes what is new into the backup, soon.
pub(crate) fn save<P: Primitives>(shared: &Shared<P>) {
    if shared.core().link.connection != Connection::Online {
        return;
    }
    shared.spawn_single("backup".to_owned(), |shared| async move {
        shared.sleep(SETTLE_MS).await;
        while let Err(error) = save_all(&shared).await {
            let offline = error.code == ErrorCode::Offline;
            shared.core().fail(&error);
            // Whoever is back online begins anew.
            if offline {
                return;
            }
            shared.sleep(AGAIN_MS).await;
        }
    });
}

/// What this device knows of how to seal records, once it is active.
fn keys<P: Primitives>(core: &Core<P>) -> Result<Option<(UserId, AccountSecrets)>, StoreError> {
    let Some(me) = core.store.identity()? else {
        return Ok(None);
    };
    if me.standing != DeviceStanding::Active {
        return Ok(None);
    }
    Ok(vault::known(core)?.map(|(secrets, _)| (me.user, secrets)))
}

/// How many keys the backup does not hold, and how many it does.
pub(crate) fn counts<P: Primitives>(core: &Core<P>) -> Result<(u32, u32), StoreError> {
    let version = vault::known(core)?
        .and_then(|(secrets, _)| secrets.backup_key().map(|key| key.version))
        .unwrap_or(1);
    core.store.count_backup(version)
}

/// Writes until the backup holds everything that is here.
pub(crate) async fn save_all<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let mut idle = 0;
    while idle < IDLE_ROUNDS {
        let Some((user, secrets)) = keys(&shared.core())? else {
            return Ok(());
        };
        let Some(key) = secrets.backup_key() else {
            return Ok(());
        };
        let (batch, body) = prepare(&mut shared.core(), user, key)?;
        if batch.is_empty() {
            settled(shared)?;
            return restore::finish_rotation(shared, &secrets).await;
        }
        let path = format!("/api/v1/backup/{}/records", key.version);
        let outcomes = match shared.call(Method::Put, path, Some(body)).await {
            Ok(bytes) => read::<PutOutcomes>(&bytes)?.outcomes,
            Err(error) => return refused(shared, error),
        };
        let stored = take(&mut shared.core(), (user, key), &batch, &outcomes)?;
        idle = if stored > 0 { 0 } else { idle + 1 };
    }
    Ok(())
}

/// Some of what is not in the backup, sealed.
fn prepare<P: Primitives>(
    core: &mut Core<P>,
    user: UserId,
    key: &BackupKey,
) -> Result<(Vec<(Backed, BackupRecord)>, Vec<u8>), Refusal> {
    let missing = core
        .store
        .not_in_backup(key.version, BACKUP_RECORDS_PER_REQUEST)?;
    let mut batch = Vec::with_capacity(missing.len());
    let mut records = Vec::with_capacity(missing.len());
    for one in missing {
        let Some(record) = core.store.to_record(&one.subject)? else {
            core.store.forget_backed(&one.subject)?;
            continue;
        };
        let (id, sealed) = key.seal(user, &record, &mut core.chance);
        records.push(PutRecord {
            id,
            base: one.base,
            sealed: Bytes(sealed),
        });
        batch.push((one, record));
    }
    Ok((batch, to_cbor(&PutRecords { records })))
}

/// Notes what was stored. Where another device was faster, the better of both stays.
fn take<P: Primitives>(
    core: &mut Core<P>,
    (user, key): (UserId, &BackupKey),
    batch: &[(Backed, BackupRecord)],
    outcomes: &[PutOutcome],
) -> Result<u32, Refusal> {
    core.store.begin()?;
    let done = batch.iter().zip(outcomes).try_fold(0, |stored, pair| {
        let ((one, record), outcome) = pair;
        let subject = &one.subject;
        match outcome {
            PutOutcome::Stored { serial } => {
                // It may have become better while it was on its way.
                let same = core.store.to_record(subject)?.as_ref() == Some(record);
                core.store
                    .put_backed(subject, key.version, Some(*serial), same)?;
                return Ok(stored + 1);
            }
            PutOutcome::Gone {} => core.store.put_backed(subject, key.version, None, false)?,
            PutOutcome::Taken { serial, sealed } => {
                let id = key.record_id(&record.subject());
                match key.open(user, &id, sealed.as_ref()) {
                    Ok(theirs) => {
                        let held = restore::merge(core, &theirs)?;
                        core.store
                            .put_backed(subject, key.version, Some(*serial), held)?;
                        return Ok(stored + u32::from(held));
                    }
                    // No device of this person made it.
                    Err(_) => {
                        core.store
                            .put_backed(subject, key.version, Some(*serial), false)?;
                    }
                }
            }
        }
        Ok::<u32, Refusal>(stored)
    });
    core.tell(Topic::Backup);
    core.store.end(done)
}

fn settled<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let mut core = shared.core();
    if core.store.backup_trouble()?.is_some() {
        core.store.forget("backup_trouble")?;
    }
    core.tell(Topic::Backup);
    Ok(())
}

fn refused<P: Primitives>(shared: &Shared<P>, error: CallError) -> Result<(), Refusal> {
    let sentence = match error.code() {
        ErrorCode::BackupStale => {
            // Another device drew a new key: it is on its way through the queue.
            queue::drain(shared);
            "Another device changed the key of the backup. Waiting for it."
        }
        ErrorCode::BackupFull => "The backup is full. What comes now is on your devices only.",
        _ => return Err(error.into()),
    };
    let mut core = shared.core();
    core.store.put_backup_trouble(&sentence.to_owned())?;
    core.tell(Topic::Backup);
    Ok(())
}

/// Sees to it that nothing is lost with this device.
pub(crate) async fn save_before_leaving<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let _ = save_all(shared).await;
    let (missing, _) = counts(&shared.core())?;
    if missing == 0 {
        return Ok(());
    }
    Err(crate::core::refuse(
        ErrorCode::NotBackedUp,
        &format!(
            "{missing} {} not backed up yet. Without {} other devices can't bring back what \
             {} to read.",
            if missing == 1 { "key is" } else { "keys are" },
            if missing == 1 { "it," } else { "them," },
            if missing == 1 {
                "it is needed"
            } else {
                "they are needed"
            },
        ),
    ))
}

/// The subject of a record that came from the backup, noted as held there.
pub(super) fn subject_of(record: &BackupRecord) -> Subject {
    Subject::of(record)
}
