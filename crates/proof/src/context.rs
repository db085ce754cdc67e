//! What surrounds a message and is bound into it: a ciphertext cannot be moved to another
//! channel, epoch, sender or purpose.

use cloister_wire::{
    ChannelId, DeviceId, Hash, MessageId, Txn, UserId,
    channel::{Message, MessageClass, Send},
};
use minicbor::{Decode, Encode};

use crate::{encode, hash};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Context {
    #[n(0)]
    pub channel: ChannelId,
    #[n(1)]
    pub epoch: u64,
    #[n(2)]
    pub roster_hash: Hash,
    #[n(3)]
    pub sender_user: UserId,
    #[n(4)]
    pub sender_device: DeviceId,
    #[n(5)]
    pub txn: Txn,
    #[n(6)]
    pub suite: u16,
    /// 0 message, 1 annotation, 2 control.
    #[n(7)]
    pub class: u8,
    #[n(8)]
    pub target: Option<MessageId>,
    #[n(9)]
    pub thread: Option<MessageId>,
    #[n(10)]
    pub notify_users: Vec<UserId>,
    #[n(11)]
    pub notify_everyone: u8,
    #[n(12)]
    pub ttl_s: Option<u32>,
}

impl Context {
    /// The context of a request to send, as its sender knows it.
    pub fn of_send(
        channel: ChannelId,
        sender_user: UserId,
        sender_device: DeviceId,
        send: &Send,
    ) -> Self {
        Self {
            channel,
            epoch: send.epoch,
            roster_hash: send.roster_hash,
            sender_user,
            sender_device,
            txn: send.txn,
            suite: send.suite,
            class: class_number(send.class),
            target: send.target,
            thread: send.thread,
            notify_users: send
                .notify
                .as_ref()
                .map(|notify| notify.users.clone())
                .unwrap_or_default(),
            notify_everyone: send
                .notify
                .as_ref()
                .map_or(0, |notify| u8::from(notify.everyone)),
            ttl_s: send.ttl_s,
        }
    }

    /// The context of a message as it was delivered.
    pub fn of_message(message: &Message) -> Self {
        Self {
            channel: message.channel,
            epoch: message.epoch,
            roster_hash: message.roster_hash,
            sender_user: message.sender_user,
            sender_device: message.sender_device,
            txn: message.txn,
            suite: message.suite,
            class: class_number(message.class),
            target: message.target,
            thread: message.thread,
            notify_users: message
                .notify
                .as_ref()
                .map(|notify| notify.users.clone())
                .unwrap_or_default(),
            notify_everyone: message
                .notify
                .as_ref()
                .map_or(0, |notify| u8::from(notify.everyone)),
            ttl_s: message.ttl_s,
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    pub fn hash(&self) -> Hash {
        hash(&[&self.to_bytes()])
    }
}

const fn class_number(class: MessageClass) -> u8 {
    match class {
        MessageClass::Message => 0,
        MessageClass::Annotation => 1,
        MessageClass::Control => 2,
    }
}
