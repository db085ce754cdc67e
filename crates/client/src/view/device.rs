//! One's own devices, and how this one stands.

use cloister_wire::DeviceId;
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
}
