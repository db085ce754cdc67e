//! What a person is told of, and what not.

use cloister_wire::{ChannelId, GuildId};
use serde::{Deserialize, Serialize};

view! {
/// Which messages a person is told of.
#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    All,
    /// Those that name them, everyone, or one of their words.
    Mentions,
    Nothing,
}

/// What a setting is about.
#[derive(Eq, Copy)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum NoticePlace {
    Guild { guild: GuildId },
    Channel { channel: ChannelId },
}

/// How it is set here, the same on all of a person's devices.
#[derive(Eq)]
pub struct NoticeView {
    /// Of this place itself.
    pub level: Option<NoticeLevel>,
    /// As it is with what the guild says; none: as each device does it.
    pub effective: Option<NoticeLevel>,
    /// Muted here until then; 0: until it is ended.
    pub muted_until: Option<u64>,
    /// Muted now, here or with its guild.
    pub muted: bool,
}
}
