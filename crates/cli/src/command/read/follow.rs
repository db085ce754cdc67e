//! New messages as they come: each once, in the channel's order.

use std::{collections::BTreeSet, time::Duration};

use cloister_client::view::{Content, MessageView};
use tokio::{sync::broadcast::error::RecvError, time::timeout};

use super::{Names, PAGE, Place, show, waits};
use crate::failure::Failure;

/// Looks again after this long even if nothing was told.
const LOOK: Duration = Duration::from_secs(1);
/// So many looks a message is held back for its key, or for an earlier message that is still
/// on its way. Then it is shown as it is.
const PATIENCE: u32 = 15;

/// Prints what is newer than `last`, until the command is interrupted or the device ends.
pub(super) async fn follow(
    place: &Place<'_>,
    last: u64,
    shown: &[MessageView],
    mut names: Names,
) -> Result<(), Failure> {
    let mut topics = place.seat.topics();
    let mut queue = Queue::new(last, shown);
    loop {
        place.seat.me().await?;
        let (messages, known) = newer(place, &queue).await?;
        names.learn(place, &messages).await?;
        for message in queue.ready(&messages, known) {
            show(place.seat.print, message, &names)?;
        }
        match timeout(LOOK, topics.recv()).await {
            Ok(Ok(_) | Err(RecvError::Lagged(_))) => {}
            Ok(Err(RecvError::Closed)) => return Ok(()),
            Err(_) => queue.looked(),
        }
    }
}

/// Everything in the store that was not printed, or not readable when it was, oldest first, and
/// up to where nothing is missing.
async fn newer(place: &Place<'_>, queue: &Queue) -> Result<(Vec<MessageView>, u64), Failure> {
    let mut found: Vec<MessageView> = Vec::new();
    let mut before = None;
    let mut known = u64::MAX;
    loop {
        let page = place.page(before, PAGE).await?;
        known = known.min(page.known_seq);
        let oldest = page.messages.first().map(|message| message.seq);
        found.splice(0..0, page.messages);
        match oldest {
            Some(oldest) if oldest > queue.from() && page.older_in_store => before = Some(oldest),
            _ => return Ok((found, known)),
        }
    }
}

/// What was printed, and what is held back.
struct Queue {
    last: u64,
    /// Printed without a text, because its key had not come.
    unread: BTreeSet<u64>,
    /// Looks since something is held back.
    looks: u32,
    holding: bool,
}

impl Queue {
    fn new(last: u64, shown: &[MessageView]) -> Queue {
        let waiting = shown.iter().filter(|message| waits(message));
        Queue {
            last,
            unread: waiting.map(|message| message.seq).collect(),
            looks: 0,
            holding: false,
        }
    }

    /// The oldest message that may still have to be printed.
    fn from(&self) -> u64 {
        let next = self.last + 1;
        self.unread.first().map_or(next, |unread| next.min(*unread))
    }

    fn looked(&mut self) {
        self.looks = if self.holding { self.looks + 1 } else { 0 };
    }

    /// Those of `messages` (ascending) whose time has come. Up to `known` a missing seq is no
    /// message: somebody said something about one.
    fn ready<'a>(&mut self, messages: &'a [MessageView], known: u64) -> Vec<&'a MessageView> {
        let mut ready = Vec::new();
        self.holding = false;
        for message in messages {
            if message.seq <= self.last {
                let readable = matches!(message.content, Content::Text { .. });
                if readable && self.unread.remove(&message.seq) {
                    ready.push(message);
                }
                continue;
            }
            let arrived = message.seq <= known || message.seq == self.last + 1;
            let in_turn = arrived && !waits(message);
            if !in_turn && self.looks < PATIENCE {
                self.holding = true;
                break;
            }
            if waits(message) {
                self.unread.insert(message.seq);
            }
            if !in_turn {
                self.looks = 0;
            }
            self.last = message.seq;
            ready.push(message);
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::message, *};

    fn text(seq: u64) -> MessageView {
        let body = format!("number {seq}");
        message(seq, Content::Text { body })
    }

    fn seqs(ready: &[&MessageView]) -> Vec<u64> {
        ready.iter().map(|message| message.seq).collect()
    }

    #[test]
    fn each_message_is_printed_once_and_in_order() {
        let mut queue = Queue::new(1, &[text(1)]);
        let store = [text(1), text(2), text(3)];
        assert_eq!(seqs(&queue.ready(&store, 1)), [2, 3]);
        assert_eq!(seqs(&queue.ready(&store, 1)), [0; 0]);
    }

    #[test]
    fn a_message_waits_for_the_one_before_it_and_for_its_key() {
        let mut queue = Queue::new(1, &[]);
        assert!(queue.ready(&[text(3)], 1).is_empty(), "2 is on its way");
        let no_key = [message(2, Content::Waiting), text(3)];
        assert!(queue.ready(&no_key, 1).is_empty(), "2 has no key yet");
        assert_eq!(seqs(&queue.ready(&[text(2), text(3)], 1)), [2, 3]);
    }

    #[test]
    fn a_seq_that_is_an_edit_or_a_reaction_holds_nothing_up() {
        let mut queue = Queue::new(1, &[]);
        assert_eq!(seqs(&queue.ready(&[text(4)], 4)), [4]);
    }

    #[test]
    fn patience_ends_and_a_late_key_prints_the_message_after_all() {
        let mut queue = Queue::new(1, &[]);
        let no_key = [message(2, Content::Waiting), text(3)];
        for _ in 0..PATIENCE {
            assert!(queue.ready(&no_key, 1).is_empty());
            queue.looked();
        }
        assert_eq!(seqs(&queue.ready(&no_key, 1)), [2, 3]);
        assert_eq!(queue.from(), 2);
        assert_eq!(seqs(&queue.ready(&[text(2), text(3)], 1)), [2]);
        assert_eq!(queue.from(), 4);
    }
}
