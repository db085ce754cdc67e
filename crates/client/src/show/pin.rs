//! What a channel keeps at hand, as far as this person reads it.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, Permissions, channel::PinView, guild::GuildKind};

use super::{Shown, timeline};
use crate::{
    core::Core,
    store::{ChannelRow, GuildRow, MessageState},
    view::{PinLine, PinnedView},
};

/// Pins of messages that are still there and that this person may read, the newest pin first.
pub(super) fn living<P: Primitives>(core: &Core<P>, row: &ChannelRow) -> Shown<Vec<PinView>> {
    let (_, mut pins) = core.store.pins(row.view.id)?;
    pins.retain(|pin| pin.seq > row.view.joined_seq);
    let mut living = Vec::with_capacity(pins.len());
    for pin in pins {
        let gone = core.store.message(pin.message)?.is_some_and(|message| {
            message.channel != row.view.id || matches!(message.state, MessageState::Removed(_))
        });
        if !gone {
            living.push(pin);
        }
    }
    Ok(living)
}

pub(super) fn list<P: Primitives>(core: &Core<P>, channel: ChannelId) -> Shown<Vec<PinnedView>> {
    let Some(row) = core.store.channel(channel)? else {
        return Ok(Vec::new());
    };
    living(core, &row)?
        .into_iter()
        .map(|pin| {
            Ok(PinnedView {
                message: pin.message,
                seq: pin.seq,
                at: pin.at,
                by_name: core.store.display_name(pin.by)?,
                shown: timeline::one(core, &row, pin.message)?,
            })
        })
        .collect()
}

/// Who pinned what, in the order of time.
pub(super) fn lines<P: Primitives>(core: &Core<P>, pins: &[PinView]) -> Shown<Vec<PinLine>> {
    pins.iter()
        .rev()
        .map(|pin| {
            Ok(PinLine {
                message: pin.message,
                at: pin.at,
                by_name: core.store.display_name(pin.by)?,
            })
        })
        .collect()
}

/// In a conversation everybody who writes pins; in a guild it takes the right.
pub(super) fn may_pin(row: &ChannelRow, guild: Option<&GuildRow>) -> bool {
    let group = guild.is_none_or(|guild| guild.view.kind == GuildKind::Group);
    let right = if group {
        Permissions::SEND_MESSAGES
    } else {
        Permissions::PIN_MESSAGES
    };
    row.view.my_permissions.contains(right)
}
