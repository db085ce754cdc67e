//! A guild and its members, as a shell shows them.

use cloister_wire::{
    EmojiId, GuildId, Permissions, RoleId, UserId,
    guild::Membership,
    role::{Category, Role},
};
use serde::{Deserialize, Serialize};

use super::{ChannelSummary, Safety};

view! {
pub struct GuildView {
    pub id: GuildId,
    pub name: String,
    /// Names of its pictures.
    pub icon: Option<String>,
    pub banner: Option<String>,
    /// Emoji of its own, by name.
    pub emoji: Vec<OwnEmoji>,
    /// What members agree to, and whether this person has yet to.
    pub rules: Option<String>,
    pub rules_wait: bool,
    /// For how many days messages are kept, unless a channel says less.
    pub retention_days: Option<u32>,
    /// What whoever wants to join is asked.
    pub questions: Vec<String>,
    pub owner: UserId,
    pub my_permissions: Permissions,
    pub my_roles: Vec<RoleId>,
    /// What every member may do.
    pub everyone: Permissions,
    /// From the highest to the lowest.
    pub roles: Vec<Role>,
    pub categories: Vec<Category>,
    /// Those above all categories first, then by category.
    pub channels: Vec<ChannelSummary>,
    pub member_count: u32,
    pub me: Option<Box<MemberView>>,
    /// Somebody here has keys that must be looked at first.
    pub changed: Option<Box<MemberView>>,
}

/// Some members of a guild: its owner, those under the headings of their roles, the others; in
/// each of these by name.
pub struct MembersView {
    /// How many fit what was asked for.
    pub total: u32,
    /// In the order of the list, those with somebody in them.
    pub groups: Vec<MemberGroup>,
    /// From `offset` on.
    pub members: Vec<MemberView>,
}

/// A heading of the list of members, and how many stand under it.
pub struct MemberGroup { pub heading: MemberHeading, pub count: u32 }

#[derive(Eq)]
#[serde(tag = "heading", rename_all = "snake_case")]
pub enum MemberHeading {
    Owner,
    Role { role: RoleId },
    Others,
}

/// An emoji that the guild made itself.
pub struct OwnEmoji {
    pub id: EmojiId,
    pub name: String,
    /// As it stands in a reaction.
    pub token: String,
    /// Name of its picture; none while it is on its way.
    pub picture: Option<String>,
}

#[expect(clippy::struct_excessive_bools, reason = "what a screen shows or not")]
pub struct MemberView {
    pub user: UserId,
    pub username: String,
    /// What they are called here: by their nickname, or else by their own name.
    pub display_name: String,
    pub nickname: Option<String>,
    pub owner: bool,
    pub joined_at: u64,
    /// Came by an invite link whose proof this device checked, or was vouched for.
    pub vouched: bool,
    pub me: bool,
    pub safety: Safety,
    pub roles: Vec<RoleId>,
    /// On hold until then: they read and do nothing else.
    pub timed_out_until: Option<u64>,
    pub membership: Membership,
    /// Their links are shown as text until then.
    pub links_held_until: Option<u64>,
    /// One of the limits on new members holds for them.
    pub is_new: bool,
    pub quarantined_at: Option<u64>,
}
}
