//! Another recovery key: at once where the old one is at hand, and where it is lost, three days
//! after a living device has asked for it. Every device hears of it meanwhile and can stop it.

use cloister_e2ee::{
    Primitives,
    recovery::RecoveryKey,
    vault::{AccountSecrets, NamedSlot, Slot, SlotKind},
};
use cloister_proof::{
    DeviceLog, Signer as _,
    devlog::{Body, DeviceRecord, Proposal},
};
use cloister_wire::{DeviceId, ErrorCode, Hash, Octets, account::DeviceStanding};

use crate::{
    core::{Core, Outcome, Shared, refuse},
    flow::{
        device,
        vault::{self, Naming},
    },
    store::{Recovery, StoreError},
    view::{CommandReply, Connection, RecoveryChangeView, Refusal, Topic},
};

/// After the waiting time, so that clocks that differ a little do not matter.
const LATER_MS: u64 = 60_000;
/// The other devices leave it to the one that asked for it, if that one still lives.
const OTHERS_LATER_MS: u64 = 10 * 60_000;

/// Makes another recovery key at once. The old one allows it: as it is typed, or as it still is
/// on this device.
pub(crate) async fn replace<P: Primitives>(shared: &Shared<P>, typed: Option<&str>) -> Outcome {
    let wrong = |sentence| refuse(ErrorCode::RecoveryKeyWrong, sentence);
    let old = {
        let core = shared.core();
        let kept = core.store.recovery()?.map(|recovery| recovery.key);
        let text = typed.map(str::to_owned).or(kept).ok_or_else(|| {
            wrong("The recovery key is not on this device any more. Type it, or ask for a new one.")
        })?;
        let old = RecoveryKey::from_text(&text)
            .ok_or_else(|| wrong("That is not a recovery key: a character is wrong or missing."))?;
        if own_log(&core)?.recovery_key != old.signing_key().public_key() {
            return Err(wrong(
                "That is the recovery key of another account, or an old one.",
            ));
        }
        old
    };
    let new = RecoveryKey::draw(&mut shared.core().chance);
    let naming = Naming::Replaced {
        key: new.signing_key().public_key(),
        old: Box::new(old.signing_key()),
    };
    vault::change_as(shared, &naming, |secrets, core| {
        core.store.put_recovery_change(&new.to_text())?;
        let slot = new.slot().slot(core.draw(), SlotKind::Recovery, core.now);
        put_slot(secrets, slot);
        Ok(())
    })
    .await?;
    Ok(CommandReply::RecoveryKey {
        recovery_key: new.to_text(),
    })
}

/// Says that this person wants another recovery key and has lost the old one. Every device of
/// theirs hears of it.
pub(crate) async fn propose<P: Primitives>(shared: &Shared<P>) -> Outcome {
    let (text, recovery_key, slot) = {
        let mut core = shared.core();
        if own_log(&core)?.proposal.is_some() {
            return Err(refuse(
                ErrorCode::Invalid,
                "A new recovery key is on its way already.",
            ));
        }
        let key = RecoveryKey::draw(&mut core.chance);
        let slot = key.slot().slot([0; 16], SlotKind::Recovery, core.now);
        let text = key.to_text();
        core.store.put_recovery_change(&text)?;
        (text, key.signing_key().public_key(), slot.public)
    };
    let body = |_: &DeviceLog, _| Body::ProposeRecovery { recovery_key, slot };
    device::append(shared, body).await?;
    Ok(CommandReply::RecoveryKey { recovery_key: text })
}

/// Ends what some device has proposed.
pub(crate) async fn cancel<P: Primitives>(shared: &Shared<P>) -> Outcome {
    let proposal = own_log(&shared.core())?.proposal.ok_or_else(|| {
        refuse(
            ErrorCode::NotFound,
            "No new recovery key is on its way any more.",
        )
    })?;
    let proposal = proposal.version;
    device::append(shared, |_, _| Body::CancelRecovery { proposal }).await?;
    let core = shared.core();
    core.store.forget("recovery_change")?;
    Ok(CommandReply::Done)
}

/// A device was thrown out: what it asked for goes with it.
pub(crate) async fn forget_asked_by<P: Primitives>(
    shared: &Shared<P>,
    gone: &[DeviceId],
) -> Result<(), Refusal> {
    let proposal = own_log(&shared.core())?.proposal;
    if proposal.is_some_and(|proposal| gone.contains(&proposal.device)) {
        cancel(shared).await?;
    }
    Ok(())
}

/// Waits until a proposed key may be set, and sets it. Any living device does.
pub(crate) fn ripen<P: Primitives>(shared: &Shared<P>) {
    shared.spawn_single("recovery key".to_owned(), |shared| async move {
        if let Err(error) = wait_and_set(&shared).await {
            shared.core().fail(&error);
        }
    });
}

async fn wait_and_set<P: Primitives>(shared: &Shared<P>) -> Result<(), Refusal> {
    loop {
        let next = awaited(&shared.core())?;
        let Some((proposal, mine)) = next else {
            return Ok(());
        };
        let later = if mine { LATER_MS } else { OTHERS_LATER_MS };
        shared.sleep_until(proposal.ripe_at_ms() + later).await;
        // It may have been stopped in three days. Whoever is offline sets it when back.
        let now = awaited(&shared.core())?;
        if now.is_none_or(|(now, _)| now != proposal) {
            continue;
        }
        if shared.core().link.connection != Connection::Online {
            return Ok(());
        }
        let naming = Naming::Proposed {
            key: proposal.recovery_key,
            proposal: proposal.version,
        };
        let set = vault::change_as(shared, &naming, |secrets, core| {
            if own_log(core)?.proposal != Some(proposal) {
                return Err(refuse(
                    ErrorCode::NotFound,
                    "No new recovery key is on its way any more.",
                ));
            }
            let slot = Slot {
                id: Octets(core.draw()),
                kind: SlotKind::Recovery,
                public: proposal.slot,
                opener: None,
                added_ms: core.now,
            };
            put_slot(secrets, slot);
            Ok(())
        })
        .await;
        match set {
            // Another device was faster, or it was stopped at the last moment.
            Err(error) if error.code == ErrorCode::NotFound => {}
            other => other?,
        }
    }
}

/// What this active device waits for, and whether it asked for it.
fn awaited<P: Primitives>(core: &Core<P>) -> Result<Option<(Proposal, bool)>, Refusal> {
    let Some(me) = core.store.identity()? else {
        return Ok(None);
    };
    if me.standing != DeviceStanding::Active {
        return Ok(None);
    }
    let Some(log) = core.store.devlog(me.user)? else {
        return Ok(None);
    };
    // What a device asked for that was thrown out since is not carried out for it.
    let asked = |proposal: &Proposal| {
        let by = log.devices.get(&proposal.device);
        by.is_some_and(DeviceRecord::active)
    };
    let proposal = log.proposal.filter(asked);
    Ok(proposal.map(|proposal| (proposal, proposal.device == me.device)))
}

/// The recovery key's way into the vault, in the place of the one before.
fn put_slot(secrets: &mut AccountSecrets, slot: Slot) {
    secrets
        .slots
        .retain(|named| named.slot.kind != SlotKind::Recovery);
    let named = NamedSlot {
        slot,
        name: String::new(),
    };
    secrets.slots.insert(0, named);
}

/// The log has grown: a key that was drawn here and holds now waits to be kept.
pub(crate) fn settle<P: Primitives>(core: &mut Core<P>, log: &DeviceLog) -> Result<(), StoreError> {
    core.tell(Topic::Recovery);
    let drawn = core.store.recovery_change()?;
    let Some(key) = drawn.filter(|text| public(text) == Some(log.recovery_key)) else {
        // A key that another device has replaced is paper.
        let old = core.store.recovery()?;
        if old.is_some_and(|old| public(&old.key) != Some(log.recovery_key)) {
            core.store.forget("recovery")?;
        }
        return Ok(());
    };
    let recovery = Recovery {
        key,
        later_until: 0,
    };
    core.store.commit(|store| {
        store.put_recovery(&recovery)?;
        store.forget("recovery_change")
    })
}

/// A proposed recovery key, as this device knows it.
pub(crate) fn change_view<P: Primitives>(
    core: &Core<P>,
) -> Result<Option<RecoveryChangeView>, StoreError> {
    let Some(me) = core.store.identity()? else {
        return Ok(None);
    };
    let Some(proposal) = core.store.devlog(me.user)?.and_then(|log| log.proposal) else {
        return Ok(None);
    };
    let drawn = core.store.recovery_change()?;
    Ok(Some(RecoveryChangeView {
        key: drawn.filter(|text| public(text) == Some(proposal.recovery_key)),
        proposed_at: proposal.at_ms,
        ripe_at: proposal.ripe_at_ms(),
        device: proposal.device,
        this_device: proposal.device == me.device,
    }))
}

fn public(text: &str) -> Option<Hash> {
    RecoveryKey::from_text(text).map(|key| key.signing_key().public_key())
}

fn own_log<P: Primitives>(core: &Core<P>) -> Result<DeviceLog, Refusal> {
    let me = core.store.me()?;
    Ok(core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?)
}
