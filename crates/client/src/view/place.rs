//! The instance, its invites, and how things stand.

use cloister_wire::{ChannelId, GuildId, UserId, guild::Membership};
use serde::{Deserialize, Serialize};

use super::{Connection, Undecryptable};

view! {
pub struct GuildSummary {
    pub id: GuildId,
    pub name: String,
    pub icon: Option<String>,
    /// In channels that are not muted.
    pub unread: u32,
    pub mentions: u32,
    /// Of the unread, those that this person asked to be told of, and those of which each device
    /// tells as it is set.
    pub told: u32,
    pub usual: u32,
    pub muted: bool,
}

pub struct PlaceView { pub guild: GuildId, pub guild_name: String, pub channel: ChannelId, pub name: String, pub unread: u32, pub mentions: u32 }

pub struct StatusView {
    pub connection: Connection,
    pub outbox: u32,
    pub failed: u32,
    /// Places in which more was read than the server knows.
    pub reads_due: u32,
    pub undecryptable: Vec<CauseCount>,
    pub waiting: u32,
    pub devices: u32,
    /// Keys that the backup does not hold yet.
    pub not_backed_up: u32,
    pub queue_seq: u64,
    pub last_error: Option<String>,
}

pub struct CauseCount { pub cause: Undecryptable, pub count: u32 }

pub struct InstanceView {
    pub name: String,
    pub set_up_needed: bool,
    /// The server sends mails, such as a link to a new password.
    pub mail: bool,
    /// Anybody may make an account, without an invite.
    pub open: bool,
    /// Where people apply for an account: what they are asked. None: they don't.
    pub questions: Option<Vec<String>>,
    /// The page locks itself after so long without anybody using it.
    pub lock_after_ms: Option<u64>,
    pub invite: Option<InvitePreview>,
}

pub struct InvitePreview {
    pub code: String,
    /// None: an invite to the instance only.
    pub guild: Option<GuildId>,
    pub guild_name: Option<String>,
    /// The address of its icon, which it holds whole.
    pub icon: Option<String>,
    /// What its members agree to.
    pub rules: Option<String>,
    pub inviter_name: Option<String>,
    pub members: Option<u32>,
    pub expires_at: Option<u64>,
    /// The link had a seed, so that members can check who was really invited.
    pub seeded: bool,
    pub membership: Membership,
    /// What whoever wants to join is asked; nothing: they just join.
    pub questions: Vec<String>,
}

pub struct InviteView { pub code: String, pub url: Option<String>, pub uses: u32, pub used: u32, pub expires_at: Option<u64>, pub created_by: UserId, pub created_at: u64 }
}
