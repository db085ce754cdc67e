//! What a new device draws: its keys, its certificate, its first log entry.

use cloister_e2ee::{Primitives, recovery::RecoveryKey};
use cloister_proof::{
    DeviceCert, DeviceLog, Purpose, Signed, Signer as _,
    devlog::{Body, Entry},
};
use cloister_wire::{
    DeviceId, Hash, Octets, UserId, key::UploadKeys, limits::ONE_TIME_KEYS_PER_DEVICE,
};

use crate::{
    core::Core,
    flow::prekeys,
    store::{Identity, Store, StoreError},
    view::Refusal,
};

/// Keys and names of a device that is being born.
pub(super) struct Newborn<P: Primitives> {
    pub(super) account: P::Account,
    pub(super) cert: DeviceCert,
    pub(super) calls_seed: Hash,
    pub(super) keys: UploadKeys,
}

pub(super) fn give_birth<P: Primitives>(
    core: &mut Core<P>,
    user: UserId,
) -> Result<Newborn<P>, Refusal> {
    let mut account = P::new_account(&mut core.chance);
    let calls_seed: Hash = Octets(core.draw());
    let cert = DeviceCert {
        user,
        device: DeviceId::new(core.now, &core.draw()),
        reg_id: 1,
        signing: account.public_key(),
        identity: P::identity(&account),
        calls: ed25519_public(&calls_seed),
        platform: core.options.platform.clone(),
        created_ms: core.now,
    };
    let keys = prekeys::make(
        core,
        &mut account,
        (user, cert.device),
        ONE_TIME_KEYS_PER_DEVICE,
        true,
    )?;
    Ok(Newborn {
        account,
        cert,
        calls_seed,
        keys,
    })
}

/// The first entry of a log, or the one with which `before` starts over.
pub(super) fn genesis<P: Primitives>(
    core: &Core<P>,
    newborn: &Newborn<P>,
    recovery: &RecoveryKey,
    vault: Hash,
    before: Option<&DeviceLog>,
) -> Vec<u8> {
    let signing = recovery.signing_key();
    let entry = Entry {
        v: 1,
        user: newborn.cert.user,
        version: before.map_or(0, |log| log.version) + 1,
        prev: None,
        at_ms: core.now,
        body: Body::Genesis {
            device: newborn.cert.clone(),
            recovery_key: signing.public_key(),
            vault,
            reset_of: before.map(|log| log.head),
        },
    };
    Signed::seal(Purpose::Devlog, &entry, &[&newborn.account, &signing]).to_bytes()
}

pub(super) fn store_newborn<P: Primitives>(
    store: &Store<P>,
    newborn: &Newborn<P>,
    identity: &Identity,
) -> Result<(), StoreError> {
    store.put_account(&newborn.account)?;
    store.put_calls_seed(&newborn.calls_seed)?;
    store.put_identity(identity)
}

pub(super) fn forget_identity<P: Primitives>(store: &Store<P>) -> Result<(), StoreError> {
    for name in [
        "identity",
        "account",
        "calls_seed",
        "account_key",
        "secrets",
        "pending_vault",
        "recovery",
        "recovery_change",
        "tokens",
        "trouble",
        "device_name",
    ] {
        store.forget(name)?;
    }
    Ok(())
}

pub(super) fn ed25519_public(seed: &Hash) -> Hash {
    cloister_e2ee::signing_key(seed).public_key()
}
