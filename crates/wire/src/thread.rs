//! Threads: what hangs on one message of a channel and is read by whoever reads the channel.
//! A message says in its frame in which thread it stands; the rest is here.

use crate::{ChannelId, MessageId, UserId, channel::Message};

replies! {
    /// A thread as one person sees it.
    pub struct Thread {
        /// The message that it hangs on, which names it.
        pub root: MessageId,
        pub root_seq: u64,
        /// Who wrote its first message.
        pub started_by: UserId,
        /// Ms UTC by the server's clock.
        pub started_at: u64,
        /// Since when nobody writes in it, if it was closed.
        pub archived_at: Option<u64>,
        /// Removed ones included.
        pub messages: u32,
        pub last_seq: u64,
        pub last_at: u64,
        /// How far the caller has read it.
        pub read_seq: u64,
    }

    /// `GET /api/v1/channels/{channel}/threads?state=&before=`: those with the newest message
    /// first.
    pub struct Threads {
        pub threads: Vec<Thread>,
        /// What they hang on, as far as the caller may read it, and what was said about that:
        /// ascending by seq.
        pub messages: Vec<Message>,
        /// Give it as `before` for the next page.
        pub next: Option<u64>,
    }

    /// `GET /api/v1/channels/{channel}/threads/{thread}?before=`: the newest messages of a thread,
    /// or those before a seq.
    pub struct ThreadPage {
        pub thread: Thread,
        /// The page, what the thread hangs on, and what was said about all of them: ascending by
        /// seq.
        pub messages: Vec<Message>,
        /// Give it as `before` for the page of older ones.
        pub next: Option<u64>,
    }

    /// `GET /api/v1/threads/reads?since=&after=`: how far the caller has read threads, those first
    /// that were read longest ago.
    pub struct ThreadReads { pub reads: Vec<ThreadRead>, pub end: bool }

    pub struct ThreadRead {
        pub channel: ChannelId,
        pub thread: MessageId,
        pub seq: u64,
        /// When the cursor moved last, ms UTC by the server's clock.
        pub moved_at: u64,
    }
}

requests! {
    /// `PUT /api/v1/channels/{channel}/threads/{thread}`.
    pub struct SetThread { pub state: ThreadState }

    /// `PUT /api/v1/channels/{channel}/threads/{thread}/read`. The cursor never goes back.
    pub struct MarkThreadRead { pub seq: u64 }
}

/// Whether one writes in a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum ThreadState {
    Open,
    Archived,
}
