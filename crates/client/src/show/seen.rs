//! What the server can see of a channel, told from the one table of it.

use cloister_e2ee::Primitives;
use cloister_wire::{ChannelId, seen::Fact};

use super::Shown;
use crate::{
    core::Core,
    view::{SeenLine, SeenView},
};

pub(super) fn seen<P: Primitives>(core: &Core<P>, channel: ChannelId) -> Shown<Option<SeenView>> {
    let Some(row) = core.store.channel(channel)? else {
        return Ok(None);
    };
    let name = match row.peer {
        Some(peer) => core.store.display_name(peer)?,
        None => row.view.name.clone(),
    };
    let readers = row
        .audience
        .as_ref()
        .map(|audience| audience.roster.users().len() as u64);
    let lines = Fact::ALL
        .into_iter()
        // A conversation of two has no name and no rules of its own.
        .filter(|fact| *fact != Fact::Channel || row.peer.is_none())
        .map(|fact| SeenLine {
            fact,
            seen: fact.is_seen(),
            count: match fact {
                Fact::Readers => readers,
                Fact::Time => Some(row.view.last_seq),
                _ => None,
            },
            fields: fact.fields().map(str::to_owned).collect(),
        })
        .collect();
    Ok(Some(SeenView {
        channel,
        name,
        lines,
    }))
}
