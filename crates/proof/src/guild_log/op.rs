//! What stands in a guild log: operations that members sign, entries that the server signs.

use cloister_wire::{Bytes, DeviceId, GuildId, Hash, UserId};
use minicbor::{Decode, Encode};

use crate::ChannelPolicy;

/// A place in the log: the number of an entry and the hash of its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Position {
    #[n(0)]
    pub seq: u64,
    #[n(1)]
    pub head: Hash,
}

impl Position {
    /// Before the first entry.
    pub const START: Self = Self {
        seq: 0,
        head: cloister_wire::Octets([0; 32]),
    };
}

/// What a member's device signs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Op {
    #[n(0)]
    pub v: u8,
    #[n(1)]
    pub guild: GuildId,
    #[n(2)]
    pub user: UserId,
    /// Which account that is: an account that started over is somebody else.
    #[n(3)]
    pub genesis: Hash,
    #[n(4)]
    pub device: DeviceId,
    /// Version of the signer's device log at which the device was active.
    #[n(5)]
    pub devlog_version: u64,
    /// The newest entry that the signer had seen.
    #[n(6)]
    pub after: Position,
    #[n(7)]
    pub at_ms: u64,
    #[n(8)]
    pub body: OpBody,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum OpBody {
    /// The first entry. Its signer is the owner.
    #[n(0)]
    Create {
        /// What vouched members may sign.
        #[n(0)]
        everyone: LogRights,
    },
    #[n(1)]
    Policy {
        #[n(0)]
        policy: ChannelPolicy,
    },
    #[n(2)]
    Invite {
        #[n(0)]
        code: String,
        #[n(1)]
        cert: Hash,
        #[n(2)]
        key: Hash,
        /// 0: no limit.
        #[n(3)]
        uses: u32,
        #[n(4)]
        expires_ms: Option<u64>,
    },
    #[n(3)]
    InviteEnd {
        #[n(0)]
        code: String,
    },
    /// Signed by the joiner's device and, for a link with a seed, by the invite key.
    #[n(4)]
    Join {
        #[n(0)]
        invite: Option<InviteUse>,
    },
    /// A member with the right vouches for somebody.
    #[n(5)]
    Add {
        #[n(0)]
        user: UserId,
        #[n(1)]
        genesis: Hash,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InviteUse {
    #[n(0)]
    pub code: String,
    #[n(1)]
    pub cert: Hash,
}

/// Rights that the log itself can give, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct LogRights(#[n(0)] pub u32);

impl LogRights {
    pub const NONE: Self = Self(0);
    pub const INVITE: Self = Self(1);
    pub const VOUCH: Self = Self(2);
    pub const POLICY: Self = Self(4);

    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One entry, as the server orders and signs it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogEntry {
    #[n(0)]
    pub v: u8,
    #[n(1)]
    pub incarnation: u64,
    #[n(2)]
    pub guild: GuildId,
    #[n(3)]
    pub seq: u64,
    #[n(4)]
    pub prev: Hash,
    /// Server's clock; never runs backwards within a log.
    #[n(5)]
    pub at_ms: u64,
    #[n(6)]
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// A signed [`Op`].
    #[n(0)]
    Op {
        #[n(0)]
        op: Bytes,
    },
    /// Somebody is out. Needs no member's signature: the server can always stop serving.
    #[n(1)]
    Remove {
        #[n(0)]
        user: UserId,
        #[n(1)]
        cause: RemoveCause,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RemoveCause {
    #[n(0)]
    Left,
    #[n(1)]
    Removed,
}
