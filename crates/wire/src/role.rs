//! The structure of a guild: roles, categories, overwrites, and why somebody may do something.

use crate::{
    Bytes, CategoryId, ChannelId, Permissions, RoleId, UserId,
    guild::Writers,
    permission::{Constraints, Explanation, Place, Subject},
};

replies! {
    /// A role, as every member of the guild sees it.
    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct Role {
        pub id: RoleId,
        pub name: String,
        /// 1 is the lowest, without gaps.
        pub position: u32,
        /// `#rrggbb`; absent: the colour of plain text.
        pub color: Option<String>,
        /// Its members stand under a heading of their own.
        pub hoisted: bool,
        /// Everybody may mention it.
        pub mentionable: bool,
        pub permissions: Permissions,
    }

    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct Category {
        pub id: CategoryId,
        pub name: String,
        pub position: u32,
    }

    /// `GET /api/v1/guilds/{guild}/overwrites`: for those who manage roles or channels.
    pub struct Overwrites { pub overwrites: Vec<PlacedOverwrite> }

    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct PlacedOverwrite {
        pub place: Place,
        pub subject: Subject,
        pub allow: Permissions,
        pub deny: Permissions,
    }

    /// `GET /api/v1/guilds/{guild}/terms`: for those who manage roles.
    pub struct Terms { pub terms: Vec<RoleTerms> }

    /// When the server gives a role by itself, and what must be so for it to count.
    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct RoleTerms {
        pub role: RoleId,
        pub automatic: Option<Automatic>,
        pub constraints: Constraints,
        /// Nobody holds one of these and this one.
        pub excludes: Vec<RoleId>,
    }

    /// `GET /api/v1/guilds/{guild}/explain?user=&channel=&right=`.
    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct Explained {
        pub user: UserId,
        pub channel: Option<ChannelId>,
        /// Name of the right in snake case.
        pub right: String,
        pub explanation: Explanation,
        /// Everything that the person may do there.
        pub permissions: Permissions,
    }
}

requests! {
    /// `POST /api/v1/guilds/{guild}/roles`. The new role is the lowest.
    pub struct CreateRole {
        pub role: RoleId,
        pub name: String,
        pub color: Option<String>,
        pub hoisted: bool,
        pub mentionable: bool,
        pub permissions: Permissions,
    }

    /// `PUT /api/v1/guilds/{guild}/roles/{role}`.
    pub struct EditRole {
        pub name: String,
        pub color: Option<String>,
        pub hoisted: bool,
        pub mentionable: bool,
        pub permissions: Permissions,
    }

    /// `PUT /api/v1/guilds/{guild}/everyone`: what every member may do.
    pub struct EditEveryone { pub permissions: Permissions }

    /// `PUT /api/v1/guilds/{guild}/roles/{role}/position`: between its neighbours, which move up
    /// or down.
    pub struct MoveRole { pub position: u32 }

    /// When every vouched member is given a role.
    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    #[derive(Copy)]
    #[serde(tag = "when", rename_all = "snake_case")]
    pub enum Automatic {
        Joined,
        /// After so many days in the guild.
        Stayed { days: u32 },
        /// Once they agreed to the rules; at once where there are none.
        Agreed,
    }

    /// `PUT /api/v1/guilds/{guild}/roles/{role}/automatic`.
    pub struct SetAutomatic {
        pub automatic: Option<Automatic>,
        /// Signed `Op` with body `Role`: held by every vouched member, or by grant again. Not
        /// needed where the guild's log says so already.
        pub op: Option<Bytes>,
    }

    /// `PUT /api/v1/guilds/{guild}/roles/{role}/constraints`.
    pub struct SetConstraints {
        pub constraints: Constraints,
        pub excludes: Vec<RoleId>,
    }

    /// `PUT /api/v1/guilds/{guild}/members/{user}/roles`: exactly these from now on.
    pub struct SetRoles {
        pub roles: Vec<RoleId>,
        pub reason: Option<String>,
    }

    /// `PUT /api/v1/guilds/{guild}`.
    pub struct EditGuild { pub name: String }

    /// `POST /api/v1/guilds/{guild}/categories`: the last one from now on.
    pub struct CreateCategory { pub category: CategoryId, pub name: String }

    /// `PUT /api/v1/guilds/{guild}/categories/{category}`.
    pub struct EditCategory { pub name: String, pub position: u32 }

    /// `PUT /api/v1/channels/{channel}`.
    pub struct EditChannel {
        pub name: String,
        pub topic: String,
        /// Seconds between two messages of one person; 0 for none.
        pub slow_mode_s: u32,
        /// Absent: as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub writers: Option<Writers>,
    }

    /// `PUT /api/v1/channels/{channel}/position`: to this place within a category, or above all
    /// of them.
    pub struct MoveChannel { pub category: Option<CategoryId>, pub position: u32 }

    /// `PUT /api/v1/guilds/{guild}/overwrites`: replaces one overwrite; empty ones are deleted.
    pub struct SetOverwrite {
        pub place: Place,
        pub subject: Subject,
        pub allow: Permissions,
        pub deny: Permissions,
    }

    /// `POST /api/v1/guilds/{guild}/owner`: hands the guild over, with one's password.
    pub struct TransferGuild {
        pub to: UserId,
        pub password: String,
        /// Signed `Op` with body `TransferOwner`.
        pub op: Bytes,
    }
}
