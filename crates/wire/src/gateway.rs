//! The live connection: a WebSocket at `/api/v1/gateway?v=1&encoding=json|cbor`.
//!
//! The server says `hello`; the client answers `identify` within 5 s; then `ready` (or
//! `resumed`) and events, numbered from 1 in each gateway session. Whatever was missed is
//! found by comparing `ready` with one's own store: seq of channels, log seq of guilds, seq of
//! the queue.

use crate::{
    Bytes, ChannelId, DeviceId, GuildId, Hash, MessageId, ReportId, SessionId, UserId,
    channel::{EpochView, Message, PinView, Scrub, SignedHead},
    guild::{Channel, Dm, Guild, Member},
    key::QueuedItem,
    presence::{Presence, StatePresence},
    report::Resolution,
    security::SecurityEvent,
};

/// From client to server.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    Identify(Identify),
    Heartbeat { n: u64 },
    Presence(StatePresence),
}

requests! {
    pub struct Identify {
        pub access_token: String,
        /// The pair of connect nonces: the one that the server confirmed last, and the next one.
        /// Both stay the same until the server has confirmed `next`.
        pub last_nonce: Option<Hash>,
        pub next_nonce: Hash,
        /// This device's counter of ratchet commits.
        pub writes: u64,
        pub resume: Option<Resume>,
    }

    pub struct Resume {
        pub gateway: Hash,
        /// The last event that was handled.
        pub n: u64,
    }
}

/// From server to client.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ServerFrame {
    Hello {
        heartbeat_ms: u64,
        identify_ms: u64,
    },
    Ready(Box<Ready>),
    /// Events after the named one follow.
    Resumed {
        n: u64,
    },
    Event(EventFrame),
    HeartbeatAck {
        n: u64,
    },
}

replies! {
    pub struct Ready {
        /// Names this gateway session for a later resume.
        pub gateway: Hash,
        pub user: UserId,
        pub device: DeviceId,
        pub session: SessionId,
        /// Number of the last event: the next one is one more.
        pub n: u64,
        pub guilds: Vec<Guild>,
        pub dms: Vec<Dm>,
        /// Newest item in this device's queue, 0 when it never had one.
        pub queue_seq: u64,
        /// This device's unclaimed one-time keys.
        pub one_time_keys: u32,
        pub fallback_used: bool,
        /// Version of the person's own device log.
        pub devlog_version: u64,
        /// This device was away for too long: it is in no audience, and what waited for it is
        /// gone. It comes back with new keys and a `Renew` entry in its log.
        #[serde(default)]
        pub dormant: bool,
        /// When the person's account is deleted, unless they keep it until then.
        #[serde(default)]
        pub deletion_at: Option<u64>,
        pub server_time: u64,
    }

    pub struct EventFrame { pub n: u64, pub event: Event }
}

/// What happened. Each names the channel or guild and its seq, so that a gap is noticed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// To everybody who may read the channel.
    MessageSent {
        message: Box<Message>,
        head: SignedHead,
    },
    /// To everybody who may read the channel: somebody is writing. Stored nowhere.
    TypingStarted {
        channel: ChannelId,
        user: UserId,
    },
    /// To those who share a guild that is not large or a conversation with somebody: how they are
    /// now. Stored nowhere.
    PresenceChanged {
        presence: Presence,
    },
    /// To everybody who may read the channel: messages were removed by somebody with the right.
    MessagesScrubbed {
        channel: ChannelId,
        scrubs: Vec<Scrub>,
    },
    /// To everybody who may read the channel: what it keeps at hand now.
    PinsChanged {
        channel: ChannelId,
        version: u64,
        pins: Vec<PinView>,
    },
    /// To everybody who may read the channel: the audience changed.
    EpochChanged {
        epoch: Box<EpochView>,
    },
    /// To everybody who may read the channel: somebody may read earlier messages and has no keys
    /// for them.
    HistoryWanted {
        channel: ChannelId,
    },
    /// To members: an entry of the guild log.
    LogAppended {
        guild: GuildId,
        seq: u64,
        entry: Bytes,
        access_version: u64,
        /// Where the log stands after it, by the server's word.
        #[serde(default)]
        head: Option<SignedHead>,
    },
    MemberJoined {
        guild: GuildId,
        member: Member,
        access_version: u64,
    },
    MemberLeft {
        guild: GuildId,
        user: UserId,
        access_version: u64,
    },
    /// To members: roles, rights, categories or channels are others now. What one may see of
    /// that is asked for.
    GuildChanged {
        guild: GuildId,
        access_version: u64,
    },
    /// To members: roles of one member, or their being on hold, changed.
    MemberChanged {
        guild: GuildId,
        member: Member,
        access_version: u64,
    },
    /// Also to somebody who may read it from now on.
    ChannelCreated {
        guild: GuildId,
        channel: Box<Channel>,
    },
    /// To one person's devices: they may not read this channel any more.
    ChannelHidden {
        guild: GuildId,
        channel: ChannelId,
    },
    /// To one person's devices: they are in this guild now.
    GuildJoined {
        guild: Box<Guild>,
    },
    /// To one person's devices, or to all members of a deleted guild.
    GuildLeft {
        guild: GuildId,
    },
    DmOpened {
        dm: Box<Dm>,
    },
    /// To the person's own devices: how they keep others is told anew by `GET /api/v1/relations`.
    RelationsChanged {},
    /// To people who share a guild or conversation with this person, and to themself.
    DevlogAppended {
        user: UserId,
        version: u64,
        entry: Bytes,
    },
    /// To the person's own devices: somebody signed in with a new device.
    DeviceWaiting {
        device: DeviceId,
    },
    /// To one device.
    ToDevice {
        item: QueuedItem,
    },
    /// To the person's own devices.
    ReadMoved {
        channel: ChannelId,
        seq: u64,
    },
    /// To everybody who may read the channel: a thread was closed, or opened again.
    ThreadChanged {
        channel: ChannelId,
        thread: MessageId,
        archived_at: Option<u64>,
    },
    /// To the person's own devices.
    ThreadReadMoved {
        channel: ChannelId,
        thread: MessageId,
        seq: u64,
        /// Ms UTC by the server's clock.
        at: u64,
    },
    KeysLow {
        one_time: u32,
        fallback_used: bool,
    },
    /// To those who decide on applications: one came, or was decided.
    ApplicationsChanged {
        guild: GuildId,
    },
    /// To an applicant: theirs was decided.
    ApplicationDecided {
        guild: GuildId,
    },
    /// To those who are asked to look at reports: of a guild, or without one of the instance.
    ReportMade {
        guild: Option<GuildId>,
    },
    /// To the same: somebody took a report, wrote something down or resolved it.
    ReportChanged {
        guild: Option<GuildId>,
    },
    /// To the devices of whoever made it.
    ReportResolved {
        report: ReportId,
        resolution: Resolution,
    },
    /// To the person's own devices: when their account is deleted now, if it is.
    DeletionChanged {
        at: Option<u64>,
    },
    /// To those who share a guild or conversation with somebody whose account is gone.
    PersonDeleted {
        user: UserId,
        username: String,
    },
    /// To the person's own devices: something happened to the account that they should look at.
    SecurityNoticed {
        event: SecurityEvent,
    },
}

/// Close codes of the gateway. 4000 to 4009 are resumable: connect again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The reader was too slow: come back by cursor.
    SlowReader = 4000,
    /// The server is going down or restarting.
    Draining = 4001,
    /// No heartbeat came in time.
    Silent = 4002,
    /// The access token ran out: refresh it and come back.
    TokenExpired = 4003,
    /// Another connection of this device took over.
    Superseded = 4010,
    NotIdentified = 4011,
    Malformed = 4012,
    RateLimited = 4013,
    Unauthenticated = 4401,
    DeviceCloned = 4423,
}

impl CloseCode {
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Coming back with the same credentials makes sense.
    pub const fn resumable(code: u16) -> bool {
        !matches!(code, 4010 | 4012 | 4401 | 4423)
    }
}
