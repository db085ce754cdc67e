//! What a person sees of keys: other people's, and those of their own devices.

use cloister_wire::{DeviceId, UserId};
use serde::{Deserialize, Serialize};

view! {
/// What this device can say of somebody's keys.
#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum Safety {
    /// The device log checks and is the one seen first.
    Known,
    /// The two have compared, on this device or another of one's own.
    Verified,
    /// Not seen yet.
    Unknown,
    /// Forked, rolled back, or started over after they were verified: nothing is encrypted to
    /// them until the person decides.
    Violation,
}

/// One person, and how sure this device is of them.
pub struct PersonTrust {
    pub user: UserId,
    pub username: String,
    pub display_name: String,
    pub safety: Safety,
    /// 60 digits in groups of five, the same on both sides; none before their keys were seen.
    pub safety_number: Option<String>,
    /// What a QR code for this person to read says.
    pub code: Option<String>,
    pub verified_at: Option<u64>,
    pub verified_how: Option<VerifiedHow>,
    /// When they started over with new keys, if they ever did.
    pub started_over_at: Option<u64>,
    /// They did so without ever having been verified: in guilds they get keys as somebody whom
    /// nobody has vouched for, in conversations nothing until the person decides.
    pub unverified_start: bool,
    /// Why nothing is encrypted to them now.
    pub change: Option<KeyChange>,
    pub devices: u32,
}

#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum VerifiedHow { Qr, Emoji, Number }

#[derive(Eq)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum KeyChange {
    /// They were verified and have new keys since.
    StartedOver,
    /// The server contradicted itself about their devices.
    Contradiction { what: String },
}

/// Two devices that compare emoji, or a code of this one that somebody has read.
pub struct ComparisonView {
    pub id: String,
    /// With whom; oneself, for a new device.
    pub user: UserId,
    pub name: String,
    /// The device that waits for approval, or that approves this one.
    pub device: Option<DeviceId>,
    /// It is about a new device of one's own.
    pub own_device: bool,
    pub stage: ComparisonStage,
}

#[derive(Eq)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum ComparisonStage {
    /// This device has asked and waits for an answer.
    Asked,
    /// Somebody asks: accept or end it.
    Incoming,
    /// The devices exchange keys.
    Preparing,
    /// Do both show the same?
    Compare { emoji: Vec<EmojiView> },
    /// Said yes here, not yet there.
    Confirmed { emoji: Vec<EmojiView> },
    /// Somebody has read the code on this device's screen. Was it really them?
    CodeRead,
    Done,
    Ended { why: ComparisonEnd },
}

#[derive(Eq)]
pub struct EmojiView { pub symbol: String, pub name: String }

#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonEnd {
    GivenUp,
    /// What the two see or mean is not the same: somebody may stand between.
    Different,
    /// Answered on another device.
    Elsewhere,
    TimedOut,
    Unreachable,
}
}
