//! What stands in a guild log: operations that members sign, entries that the server signs.

use cloister_wire::{Bytes, DeviceId, GuildId, Hash, RoleId, UserId};
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
    /// A member with the right vouches for somebody, who becomes a member if they were none.
    #[n(5)]
    Add {
        #[n(0)]
        user: UserId,
        #[n(1)]
        genesis: Hash,
    },
    /// The owner hands the guild over.
    #[n(6)]
    TransferOwner {
        #[n(0)]
        user: UserId,
        #[n(1)]
        genesis: Hash,
    },
    /// What a role lets its holders sign; a second one for the same role replaces the first.
    #[n(7)]
    Role {
        #[n(0)]
        role: RoleId,
        #[n(1)]
        rights: LogRights,
        #[n(2)]
        held: RoleHeld,
    },
    /// Gives somebody a role.
    #[n(8)]
    Grant {
        #[n(0)]
        role: RoleId,
        #[n(1)]
        user: UserId,
        #[n(2)]
        genesis: Hash,
    },
}

/// How members come to hold a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RoleHeld {
    /// By a signed `Grant`.
    #[n(0)]
    ByGrant,
    /// Every vouched member holds it, without more.
    #[n(1)]
    ByVouched,
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
    /// Give roles whose rights one has oneself.
    pub const GRANT: Self = Self(8);
    /// Read every channel, as administrators do.
    pub const READ: Self = Self(16);
    pub const ALL: Self = Self(31);

    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
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
    /// Somebody no longer holds a role. The server can always narrow.
    #[n(2)]
    Ungrant {
        #[n(0)]
        user: UserId,
        #[n(1)]
        role: RoleId,
    },
    /// A role is gone, from everybody and for good.
    #[n(3)]
    RoleEnd {
        #[n(0)]
        role: RoleId,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RemoveCause {
    #[n(0)]
    Left,
    #[n(1)]
    Removed,
    /// Their account is gone.
    #[n(2)]
    Deleted,
}
