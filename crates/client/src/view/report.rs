//! What was reported, and what can be.

use super::{
    ChannelId, Deserialize, GuildId, MessageId, ReportId, ReportReason, Resolution, Serialize,
    UserId,
};

view! {
/// Whose reports.
#[derive(Eq, Copy)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum ReportsOf {
    /// This person's own.
    Mine,
    /// For those who moderate a guild.
    Guild { guild: GuildId },
    /// For those who run the instance.
    Operator,
}

pub struct ReportableView {
    pub channel: ChannelId,
    /// Where there is one, its moderators can be asked.
    pub guild: Option<GuildId>,
    /// The message itself can be proved.
    pub provable: bool,
    /// Oldest first.
    pub messages: Vec<Reportable>,
}

pub struct Reportable { pub message: MessageId, pub at: u64, pub author: UserId, pub author_name: String, pub body: String }

pub struct ReportShown {
    pub id: ReportId,
    pub channel: ChannelId,
    pub guild: Option<GuildId>,
    pub reporter: UserId,
    pub reporter_name: String,
    pub reason: ReportReason,
    pub note: String,
    pub at: u64,
    /// The message that is reported, then those around it.
    pub messages: Vec<ReportedMessage>,
    pub resolution: Option<Resolution>,
    pub resolved_at: Option<u64>,
    /// Who looks at it, so that others need not.
    pub claimed_by: Option<UserId>,
    pub claimed_by_name: Option<String>,
    /// What was found, for those who look; the reporter never sees it.
    pub finding: String,
}

/// The server has checked that it accepted exactly this, then, from them.
pub struct ReportedMessage {
    pub message: MessageId,
    pub seq: u64,
    pub at: u64,
    pub sender: UserId,
    pub sender_name: String,
    /// None: of a newer version of this program.
    pub body: Option<String>,
}
}
