//! One's own devices, and how this one stands.

use cloister_wire::{DeviceId, UserId};
use serde::{Deserialize, Serialize};

view! {
#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum Connection { Offline, Connecting, Online }

/// Where this device stands. A pending device shows `pending_code` until another one approves it.
#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// No account on this device.
    SignedOut,
    /// Signed in, waiting for another device to approve it.
    Pending,
    Active,
    /// Revoked by another device or by this person elsewhere.
    Revoked,
    /// The account started over on another device: this one belongs to what it was before.
    StartedOver,
    /// The server has seen a later state of this device: the store was copied or rolled back.
    Cloned,
}

pub struct DeviceView {
    pub id: DeviceId,
    pub name: String,
    pub platform: String,
    pub state: DeviceState,
    pub this_one: bool,
    pub created_at: u64,
    pub last_seen_at: Option<u64>,
    /// For a pending device: the code it must show.
    pub code: Option<String>,
    /// Which of one's devices approved it.
    pub approved_by: Option<DeviceId>,
    /// Active devices that came in through this one, and through those.
    pub added: Vec<DeviceId>,
}

pub struct SessionView {
    pub state: DeviceState,
    pub connection: Connection,
    pub me: Option<MeView>,
    /// What a pending device shows, `XXXX-XXXX-XXXX-XXXX`.
    pub pending_code: Option<String>,
    /// What the QR code of a pending device says.
    pub pending_qr: Option<String>,
    /// When the next attempt to connect starts.
    pub retry_at: Option<u64>,
    pub instance_name: String,
    /// Set when the server was caught contradicting itself: one sentence.
    pub alarm: Option<String>,
    /// A report came in that this person is asked to look at.
    pub reports_new: bool,
    /// When this person's account is deleted, unless they keep it until then.
    pub deletion_at: Option<u64>,
}

pub struct MeView { pub user: UserId, pub username: String, pub display_name: String, pub device: DeviceId, pub operator: bool }
}
