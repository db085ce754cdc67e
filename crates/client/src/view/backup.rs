//! What is kept for the day on which every device is lost.

use cloister_wire::DeviceId;
use serde::{Deserialize, Serialize};

view! {
/// The backup of the keys that messages are read with.
pub struct BackupView {
    /// Keys on this device that the backup does not hold yet.
    pub missing: u32,
    pub saved: u32,
    /// Bringing back what other devices saved; absent once everything is here.
    pub restore: Option<RestoreView>,
    /// Records that none of this person's devices made; they were not taken.
    pub refused: u32,
    /// Why nothing is saved now: one sentence.
    pub trouble: Option<String>,
}

/// A way back into the account without any device.
pub struct WayView {
    pub id: String,
    pub kind: WayKind,
    /// What the person called it.
    pub name: String,
    pub added_at: u64,
}

#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum WayKind { RecoveryKey, Passkey, Passphrase }

pub struct RecoveryView {
    /// The key, nine groups, until the person said it is kept.
    pub key: Option<String>,
    /// Now is a good time to show it: an exchange took place and it was not put off.
    pub offer: bool,
    /// Another recovery key is on its way.
    pub change: Option<RecoveryChangeView>,
}

pub struct RecoveryChangeView {
    /// The new key, on the device that drew it.
    pub key: Option<String>,
    pub proposed_at: u64,
    /// From when on it counts.
    pub ripe_at: u64,
    /// The device that asked for it.
    pub device: DeviceId,
    pub this_device: bool,
}

pub struct RestoreView { pub taken: u32, pub total: u32 }
}
