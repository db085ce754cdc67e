//! What devices tell each other inside Olm, and the checks that bind it to who said it.
//!
//! Keys are taken from here only: never from a message of a channel.

use cloister_proof::{DeviceCert, decode, encode};
use cloister_wire::{ChannelId, DeviceId, Hash, Octets, Txn, UserId};
use minicbor::{Decode, Encode};

use crate::{OpenError, record::PersonRecord};

/// The plaintext of every Olm message.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DeviceMessage {
    #[n(0)]
    pub v: u8,
    #[n(1)]
    pub content: DeviceContent,
    #[n(2)]
    pub sender_user: UserId,
    #[n(3)]
    pub sender_device: DeviceId,
    #[n(4)]
    pub sender_signing: Hash,
    /// The sender's own device log as the sender knows it: a server that shows another one to
    /// the recipient is found out.
    #[n(5)]
    pub sender_log_version: u64,
    #[n(6)]
    pub sender_log_head: Hash,
    #[n(7)]
    pub recipient_user: UserId,
    #[n(8)]
    pub recipient_device: DeviceId,
    #[n(9)]
    pub recipient_signing: Hash,
    #[n(10)]
    pub dedupe_id: Hash,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum DeviceContent {
    /// A group session of the sender, from an index on.
    #[n(0)]
    RoomKey {
        #[n(0)]
        channel: ChannelId,
        #[n(1)]
        session: Hash,
        /// Signed Megolm session key.
        #[n(2)]
        key: cloister_wire::Bytes,
        #[n(3)]
        created_epoch: u64,
        /// 1 if those who come later may be handed it, by the policy that the sender verified.
        #[n(4)]
        shared_history: u8,
        #[n(5)]
        suite: u16,
    },
    /// The content key of one direct message.
    #[n(1)]
    DmKey {
        #[n(0)]
        channel: ChannelId,
        #[n(1)]
        txn: Txn,
        #[n(2)]
        key: Hash,
        #[n(3)]
        ciphertext: Hash,
    },
    /// For one's own new device: what all of one's devices share.
    #[n(2)]
    Welcome {
        #[n(0)]
        account_key: Hash,
    },
    /// For one's own devices: decisions about other people.
    #[n(10)]
    Records {
        #[n(0)]
        records: Vec<PersonRecord>,
    },
    /// Sessions of one channel from before somebody came, whose senders said that they may be
    /// handed on. Nobody has signed where they are from: whoever takes them remembers who said so.
    #[n(9)]
    History {
        #[n(0)]
        channel: ChannelId,
        #[n(1)]
        keys: Vec<HistoryKey>,
    },
    /// "I have read the code on your screen": the secret that was in it.
    #[n(11)]
    CodeRead {
        #[n(0)]
        secret: Octets<16>,
    },
    /// For one's own devices: what their person keeps on all of them.
    #[n(20)]
    Notes {
        #[n(0)]
        notes: Vec<OwnNote>,
    },
    /// For one's own devices: everything that the vault holds, after it was sealed anew.
    #[n(8)]
    Secrets {
        #[n(0)]
        secrets: crate::vault::AccountSecrets,
        /// Hash of that vault.
        #[n(1)]
        vault: Hash,
    },
}

/// Something that a person keeps for themself on all their devices, under a name: a draft, a
/// setting. Of two under the same name the later one counts.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OwnNote {
    #[n(0)]
    pub name: String,
    /// Empty once there is nothing to keep any more.
    #[n(1)]
    pub value: cloister_wire::Bytes,
    #[n(2)]
    pub at_ms: u64,
    /// The device of one's own on which it was kept.
    #[n(3)]
    pub device: DeviceId,
}

impl OwnNote {
    /// Whether this note replaces `known`. The same on every device, in whatever order notes
    /// arrive.
    pub fn replaces(&self, known: &Self) -> bool {
        let key = |one: &Self| (one.at_ms, one.device, one.value.0.clone());
        key(self) > key(known)
    }
}

/// A group session as somebody hands it on who received it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HistoryKey {
    #[n(0)]
    pub session: Hash,
    #[n(1)]
    pub sender_user: UserId,
    #[n(2)]
    pub sender_device: DeviceId,
    /// Exported at the first index that is known; not signed.
    #[n(3)]
    pub key: cloister_wire::Bytes,
    #[n(4)]
    pub created_epoch: u64,
    #[n(5)]
    pub suite: u16,
}

impl DeviceMessage {
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a plaintext that `sender`'s identity key opened, and checks that it names exactly
    /// that sender, this recipient and the item it came in.
    pub fn open(
        bytes: &[u8],
        sender: &DeviceCert,
        recipient: &DeviceCert,
        dedupe_id: &Hash,
    ) -> Result<Self, OpenError> {
        let message: Self = decode(bytes).map_err(|_| OpenError::Corrupt)?;
        let from_sender = message.sender_user == sender.user
            && message.sender_device == sender.device
            && message.sender_signing == sender.signing;
        let for_me = message.recipient_user == recipient.user
            && message.recipient_device == recipient.device
            && message.recipient_signing == recipient.signing;
        if message.v == 1 && from_sender && for_me && message.dedupe_id == *dedupe_id {
            Ok(message)
        } else {
            Err(OpenError::Mismatch)
        }
    }
}
