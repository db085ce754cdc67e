//! The vault: what all of one's devices share, and every way back to it. A change of it is an
//! entry in the device log; the other devices are told through their queues.

use cloister_e2ee::{
    DeviceContent, Primitives, SigningKey,
    backup::BackupKey,
    recovery::RecoveryKey,
    vault::{AccountSecrets, SlotKind, SlotSecret, Vault},
};
use cloister_proof::{
    DeviceLog, Purpose, Signed, Signer, decode,
    devlog::{Body, Entry},
    encode, hash,
};
use cloister_wire::{
    Bytes, DeviceId, ErrorCode, Hash, UserId,
    account::{AppendDevlog, Vault as StoredVault},
    key::ToDeviceClass,
};

use crate::{
    core::{Core, Shared, refuse},
    engine::Method,
    flow::{
        backup,
        call::{CallError, to_cbor},
        device, envelope, people, queue,
    },
    store::{PendingVault, Secrets, StoreError},
    view::{Refusal, Topic},
};

/// How often a change is made anew because another device was faster.
const TRIES: u32 = 5;
/// How long the other device's word is waited for.
const WAIT_MS: u64 = 1_000;

/// How the log comes to name a changed vault.
pub(crate) enum Naming {
    /// By itself.
    Vault,
    /// Along with another recovery key, which the old one allows ...
    Replaced { key: Hash, old: Box<SigningKey> },
    /// ... or which a device had proposed long enough ago.
    Proposed { key: Hash, proposal: u64 },
}

impl Naming {
    fn body(&self, digest: Hash, openers: Vec<Hash>) -> Body {
        let (recovery_key, proposal) = match self {
            Self::Vault => return Body::SetVault { digest, openers },
            Self::Replaced { key, .. } => (*key, None),
            Self::Proposed { key, proposal } => (*key, Some(*proposal)),
        };
        Body::SetRecovery {
            recovery_key,
            proposal,
            digest,
            openers,
        }
    }
}

/// The secrets of a new account, and their vault.
pub(crate) fn begin<P: Primitives>(
    core: &mut Core<P>,
    user: UserId,
    recovery: &RecoveryKey,
) -> Result<(AccountSecrets, Vec<u8>), Refusal> {
    let slot = recovery
        .slot()
        .slot(core.draw(), SlotKind::Recovery, core.now);
    let secrets = AccountSecrets::begin(slot, &mut core.chance);
    let vault = seal(core, user, &secrets)?;
    Ok((secrets, vault))
}

fn seal<P: Primitives>(
    core: &mut Core<P>,
    user: UserId,
    secrets: &AccountSecrets,
) -> Result<Vec<u8>, Refusal> {
    secrets.seal(user, &mut core.chance).ok_or_else(|| {
        refuse(
            ErrorCode::Invalid,
            "A way into the vault has a key that is none.",
        )
    })
}

/// The secrets as this device knows them, and the hash of their vault.
pub(crate) fn known<P: Primitives>(
    core: &Core<P>,
) -> Result<Option<(AccountSecrets, Hash)>, StoreError> {
    let Some(kept) = core.store.secrets()? else {
        return Ok(None);
    };
    let secrets = decode(kept.secrets.as_ref()).map_err(|_| StoreError::Unreadable)?;
    Ok(Some((secrets, kept.vault)))
}

/// Keeps what the vault with this hash holds.
pub(crate) fn keep<P: Primitives>(
    core: &mut Core<P>,
    secrets: &AccountSecrets,
    vault: Hash,
) -> Result<(), StoreError> {
    core.store.commit(|store| {
        store.put_account_key(&secrets.account_key)?;
        store.put_secrets(&Secrets {
            secrets: Bytes(encode(secrets)),
            vault,
        })
    })?;
    core.tell(Topic::Recovery);
    core.tell(Topic::Devices);
    core.tell(Topic::Backup);
    Ok(())
}

/// One of one's own devices says what the vault holds now.
pub(crate) fn receive<P: Primitives>(
    shared: &Shared<P>,
    core: &mut Core<P>,
    sender: DeviceId,
    secrets: &AccountSecrets,
    vault: Hash,
) -> Result<(), StoreError> {
    let me = core.store.me()?;
    let active = core.store.devlog(me.user)?.is_some_and(|log| {
        log.devices
            .get(&sender)
            .is_some_and(cloister_proof::devlog::DeviceRecord::active)
    });
    let newer = known(core)?.is_none_or(|(known, _)| known.generation < secrets.generation);
    if !active || !newer {
        return Ok(());
    }
    keep(core, secrets, vault)?;
    let shared = shared.clone();
    core.spawn_later(async move {
        backup::restore(&shared);
        backup::save(&shared);
    });
    Ok(())
}

/// Fetches exactly the vault that one's own device log names, and opens it.
pub(crate) async fn open<P: Primitives>(
    shared: &Shared<P>,
    log: &DeviceLog,
    secret: impl Fn(&Vault) -> Result<SlotSecret, Refusal>,
) -> Result<SlotSecret, Refusal> {
    let stored: StoredVault = shared.get("/api/v1/vault".to_owned()).await?;
    let vault = Vault::read(stored.vault.as_ref(), log.user, &log.vault).map_err(|_| {
        refuse(
            ErrorCode::VaultChanged,
            "The server shows another vault than your devices left there.",
        )
    })?;
    let secret = secret(&vault)?;
    let secrets = vault.open(&secret).map_err(|_| {
        refuse(
            ErrorCode::RecoveryKeyWrong,
            "That does not open the vault of this account.",
        )
    })?;
    keep(&mut shared.core(), &secrets, log.vault)?;
    Ok(secret)
}

/// Changes what the vault holds: sealed anew, named in the log, told to one's other devices.
pub(crate) async fn change<P: Primitives>(
    shared: &Shared<P>,
    change: impl Fn(&mut AccountSecrets, &mut Core<P>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    change_as(shared, &Naming::Vault, change).await
}

/// The same, along with what else the log says in that entry.
pub(crate) async fn change_as<P: Primitives>(
    shared: &Shared<P>,
    naming: &Naming,
    change: impl Fn(&mut AccountSecrets, &mut Core<P>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    for _ in 0..TRIES {
        finish(shared).await?;
        let prepared = prepare(&mut shared.core(), naming, &change)?;
        let Some(pending) = prepared else {
            // Another device sealed the vault: its word is on its way.
            queue::drain(shared);
            shared.sleep(WAIT_MS).await;
            continue;
        };
        match post(shared, &pending).await {
            Ok(()) => return finish(shared).await,
            Err(error) if error.code == ErrorCode::DevlogStale => {
                let user = shared.core().store.me()?.user;
                people::refresh(shared, &[user].into()).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Err(refuse(
        ErrorCode::DevlogStale,
        "Another of your devices is changing this right now. Try again in a moment.",
    ))
}

/// The changed vault, stored before it is sent. None: this device does not know what the
/// present vault holds.
fn prepare<P: Primitives>(
    core: &mut Core<P>,
    naming: &Naming,
    change: &impl Fn(&mut AccountSecrets, &mut Core<P>) -> Result<(), Refusal>,
) -> Result<Option<PendingVault>, Refusal> {
    let me = core.store.me()?;
    let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
    let Some((mut secrets, _)) = known(core)?.filter(|(_, vault)| *vault == log.vault) else {
        return Ok(None);
    };
    change(&mut secrets, core)?;
    secrets.generation += 1;
    let vault = seal(core, me.user, &secrets)?;
    let digest = hash(&[&vault]);
    let entry = Entry {
        v: 1,
        user: me.user,
        version: log.version + 1,
        prev: Some(log.head),
        at_ms: core.now,
        body: naming.body(digest, secrets.openers()),
    };
    let account = core.store.account()?.ok_or(StoreError::Unreadable)?;
    let signer: &dyn Signer = match naming {
        Naming::Replaced { old, .. } => old.as_ref(),
        Naming::Vault | Naming::Proposed { .. } => &account,
    };
    let entry = Signed::seal(Purpose::Devlog, &entry, &[signer]).to_bytes();
    let pending = PendingVault {
        secrets: Secrets {
            secrets: Bytes(encode(&secrets)),
            vault: digest,
        },
        request: Bytes(to_cbor(&AppendDevlog {
            entry: Bytes(entry),
            vault: Some(Bytes(vault)),
        })),
    };
    core.store.put_pending_vault(&pending)?;
    Ok(Some(pending))
}

async fn post<P: Primitives>(shared: &Shared<P>, pending: &PendingVault) -> Result<(), Refusal> {
    let body = pending.request.0.clone();
    match shared
        .call(
            Method::Post,
            "/api/v1/devlog".to_owned(),
            Some(body.clone()),
        )
        .await
    {
        Ok(_) => {
            let request: Option<AppendDevlog> = crate::flow::call::from_cbor(&body);
            if let Some(request) = request {
                device::grow_own_log(shared, request.entry.as_ref())?;
            }
            Ok(())
        }
        Err(error @ CallError::NoAnswer) => Err(error.into()),
        Err(error) => {
            shared.core().store.forget("pending_vault")?;
            Err(error.into())
        }
    }
}

/// Settles a change of which it is not known whether it arrived, and tells the other devices.
pub(crate) async fn finish<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let Some(pending) = shared.core().store.pending_vault()? else {
        return Ok(());
    };
    let user = shared.core().store.me()?.user;
    people::refresh(shared, &[user].into()).await?;
    let named = |core: &Core<P>| -> Result<bool, StoreError> {
        let log = core.store.devlog(user)?;
        Ok(log.is_some_and(|log| log.vault == pending.secrets.vault))
    };
    let arrived = named(&shared.core())?;
    if !arrived {
        shared.core().store.forget("pending_vault")?;
        return Ok(());
    }
    let secrets: AccountSecrets =
        decode(pending.secrets.secrets.as_ref()).map_err(|_| StoreError::Unreadable)?;
    keep(&mut shared.core(), &secrets, pending.secrets.vault)?;
    tell_others(shared).await?;
    shared.core().store.forget("pending_vault")?;
    backup::save(shared);
    Ok(())
}

/// Sends the secrets to all of one's other active devices.
async fn tell_others<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let others: Vec<(UserId, DeviceId, u32)> = {
        let core = shared.core();
        let me = core.store.me()?;
        let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
        log.active()
            .filter(|record| record.cert.device != me.device)
            .map(|record| (me.user, record.cert.device, record.reg_id))
            .collect()
    };
    for to in others {
        tell(shared, to).await?;
    }
    Ok(())
}

/// The same, when there is time.
pub(crate) fn tell_soon<P: Primitives>(shared: &Shared<P>, to: (UserId, DeviceId, u32)) {
    let shared = shared.clone();
    shared.clone().spawn(async move {
        if let Err(error) = tell(&shared, to).await {
            shared.core().fail(&error);
        }
    });
}

/// Sends the secrets to one of one's own devices.
pub(crate) async fn tell<P: Primitives>(
    shared: &Shared<P>,
    to: (UserId, DeviceId, u32),
) -> Result<(), Refusal> {
    envelope::ensure_sessions(shared, &[(to.0, to.1)]).await?;
    let mut core = shared.core();
    let Some((secrets, vault)) = known(&core)? else {
        return Ok(());
    };
    let content = DeviceContent::Secrets { secrets, vault };
    core.store.begin()?;
    // A device without keys hears of it when it asks for the vault.
    let done = envelope::seal_parcel(&mut core, to, ToDeviceClass::Secret, &content);
    core.store.end(done)?;
    drop(core);
    queue::resend(shared);
    Ok(())
}

/// Draws a new backup key, if a device that knew the old one is gone.
pub(crate) fn rotate_soon<P: Primitives>(shared: &Shared<P>) {
    if !matches!(shared.core().store.rotation_owed(), Ok(Some(_))) {
        return;
    }
    shared.spawn_single("rotate backup".to_owned(), |shared| async move {
        if let Err(error) = rotate_backup(&shared).await {
            shared.core().fail(&error);
        }
    });
}

async fn rotate_backup<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let Some(device) = shared.core().store.rotation_owed()? else {
        return Ok(());
    };
    let gone = {
        let core = shared.core();
        let me = core.store.me()?;
        let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
        log.devices
            .get(&device)
            .is_some_and(|record| !record.active())
    };
    if gone {
        change(shared, |secrets, core| {
            let version = secrets.backup_key().map_or(0, |key| key.version) + 1;
            let key = BackupKey::draw(version, &mut core.chance);
            secrets.backup.push(key);
            Ok(())
        })
        .await?;
    }
    shared.core().store.forget("rotation_owed")?;
    Ok(())
}
