//! What a report of a message would reveal.

use cloister_e2ee::Primitives;
use cloister_wire::MessageId;

use super::Shown;
use crate::{
    core::Core,
    store::MessageState,
    view::{Reportable, ReportableView},
};

/// Messages before and after the one that is reported.
const AROUND: u64 = 10;

/// The message and those around it, oldest first, as far as this device can prove them.
pub(super) fn reportable<P: Primitives>(
    core: &Core<P>,
    message: MessageId,
) -> Shown<Option<ReportableView>> {
    let Some((channel, seq)) = core.store.place_of(message)? else {
        return Ok(None);
    };
    let rows = core
        .store
        .timeline(channel, Some(seq + AROUND + 1), 2 * AROUND as u32 + 1)?;
    let guild = core.store.channel(channel)?.and_then(|row| row.view.guild);
    let mut messages = Vec::new();
    for row in rows {
        let readable = matches!(row.state, MessageState::Open(_)) && row.seq + AROUND >= seq;
        let Some(body) = row.body.filter(|_| readable) else {
            continue;
        };
        if core.store.evidence(row.id)?.is_some() {
            messages.push(Reportable {
                message: row.id,
                at: row.at,
                author: row.author,
                author_name: core.store.name_in(guild, row.author)?,
                body,
            });
        }
    }
    Ok(Some(ReportableView {
        channel,
        guild,
        provable: messages.iter().any(|one| one.message == message),
        messages,
    }))
}
