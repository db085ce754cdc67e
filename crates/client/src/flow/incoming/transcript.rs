//! What the server signed of a channel's history, held against what it shows here and what it
//! showed to others.

use cloister_e2ee::Primitives;
use cloister_proof::transcript;
use cloister_wire::{ChannelId, channel::SignedHead};

use crate::{
    core::Core,
    view::{Refusal, Topic},
};

/// Keeps the newest head that the server signed: it is what this device has seen.
pub(super) fn take_head<P: Primitives>(
    core: &mut Core<P>,
    channel: ChannelId,
    signed: &SignedHead,
) -> Result<(), Refusal> {
    let Some(instance) = core.store.instance()? else {
        return Ok(());
    };
    if signed.seq == 0 {
        return Ok(());
    }
    if transcript::verify(instance.incarnation, channel, signed, &instance.server_key).is_err() {
        alarm(core, "The server's signature on a history does not check.");
        return Ok(());
    }
    let Some(row) = core.store.channel(channel)? else {
        return Ok(());
    };
    if row.high == signed.seq && row.head.is_some_and(|head| head != signed.head) {
        alarm(
            core,
            "The server signed another history of this channel than the one it shows here.",
        );
        return Ok(());
    }
    if row
        .signed_head
        .as_ref()
        .is_none_or(|known| known.seq < signed.seq)
        && row.high >= signed.seq
    {
        core.store.put_signed_head(channel, signed, core.now)?;
    }
    Ok(())
}

/// Compares what the sender had seen with what this device has.
pub(super) fn compare_seen<P: Primitives>(
    core: &mut Core<P>,
    channel: ChannelId,
    seen: &SignedHead,
) -> Result<(), Refusal> {
    let (Some(instance), Some(row)) = (core.store.instance()?, core.store.channel(channel)?) else {
        return Ok(());
    };
    let Some(own) = row.signed_head.filter(|own| own.seq == seen.seq) else {
        return Ok(());
    };
    let signed =
        transcript::verify(instance.incarnation, channel, seen, &instance.server_key).is_ok();
    if signed && own.head != seen.head {
        alarm(
            core,
            "The server shows different people different histories of this channel.",
        );
    }
    Ok(())
}

pub(super) fn alarm<P: Primitives>(core: &mut Core<P>, sentence: &str) {
    core.alarm = Some(sentence.to_owned());
    core.tell(Topic::Session);
}
