//! A device that was stopped because a later state of it was seen comes back as a new device over
//! the same store: what was read stays, and nothing is sealed with what the copy has too.

use cloister_e2ee::Primitives;
use cloister_proof::{
    DeviceLog, DeviceOffer, Purpose, Signed,
    devlog::{DeviceRecord, RevokeReason},
};
use cloister_wire::{
    Bytes, ErrorCode,
    account::{DeviceStanding, SignIn, SignInDevice, SignedIn},
    security::SecondFactor,
};

use super::{
    birth::{give_birth, store_newborn},
    sign_in::prepare,
    start_over::Before,
    welcome,
};
use crate::{
    core::{Outcome, Shared, refuse},
    engine::{Method, Outgoing},
    flow::{call::to_cbor, device},
    store::{EntryState, Identity, Store, StoreError, Trouble},
    view::{CommandReply, DeviceState, Refusal, Topic},
};

/// What stands beside a message that the later state may have sent already.
const PERHAPS_SENT: &str =
    "This may have been sent before this device was stopped. Look before you send it again.";

pub(crate) async fn reenrol<P: Primitives>(
    shared: &Shared<P>,
    password: String,
    second: Option<SecondFactor>,
    device_name: String,
) -> Outcome {
    let stopped = stopped(shared)?;
    let (account, second) = prepare(shared, &stopped.username, &password, second).await?;
    let log = grown(shared, &account.devlog, &stopped)?;
    let before = Before::of(&shared.core())?;
    let body = draw(shared, &stopped, &log, password, second)?;
    let answer: Result<SignedIn, _> = shared
        .call_openly(Method::Post, "/api/v1/sessions", Some(body))
        .await;
    let signed_in = match answer {
        Ok(signed_in) => signed_in,
        // If it took effect, a device waits that nobody has: it is sent away like any other.
        Err(error) => {
            let core = shared.core();
            before.put_back(&core)?;
            core.store.forget("replaces")?;
            return Err(error.into());
        }
    };
    {
        let mut core = shared.core();
        core.store.commit(|store| {
            begin_anew(store)?;
            store.put_device_name(&device_name)
        })?;
        core.link.gateway = None;
        core.send(Outgoing::CloseSocket);
    }
    welcome(shared, &signed_in, DeviceStanding::Pending)?;
    Ok(CommandReply::SignedIn {
        state: DeviceState::Pending,
    })
}

/// New keys, stored in the place of those that the copy has too; the request that offers them.
fn draw<P: Primitives>(
    shared: &Shared<P>,
    stopped: &Identity,
    log: &DeviceLog,
    password: String,
    second: Option<SecondFactor>,
) -> Result<Vec<u8>, Refusal> {
    let mut core = shared.core();
    let newborn = give_birth(&mut core, stopped.user)?;
    let offer = DeviceOffer {
        cert: newborn.cert.clone(),
        genesis: log.genesis,
    };
    let offer = Bytes(Signed::seal(Purpose::DeviceOffer, &offer, &[&newborn.account]).to_bytes());
    let identity = Identity {
        device: newborn.cert.device,
        standing: DeviceStanding::Pending,
        offer: Some(offer.clone()),
        ..stopped.clone()
    };
    core.store.commit(|store| {
        store_newborn(store, &newborn, &identity)?;
        store.put_replaces(&stopped.device)
    })?;
    Ok(to_cbor(&SignIn {
        username: stopped.username.clone(),
        password,
        device: SignInDevice::New {
            cert: offer,
            keys: newborn.keys,
            name_ct: Bytes::default(),
        },
        client: core.options.client,
        second,
    }))
}

fn stopped<P: Primitives>(shared: &Shared<P>) -> Result<Identity, Refusal> {
    let core = shared.core();
    let stopped = core.store.trouble()? == Some(Trouble::Cloned);
    core.store
        .identity()?
        .filter(|_| stopped)
        .ok_or_else(|| refuse(ErrorCode::Invalid, "This device was not stopped."))
}

/// The person's log, which must continue the one that this device had verified.
fn grown<P: Primitives>(
    shared: &Shared<P>,
    entries: &[Bytes],
    stopped: &Identity,
) -> Result<DeviceLog, Refusal> {
    let pinned = shared.core().store.devlog(stopped.user)?;
    let pinned = pinned.ok_or(StoreError::Unreadable)?;
    let fresh = entries.get(pinned.version as usize..);
    fresh
        .and_then(|fresh| {
            fresh
                .iter()
                .try_fold(pinned, |log, entry| log.appended(entry.as_ref()))
                .ok()
        })
        .ok_or_else(|| {
            refuse(
                ErrorCode::TrustViolation,
                "The server showed a device log that does not continue the one that this device knows.",
            )
        })
}

/// Lets go of everything that the copy may use too, and of every word that it may have said.
fn begin_anew<P: Primitives>(store: &Store<P>) -> Result<(), StoreError> {
    store.forget_device()?;
    store.forget_audiences()?;
    for row in store.all_channels()? {
        store.end_outbound(row.view.id)?;
    }
    for row in store.outbox(None)? {
        let state = EntryState::Failed {
            code: ErrorCode::DeviceCloned,
            message: PERHAPS_SENT.to_owned(),
        };
        store.put_entry_state(row.entry, &state)?;
    }
    Ok(())
}

/// Once this device is let in, the one whose store it has is revoked.
pub(crate) fn replace<P: Primitives>(shared: &Shared<P>) {
    let replaces = shared.core().store.replaces();
    if !matches!(replaces, Ok(Some(_))) {
        return;
    }
    shared.spawn_single("replace".to_owned(), |shared| async move {
        if let Err(error) = revoke_old(&shared).await {
            shared.core().fail(&error);
        }
    });
}

async fn revoke_old<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    let (old, revoke) = {
        let core = shared.core();
        let Some(old) = core.store.replaces()? else {
            return Ok(());
        };
        let me = core.store.me()?;
        let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
        let active = |device| log.devices.get(&device).is_some_and(DeviceRecord::active);
        if !active(me.device) {
            return Ok(());
        }
        (old, active(old))
    };
    if revoke {
        device::revoke(shared, old, Vec::new(), RevokeReason::Compromised).await?;
    }
    let mut core = shared.core();
    core.store.forget("replaces")?;
    core.tell(Topic::Devices);
    Ok(())
}
