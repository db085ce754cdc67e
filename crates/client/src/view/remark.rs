//! What stands around a message: what it answers, whom it names, how people reacted.

use cloister_wire::{ChannelId, GuildId, MessageId, UserId};
use serde::{Deserialize, Serialize};

use super::MessageView;

view! {
/// What a message answers.
pub struct ReplyView {
    pub message: MessageId,
    pub seq: Option<u64>,
    pub author: Option<UserId>,
    pub author_name: Option<String>,
    /// The beginning of its text; absent if it is gone or not on this device.
    pub preview: Option<String>,
    pub gone: bool,
}

pub struct ReactionView {
    pub emoji: String,
    /// What it is called: the emoji itself, or a guild's own between two colons.
    pub name: String,
    /// Name of its picture, if it has one.
    pub picture: Option<String>,
    pub count: u32,
    pub mine: bool,
    /// Who, the first of them.
    pub names: Vec<String>,
}

pub struct EditView { pub at: u64, pub body: String, pub mentions: Vec<MentionView> }

/// Somebody, a channel or an emoji of the guild, named in a text.
pub struct MentionView {
    /// As it stands in the text: `<@id>`, `<#id>`, or `<:name:id>` for an emoji.
    pub token: String,
    pub name: String,
    /// As one writes it: `@username`, `#channel` or `:emoji:`.
    pub written: String,
    pub person: Option<UserId>,
    pub channel: Option<ChannelId>,
    /// Name of an emoji's picture.
    pub picture: Option<String>,
}

/// A message that names this person or everyone, and where it stands.
pub struct CallView {
    pub channel: ChannelId,
    pub channel_name: String,
    pub guild: Option<GuildId>,
    pub guild_name: Option<String>,
    pub unread: bool,
    /// This person asked to be told of nothing there, or has it muted.
    pub quiet: bool,
    pub message: MessageView,
}
}
