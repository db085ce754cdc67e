//! Items that somebody could not open: sealed again in a new session.

use cloister_e2ee::{DeviceContent, Primitives};
use cloister_proof::decode;
use cloister_wire::{
    DeviceId, ErrorCode, Hash, UserId,
    key::{SendToDevice, ToDeviceItem},
};

use super::{RENEW_MS, RESENDS_MAX};
use crate::{
    core::Shared,
    engine::Method,
    flow::{
        call::{CallError, to_cbor},
        envelope,
    },
    store::{Parcel, SentItem},
    view::Refusal,
};

/// Seals again what somebody could not open; then delivers it.
pub(crate) fn answer_nacks<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("nacks".to_owned(), |shared| async move {
        loop {
            let owed = shared.core().store.next_owed();
            let Ok(Some((dedupe_id, user, device))) = owed else {
                break;
            };
            let sealed = seal_again(&shared, user, device, dedupe_id).await;
            let mut core = shared.core();
            let settled = match sealed {
                // Nobody can be reached now: it stays owed.
                Err(error) if error.code == ErrorCode::Offline => {
                    core.fail(&error);
                    break;
                }
                Err(error) => {
                    core.fail(&error);
                    core.store.settle_owed(&dedupe_id)
                }
                Ok(()) => core.store.settle_owed(&dedupe_id),
            };
            if let Err(error) = settled {
                core.fail(&Refusal::from(error));
                break;
            }
        }
        resend(&shared);
    });
}

async fn seal_again<P: Primitives>(
    shared: &Shared<P>,
    user: UserId,
    device: DeviceId,
    dedupe_id: Hash,
) -> Result<(), Refusal> {
    let (item, renew) = {
        let core = shared.core();
        let Some(item) = core
            .store
            .sent_item(&dedupe_id)?
            .filter(|item| item.device == device)
        else {
            return Ok(());
        };
        let renew = item.resent == 0
            || core.now.saturating_sub(core.store.newest_olm_at(device)?) > RENEW_MS;
        (item, renew)
    };
    if item.resent >= RESENDS_MAX {
        return Ok(());
    }
    if renew {
        envelope::renew_session(shared, user, device).await?;
    }
    let mut core = shared.core();
    let Ok(content) = decode::<DeviceContent>(&item.content) else {
        return Ok(());
    };
    let reg_id = core
        .store
        .devlog(user)?
        .and_then(|log| log.devices.get(&device).map(|record| record.reg_id));
    let Some(reg_id) = reg_id else { return Ok(()) };
    core.store.begin()?;
    let sealed = envelope::seal(&mut core, (user, device, reg_id), item.class, &content);
    let now = core.now;
    let done = sealed.and_then(|wrap| {
        let Some(wrap) = wrap else { return Ok(()) };
        let again = SentItem {
            dedupe_id: wrap.dedupe_id,
            resent: item.resent + 1,
            ..item.clone()
        };
        core.store.put_sent_item(&again, now)?;
        core.store.put_sent_item(
            &SentItem {
                resent: RESENDS_MAX,
                ..item.clone()
            },
            now,
        )?;
        let item = ToDeviceItem {
            device,
            dedupe_id: wrap.dedupe_id,
            class: item.class,
            envelope: wrap.envelope,
        };
        let body = to_cbor(&SendToDevice { items: vec![item] });
        core.store.put_parcel(&Parcel {
            number: 0,
            channel: None,
            path: "/api/v1/to-device".to_owned(),
            body,
            session: None,
            devices: Vec::new(),
        })?;
        core.store.raise_writes()?;
        core.store.settle_owed(&dedupe_id)?;
        Ok(())
    });
    core.store.end(done)
}

/// Delivers parcels that belong to no channel.
pub(crate) fn resend<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("parcels".to_owned(), |shared| async move {
        loop {
            let parcel = shared.core().store.next_parcel(None);
            let Ok(Some(parcel)) = parcel else { return };
            match shared
                .call(Method::Post, parcel.path.clone(), Some(parcel.body.clone()))
                .await
            {
                Err(error @ CallError::NoAnswer) => {
                    return shared.core().fail(&Refusal::from(error));
                }
                Err(error) if error.retry_later() => {
                    let wait = error.retry_after_ms().unwrap_or(2_000);
                    shared.sleep(wait).await;
                }
                // Refused for good (the device is gone): there is nobody to send it to.
                Ok(_) | Err(_) => {
                    if shared.core().store.delete_parcel(parcel.number).is_err() {
                        return;
                    }
                }
            }
        }
    });
}
