//! Counting a poll, own votes that are still on their way included.

use std::collections::BTreeMap;

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_wire::{GuildId, MessageId, UserId, limits::POLL_OPTIONS};

use super::Shown;
use crate::{
    core::Core,
    view::{PollOptionView, PollView},
};

/// People named beside an option.
const NAMES_MAX: usize = 12;

pub(super) struct Poll<'a> {
    pub question: &'a str,
    pub options: &'a [String],
    pub many: bool,
    /// Ms UTC.
    pub ends_at: Option<u64>,
}

/// The newest vote of each person counts, if the server took it before the end.
pub(super) fn count<P: Primitives>(
    core: &Core<P>,
    (guild, me): (Option<GuildId>, UserId),
    message: MessageId,
    poll: &Poll<'_>,
    own_changes: &[&MessageContent],
) -> Shown<PollView> {
    let mut votes: BTreeMap<UserId, Vec<u32>> = BTreeMap::new();
    for remark in core.store.remarks(message)? {
        if let MessageContent::Vote { choices } = remark.content
            && poll.ends_at.is_none_or(|end| remark.at < end)
        {
            votes.insert(remark.author, choices);
        }
    }
    for change in own_changes {
        if let MessageContent::Vote { choices } = change {
            votes.insert(me, choices.clone());
        }
    }
    for choices in votes.values_mut() {
        // A client that lies chooses once, and nothing twice, like everybody else.
        choices.sort_unstable();
        choices.dedup();
        choices.retain(|one| (*one as usize) < poll.options.len());
        if !poll.many {
            choices.truncate(1);
        }
    }
    votes.retain(|_, choices| !choices.is_empty());
    let options = poll.options.iter().take(POLL_OPTIONS).enumerate();
    let options = options
        .map(|(at, text)| {
            let chose = |choices: &Vec<u32>| choices.contains(&(at as u32));
            let who: Vec<UserId> = votes
                .iter()
                .filter(|(_, choices)| chose(choices))
                .map(|(user, _)| *user)
                .collect();
            Ok(PollOptionView {
                text: text.clone(),
                count: who.len() as u32,
                mine: who.contains(&me),
                names: who
                    .iter()
                    .take(NAMES_MAX)
                    .map(|user| core.store.name_in(guild, *user))
                    .collect::<Shown<Vec<_>>>()?,
            })
        })
        .collect::<Shown<Vec<_>>>()?;
    Ok(PollView {
        question: poll.question.to_owned(),
        options,
        many: poll.many,
        ends_at: poll.ends_at,
        over: poll.ends_at.is_some_and(|end| core.now >= end),
        voters: votes.len() as u32,
    })
}
