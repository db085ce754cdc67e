//! What people see when everything is at rest: what was meant for them, all of it, and all of
//! them the same.

use std::collections::{BTreeMap, BTreeSet};

use cloister_client::{
    Primitives,
    view::{Content, MeView, MessageView, Undecryptable},
};
use cloister_wire::{ChannelId, DeviceId, MessageId};

use super::Checked;
use crate::{judge::Accepted, sim::Sim, truth};

/// Messages as the first of their readers saw them.
#[derive(Debug, Default)]
pub(super) struct Said(BTreeMap<(ChannelId, u64), String>);

impl<P: Primitives> Sim<P> {
    /// Everybody sees the same messages in the same order, and reads those meant for them.
    pub(super) fn inspect_channels(&self, client: usize, me: &MeView, said: &mut Said) -> Checked {
        let db = &self.world.server.eyes;
        let mine = truth::channels_of(db, me.user).map_err(|error| error.to_string())?;
        let shown = self.channels(client);
        if mine.iter().map(|(channel, _)| *channel).collect::<Vec<_>>() != shown {
            return Err(format!(
                "I6: {} channels are shown, {} are there",
                shown.len(),
                mine.len()
            ));
        }
        for (channel, joined) in mine {
            self.inspect_timeline(client, me, (channel, joined), said)?;
        }
        Ok(())
    }

    fn inspect_timeline(
        &self,
        client: usize,
        me: &MeView,
        (channel, joined): (ChannelId, u64),
        said: &mut Said,
    ) -> Checked {
        let accepted = self.world.judge.accepted(channel);
        let shared = truth::shared_since(&self.world.server.eyes, channel);
        let shared = shared.map_err(|error| error.to_string())?;
        let own = truth::devices_of(&self.world.server.eyes, me.user);
        let own = own.map_err(|error| error.to_string())?;
        let all_read = everything_about(accepted, me.device);
        let view = self.timeline(client, channel);
        let shown: BTreeMap<u64, _> = view.messages.iter().map(|one| (one.seq, one)).collect();
        // A view shows the newest thousand.
        let from = accepted.len().saturating_sub(900);
        for one in &accepted[from..] {
            let (seq, reads) = (one.row.seq, one.readers.contains(&me.device));
            if seq <= joined || !one.row.is_message {
                continue;
            }
            let Some(message) = shown.get(&seq) else {
                if reads {
                    return Err(format!("I1: seq {seq} of {channel} is not shown"));
                }
                continue;
            };
            if message.id != one.row.id {
                return Err(format!("I6: seq {seq} of {channel} is another message"));
            }
            if message.author != one.row.sender_user || message.device != one.row.sender {
                return Err(format!("I10: seq {seq} of {channel} is shown as another's"));
            }
            let readable = is_readable(&message.content);
            // The policy may let members hand it to those who come later.
            let handed = shared.is_some_and(|since| seq > since)
                // And the backup brings what another device of the person could read.
                || !one.readers.is_disjoint(&own);
            if readable && !is_gone(&message.content) && !reads && !handed {
                return Err(format!("I2: seq {seq} of {channel} is read by an outsider"));
            }
            if !readable && reads && !self.is_excused(client, one, message) {
                return Err(format!(
                    "I1: seq {seq} of {channel} from {} shows {:?}",
                    one.row.sender, message.content
                ));
            }
            self.inspect_removal(one, message)?;
            let tells = all_read.contains(&one.row.id) && !self.world.clients[client].lost_sessions;
            if readable && tells {
                let now = as_said(message);
                let first = said.0.entry((channel, seq)).or_insert_with(|| now.clone());
                if *first != now {
                    return Err(format!(
                        "I6: seq {seq} of {channel} says {now:?} here and {first:?} elsewhere"
                    ));
                }
            }
        }
        Ok(())
    }

    /// What was removed is removed for everybody, and nothing else is.
    fn inspect_removal(&self, one: &Accepted, message: &MessageView) -> Checked {
        let scrubbed = truth::is_scrubbed(&self.world.server.eyes, one.row.id);
        let scrubbed = scrubbed.map_err(|error| error.to_string())?;
        let (seq, channel) = (one.row.seq, one.channel);
        let ran_out = message.expires_at.is_some_and(|at| at <= self.world.now());
        match &message.content {
            Content::Removed { .. } if !scrubbed => {
                Err(format!("I1: seq {seq} of {channel} is shown as removed"))
            }
            Content::Disappeared if !ran_out => {
                Err(format!("I1: seq {seq} of {channel} disappeared too soon"))
            }
            content if scrubbed && is_readable(content) && !is_gone(content) => Err(format!(
                "I6: seq {seq} of {channel} was removed and is shown"
            )),
            _ => Ok(()),
        }
    }

    /// A key that was lost with a part of the store comes again from its sender, if there is one;
    /// and a policy may keep keys from people whom nobody has vouched for.
    fn is_excused(&self, client: usize, one: &Accepted, message: &MessageView) -> bool {
        let device = self.world.clients[client].session().me.map(|me| me.device);
        let kept_out = device.is_some_and(|device| one.kept_out.contains(&device));
        let cause = Undecryptable::WithheldUnvouched;
        (kept_out && message.content == Content::Undecryptable { cause })
            || (self.world.clients[client].lost_sessions
                && !truth::is_active(&self.world.server.eyes, one.row.sender).unwrap_or(true))
    }

    /// Messages that somebody who should read them can't, all in all.
    pub(crate) fn undecryptable(&self) -> u64 {
        let mut sum = 0;
        for (client, me) in self.working() {
            for channel in self.channels(client) {
                let view = self.timeline(client, channel);
                let accepted = self.world.judge.accepted(channel);
                let unread = view.messages.iter().filter(|message| {
                    let one = accepted.get(message.seq as usize - 1);
                    !is_readable(&message.content)
                        && one.is_some_and(|one| {
                            one.readers.contains(&me.device)
                                && !self.is_excused(client, one, message)
                        })
                });
                sum += unread.count() as u64;
            }
        }
        sum
    }
}

/// Messages about which a device could read everything that was ever said: they look the same on
/// all such devices.
fn everything_about(accepted: &[Accepted], device: DeviceId) -> BTreeSet<MessageId> {
    let reads = |one: &&Accepted| one.readers.contains(&device) && !one.kept_out.contains(&device);
    let mut about: BTreeSet<MessageId> = accepted
        .iter()
        .filter(|one| one.row.is_message)
        .filter(reads)
        .map(|one| one.row.id)
        .collect();
    for remark in accepted.iter().filter(|one| !reads(one)) {
        if let Some(target) = &remark.row.target {
            about.remove(target);
        }
    }
    about
}

const fn is_gone(content: &Content) -> bool {
    matches!(content, Content::Removed { .. } | Content::Disappeared)
}

const fn is_readable(content: &Content) -> bool {
    is_gone(content)
        || matches!(
            content,
            Content::Text { .. } | Content::Poll(_) | Content::Named { .. }
        )
}

/// What everybody sees alike of a message.
fn as_said(message: &MessageView) -> String {
    let text = match &message.content {
        Content::Text { body } => body.clone(),
        Content::Poll(poll) => {
            let votes: Vec<u32> = poll.options.iter().map(|one| one.count).collect();
            format!("{} {votes:?}", poll.question)
        }
        Content::Named { name } => name.clone(),
        _ => return "gone".to_owned(),
    };
    let mut reactions: Vec<_> = message
        .reactions
        .iter()
        .map(|one| (&one.emoji, one.count))
        .collect();
    reactions.sort();
    format!("{text} {reactions:?}")
}
