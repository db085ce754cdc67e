//! Channels and conversations as a shell shows them, and the people in them.

use cloister_wire::{
    CategoryId, ChannelId, GuildId, Permissions, UserId,
    guild::{DmRequest, Writers},
};
use serde::{Deserialize, Serialize};

use super::{Refusal, Safety};

view! {
/// A channel in its guild's list.
pub struct ChannelSummary {
    pub id: ChannelId,
    pub name: String,
    pub topic: String,
    pub category: Option<CategoryId>,
    pub position: u32,
    pub slow_mode_s: u32,
    /// For how many days the channel itself keeps messages.
    pub retention_days: Option<u32>,
    /// For how many days they are kept here: the shortest of what channel, guild and instance say.
    pub kept_days: Option<u32>,
    pub writers: Writers,
    pub my_permissions: Permissions,
    pub unread: u32,
    /// In its threads as well.
    pub mentions: u32,
    /// Threads that this person follows and that have something new.
    pub threads: u32,
    pub last_seq: u64,
    /// Some members read it, not all.
    pub private: bool,
    pub muted: bool,
    /// Members for whom there is no place in its audience; 0: it is not full.
    pub waiting: u32,
    /// This person is one of them.
    pub waits: bool,
    /// The channel that goes on in this one.
    pub continues: Option<ChannelId>,
}

/// A conversation with one person, or (without `peer`) of several.
pub struct DmSummary {
    pub channel: ChannelId,
    pub peer: Option<UserId>,
    /// Empty for a conversation of several.
    pub username: String,
    /// The person's name, the conversation's, or its people's.
    pub display_name: String,
    /// People in it, this one included.
    pub people: u32,
    /// Of the other person; `known` in a conversation of several.
    pub safety: Safety,
    /// Somebody has begun it, and the other has not taken it up. One that this person declined is
    /// not among the conversations.
    pub request: Option<DmRequest>,
    pub unread: u32,
    pub last_at: u64,
    pub preview: Option<String>,
    pub mentions: u32,
    pub muted: bool,
    /// This person asked to be told of nothing here, or is muted.
    pub quiet: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "each says one thing of the channel")]
pub struct ChannelView {
    pub id: ChannelId,
    pub kind: ChannelKind,
    pub guild: Option<GuildId>,
    pub name: String,
    pub topic: String,
    /// Seconds between two messages of one person; 0 for none.
    pub slow_mode_s: u32,
    /// For how many days messages are kept here; none: for ever.
    pub kept_days: Option<u32>,
    pub writers: Writers,
    pub draft: String,
    pub read_seq: u64,
    pub last_seq: u64,
    /// People who receive what is sent now, and devices.
    pub readers: u32,
    pub devices: u32,
    /// People in the audience whom nobody has vouched for.
    pub unvouched: Vec<UserId>,
    /// Whether they are kept from the keys, as the signed policy says.
    pub unvouched_kept_out: bool,
    /// Who reads here, and by what right; empty where every member does.
    pub people: Vec<ReaderView>,
    /// Whether those who come later read what was said before; none in a direct conversation.
    pub history: Option<EarlierMessages>,
    /// When the keys of earlier messages were asked for, if none have come since.
    pub history_asked_at: Option<u64>,
    /// This person may have earlier messages: somebody has vouched for them.
    pub may_have_history: bool,
    /// This person may sign another policy.
    pub can_set_policy: bool,
    pub can_send: bool,
    /// What is to be known of an audience that is full, and of where the channel goes on.
    pub room: Box<RoomView>,
    pub request: Option<DmRequest>,
    /// The server was caught with two histories of this channel, and the person has not said yet
    /// that they go on.
    pub fork: Option<Box<ForkView>>,
    /// Set when nothing can be encrypted here now, and why.
    pub blocked: Option<Refusal>,
}

/// An audience holds so many devices: whoever comes later waits for a place, and the channel may
/// go on in another one.
#[derive(Eq, Default)]
pub struct RoomView {
    /// Members for whom there is no place; 0: it is not full.
    pub waiting: u32,
    /// This person is one of them.
    pub waits: bool,
    /// The channel that goes on here, if this person sees it.
    pub continues: Option<ChannelLink>,
    /// The channel in which this one goes on, if this person sees it.
    pub continued_in: Option<ChannelLink>,
    /// This person may make the channel in which this one goes on.
    pub can_continue: bool,
    /// So many people read here that every change of the audience costs everybody.
    pub large: bool,
}

#[derive(Eq)]
pub struct ChannelLink { pub id: ChannelId, pub name: String }

/// A contradiction that the server signed.
#[derive(Eq)]
pub struct ForkView {
    pub sentence: String,
    /// What anybody can check it by, as one text.
    pub proof: String,
    pub at: u64,
}

/// Whether those who come later read what was said before.
#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum EarlierMessages {
    /// They read from when they came.
    Kept,
    /// Members hand them the keys, if somebody has vouched for them.
    Shared,
}

#[derive(Eq)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChannelKind {
    /// For every member.
    Text,
    /// For some members.
    Private,
    Dm { peer: UserId },
    /// Several people. `title` is the name they gave it.
    Group { guild: GuildId, owner: UserId, title: Option<String> },
}

pub struct PersonView { pub user: UserId, pub username: String, pub display_name: String, pub safety: Safety }

/// By what right somebody reads a channel.
#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum ReaderRight {
    Owner,
    /// A role that reads every channel.
    Role,
    /// Named for this channel, or one of the conversation.
    Named,
}

pub struct ReaderView {
    pub user: UserId,
    pub username: String,
    pub display_name: String,
    pub right: ReaderRight,
    pub vouched: bool,
    pub me: bool,
    pub safety: Safety,
}
}
