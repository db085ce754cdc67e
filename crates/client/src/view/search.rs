//! What a search finds, and what the server can see.

use super::{ChannelId, Deserialize, Fact, GuildId, MessageId, Refusal, Serialize, UserId};

view! {
#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum SearchOrder {
    Newest,
    /// Whole words before beginnings before parts of words, among the newest 2,000 that match.
    Relevance,
}

pub struct SeenView { pub channel: ChannelId, pub name: String, pub lines: Vec<SeenLine> }

/// One thing that the server can see here, or can't.
pub struct SeenLine {
    pub fact: Fact,
    pub seen: bool,
    /// How many there are here: people who read, messages.
    pub count: Option<u64>,
    /// Names of what is sent that tells it, or that holds it sealed.
    pub fields: Vec<String>,
}

pub struct MessagePlace { pub channel: ChannelId, pub guild: Option<GuildId>, pub seq: u64,
    /// In which thread it stands.
    pub thread: Option<MessageId> }

pub struct SearchView {
    pub results: Vec<SearchResult>,
    /// Give it as `cursor` for the next page.
    pub next: Option<String>,
    /// Messages that match, at most 1,000.
    pub total: u32,
    /// There are more than `total`.
    pub more: bool,
    /// What was not understood.
    pub notes: Vec<SearchNote>,
    /// Nothing was asked for.
    pub empty: bool,
    pub index: IndexProgress,
    pub older: OlderView,
}

pub struct SearchResult {
    pub channel: ChannelId,
    /// Of the channel, or of whom the conversation is with.
    pub channel_name: String,
    pub guild: Option<GuildId>,
    pub guild_name: Option<String>,
    pub message: MessageId,
    pub seq: u64,
    pub at: u64,
    pub author: UserId,
    pub author_name: String,
    /// The text around the first match, as one line.
    pub snippet: Vec<SnippetPart>,
    pub cut_before: bool,
    pub cut_after: bool,
}

#[derive(Eq)]
pub struct SnippetPart { pub text: String, pub hit: bool }

/// Something in what was typed that could not be used.
#[derive(Eq)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum SearchNote {
    NobodyCalled { name: String },
    NoChannelCalled { name: String },
    NoDate { text: String },
    NoSuchKind { text: String },
    /// A filter without a value.
    Empty { filter: String },
}

/// Messages of this device that are in the index; the rest follows by itself.
#[derive(Eq, Copy)]
pub struct IndexProgress { pub done: u32, pub all: u32 }

/// What lies on the server only, and so is not searched.
pub struct OlderView {
    /// Channels with older messages on the server.
    pub channels: u32,
    /// They are being brought now.
    pub bringing: bool,
    pub brought: u32,
    /// Why bringing ended early.
    pub failed: Option<Refusal>,
}
}
