//! Threads, as a shell shows them.

use cloister_wire::{ChannelId, MessageId};
use serde::{Deserialize, Serialize};

use super::{MessageView, OutboxView};

view! {
/// A thread and a window of its messages, oldest first.
#[expect(clippy::struct_excessive_bools, reason = "what a screen shows or not")]
pub struct ThreadView {
    pub channel: ChannelId,
    /// The message that it hangs on.
    pub thread: MessageId,
    /// None while it is not on this device, or was said before this person could read here.
    pub root: Option<MessageView>,
    pub messages: Vec<MessageView>,
    /// Not sent yet; shown after the messages.
    pub pending: Vec<OutboxView>,
    /// Older messages are in the store: ask with `before`.
    pub older_in_store: bool,
    /// Messages of it, removed ones included.
    pub count: u32,
    pub read_seq: u64,
    pub last_seq: u64,
    /// Since when nobody writes in it, if it was closed.
    pub archived_at: Option<u64>,
    /// This person is told of what is written in it.
    pub following: bool,
    /// This person may close it and open it again.
    pub can_close: bool,
    pub can_send: bool,
    pub draft: String,
}

/// A thread beside the message that it hangs on.
pub struct ThreadMark {
    pub count: u32,
    pub last_at: u64,
    /// Messages of others that were not read; of threads that this person does not follow, too.
    pub unread: u32,
    pub mentions: u32,
    pub following: bool,
    pub archived: bool,
}

/// A thread in a channel's list.
pub struct ThreadLine {
    pub thread: MessageId,
    pub channel: ChannelId,
    /// What it hangs on.
    pub root: Option<MessageView>,
    pub started_by_name: String,
    pub mark: ThreadMark,
}
}
