//! Who is there.

use cloister_wire::{
    UserId,
    presence::{Availability, PresenceState},
};
use serde::{Deserialize, Serialize};

view! {
/// Who is there of those whom this person may see; nobody while there is no connection.
pub struct PresencesView {
    pub people: Vec<PresenceView>,
    pub mine: OwnStatus,
}

pub struct PresenceView { pub user: UserId, pub state: PresenceState, pub text: Option<String> }

/// What this person lets others see, on all their devices.
pub struct OwnStatus {
    pub availability: Availability,
    pub text: Option<String>,
    /// When the words are over.
    pub text_until: Option<u64>,
}
}
