//! What a shell may ask and do to govern a guild. These are answered by the server, not from the
//! store: nobody governs without a network.

use cloister_wire::{
    CategoryId, ChannelId, EmojiId, Permissions, RoleId, UserId,
    application::{Application, OwnApplication},
    audit::AuditView,
    guild::{Invite, Writers},
    moderation::{BanView, Contact, Gate, GateView, JoinView, RelationView},
    permission::{Constraints, Place, Subject},
    picture::PictureUse,
    role::{Automatic, Explained, PlacedOverwrite, RoleTerms},
};
use serde::{Deserialize, Serialize};

macro_rules! view {
    ($($item:item)*) => { $(
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
        $item
    )* };
}

view! {
/// What changes a guild. Ids of new things are drawn by the engine and come back.
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    Rename { name: String },
    /// PNG, JPEG or WebP in base64url; none takes the picture away.
    SetPicture { of: PictureUse, picture: Option<String> },
    /// Make an emoji: PNG, JPEG or WebP in base64url.
    CreateEmoji { name: String, picture: String },
    RenameEmoji { emoji: EmojiId, name: String },
    DeleteEmoji { emoji: EmojiId },
    /// Give a new guild the channels and roles of a template.
    Furnish { template: GuildTemplate },
    /// What members agree to before they write; none takes the rules away.
    SetRules { rules: Option<String> },
    /// Agree to these rules.
    AcceptRules { rules: String },
    /// One's own nickname or another's; none takes it away.
    SetNickname { user: UserId, nickname: Option<String>, reason: Option<String> },
    CreateRole { name: String, color: Option<String>, hoisted: bool, mentionable: bool, permissions: Permissions },
    EditRole { role: RoleId, name: String, color: Option<String>, hoisted: bool, mentionable: bool, permissions: Permissions },
    /// 1 is the lowest place.
    MoveRole { role: RoleId, position: u32 },
    DeleteRole { role: RoleId },
    EditEveryone { permissions: Permissions },
    SetRoles { user: UserId, roles: Vec<RoleId>, reason: Option<String> },
    /// When every vouched member is given the role; none: by hand. This device signs it.
    SetAutomatic { role: RoleId, automatic: Option<Automatic> },
    /// What must be so for the role to count, and which others nobody holds with it.
    SetConstraints { role: RoleId, constraints: Constraints, excludes: Vec<RoleId> },
    SetOverwrite { place: Place, subject: Subject, allow: Permissions, deny: Permissions },
    CreateCategory { name: String },
    EditCategory { category: CategoryId, name: String, position: u32 },
    DeleteCategory { category: CategoryId },
    EditChannel { channel: ChannelId, name: String, topic: String, slow_mode_s: u32, #[serde(default)] writers: Option<Writers> },
    /// Messages go when they are so many days old; none keeps them. Without a channel: of the guild.
    SetRetention { channel: Option<ChannelId>, days: Option<u32> },
    MoveChannel { channel: ChannelId, category: Option<CategoryId>, position: u32 },
    DeleteChannel { channel: ChannelId },
    Kick { user: UserId, reason: Option<String> },
    /// `for_s` 0: until it is lifted.
    /// What they said within `delete_s` goes.
    Ban { user: UserId, reason: Option<String>, for_s: u32, #[serde(default)] delete_s: u32 },
    /// All of them, or none.
    BanMany { users: Vec<UserId>, reason: Option<String>, for_s: u32, delete_s: u32 },
    LiftBan { user: UserId, reason: Option<String> },
    /// `for_s` 0 ends it.
    TimeOut { user: UserId, reason: Option<String>, for_s: u32 },
    SetGate { joins: Gate, invites: Gate, newcomer_s: u32, links_s: u32, mentions_s: u32, reason: Option<String> },
    /// They don't count as new any more.
    Settle { user: UserId, reason: Option<String> },
    /// Their roles count for nothing, and they read what everybody reads.
    Quarantine { user: UserId, reason: Option<String> },
    LiftQuarantine { user: UserId, reason: Option<String> },
    /// What whoever wants to join is asked; empty: they just join.
    SetQuestions { questions: Vec<String> },
    /// Let an applicant in: this device signs it.
    Approve { user: UserId },
    /// The applicant reads the reason.
    Decline { user: UserId, reason: Option<String> },
    /// Nobody comes in by this invite while its gate is closed.
    SetInvite { code: String, gate: Gate },
    HandOver { to: UserId, password: String },
}

/// What the server is asked about a guild.
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Question {
    /// Why somebody may or may not do something; `right` in snake case.
    Right { user: UserId, channel: Option<ChannelId>, right: String },
    Overwrites,
    /// When roles are given by themselves, and what they ask for.
    Terms,
    /// What a member with only this role could do in each channel.
    AsRole { role: RoleId },
    Bans { after: Option<UserId> },
    Gate,
    Joins,
    /// How the invites stand at the server that this person may see.
    Invites,
    /// Applications that wait.
    Applications { after: Option<UserId> },
    /// At most one of `actor`, `action` and `target`.
    Audit { before: Option<u64>, actor: Option<UserId>, action: Option<String>, target: Option<String> },
    AuditFile { format: AuditFormat },
    /// The newest checkpoint of the audit log that this device has checked, as a file.
    AuditCheckpoint,
}

/// What a new guild begins with.
#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum GuildTemplate {
    /// A few channels for people who know each other.
    Friends,
    /// Announcements, introductions, talk, and moderators.
    Club,
    /// Announcements, projects and questions.
    Team,
}

pub struct ChannelRights { pub channel: ChannelId, pub permissions: Permissions }

#[derive(Eq, Copy)]
#[serde(rename_all = "snake_case")]
pub enum AuditFormat { Csv, Json }

/// What the server answered.
#[serde(tag = "on", rename_all = "snake_case")]
pub enum Told {
    Right(Explained),
    Overwrites { overwrites: Vec<PlacedOverwrite> },
    Terms { terms: Vec<RoleTerms> },
    AsRole { channels: Vec<ChannelRights> },
    Bans { bans: Vec<BanView>, end: bool },
    Gate(GateView),
    Joins { joins: Vec<JoinView> },
    Invites { invites: Vec<Invite> },
    Applications { applications: Vec<Application>, end: bool },
    OwnApplications { applications: Vec<OwnApplication> },
    Audit { entries: Vec<AuditView>, end: bool },
    File { name: String, text: String },
    /// In base64url, for `cloister audit verify --checkpoint`.
    Checkpoint { seq: u64, checkpoint: String },
    Relations { relations: Vec<RelationView>, contact: Contact },
}
}
