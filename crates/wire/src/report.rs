//! Reports: a reader opens the commitment of chosen messages, and nothing else, to those who look
//! after a guild or the instance.

use crate::{Bytes, ChannelId, DeviceId, GuildId, Hash, MessageId, ReportId, UserId};

requests! {
    /// `POST /api/v1/channels/{channel}/reports`. The same first message reported again by the
    /// same person gives the same answer.
    pub struct Report {
        pub to: ReportTo,
        pub reason: ReportReason,
        /// In the reporter's own words.
        pub note: String,
        /// The message that is reported, then up to 20 around it.
        pub messages: Vec<Revealed>,
    }

    /// A message with what proves who wrote it, when, and that this server accepted it.
    pub struct Revealed {
        pub message: MessageId,
        pub seq: u64,
        pub at: u64,
        pub epoch: u64,
        /// `proof::Context`, as it was sealed.
        pub context: Bytes,
        /// The content, as it was sealed.
        pub content: Bytes,
        /// Opens the commitment.
        pub frank_key: Hash,
        /// The commitment, as it was delivered.
        pub c2: Hash,
        /// The server's tag, as it was delivered.
        pub frank_tag: Bytes,
    }

    /// `POST /api/v1/guilds/{guild}/reports/{report}/resolve`, `POST
    /// /api/v1/reports/{report}/resolve`.
    pub struct ResolveReport { pub resolution: Resolution }

    /// `PUT /api/v1/guilds/{guild}/reports/{report}`, `PUT /api/v1/reports/{report}`: for others
    /// who look at reports. What is absent stays.
    pub struct KeepReport {
        pub claim: Option<Claim>,
        /// What was found; the reporter never sees it.
        pub finding: Option<String>,
    }
}

/// Who is asked to look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum ReportTo {
    /// Those who moderate the guild.
    Guild,
    /// Those who run the instance.
    Operator,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum ReportReason {
    Spam,
    Harassment,
    Threats,
    Illegal,
    SelfHarm,
    Other,
}

/// Whether somebody looks at a report, so that others need not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    Take,
    /// Whoever took it.
    Release,
}

/// What came of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    ActionTaken,
    NoAction,
}

replies! {
    pub struct Reported { pub report: ReportId }

    /// `GET /api/v1/guilds/{guild}/reports?open=&before=`, `GET /api/v1/reports?open=&before=`:
    /// newest first.
    pub struct Reports { pub reports: Vec<ReportView>, pub end: bool }

    pub struct ReportView {
        pub id: ReportId,
        pub channel: ChannelId,
        /// Absent for a direct conversation.
        pub guild: Option<GuildId>,
        pub reporter: UserId,
        pub reporter_name: String,
        pub reason: ReportReason,
        pub note: String,
        pub at: u64,
        pub messages: Vec<ProvedMessage>,
        pub resolution: Option<Resolution>,
        pub resolved_by: Option<UserId>,
        pub resolved_at: Option<u64>,
        pub claimed_by: Option<UserId>,
        pub claimed_by_name: Option<String>,
        pub finding: String,
    }

    /// `GET /api/v1/reports/mine`: one's own newest ones.
    pub struct MyReports { pub reports: Vec<MyReport> }

    /// A message of which the server has checked that it accepted exactly this, then, from them.
    pub struct ProvedMessage {
        pub message: MessageId,
        pub seq: u64,
        pub at: u64,
        pub sender: UserId,
        pub sender_name: String,
        pub sender_device: DeviceId,
        /// The content, as it was sealed.
        pub content: Bytes,
    }
}

/// One's own report, without what it revealed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
pub struct MyReport {
    pub id: ReportId,
    pub channel: ChannelId,
    pub message: MessageId,
    pub to: ReportTo,
    pub reason: ReportReason,
    pub at: u64,
    pub resolution: Option<Resolution>,
}
