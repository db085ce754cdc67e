//! How long things are kept.

use serde::{Deserialize, Serialize};

/// The longest time in which an account can be kept after its end was asked for.
const GRACE_DAYS_MAX: u32 = 90;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// An account is deleted so many days after it was asked for: 0 to 90.
    pub account_grace_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            account_grace_days: 30,
        }
    }
}

impl Retention {
    /// Why it can't be used, if it can't.
    pub(super) const fn trouble(&self) -> Option<&'static str> {
        if self.account_grace_days > GRACE_DAYS_MAX {
            return Some("retention.account_grace_days is 0 to 90");
        }
        None
    }
}
