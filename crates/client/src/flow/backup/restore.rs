//! Bringing back what the backup holds.

use cloister_e2ee::{
    Primitives,
    backup::{BackupKey, BackupRecord},
    vault::AccountSecrets,
};
use cloister_wire::{
    UserId,
    backup::{Backup, BackupPage, StoredRecord},
};

use super::{keys, save, subject_of};
use crate::{
    core::{Core, Shared},
    engine::Method,
    flow::{call::CallError, incoming, vault, verify},
    store::{InboundRow, Restoring},
    view::{Refusal, Topic},
};

/// Takes every record that this device has not seen yet: all of them on a new device, later
/// those that might open what can't be read here.
pub(crate) fn restore<P: Primitives>(shared: &Shared<P>) {
    let wanted = {
        let core = shared.core();
        let done = core
            .store
            .restoring()
            .ok()
            .flatten()
            .is_some_and(|restoring| restoring.done);
        !done || core.store.has_unreadable().unwrap_or(false)
    };
    if wanted {
        bring_all(shared);
    }
}

/// The same, whether or not anything is missing here.
pub(crate) fn bring_all<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("restore".to_owned(), |shared| async move {
        match bring_back(&shared).await {
            Ok(()) => save(&shared),
            Err(error) => shared.core().fail(&error),
        }
    });
}

async fn bring_back<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let Some((user, secrets)) = keys(&shared.core())? else {
        return Ok(());
    };
    let backup: Result<Backup, CallError> = shared.get("/api/v1/backup".to_owned()).await;
    let backup = backup?;
    for key in &secrets.backup {
        if backup.versions.iter().any(|one| one.version == key.version) {
            bring_version(shared, user, key, &backup).await?;
        }
    }
    let mut core = shared.core();
    let mut restoring = core.store.restoring()?.unwrap_or_default();
    restoring.done = true;
    core.store.put_restoring(&restoring)?;
    core.tell(Topic::Backup);
    Ok(())
}

async fn bring_version<P: Primitives>(
    shared: &Shared<P>,
    user: UserId,
    key: &BackupKey,
    backup: &Backup,
) -> Result<(), Refusal> {
    loop {
        let after = shared
            .core()
            .store
            .restoring()?
            .and_then(|restoring| restoring.after.get(&key.version).copied())
            .unwrap_or(0);
        let path = format!("/api/v1/backup/{}/records?after={after}", key.version);
        let page: Result<BackupPage, CallError> = shared.get(path).await;
        let page = page?;
        take_page(&mut shared.core(), (user, key), &page.records, backup)?;
        let moved = page.records.iter().any(|record| record.serial > after);
        if page.end || !moved {
            return Ok(());
        }
    }
}

/// A page of records and how far they bring this device, in one step.
fn take_page<P: Primitives>(
    core: &mut Core<P>,
    (user, key): (UserId, &BackupKey),
    records: &[StoredRecord],
    backup: &Backup,
) -> Result<(), Refusal> {
    core.store.begin()?;
    let done = (|| {
        let mut restoring = core.store.restoring()?.unwrap_or_default();
        restoring.total = backup.versions.iter().map(|one| one.records).sum();
        for stored in records {
            match key.open(user, &stored.id, stored.sealed.as_ref()) {
                Ok(record) => {
                    let held = merge(core, &record)?;
                    let subject = subject_of(&record);
                    core.store
                        .put_backed(&subject, key.version, Some(stored.serial), held)?;
                    restoring.taken += 1;
                }
                // No device of this person made it, or not for this place.
                Err(_) => restoring.refused += 1,
            }
            let after = restoring.after.entry(key.version).or_default();
            *after = stored.serial.max(*after);
        }
        Ok::<(), Refusal>(core.store.put_restoring(&restoring)?)
    })();
    core.tell(Topic::Backup);
    core.store.end(done)
}

/// Takes a record that one of this person's devices made. What came here from its sender is
/// never replaced by it, only reached further back. True: the record holds all that is here.
pub(super) fn merge<P: Primitives>(
    core: &mut Core<P>,
    record: &BackupRecord,
) -> Result<bool, Refusal> {
    match record {
        BackupRecord::Session { .. } => merge_session(core, record),
        BackupRecord::Direct {
            channel,
            sender_device,
            txn,
            key,
            ciphertext,
        } => {
            if core.store.dm_key(*channel, *sender_device, *txn)?.is_none() {
                core.store
                    .put_dm_key(*channel, *sender_device, *txn, key, ciphertext)?;
                let sealed = core.store.sealed_txn(*channel, *sender_device, *txn)?;
                incoming::reopen(core, sealed.as_slice())?;
            }
            Ok(true)
        }
        BackupRecord::Person { record } => {
            verify::merge(core, &[*record])?;
            Ok(core.store.person_record(record.user)?.as_ref() == Some(record))
        }
    }
}

fn merge_session<P: Primitives>(
    core: &mut Core<P>,
    record: &BackupRecord,
) -> Result<bool, Refusal> {
    let BackupRecord::Session {
        channel,
        session,
        sender_user,
        sender_device,
        key,
        first_index,
        created_epoch,
        shared_history,
        suite,
    } = record
    else {
        return Ok(true);
    };
    let ratchet = P::inbound_import(key.as_ref()).filter(|ratchet| {
        P::inbound_id(ratchet) == *session && P::inbound_first_index(ratchet) == *first_index
    });
    let Some(mut ratchet) = ratchet else {
        return Ok(true);
    };
    let row = match core.store.inbound(session)? {
        None => InboundRow {
            session: *session,
            channel: *channel,
            sender_user: *sender_user,
            sender_device: *sender_device,
            ratchet,
            created_epoch: *created_epoch,
            shared_history: *shared_history == 1,
            suite: *suite,
            restored: true,
        },
        Some(mut known) => {
            let here = P::inbound_first_index(&known.ratchet);
            let same = known.channel == *channel
                && known.sender_user == *sender_user
                && known.sender_device == *sender_device;
            if !same || here <= *first_index {
                // The record holds it, if it is the same and reaches as far back.
                return Ok(same && here == *first_index);
            }
            let Some(merged) = P::inbound_merge(&mut known.ratchet, &mut ratchet) else {
                return Ok(false);
            };
            known.ratchet = merged;
            known
        }
    };
    core.store.put_inbound(&row)?;
    let sealed = core.store.sealed_in(*channel, Some(session))?;
    incoming::reopen(core, &sealed)?;
    Ok(true)
}

/// Once everything is sealed with the newest key, the records under older ones go, and then
/// those keys.
pub(super) async fn finish_rotation<P: Primitives>(
    shared: &Shared<P>,
    secrets: &AccountSecrets,
) -> Result<(), Refusal> {
    let (Some(newest), true) = (secrets.backup_key(), secrets.backup.len() > 1) else {
        return Ok(());
    };
    let restored = shared
        .core()
        .store
        .restoring()?
        .is_some_and(|Restoring { done, .. }| done);
    if !restored {
        return Ok(());
    }
    // Another device may have written under the old key until it learned of the new one.
    bring_back(shared).await?;
    let version = newest.version;
    if !shared.core().store.not_in_backup(version, 1)?.is_empty() {
        save(shared);
        return Ok(());
    }
    for old in secrets.backup.iter().filter(|key| key.version < version) {
        let path = format!("/api/v1/backup/{}", old.version);
        shared.call(Method::Delete, path, None).await?;
    }
    vault::change(shared, |secrets, _| {
        secrets.backup.retain(|key| key.version >= version);
        Ok(())
    })
    .await
}
