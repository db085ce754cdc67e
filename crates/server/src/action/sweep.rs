//! Removing what somebody said who was banned, or whose account is gone: a piece at a time, so that
//! it holds up nobody however much there is.

use cloister_wire::{channel::MessageClass, gateway::Event};
use serde_json::json;

use super::{audit, epoch};
use crate::{
    Result,
    access::{Permit, System},
    gateway::bus::Notice,
    store::{
        self,
        db::Tx,
        sweep::{Passed, Sweep},
    },
};

/// Messages that one piece of work looks at.
const LOOKED_AT: u32 = 500;

/// Of who was banned their messages go; of who is gone also what they said about others'.
fn goes(sweep: &Sweep, one: &Passed) -> bool {
    let all = sweep.by == sweep.user;
    one.live
        && (one.class == MessageClass::Message || (all && one.class == MessageClass::Annotation))
}

/// Does one piece of the work. Says whether there may be more.
pub fn step(tx: &mut Tx<'_>, permit: &Permit<'_, System>) -> Result<bool> {
    let Some(found) = store::sweep::next(tx, permit)? else {
        return Ok(false);
    };
    let state = store::channel::lock(tx, found.channel)?;
    let current = store::sweep::get(tx, permit, &found)?;
    let (Some(state), Some(mut sweep)) = (state, current) else {
        return Ok(true);
    };
    let passed = store::sweep::look(tx, permit, &sweep, LOOKED_AT)?;
    let whole = passed.len() < LOOKED_AT as usize;
    let young = passed.iter().take_while(|one| one.at >= sweep.since);
    let done = whole || young.clone().count() < passed.len();
    let mut scrubs = Vec::new();
    for one in young {
        sweep.before_seq = one.seq;
        if one.sender == sweep.user && goes(&sweep, one) {
            scrubs.push(store::scrub::scrub_swept(tx, permit, &sweep, one.id)?);
        }
    }
    sweep.removed += scrubs.len() as u64;
    if !scrubs.is_empty() {
        let audience = epoch::audience_of(tx, &state)?;
        let channel = state.id;
        let event = Event::MessagesScrubbed { channel, scrubs };
        tx.emit(Notice::event(audience, event));
    }
    if !done {
        store::sweep::go_on(tx, permit, &sweep)?;
        return Ok(true);
    }
    store::sweep::end(tx, permit, &sweep)?;
    // Whoever goes takes back what was theirs: that is no act of moderation.
    let by_moderator = sweep.by != sweep.user && sweep.removed > 0;
    if let Some(guild) = state.guild.filter(|_| by_moderator) {
        let act = audit::Act::new(audit::MESSAGE_DELETE, audit::channel(state.id));
        let says = json!({"author": sweep.user, "count": sweep.removed, "since": sweep.since});
        audit::append(tx, guild, None, act.after(&says))?;
    }
    Ok(true)
}
