//! How devices are doing, as numbers that name nobody and nothing.

requests! {
    /// `PUT /api/v1/unreadable`: how many messages the asking device can't read now, by cause. In
    /// the place of what it told before.
    pub struct TellUnreadable { pub counts: Vec<UnreadableCount> }

    pub struct UnreadableCount { pub cause: UnreadableCause, pub count: u32 }
}

/// Why a device can't read a message.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnreadableCause {
    KeyMissing,
    WithheldUnvouched,
    WithheldViolation,
    WithheldNoKeys,
    Corrupt,
    WrongSender,
    Replayed,
    BeforeThisDevice,
    KeysLost,
}

impl UnreadableCause {
    pub const ALL: [Self; 9] = [
        Self::KeyMissing,
        Self::WithheldUnvouched,
        Self::WithheldViolation,
        Self::WithheldNoKeys,
        Self::Corrupt,
        Self::WrongSender,
        Self::Replayed,
        Self::BeforeThisDevice,
        Self::KeysLost,
    ];

    /// As it is written on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyMissing => "key_missing",
            Self::WithheldUnvouched => "withheld_unvouched",
            Self::WithheldViolation => "withheld_violation",
            Self::WithheldNoKeys => "withheld_no_keys",
            Self::Corrupt => "corrupt",
            Self::WrongSender => "wrong_sender",
            Self::Replayed => "replayed",
            Self::BeforeThisDevice => "before_this_device",
            Self::KeysLost => "keys_lost",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_named_as_they_are_written() {
        for cause in UnreadableCause::ALL {
            let written = serde_json::to_value(cause).unwrap();
            assert_eq!(written, cause.name());
        }
    }
}
