//! What the server signed of a guild's log, held against what it shows here and what it showed to
//! other members. Two logs that it signed close the guild's channels for this device, until the
//! person has looked at it.

use cloister_e2ee::Primitives;
use cloister_proof::log_head;
use cloister_wire::{GuildId, Hash, channel::SignedHead};

use crate::{
    core::Core,
    flow::fork,
    store::StoreError,
    view::{Refusal, Topic},
};

const ANOTHER_THAN_SHOWN: &str =
    "The server signed another list of who came and went than the one it shows here.";
const ANOTHER_THAN_OTHERS: &str =
    "The server shows different members different lists of who came and went.";

/// Keeps the newest head that the server signed: it is what this device has seen.
pub(super) fn take<P: Primitives>(
    core: &mut Core<P>,
    guild: GuildId,
    signed: &SignedHead,
) -> Result<(), Refusal> {
    let Some(own) = own_head(core, guild, signed)? else {
        return Ok(());
    };
    if own != signed.head {
        return forked(core, guild, ANOTHER_THAN_SHOWN, signed, own);
    }
    let known = core.store.signed_guild_head(guild)?;
    if known.is_none_or(|known| known.seq < signed.seq) {
        core.store.put_signed_guild_head(guild, signed)?;
    }
    Ok(())
}

/// Compares what a sender had seen with what this device has.
pub(crate) fn compare<P: Primitives>(
    core: &mut Core<P>,
    guild: GuildId,
    seen: &SignedHead,
) -> Result<(), Refusal> {
    match own_head(core, guild, seen)? {
        Some(own) if own != seen.head => forked(core, guild, ANOTHER_THAN_OTHERS, seen, own),
        _ => Ok(()),
    }
}

/// What stands here in that place. Without the server's own signature nothing is compared: what
/// nobody but a member says proves nothing.
fn own_head<P: Primitives>(
    core: &Core<P>,
    guild: GuildId,
    signed: &SignedHead,
) -> Result<Option<Hash>, StoreError> {
    let Some(instance) = core.store.instance()? else {
        return Ok(None);
    };
    if log_head::verify(instance.incarnation, guild, signed, &instance.server_key).is_err() {
        return Ok(None);
    }
    core.store.guild_head_at(guild, signed.seq)
}

/// Keeps the contradiction and closes the guild's channels.
fn forked<P: Primitives>(
    core: &mut Core<P>,
    guild: GuildId,
    sentence: &str,
    signed: &SignedHead,
    own: Hash,
) -> Result<(), Refusal> {
    fork::keep(core, guild.as_bytes(), sentence, signed, own)?;
    for row in core.store.channels_of(guild)? {
        core.tell(Topic::Channel {
            channel: row.view.id,
        });
    }
    Ok(())
}
