//! What a channel keeps at hand.

use cloister_wire::MessageId;
use serde::{Deserialize, Serialize};

use super::MessageView;

view! {
/// One pinned message.
pub struct PinnedView {
    pub message: MessageId,
    pub seq: u64,
    /// When it was pinned, and by whom.
    pub at: u64,
    pub by_name: String,
    /// The message, if it is on this device.
    pub shown: Option<MessageView>,
}

/// That somebody pinned a message, as a line of the conversation.
pub struct PinLine { pub message: MessageId, pub at: u64, pub by_name: String }
}
