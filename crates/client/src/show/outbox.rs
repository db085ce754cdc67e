//! What is not sent yet, as it is shown.

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{ChannelId, channel::MessageClass};

use super::{
    Shown,
    timeline::{guild_of, reply_view},
};
use crate::{
    core::Core,
    flow::mention,
    store::{EntryState, OutboxRow, text_of},
    view::{Delivery, EntryKind, OutboxView},
};

pub(super) fn outbox<P: Primitives>(core: &Core<P>) -> Shown<Vec<OutboxView>> {
    let entries = core.store.outbox(None)?;
    entries
        .iter()
        .map(|entry| outbox_view(core, entry))
        .collect()
}

/// What is not sent yet and is shown in this place.
pub(super) fn pending<P: Primitives>(
    core: &Core<P>,
    channel: ChannelId,
    here: impl Fn(&OutboxRow) -> bool,
) -> Shown<Vec<OutboxView>> {
    let entries = core.store.outbox(Some(channel))?;
    entries
        .iter()
        .filter(|entry| here(entry))
        .map(|entry| outbox_view(core, entry))
        .collect()
}

/// What is not sent yet and is not shown at its target: messages, and whatever failed. What is
/// for a thread is shown there.
pub(super) fn stands_alone(entry: &OutboxRow) -> bool {
    match entry.saying.class() {
        MessageClass::Message => entry.saying.frame.thread.is_none(),
        _ => matches!(entry.state, EntryState::Failed { .. }),
    }
}

fn outbox_view<P: Primitives>(core: &Core<P>, row: &OutboxRow) -> Shown<OutboxView> {
    let delivery = match &row.state {
        EntryState::Queued | EntryState::Sealed(_) => Delivery::Sending,
        EntryState::Failed { code, message } => Delivery::Failed {
            code: *code,
            message: message.clone(),
        },
    };
    let guild = guild_of(core, row.channel)?;
    let kind = match &row.saying.content {
        MessageContent::Text { .. } | MessageContent::Poll { .. } => EntryKind::Message,
        MessageContent::Vote { .. } => EntryKind::Vote,
        MessageContent::Edit { .. } => EntryKind::Edit,
        MessageContent::Reaction { .. } | MessageContent::ReactionEnd { .. } => EntryKind::Reaction,
        MessageContent::Deletion => EntryKind::Deletion,
        MessageContent::Name { .. } => EntryKind::Name,
    };
    let reply = match &row.saying.content {
        MessageContent::Text {
            reply: Some(reply), ..
        } => Some(reply_view(core, guild, *reply, row.channel)?),
        _ => None,
    };
    let body = text_of(&row.saying.content).unwrap_or_default().to_owned();
    Ok(OutboxView {
        entry: row.entry.to_string(),
        channel: row.channel,
        kind,
        mentions: mention::mentions(core, guild, &body)?,
        body,
        at: row.at,
        delivery,
        target: row.saying.frame.target,
        reply,
    })
}
