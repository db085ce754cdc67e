//! The contract between the engine and whoever shows it to a person.
//!
//! A shell (browser page, terminal, bot) does three things: it asks a [`Query`] and draws the
//! [`QueryReply`]; it gives a [`Command`] and shows the outcome; and it listens for [`Topic`]s,
//! each of which says "what you drew from these queries may be old, ask again". There is no
//! other state in a shell worth keeping: every query is answered from the store, with or
//! without a network.
//!
//! Times are milliseconds since 1970 UTC. Ids are UUIDs as text.

use cloister_wire::{
    CategoryId, ChannelId, DeviceId, ErrorCode, GuildId, MessageId, ReportId, RoleId, UserId,
    guild::{Membership, RequestAnswer},
    moderation::{Contact, Relation},
    presence::Availability,
    report::{Claim, MyReport, ReportReason, ReportTo, Resolution},
    seen::Fact,
    thread::ThreadState,
};
use serde::{Deserialize, Serialize};

mod govern;

pub use govern::{Act, AuditFormat, ChannelRights, GuildTemplate, Question, Told};

macro_rules! view {
    ($($item:item)*) => { $(
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
        $item
    )* };
}

mod account;
mod backup;
mod channel;
mod device;
mod guild;
mod notice;
mod operate;
mod pin;
mod place;
mod poll;
mod presence;
mod remark;
mod report;
mod schedule;
mod search;
mod thread;
mod timeline;
mod trust;

pub use self::backup::{
    BackupView, RecoveryChangeView, RecoveryView, RestoreView, WayKind, WayView,
};
pub use self::device::{Connection, DeviceState, DeviceView, MeView, SessionView};
pub use self::guild::{GuildView, MemberGroup, MemberHeading, MemberView, MembersView, OwnEmoji};
pub use self::notice::{NoticeLevel, NoticePlace, NoticeView};
pub use self::operate::{
    AccountApplicationView, HappenedToView, LimitView, MailStandingView, OperatorAct,
    OperatorReply, PersonSeenView, PolicyView, WeakSettingView,
};
pub use self::pin::{PinLine, PinnedView};
pub use self::place::{
    CauseCount, GuildSummary, InstanceView, InvitePreview, InviteView, PlaceView, StatusView,
};
pub use self::poll::{PollOptionView, PollView};
pub use self::presence::{OwnStatus, PresenceView, PresencesView};
pub use self::remark::{CallView, EditView, MentionView, ReactionView, ReplyView};
pub use self::report::{ReportShown, Reportable, ReportableView, ReportedMessage, ReportsOf};
pub use self::schedule::ScheduledView;
pub use self::{
    account::{
        AccountAct, AccountReply, DeletionView, EmailView, FactorsView, HappenedView, SignInView,
        TotpView,
    },
    channel::{
        ChannelKind, ChannelLink, ChannelSummary, ChannelView, DmSummary, EarlierMessages,
        ForkView, PersonView, ReaderRight, ReaderView, RoomView,
    },
    search::{
        IndexProgress, MessagePlace, OlderView, SearchNote, SearchOrder, SearchResult, SearchView,
        SeenLine, SeenView, SnippetPart,
    },
    thread::{ThreadLine, ThreadMark, ThreadView},
    timeline::{
        Content, Delivery, EntryKind, MessageView, OutboxView, TimelineView, Undecryptable,
    },
    trust::{
        ComparisonEnd, ComparisonStage, ComparisonView, EmojiView, KeyChange, PersonTrust, Safety,
        VerifiedHow,
    },
};

view! {
/// What a shell may ask. Each is answered at once from the store.
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Query {
    /// Who is signed in here, and how the connection is. Topic: `session`.
    Session,
    /// Guilds in the rail, with their unread counts. Topic: `guilds`.
    Guilds,
    /// Channels and rights of one guild. Topic: `guild`.
    Guild { guild: GuildId },
    /// A part of a guild's members: whose name begins like `search`, or has a word that does; with
    /// `users`, those only. Topic: `members`.
    Members { guild: GuildId, search: String, users: Option<Vec<UserId>>, offset: u32, limit: u32 },
    /// A picture that a guild has, by its name there. It never changes.
    Picture { picture: String },
    /// Direct conversations, newest activity first. Topic: `dms`.
    Dms,
    /// Everybody with whom this person shares a guild: whom one can write to. Topic: `guilds`.
    People,
    /// Name, state and safety of one channel or DM. Topic: `channel`.
    Channel { channel: ChannelId },
    /// A window of messages, oldest first. Without `before`, the newest. Topic: `timeline`.
    Timeline { channel: ChannelId, before: Option<u64>, limit: u32 },
    /// A thread, with a window of its messages. Topic: `timeline`.
    Thread { channel: ChannelId, thread: MessageId, before: Option<u64>, limit: u32 },
    /// Threads of a channel that are known here, the newest message first. Topic: `timeline`.
    Threads { channel: ChannelId, state: ThreadState },
    /// What this person is told of in a place. Topic: `notices`.
    Notice { about: NoticePlace },
    /// What leaves later, the soonest first. Topic: `scheduled`.
    Scheduled { channel: Option<ChannelId> },
    /// Words that this person listens for. Topic: `notices`.
    Keywords,
    /// Who is there, and what others see of this person. Topic: `presences`.
    Presences,
    /// What a channel keeps at hand, the newest pin first. Topic: `timeline`.
    Pins { channel: ChannelId },
    /// Messages that name this person or everyone, newest first. Topic: `guilds`.
    Mentions { limit: u32 },
    /// Every channel of every guild, for going there by name. Topic: `guilds`.
    Places,
    /// Who is writing in a channel now. Topic: `typing`.
    Typing { channel: ChannelId },
    /// What a message said, from its first text to the one it has now. Topic: `timeline`.
    Edits { channel: ChannelId, message: MessageId },
    /// One's own devices, with those that wait for approval. Topic: `devices`.
    Devices,
    /// How sure this device is of somebody. Topic: `person`.
    Person { user: UserId },
    /// Comparisons of emoji and codes that are under way here. Topic: `comparisons`.
    Comparisons,
    /// Whether a recovery key waits to be shown, and the key until it was kept. Topic: `recovery`.
    Recovery,
    /// Everything not yet acknowledged by the server, oldest first. Topic: `outbox`.
    Outbox,
    /// The message that an outbox entry of this device became. Topic: `outbox`.
    Sent { entry: String },
    /// Invites of a guild that this person may see. Topic: `invites`.
    Invites { guild: GuildId },
    /// How far the key backup is. Topic: `backup`.
    Backup,
    /// In which ways this person can get back in without a device. Topic: `recovery`.
    Ways,
    /// Counters for a status page: queue, outbox, undecryptable by cause. Topic: `session`.
    Status,
    /// What the server can see of a channel and its messages, from the code itself.
    /// Topic: `channel`.
    Seen { channel: ChannelId },
    /// What a report of a message would reveal: it and those around it, as far as this device can
    /// prove them. Topic: `search`.
    Reportable { message: MessageId },
    /// Where a message of this device stands. Topic: `search`.
    Locate { message: MessageId },
    /// Messages on this device that have what `text` asks for: words, "words in a row", and the
    /// filters `from:`, `in:`, `has:`, `before:`, `after:`, `mentions:`. With `channel`, only
    /// there. `cursor` is the `next` of the page before. Days begin `zone_minutes` east of UTC.
    /// Topic: `search`.
    Search { text: String, channel: Option<ChannelId>, order: SearchOrder, cursor: Option<String>, limit: u32, zone_minutes: i32 },
}

/// The answer to the query of the same name.
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum QueryReply {
    Session(SessionView),
    Guilds { guilds: Vec<GuildSummary> },
    Guild { guild: Option<GuildView> },
    Members(MembersView),
    /// An address that holds the picture whole.
    Picture { url: Option<String> },
    Dms { dms: Vec<DmSummary> },
    People { people: Vec<PersonView> },
    Channel { channel: Option<ChannelView> },
    Timeline(TimelineView),
    Thread { thread: Option<Box<ThreadView>> },
    Threads { threads: Vec<ThreadLine> },
    Notice(NoticeView),
    Scheduled { entries: Vec<ScheduledView> },
    Keywords { words: Vec<String> },
    Presences(PresencesView),
    Pins { pins: Vec<PinnedView> },
    Mentions { mentions: Vec<CallView> },
    Places { places: Vec<PlaceView> },
    Typing { names: Vec<String> },
    Edits { edits: Vec<EditView> },
    Devices { devices: Vec<DeviceView> },
    Person { person: Option<PersonTrust> },
    Comparisons { comparisons: Vec<ComparisonView> },
    Recovery(RecoveryView),
    Outbox { entries: Vec<OutboxView> },
    Sent { message: Option<MessageId> },
    Invites { invites: Vec<InviteView> },
    Backup(BackupView),
    Ways { ways: Vec<WayView> },
    Status(StatusView),
    Reportable { view: Option<ReportableView> },
    Seen { seen: Option<SeenView> },
    Locate { place: Option<MessagePlace> },
    Search(SearchView),
}

/// What changed since it was last asked for.
#[derive(Eq, Hash, PartialOrd, Ord)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Topic {
    Session,
    Guilds,
    Guild { guild: GuildId },
    /// Who is in a guild, how they are called and what stands beside them.
    Members { guild: GuildId },
    Dms,
    Channel { channel: ChannelId },
    Timeline { channel: ChannelId },
    Typing { channel: ChannelId },
    Devices,
    Person { user: UserId },
    Comparisons,
    Recovery,
    Outbox,
    Backup,
    Invites { guild: GuildId },
    /// Something happened to the account: ask for `SecurityEvents` again.
    Security,
    Search,
    /// Applications came or were decided, one's own or others': load them again.
    Applications,
    /// How this person keeps others: load it again.
    Relations,
    /// Reports for this person to look at, or what came of their own: load them again.
    Reports,
    Presences,
    Notices,
    Scheduled,
}

/// What a person asks the engine to do. A command is answered when it took effect or was
/// refused; `Send` is answered as soon as the message is durable in the outbox.
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Look at the instance and, if a code is given, at what it invites to. Needs no account.
    Preview { invite: Option<String> },
    /// Make an account. One of `set_up_token`, `invite` and `activation` (of an approved applicant), or
    /// none where registration is open. `invite`: `CODE`, or `CODE#SEED`, which joins the guild too.
    Register {
        set_up_token: Option<String>,
        invite: Option<String>,
        #[serde(default)] activation: Option<String>,
        username: String,
        display_name: String,
        password: String,
        device_name: String,
    },
    /// Sign in. A new device then waits for approval unless `recovery_key` is given.
    /// With a second factor, `code` is one of the authenticator or a backup code.
    SignIn { username: String, password: String, code: Option<String>, device_name: String, recovery_key: Option<String> },
    /// Begin the account anew with this device, which waits for approval: nothing is left of its
    /// devices, and the recovery key is lost. What was said before stays closed.
    StartOver { password: String, code: Option<String>, device_name: String },
    /// Come back as a new device over the same store, after this one was stopped as a copy. It
    /// waits for approval; then the old one is revoked. What was read stays.
    Reenrol { password: String, code: Option<String>, device_name: String },
    /// End this device: revoked, keys and history on it destroyed. Refused with `NOT_BACKED_UP`
    /// while keys are here that the backup does not hold, unless `anyway`.
    SignOut { #[serde(default)] anyway: bool },
    CreateGuild { name: String },
    LeaveGuild { guild: GuildId },
    DeleteGuild { guild: GuildId },
    /// `readers`: the members who read it besides the owner; without, everybody does.
    /// `continues`: the channel that goes on in this one.
    CreateChannel { guild: GuildId, name: String, readers: Option<Vec<UserId>>, #[serde(default)] continues: Option<ChannelId> },
    /// Say who reads a private channel.
    SetReaders { channel: ChannelId, users: Vec<UserId> },
    /// Say whether those who come later read what was said before.
    SetHistory { channel: ChannelId, rule: EarlierMessages },
    /// Go on in a channel although the server was caught with two histories of it.
    AcceptFork { channel: ChannelId },
    /// Ask members for the keys of what was said before one came.
    AskHistory { channel: ChannelId },
    /// Begin a conversation of several people.
    CreateGroup { users: Vec<UserId>, name: Option<String> },
    AddToGroup { channel: ChannelId, user: UserId },
    RemoveFromGroup { channel: ChannelId, user: UserId },
    HandOverGroup { channel: ChannelId, user: UserId },
    LeaveGroup { channel: ChannelId },
    /// Its name is a message to its people: the server does not know it.
    RenameGroup { channel: ChannelId, name: String },
    /// `CODE` or `CODE#SEED`, or a whole invite link.
    JoinGuild { invite: String },
    /// Answer what a guild asks of whoever wants to join; somebody there decides.
    Apply { invite: String, answers: Vec<String> },
    /// Take one's application back.
    Withdraw { guild: GuildId },
    /// One's own applications that wait or were declined.
    Applications,
    /// Make an invite link. `uses` 0 means no limit; `expires_in_s` 0 means never.
    CreateInvite { guild: GuildId, uses: u32, expires_in_s: u32, #[serde(default)] membership: Membership },
    EndInvite { guild: GuildId, code: String },
    /// Vouch for a member who joined without an invite link.
    Vouch { guild: GuildId, user: UserId },
    /// Change a guild: its structure, rights or members.
    Govern { guild: GuildId, act: Act },
    /// Ask the server something about a guild that is not kept here.
    Ask { guild: GuildId, question: Question },
    /// How this person keeps others.
    Relations,
    /// Keep somebody as a friend, mute or block them. They are not told.
    Relate { user: UserId, relation: Relation },
    /// Take up a conversation that somebody began, or decline it. They are not told of that.
    AnswerRequest { channel: ChannelId, answer: RequestAnswer },
    /// Say who may begin a conversation.
    SetContact { who: Contact },
    /// Open (and create at need) the conversation with somebody.
    OpenDm { user: UserId },
    /// Queue a message. It is durable when this is answered.
    Send { channel: ChannelId, body: String },
    /// Queue an answer to a message, in its channel.
    Reply { message: MessageId, body: String },
    /// Queue a message that disappears everywhere after so many seconds; perhaps an answer.
    SendFleeting { channel: ChannelId, body: String, reply: Option<MessageId>, ttl_s: u32 },
    /// Queue a message in the thread that hangs on `thread`; the first one begins it. `reply` is a
    /// message of it that is answered; with `ttl_s` it disappears after so many seconds.
    SendInThread { thread: MessageId, body: String, reply: Option<MessageId>, ttl_s: Option<u32> },
    /// Everything in a thread up to `seq` has been seen.
    MarkThreadRead { thread: MessageId, seq: u64 },
    /// Close a thread, or open it again.
    SetThread { thread: MessageId, state: ThreadState },
    /// Be told of what is written in a thread, or not; without, those are told who take part.
    FollowThread { thread: MessageId, follow: Option<bool> },
    /// Bring the newest messages of a thread, or those before `before`, from the server.
    LoadThread { thread: MessageId, before: Option<u64> },
    /// Bring a page of a channel's threads: give the `next` of the one before as `before`.
    LoadThreads { channel: ChannelId, state: ThreadState, before: Option<u64> },
    /// Keep the text of an unfinished message for a thread.
    SaveThreadDraft { thread: MessageId, body: String },
    /// Change one's own message. What it said before stays visible to those who read it.
    Edit { message: MessageId, body: String },
    /// Send a copy of a message to another channel.
    Forward { message: MessageId, channel: ChannelId },
    /// `ends_in_s` 0 means never.
    Poll { channel: ChannelId, question: String, options: Vec<String>, many: bool, ends_in_s: u32 },
    /// Choose in a poll; nothing takes the vote back.
    Vote { message: MessageId, choices: Vec<u32> },
    React { message: MessageId, emoji: String },
    Unreact { message: MessageId, emoji: String },
    /// Keep a message at hand for everybody who reads the channel.
    Pin { message: MessageId },
    Unpin { message: MessageId },
    /// Take back one's own messages, and remove others' where one may: at most 100.
    Delete { messages: Vec<MessageId> },
    /// Send a failed message again.
    Retry { entry: String },
    /// Give up a message that was not sent; its text comes back in the reply.
    Drop { entry: String },
    /// Everything up to `seq` has been seen.
    MarkRead { channel: ChannelId, seq: u64 },
    /// Everything that is here has been seen: in one guild, or everywhere.
    MarkAllRead { guild: Option<GuildId> },
    /// This person is writing: others see it for a few seconds. Repeating it soon does nothing.
    Typing { channel: ChannelId },
    /// Somebody uses this device, or nobody has for a while: others see that, if they may.
    NoteActivity { active: bool },
    /// What others see of this person, on all devices; `text` for `for_s` seconds, 0 for no end.
    SetStatus { availability: Availability, text: Option<String>, for_s: u32 },
    /// What this person is told of in a place, on all their devices; none: as the guild says.
    SetNotice { about: NoticePlace, level: Option<NoticeLevel> },
    /// Be told of nothing in a place for so many seconds, 0 for no end; none ends it.
    Mute { about: NoticePlace, for_s: Option<u32> },
    /// Words whose appearance counts as being named, from now on.
    SetKeywords { words: Vec<String> },
    /// Send a text from this device after so many seconds.
    Schedule { channel: ChannelId, body: String, after_s: u32 },
    Reschedule { entry: String, body: String, after_s: u32 },
    Unschedule { entry: String },
    /// Ask now who is there.
    LoadPresences,
    /// Ask now which of these members of a large guild are there: of those who are shown.
    LookAt { guild: GuildId, users: Vec<UserId> },
    /// Bring messages before `before` (or the newest) from the server into the store.
    LoadHistory { channel: ChannelId, before: Option<u64> },
    /// Keep the text of an unfinished message on this device.
    SaveDraft { channel: ChannelId, body: String },
    /// Approve a device that shows this code: typed, or read by a camera.
    ApproveDevice { code: String },
    /// End a device, and those of the devices it has added that are named too.
    RevokeDevice { device: DeviceId, #[serde(default)] also: Vec<DeviceId> },
    /// Compare emoji with one's device that waits for approval; it is approved if they match.
    CompareDevice { device: DeviceId },
    /// Ask somebody to compare emoji.
    Compare { user: UserId },
    /// Take up a comparison that somebody asked for.
    AcceptComparison { id: String },
    /// Both show the same, or it really was them who read the code; or not.
    JudgeComparison { id: String, same: bool },
    /// Give a comparison up, or close one that is over.
    EndComparison { id: String },
    /// What somebody's QR code says, as a camera read it or somebody pasted it.
    ReadCode { user: UserId, code: String },
    /// The two have read this safety number to each other, and it is the same.
    NumberMatches { user: UserId, number: String },
    /// Take somebody's new keys as they are, without comparing.
    AcceptKeys { user: UserId },
    RenameDevice { device: DeviceId, name: String },
    /// The person says that the recovery key is kept: forget it here.
    RecoveryKept,
    /// Not now: offer the recovery key again later.
    RecoveryLater,
    /// Let a passkey open the account's vault. `secret`: what its pseudo-random function gave,
    /// 32 bytes as base64url; `credential`: its id, likewise.
    AddPasskey { credential: String, secret: String, name: String },
    /// End a way back in.
    RemoveWay { id: String },
    /// Make another recovery key at once; `recovery_key` is the old one, unless it is still here.
    ReplaceRecovery { recovery_key: Option<String> },
    /// Make another recovery key without the old one: it counts after three days, unless one of
    /// this person's devices stops it.
    ProposeRecovery,
    CancelRecovery,
    /// Draw a passphrase that opens the account's vault, in the place of the one before.
    MakePassphrase,
    /// Let this device in, which waits for approval: with a passkey that opens the vault ...
    UnlockWithPasskey { credential: String, secret: String },
    /// ... with the passphrase ...
    UnlockWithPassphrase { words: String },
    /// ... or with the recovery key.
    UnlockWithRecoveryKey { recovery_key: String },
    /// Write into the key backup now whatever it does not hold.
    BackUp,
    /// Try to connect now instead of waiting.
    Reconnect,
    /// What guards the account; needs the server.
    Account { act: AccountAct },
    /// What an operator does; needs the server.
    Operate { act: OperatorAct },
    /// Bring older messages from the server so that they can be searched: of one channel, or of
    /// all. Answered at once; `SearchView::older` says how far it is.
    BringOlder { channel: Option<ChannelId> },
    /// Reveal these messages of one channel to those who look after it. The first is the one that
    /// is reported. Can't be taken back.
    Report { messages: Vec<MessageId>, to: ReportTo, reason: ReportReason, note: String },
    /// A page of reports, newest first.
    LoadReports { of: ReportsOf, open: bool, before: Option<ReportId> },
    /// Take a report or let go of it, and keep what was found for others who look.
    KeepReport { of: ReportsOf, report: ReportId, claim: Option<Claim>, finding: Option<String> },
    ResolveReport { of: ReportsOf, report: ReportId, resolution: Resolution },
    /// Stop bringing older messages. What came stays.
    StopBringing,
}

#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum CommandReply {
    Done,
    Instance(InstanceView),
    Registered { recovery_key: String, guild: Option<GuildId> },
    SignedIn { state: DeviceState },
    Guild { guild: GuildId },
    Channel { channel: ChannelId },
    Role { role: RoleId },
    Category { category: CategoryId },
    Told(Told),
    Invite { code: String, url: String },
    Comparison { id: String },
    /// The new recovery key.
    RecoveryKey { recovery_key: String },
    /// The new passphrase; it is shown this one time.
    Passphrase { words: String },
    /// The outbox entry; it becomes a message with this same id once acknowledged.
    Queued { entry: String },
    /// The text of a dropped entry.
    Dropped { body: String },
    History { loaded: u32, reached_start: bool },
    /// More threads are there: ask for them with `next`.
    Threads { next: Option<u64> },
    Reported { report: ReportId },
    Reports { reports: Vec<ReportShown>, end: bool },
    MyReports { reports: Vec<MyReport> },
    Account { reply: AccountReply },
    Operated { reply: OperatorReply },
}

/// Why a command was refused.
pub struct Refusal {
    pub code: ErrorCode,
    pub message: String,
    /// When it makes sense to try again, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
}
}
