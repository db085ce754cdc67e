//! Keeping the server supplied with this device's prekeys.

use cloister_e2ee::Primitives;
use cloister_proof::{Prekey, Purpose, Signed, prekey::PrekeyKind};
use cloister_wire::{
    Bytes, ErrorCode, Hash,
    key::{KeyCounts, UploadKeys},
    limits::ONE_TIME_KEYS_PER_DEVICE,
};

use crate::{
    core::Core,
    core::Shared,
    engine::Method,
    flow::call::to_cbor,
    store::{Identity, Store, StoreError},
    view::Refusal,
};

/// A fallback key may have messages on the way for a week: it is not replaced sooner.
const FALLBACK_MS: u64 = 7 * 24 * 3_600_000;

/// Makes and signs prekeys; the caller commits the account with them.
pub(crate) fn make<P: Primitives>(
    core: &mut Core<P>,
    account: &mut P::Account,
    me: (cloister_wire::UserId, cloister_wire::DeviceId),
    count: usize,
    fallback: bool,
) -> Result<UploadKeys, StoreError> {
    let now = core.now;
    let one_time = P::one_time_keys(account, count, &mut core.chance);
    let fallback = fallback.then(|| P::fallback_key(account, &mut core.chance));
    let mut ids = core.store.next_prekey_ids(count as u64 + 1)?;
    let mut sign = |key: Hash, kind| {
        let key_id = ids.next().unwrap_or_default();
        let prekey = Prekey {
            user: me.0,
            device: me.1,
            key_id,
            key,
            kind,
            created_ms: now,
        };
        Bytes(Signed::seal(Purpose::Prekey, &prekey, &[&*account]).to_bytes())
    };
    let one_time = one_time
        .into_iter()
        .map(|key| sign(key, PrekeyKind::OneTime))
        .collect();
    let fallback = fallback.map(|key| sign(key, PrekeyKind::Fallback));
    if fallback.is_some() {
        core.store.put_fallback_at(&now)?;
    }
    Ok(UploadKeys {
        one_time,
        fallback,
        replace: false,
    })
}

/// Makes as many keys as the server lacks, and uploads them. The private halves are stored
/// before the public ones leave.
pub(crate) fn supply<P: Primitives>(shared: &Shared<P>, counts: KeyCounts) {
    let shared = shared.clone();
    shared.clone().spawn(async move {
        if !shared.core().running.insert("prekeys".to_owned()) {
            return;
        }
        if let Err(error) = upload(&shared, counts).await {
            shared.core().fail(&error);
        }
        shared.core().running.remove("prekeys");
    });
}

async fn upload<P: Primitives>(shared: &Shared<P>, counts: KeyCounts) -> Result<(), Refusal> {
    let waiting = shared.core().store.prekey_upload()?;
    let body = if let Some(body) = waiting {
        body.0
    } else {
        let mut core = shared.core();
        let due = core
            .store
            .fallback_at()?
            .is_none_or(|at| core.now >= at + FALLBACK_MS);
        let lacking = ONE_TIME_KEYS_PER_DEVICE.saturating_sub(counts.one_time as usize);
        prepare(&mut core, lacking, counts.fallback_used && due, false)?
    };
    match shared
        .call(Method::Put, "/api/v1/keys".to_owned(), Some(body))
        .await
    {
        Ok(_) => {}
        Err(error) if error.code() == ErrorCode::OtkConflict => {
            let body = prepare(&mut shared.core(), ONE_TIME_KEYS_PER_DEVICE, true, true)?;
            shared
                .call(Method::Put, "/api/v1/keys".to_owned(), Some(body))
                .await?;
        }
        Err(error) if error.code() == ErrorCode::Offline || error.retry_later() => return Ok(()),
        Err(error) => {
            shared.core().store.forget("prekey_upload")?;
            return Err(error.into());
        }
    }
    shared.core().store.forget("prekey_upload")?;
    Ok(())
}

/// Throws away what the server has and gives it a whole new set.
pub(crate) async fn replace<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let body = prepare(&mut shared.core(), ONE_TIME_KEYS_PER_DEVICE, true, true)?;
    shared
        .call(Method::Put, "/api/v1/keys".to_owned(), Some(body))
        .await?;
    shared.core().store.forget("prekey_upload")?;
    Ok(())
}

fn prepare<P: Primitives>(
    core: &mut Core<P>,
    count: usize,
    fallback: bool,
    replace: bool,
) -> Result<Vec<u8>, Refusal> {
    let Identity { user, device, .. } = core.store.me()?;
    let mut account = core.store.account()?.ok_or(StoreError::Unreadable)?;
    let mut keys = make(core, &mut account, (user, device), count, fallback)?;
    keys.replace = replace;
    let body = to_cbor(&keys);
    core.store.commit(|store: &Store<P>| {
        store.put_account(&account)?;
        store.put_prekey_upload(&Bytes(body.clone()))
    })?;
    Ok(body)
}
