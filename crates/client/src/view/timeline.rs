//! A window of a conversation.

use super::{
    ChannelId, Deserialize, DeviceId, ErrorCode, MentionView, MessageId, PinLine, PollView,
    ReactionView, ReplyView, Serialize, ThreadMark, UserId,
};

view! {
pub struct TimelineView {
    pub channel: ChannelId,
    pub messages: Vec<MessageView>,
    /// Not sent yet; shown after the messages.
    pub pending: Vec<OutboxView>,
    /// Older messages are in the store: ask with `before`.
    pub older_in_store: bool,
    /// Older messages may be on the server: `LoadHistory`.
    pub older_on_server: bool,
    /// The oldest thing this device may read here, if that is not the start of the channel.
    pub since_joined: bool,
    pub read_seq: u64,
    pub last_seq: u64,
    /// Everything up to here has arrived; what is newer may have gaps.
    pub known_seq: u64,
    /// What was pinned here, in the order of time.
    pub pins: Vec<PinLine>,
}

#[expect(clippy::struct_excessive_bools, reason = "what a screen shows or not")]
pub struct MessageView {
    pub id: MessageId,
    pub seq: u64,
    pub at: u64,
    pub author: UserId,
    pub author_name: String,
    pub device: DeviceId,
    pub mine: bool,
    pub content: Content,
    /// What the mentions in its text stand for.
    pub mentions: Vec<MentionView>,
    pub edited_at: Option<u64>,
    pub reply: Option<ReplyView>,
    /// Whose words these are, as the sender says.
    pub forwarded_from: Option<String>,
    /// Who handed over its key, where it did not come from its sender.
    pub handed_by: Option<String>,
    pub reactions: Vec<ReactionView>,
    /// An own edit or deletion of it is on its way.
    pub changing: bool,
    pub can_edit: bool,
    pub can_delete: bool,
    pub can_react: bool,
    pub pinned: bool,
    pub can_pin: bool,
    /// This person has blocked its author: it is shown only when asked for.
    pub from_blocked: bool,
    /// It names this person, or everyone.
    pub calls_me: bool,
    /// When it disappears, by the server's clock.
    pub expires_at: Option<u64>,
    /// Its links are text until then: the author is new here.
    pub links_held_until: Option<u64>,
    /// The thread that hangs on it.
    pub thread: Option<ThreadMark>,
    /// In which thread it stands.
    pub in_thread: Option<MessageId>,
    /// A thread may begin here.
    pub can_thread: bool,
}

#[serde(tag = "content", rename_all = "snake_case")]
pub enum Content {
    /// Text in the project's markdown dialect, to be shown as such, never as HTML.
    Text { body: String },
    Poll(PollView),
    /// Somebody named this conversation.
    Named { name: String },
    /// The key is on its way: not an error yet.
    Waiting,
    /// Cannot be read, and why.
    Undecryptable { cause: Undecryptable },
    /// Sent before this device or person was among the readers.
    BeforeYouJoined,
    /// Its content was taken away: by its author, or by somebody with the right, who is named.
    Removed { by_name: Option<String> },
    /// It was sent to disappear, and did.
    Disappeared,
}

/// Why a message cannot be read. Each has its sentence and its next step.
#[derive(Eq, Copy, Hash, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Undecryptable {
    /// The key never came although the queue was read to its end.
    KeyMissing,
    /// The channel's policy gives keys to people whom somebody vouched for, and nobody has.
    WithheldUnvouched,
    /// The ciphertext or its proof does not check.
    Corrupt,
    /// Sender and session do not belong together.
    WrongSender,
    /// The same ciphertext index was used before.
    Replayed,
    /// Sent before this device existed; its key is not here yet.
    BeforeThisDevice,
    /// The sender's device saw this person's keys change in a way that can't be right.
    WithheldViolation,
    /// This device had no keys left that the sender could use.
    WithheldNoKeys,
    /// Sent to devices that are lost; this person has started over since.
    KeysLost,
}

#[derive(Eq)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Delivery {
    /// Waits for keys, the network or an earlier message.
    Sending,
    /// Not sent; the person decides. The text is safe.
    Failed { code: ErrorCode, message: String },
}

pub struct OutboxView {
    pub entry: String,
    pub channel: ChannelId,
    pub kind: EntryKind,
    pub body: String,
    pub mentions: Vec<MentionView>,
    pub at: u64,
    pub delivery: Delivery,
    /// What an edit, reaction or deletion is about.
    pub target: Option<MessageId>,
    pub reply: Option<ReplyView>,
}

#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind { Message, Edit, Reaction, Vote, Deletion, Name }
}
