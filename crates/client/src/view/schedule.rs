//! Messages that leave later.

use cloister_wire::{ChannelId, GuildId};
use serde::{Deserialize, Serialize};

view! {
/// A message that this device sends when its time has come, or with its next start after that.
pub struct ScheduledView {
    pub entry: String,
    pub channel: ChannelId,
    pub channel_name: String,
    pub guild: Option<GuildId>,
    pub body: String,
    pub due_at: u64,
}
}
