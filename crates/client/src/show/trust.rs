//! Answers about keys: other people's, and comparisons that are under way.

use std::collections::BTreeSet;

use cloister_e2ee::{
    Primitives,
    record::How,
    sas::{About, Comparison},
};
use cloister_proof::{DeviceLog, fingerprint};
use cloister_wire::{DeviceId, UserId};

use super::Shown;
use crate::{
    core::Core,
    flow::verify::{self, Comparing, Stage},
    store::Distrust,
    view::{
        ComparisonStage, ComparisonView, EmojiView, KeyChange, PersonTrust, Safety, VerifiedHow,
    },
};

pub(super) fn safety<P: Primitives>(core: &Core<P>, user: UserId) -> Shown<Safety> {
    Ok(if core.store.distrust(user)?.is_some() {
        Safety::Violation
    } else if core.store.verified(user)?.is_some() {
        Safety::Verified
    } else if core.store.devlog(user)?.is_some() {
        Safety::Known
    } else {
        Safety::Unknown
    })
}

pub(super) fn why_distrusted<P: Primitives>(core: &Core<P>, user: UserId) -> Shown<Option<String>> {
    Ok(core.store.distrust(user)?.map(|why| match why {
        Distrust::Contradiction(what) => what,
        Distrust::StartedOver => {
            "They have started over with new keys. Look at it before you go on.".to_owned()
        }
    }))
}

pub(super) fn person<P: Primitives>(core: &Core<P>, user: UserId) -> Shown<Option<PersonTrust>> {
    let (Some((username, display_name)), Some(me)) =
        (core.store.names(user)?, core.store.identity()?)
    else {
        return Ok(None);
    };
    let log = core.store.devlog(user)?;
    let own = core.store.devlog(me.user)?.is_some();
    let compared = log.as_ref().filter(|_| own && user != me.user);
    let verified = core.store.verified(user)?;
    Ok(Some(PersonTrust {
        user,
        username,
        display_name,
        safety: safety(core, user)?,
        safety_number: compared
            .map(|log| verify::safety_number(core, log))
            .transpose()?,
        code: compared
            .map(|log| verify::code_for(core, log))
            .transpose()?,
        verified_at: verified.map(|record| record.at_ms),
        verified_how: verified.and_then(|record| match record.how {
            How::Qr => Some(VerifiedHow::Qr),
            How::Emoji => Some(VerifiedHow::Emoji),
            How::Number => Some(VerifiedHow::Number),
            How::Accepted => None,
        }),
        started_over_at: log.as_ref().and_then(DeviceLog::started_over_at),
        unverified_start: core.store.distrust_in_guild(user)?.is_none()
            && core.store.start_to_note(user)?,
        change: core.store.distrust(user)?.map(|why| match why {
            Distrust::StartedOver => KeyChange::StartedOver,
            Distrust::Contradiction(what) => KeyChange::Contradiction { what },
        }),
        devices: log.map_or(0, |log| log.active().count() as u32),
    }))
}

pub(super) fn comparisons<P: Primitives>(core: &Core<P>) -> Shown<Vec<ComparisonView>> {
    let me = core.store.identity()?;
    core.comparing
        .iter()
        .map(|(txn, one)| {
            Ok(ComparisonView {
                id: fingerprint::base32(&txn.0),
                user: one.user,
                name: core.store.display_name(one.user)?,
                device: one
                    .device
                    .or(one
                        .asked
                        .first()
                        .copied()
                        .filter(|_| me.as_ref().is_some_and(|me| me.user == one.user)))
                    .map(|(device, _)| device),
                own_device: one.about == About::Device,
                stage: stage(one),
            })
        })
        .collect()
}

fn stage(one: &Comparing) -> ComparisonStage {
    match one.stage {
        Stage::Asked => ComparisonStage::Asked,
        Stage::Incoming => ComparisonStage::Incoming,
        Stage::CodeRead => ComparisonStage::CodeRead,
        Stage::Done => ComparisonStage::Done,
        Stage::Ended(why) => ComparisonStage::Ended { why },
        Stage::Working => {
            let Some(emoji) = one.comparison.as_ref().and_then(Comparison::emoji) else {
                return ComparisonStage::Preparing;
            };
            let emoji = emoji
                .map(|one| EmojiView {
                    symbol: one.symbol.to_owned(),
                    name: one.name.to_owned(),
                })
                .to_vec();
            match &one.comparison {
                Some(comparison) if comparison.said_same() => ComparisonStage::Confirmed { emoji },
                _ => ComparisonStage::Compare { emoji },
            }
        }
    }
}

/// Active devices that `device` let in, and that those let in.
pub(super) fn added_by(log: &DeviceLog, device: DeviceId) -> Vec<DeviceId> {
    let mut through = BTreeSet::from([device]);
    loop {
        let more: Vec<_> = log
            .devices
            .values()
            .filter(|record| record.approver.is_some_and(|by| through.contains(&by)))
            .map(|record| record.cert.device)
            .filter(|id| !through.contains(id))
            .collect();
        if more.is_empty() {
            break;
        }
        through.extend(more);
    }
    log.active()
        .map(|record| record.cert.device)
        .filter(|id| *id != device && through.contains(id))
        .collect()
}
