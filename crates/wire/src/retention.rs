//! How long messages are kept.

use crate::{ChannelId, GuildId};

/// The longest time for which messages can be kept and not for ever.
pub const RETENTION_DAYS_MAX: u32 = 3_650;
pub const DAY_MS: u64 = 24 * 60 * 60_000;

/// The shortest of what channel, guild and instance say.
pub fn shortest(days: impl IntoIterator<Item = Option<u32>>) -> Option<u32> {
    days.into_iter().flatten().min()
}

requests! {
    /// `PUT /api/v1/channels/{channel}/retention` and `PUT /api/v1/guilds/{guild}/retention`.
    pub struct SetRetention {
        /// Messages go when they are so many days old; null: they are kept.
        pub days: Option<u32>,
    }
}

replies! {
    /// `GET /api/v1/operate/retention`.
    pub struct Retention {
        /// What the configuration says for the whole instance.
        pub instance_days: Option<u32>,
        /// The last runs, the newest first.
        pub runs: Vec<RetentionRun>,
        /// What would go now, channel by channel.
        pub due: Vec<RetentionDue>,
    }

    pub struct RetentionRun {
        pub started_at: u64,
        /// Empty: it was interrupted, and is taken up again.
        pub ended_at: Option<u64>,
        /// Channels in which something went.
        pub channels: u64,
        pub messages: u64,
    }

    pub struct RetentionDue {
        pub channel: ChannelId,
        pub guild: Option<GuildId>,
        pub days: u32,
        pub messages: u64,
    }
}
