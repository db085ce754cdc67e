//! The signed policy of a channel. Clients pin it: encrypted never becomes open.

use cloister_wire::{ChannelId, RoleId, UserId};
use minicbor::{Decode, Encode};

/// Cipher suite of text: Olm v2 and Megolm v2 with untruncated MACs, AES-256-GCM for direct
/// content.
pub const SUITE_TEXT: u16 = 1;
/// People or roles that one policy names.
pub const READERS_MAX: usize = 250;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ChannelPolicy {
    #[n(0)]
    pub channel: ChannelId,
    /// 1, then one more with each change.
    #[n(1)]
    pub version: u64,
    #[n(2)]
    pub class: ChannelClass,
    #[n(3)]
    pub suite: u16,
    #[n(4)]
    pub history: HistoryRule,
    #[n(5)]
    pub readers: Readers,
    #[n(6)]
    pub min_trust: MinTrust,
}

impl ChannelPolicy {
    /// What a guild's text channel starts with.
    pub fn text(channel: ChannelId) -> Self {
        Self {
            channel,
            version: 1,
            class: ChannelClass::Encrypted,
            suite: SUITE_TEXT,
            history: HistoryRule::Shared,
            readers: Readers::Everyone,
            min_trust: MinTrust::Any,
        }
    }

    /// What a private channel starts with.
    pub fn private(channel: ChannelId, readers: Readers) -> Self {
        Self {
            history: HistoryRule::None,
            readers,
            min_trust: MinTrust::Vouched,
            ..Self::text(channel)
        }
    }

    /// What a conversation of several people starts with.
    pub fn group(channel: ChannelId) -> Self {
        Self::private(channel, Readers::Everyone)
    }

    /// Whether a change from `self` to `next` keeps what was promised: the same channel, one
    /// version on, never from encrypted to open, never to another suite than there is.
    pub fn may_become(&self, next: &Self) -> bool {
        next.version == self.version + 1
            && next.channel == self.channel
            && next.suite >= self.suite
            && (self.class == ChannelClass::Open || next.class == ChannelClass::Encrypted)
            && next.is_well_formed()
    }

    /// Whether the lists are sorted, without repeats and not too long, and the suite is known.
    pub fn is_well_formed(&self) -> bool {
        let readers = match &self.readers {
            Readers::Everyone => true,
            Readers::Roles { roles } => {
                roles.len() <= READERS_MAX && roles.windows(2).all(|pair| pair[0] < pair[1])
            }
            Readers::Users { users } => {
                users.len() <= READERS_MAX && users.windows(2).all(|pair| pair[0] < pair[1])
            }
        };
        readers && self.suite == SUITE_TEXT
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ChannelClass {
    #[n(0)]
    Encrypted,
    /// Readable by the server; an encrypted channel never becomes one.
    #[n(1)]
    Open,
}

/// Whether those who come later may be handed earlier messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum HistoryRule {
    #[n(0)]
    None,
    #[n(1)]
    Shared,
}

/// Who reads, besides the owner and those whose role reads everything. The server may leave
/// people out, never add any.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Readers {
    /// All members of the guild.
    #[n(0)]
    Everyone,
    /// Whoever holds one of these roles by the log; sorted.
    #[n(1)]
    Roles {
        #[n(0)]
        roles: Vec<RoleId>,
    },
    /// These members; sorted.
    #[n(2)]
    Users {
        #[n(0)]
        users: Vec<UserId>,
    },
}

/// Who gets keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum MinTrust {
    /// Every member whose device log checks.
    #[n(0)]
    Any,
    /// Only members who came by a proven invitation or were vouched for.
    #[n(1)]
    Vouched,
    /// Only people whom the sender has verified in person.
    #[n(2)]
    Verified,
}
