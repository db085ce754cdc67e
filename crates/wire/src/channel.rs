//! Epochs, shares and messages of one channel.

use crate::{
    Bytes, ChannelId, DeviceId, GuildId, Hash, MessageId, Octets, Txn, UserId, account::UserLog,
    key::Envelope,
};

replies! {
    /// Who may read what is sent now. `GET /api/v1/channels/{channel}/epoch?since=`, the event
    /// `epoch_changed`, and the body of a refused send.
    pub struct EpochView {
        pub channel: ChannelId,
        pub epoch: u64,
        pub roster_hash: Hash,
        /// Records after `since`, oldest first, each with its changes. Empty when `since` is
        /// too old: then `roster` is whole.
        pub records: Vec<EpochProof>,
        /// The whole roster (`proof::Roster`) at `epoch`, with the record that names it last in
        /// `records`.
        pub roster: Option<Bytes>,
        /// Device logs of people whom the records add, as a courtesy.
        pub devlogs: Vec<UserLog>,
        /// For `SHARE_REQUIRED`, `DEVICES_MISMATCH` and `DEVICES_STALE`: devices in question.
        pub missing: Vec<DeviceId>,
    }

    /// An `EpochRecord` and its place under the signed root of the transaction that made it.
    pub struct EpochProof {
        pub record: Bytes,
        /// Sibling hashes from the leaf up.
        pub path: Vec<Hash>,
        /// Index of the leaf.
        pub index: u32,
        pub leaves: u32,
        pub signature: Octets<64>,
    }

    /// `POST …/messages`.
    pub struct Sent {
        pub id: MessageId,
        pub seq: u64,
        /// Ms UTC by the server's clock.
        pub at: u64,
        pub head: Hash,
        pub frank_tag: Bytes,
    }

    /// `GET …/messages?before=&after=&limit=&annotations=`: ascending by seq.
    pub struct History {
        pub messages: Vec<Message>,
        /// What was said later about messages of this page, ascending by seq: at most 200, or
        /// as many as were asked for.
        pub annotations: Vec<Message>,
        /// Set when there are more of them: ask `…/annotations` for those after this seq.
        pub annotations_after: Option<u64>,
        /// The chain's head before the first message of this page.
        pub prev_head: Hash,
        /// The newest head of the channel.
        pub head: SignedHead,
        /// No older (or newer, when asked with `after`) messages exist that the caller may read.
        pub end: bool,
    }

    /// The server's word on what a channel's transcript is.
    pub struct SignedHead { pub seq: u64, pub head: Hash, pub signature: Octets<64> }

    /// A message as everybody receives it.
    pub struct Message {
        pub id: MessageId,
        pub channel: ChannelId,
        pub seq: u64,
        pub at: u64,
        pub sender_user: UserId,
        pub sender_device: DeviceId,
        pub txn: Txn,
        pub epoch: u64,
        pub roster_hash: Hash,
        pub suite: u16,
        pub class: MessageClass,
        pub target: Option<MessageId>,
        pub thread: Option<MessageId>,
        pub notify: Option<Notify>,
        pub ttl_s: Option<u32>,
        pub content: SealedContent,
        /// The sender's commitment to the content.
        pub c2: Hash,
        pub frank_tag: Bytes,
    }

    pub struct Shared { pub covered: u32 }

    /// `GET …/annotations?from=&to=&after=`: what was said about messages of a range of seqs.
    pub struct Annotations {
        pub annotations: Vec<Message>,
        /// As in `History`.
        pub annotations_after: Option<u64>,
    }

    /// `GET …/scrubs?after=`: messages that somebody with the right removed, oldest first.
    pub struct Scrubs {
        pub scrubs: Vec<Scrub>,
        pub end: bool,
    }

    /// A message that was removed by somebody else than its author.
    pub struct Scrub {
        /// Counts from 1 in each channel.
        pub n: u64,
        pub message: MessageId,
        /// Ms UTC by the server's clock.
        pub at: u64,
        pub by: UserId,
    }

    /// `GET /api/v1/channels/{channel}/pins`: what the channel keeps at hand, the newest first.
    pub struct Pins { pub version: u64, pub pins: Vec<PinView> }

    pub struct PinView { pub message: MessageId, pub seq: u64, pub at: u64, pub by: UserId }

    /// The answer to `ScrubMessages`.
    pub struct Scrubbed { pub count: u32 }

    /// `GET /api/v1/history/wishes`: people who may read earlier messages of channels that the
    /// caller reads, and have no keys for them.
    pub struct HistoryWishes { pub wishes: Vec<HistoryWish> }

    pub struct HistoryWish { pub guild: GuildId, pub channel: ChannelId, pub user: UserId }

    /// The answer to `HandHistory`.
    pub struct Claimed { pub claim: HistoryClaim }
}

/// Who hands history over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HistoryClaim {
    Yours,
    /// Another device is at it, or nobody waits for it any more.
    Taken,
}

/// What a device says about handing history over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HistoryStep {
    Begin,
    /// The keys are in the queues of the other's devices.
    End,
}

/// What a message is for, as far as the server must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageClass {
    Message,
    /// An edit or a reaction: needs a live target.
    Annotation,
    /// The author's deletion: needs a live target.
    Control,
}

/// Who is told of a message even if they are not looking.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Notify {
    #[serde(default)]
    pub users: Vec<UserId>,
    #[serde(default)]
    pub everyone: bool,
}

/// A ciphertext.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SealedContent {
    /// Megolm: `msg_index` is the ratchet index in `ct`'s own header.
    Group {
        session: Hash,
        msg_index: u32,
        ct: Bytes,
    },
    /// AES-256-GCM under a key of its own, which reaches each device through Olm.
    Direct { ct: Bytes },
    /// Nothing is left of it but the hash that the transcript needs. Never in a request.
    Scrubbed {
        hash: Hash,
        /// Ms UTC by the server's clock.
        at: u64,
        /// The author, or somebody with the right.
        by: UserId,
    },
}

requests! {
    /// `POST /api/v1/channels/{channel}/messages`. The same `txn` of a device always gives the
    /// same answer, whatever the body.
    pub struct Send {
        pub txn: Txn,
        pub epoch: u64,
        pub roster_hash: Hash,
        pub suite: u16,
        pub class: MessageClass,
        pub target: Option<MessageId>,
        pub thread: Option<MessageId>,
        pub notify: Option<Notify>,
        pub ttl_s: Option<u32>,
        pub content: SealedContent,
        pub c2: Hash,
        /// In a direct conversation: the content key for each device of the roster but this one.
        pub wraps: Vec<Wrap>,
        /// This device's counter of ratchet commits.
        pub writes: u64,
    }

    /// An envelope for one device.
    pub struct Wrap { pub device: DeviceId, pub dedupe_id: Hash, pub envelope: Envelope }

    /// `POST /api/v1/channels/{channel}/shares`: hands a group session to devices. What was
    /// accepted stays; envelopes for devices that hold the key are ignored.
    pub struct Share {
        /// Megolm session id.
        pub session: Hash,
        pub epoch: u64,
        pub roster_hash: Hash,
        /// From this ratchet index on the envelopes' keys decrypt.
        pub from_index: u32,
        pub shared_history: bool,
        pub envelopes: Vec<Wrap>,
        /// Devices that get no key, and why.
        pub withheld: Vec<Withhold>,
        pub writes: u64,
    }

    pub struct Withhold { pub device: DeviceId, pub code: WithholdCode }

    /// `POST /api/v1/channels/{channel}/scrubs`: removes the content of messages. One's own, or
    /// anybody's with the right to manage messages; of all of them or of none.
    pub struct ScrubMessages { pub messages: Vec<MessageId> }

    /// `PUT /api/v1/channels/{channel}/history`: this device hands the keys of earlier messages
    /// to somebody who waits for them.
    pub struct HandHistory { pub user: UserId, pub step: HistoryStep }

    /// `PUT /api/v1/channels/{channel}/read`. The cursor never goes back.
    pub struct MarkRead { pub seq: u64 }
}

/// Why a device gets no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WithholdCode {
    TrustViolation,
    MinTrust,
    NoPrekey,
}
