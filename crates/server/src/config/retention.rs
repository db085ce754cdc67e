//! How long things are kept.

use std::num::NonZero;

use cloister_wire::retention::RETENTION_DAYS_MAX;
use serde::{Deserialize, Serialize};

/// The longest time in which an account can be kept after its end was asked for.
const GRACE_DAYS_MAX: u32 = 90;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// An account is deleted so many days after it was asked for: 0 to 90.
    pub account_grace_days: u32,
    /// Messages go when they are so many days old, in every channel and conversation: 1 to 3650.
    /// Without it they are kept, unless a guild or channel says otherwise.
    pub messages_days: Option<NonZero<u32>>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            account_grace_days: 30,
            messages_days: None,
        }
    }
}

impl Retention {
    /// Why it can't be used, if it can't.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        if self.account_grace_days > GRACE_DAYS_MAX {
            return Some("retention.account_grace_days is 0 to 90");
        }
        let days = self.messages_days.map_or(1, NonZero::get);
        if days > RETENTION_DAYS_MAX {
            return Some("retention.messages_days is 1 to 3650");
        }
        None
    }
}
