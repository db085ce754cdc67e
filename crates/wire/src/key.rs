//! Prekeys and the durable queue from device to device.

use crate::{Bytes, ChannelId, DeviceId, Hash, UserId, channel::WithholdCode};

requests! {
    /// `PUT /api/v1/keys`. The same id with the same bytes is accepted again; with other bytes
    /// it is refused (`OTK_CONFLICT`).
    pub struct UploadKeys {
        /// Signed `Prekey`s of kind `one_time`.
        pub one_time: Vec<Bytes>,
        /// Signed `Prekey` of kind `fallback`.
        pub fallback: Option<Bytes>,
        /// Throw away every unclaimed one-time key first.
        #[serde(default)]
        pub replace: bool,
    }

    /// `POST /api/v1/keys/claim`.
    pub struct ClaimKeys { pub devices: Vec<DeviceId> }

    /// `POST /api/v1/to-device`: what has no request of its own (answers to nacks, secrets for
    /// one's own new device).
    pub struct SendToDevice { pub items: Vec<ToDeviceItem> }

    pub struct ToDeviceItem {
        pub device: DeviceId,
        /// Drawn by the sender; the recipient applies each one once.
        pub dedupe_id: Hash,
        pub class: ToDeviceClass,
        pub envelope: Envelope,
    }

    /// An Olm ciphertext for one device.
    pub struct Envelope {
        pub reg_id: u32,
        /// 0: makes a session; 1: within one. As in the Olm specification. 2, in the class
        /// `verification` only: no ciphertext, a step of a comparison that proves itself.
        pub kind: u8,
        pub ct: Bytes,
    }

    /// `POST /api/v1/to-device/ack`: everything up to `seq` is decrypted and stored.
    pub struct AckToDevice { pub seq: u64, pub writes: u64 }

    /// `POST /api/v1/to-device/nack`: acknowledges one item and tells its sender that it could
    /// not be opened.
    pub struct NackToDevice { pub seq: u64, pub reason: NackReason }
}

/// What an item is for. The server sees it to decide what may never expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ToDeviceClass {
    RoomKey,
    DmKey,
    Secret,
    Control,
    /// A step of two devices that compare emoji. The only class that a waiting device may send.
    Verification,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NackReason {
    /// The one-time key it was made with is unknown here.
    UnknownPrekey,
    /// No session opens it.
    NoSession,
    /// The session is there and the ciphertext does not check.
    Corrupt,
}

replies! {
    pub struct KeyCounts { pub one_time: u32, pub fallback_used: bool }

    pub struct ClaimedKeys { pub keys: Vec<ClaimedKey> }

    /// `key` is absent for a device that has none left and no fallback.
    pub struct ClaimedKey { pub device: DeviceId, pub user: UserId, pub devlog_version: u64, pub key: Option<Bytes> }

    /// `GET /api/v1/to-device?after=`.
    pub struct QueuePage {
        pub items: Vec<QueuedItem>,
        /// Nothing is waiting after the last item of this page.
        pub end: bool,
    }

    pub struct QueuedItem {
        /// Gap-free for each recipient device, starting at 1.
        pub seq: u64,
        pub at: u64,
        pub sender_user: UserId,
        pub sender_device: DeviceId,
        pub dedupe_id: Hash,
        pub class: ToDeviceClass,
        pub body: QueuedBody,
    }
}

/// What is in the queue: a ciphertext, or the server's word that somebody could not open one or
/// that somebody gives no key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum QueuedBody {
    Sealed {
        kind: u8,
        ct: Bytes,
    },
    /// `sender_device` could not open the item with this `dedupe_id` that this device sent.
    Nack {
        reason: NackReason,
    },
    /// `sender_device` said, when it handed this group session to others, that this device gets
    /// no key. Nobody has signed it.
    Withheld {
        channel: ChannelId,
        session: Hash,
        code: WithholdCode,
    },
}
