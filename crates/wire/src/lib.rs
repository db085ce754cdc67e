//! What both sides say: ids, requests, replies, events, error codes, permission bits, limits.
//!
//! Every type here is sent as JSON or as CBOR, from the same serde implementation: ids and byte
//! strings are text in JSON and bytes in CBOR. Requests refuse fields that they do not know;
//! replies and events may grow, and clients ignore what they do not know.
//!
//! Reading order: [`id`] and [`bytes`], then [`account`] (people and their devices), [`key`]
//! (prekeys, the to-device queue), [`guild`], [`permission`] (rights and their evaluation),
//! [`role`], [`moderation`], [`audit`], [`channel`] (epochs, messages), [`gateway`], [`seen`]
//! (what all this gives away).

#[macro_use]
mod define;

pub mod account;
pub mod account_application;
pub mod application;
pub mod audit;
pub mod backup;
pub mod bytes;
pub mod channel;
pub mod deletion;
pub mod email;
pub mod emoji;
pub mod error;
pub mod gateway;
pub mod guild;
pub mod health;
pub mod id;
pub mod key;
pub mod limits;
pub mod moderation;
pub mod operate;
pub mod permission;
pub mod picture;
pub mod presence;
pub mod report;
pub mod retention;
pub mod role;
pub mod security;
pub mod seen;
pub mod thread;

pub use bytes::{Bytes, Hash, Octets};
pub use error::{ErrorBody, ErrorCode};
pub use id::{
    AccountApplicationId, CategoryId, ChannelId, DeviceId, EmojiId, GuildId, MailId, MessageId,
    ReportId, RoleId, SecurityEventId, SessionId, Txn, UserId,
};
pub use permission::Permissions;
