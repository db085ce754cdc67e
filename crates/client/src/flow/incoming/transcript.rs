//! What the server signed of a channel's history, held against what it shows here and what it
//! showed to others. A contradiction that it signed closes the channel for this device until the
//! person has looked at it.

use cloister_e2ee::Primitives;
use cloister_proof::transcript;
use cloister_wire::{ChannelId, Hash, channel::SignedHead};

use crate::{
    core::{Core, Shared},
    flow::fork,
    view::{CommandReply, Refusal, Topic},
};

const ANOTHER_THAN_SHOWN: &str =
    "The server signed another history of this channel than the one it shows here.";
const ANOTHER_THAN_OTHERS: &str =
    "The server shows different people different histories of this channel.";

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
        fork::alarm(core, "The server's signature on a history does not check.");
        return Ok(());
    }
    let Some(row) = core.store.channel(channel)? else {
        return Ok(());
    };
    if let Some(own) = core.store.transcript_at(channel, signed.seq)?
        && own != signed.head
    {
        return forked(core, channel, ANOTHER_THAN_SHOWN, signed, own);
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

/// Compares what the sender had seen with what this device has. What nobody but the sender says
/// proves nothing: only the server's own signature does.
pub(super) fn compare_seen<P: Primitives>(
    core: &mut Core<P>,
    channel: ChannelId,
    seen: &SignedHead,
) -> Result<(), Refusal> {
    let Some(instance) = core.store.instance()? else {
        return Ok(());
    };
    let Some(own) = core.store.transcript_at(channel, seen.seq)? else {
        return Ok(());
    };
    let signed =
        transcript::verify(instance.incarnation, channel, seen, &instance.server_key).is_ok();
    if signed && own != seen.head {
        forked(core, channel, ANOTHER_THAN_OTHERS, seen, own)?;
    }
    Ok(())
}

/// Keeps the contradiction and closes the channel.
fn forked<P: Primitives>(
    core: &mut Core<P>,
    channel: ChannelId,
    sentence: &str,
    signed: &SignedHead,
    own: Hash,
) -> Result<(), Refusal> {
    fork::keep(core, channel.as_bytes(), sentence, signed, own)?;
    core.tell(Topic::Channel { channel });
    Ok(())
}

/// The person has seen that the server contradicted itself, and goes on here.
pub(crate) fn accept<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<CommandReply, Refusal> {
    let mut core = shared.core();
    let now = core.now;
    core.store.accept_fork(channel.as_bytes(), now)?;
    let mut channels = vec![channel];
    let row = core.store.channel(channel)?;
    if let Some(guild) = row.and_then(|row| row.view.guild) {
        core.store.accept_fork(guild.as_bytes(), now)?;
        let there = core.store.channels_of(guild)?;
        channels.extend(there.into_iter().map(|row| row.view.id));
    }
    for channel in &channels {
        core.tell(Topic::Channel { channel: *channel });
    }
    drop(core);
    for channel in channels {
        crate::flow::outgoing::pump(shared, channel);
    }
    Ok(CommandReply::Done)
}
