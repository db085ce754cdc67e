//! The signed policy of a channel. Clients pin it: encrypted never becomes open.

use cloister_wire::ChannelId;
use minicbor::{Decode, Encode};

/// Cipher suite of text: Olm v2 and Megolm v2 with untruncated MACs, AES-256-GCM for direct
/// content.
pub const SUITE_TEXT: u16 = 1;

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ChannelClass {
    #[n(0)]
    Encrypted,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Readers {
    /// All members of the guild.
    #[n(0)]
    Everyone,
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
}
