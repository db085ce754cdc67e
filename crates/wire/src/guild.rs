//! Guilds, their signed logs, members and invites.

use crate::{
    Bytes, CategoryId, ChannelId, GuildId, Hash, Permissions, RoleId, UserId,
    channel::SignedHead,
    emoji::Emoji,
    moderation::Gate,
    role::{Category, Role},
};

requests! {
    /// `POST /api/v1/guilds`. The ids are the client's, since the operations sign them.
    pub struct CreateGuild {
        pub guild: GuildId,
        pub name: String,
        /// Signed `Op` with body `Create`.
        pub create: Bytes,
        /// The first channel.
        pub channel: CreateChannel,
    }

    /// `POST /api/v1/groups`: a conversation of several people. Its log is a guild's.
    pub struct CreateGroup {
        pub guild: GuildId,
        /// Signed `Op` with body `Create`.
        pub create: Bytes,
        /// Signed `Op`s with body `Add`, one for each of the others.
        pub add: Vec<Bytes>,
        pub channel: ChannelId,
        /// Signed `Op` with body `Policy` for this channel.
        pub policy: Bytes,
    }

    /// `POST /api/v1/groups/{guild}/remove`: its owner takes somebody out.
    pub struct RemoveFromGroup { pub user: UserId }

    /// `POST /api/v1/guilds/{guild}/channels`.
    pub struct CreateChannel {
        pub channel: ChannelId,
        pub name: String,
        /// Signed `Op` with body `Policy` for this channel.
        pub policy: Bytes,
        /// The channel that goes on in this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub continues: Option<ChannelId>,
    }

    /// `POST /api/v1/guilds/{guild}/invites`.
    pub struct CreateInvite {
        pub code: String,
        /// Signed `InviteCert`: by the inviter's device and by the key that the seed gives.
        pub cert: Bytes,
        /// Signed `Op` with body `Invite`.
        pub op: Bytes,
        #[serde(default)]
        pub membership: Membership,
    }

    /// `PUT /api/v1/guilds/{guild}/invites/{code}`: by its maker, and by who manages invitations.
    pub struct SetInvite {
        /// Nobody comes in by it while it is closed.
        pub gate: Gate,
    }

    /// `POST /api/v1/guilds/{guild}/invites/{code}/end`.
    pub struct EndInvite {
        /// Signed `Op` with body `InviteEnd`.
        pub op: Bytes,
    }

    /// `POST /api/v1/invites/{code}/join`.
    pub struct Join {
        /// Signed `Op` with body `Join`; with the invite key's signature for a link with a seed.
        pub op: Bytes,
    }

    /// `POST /api/v1/guilds/{guild}/log`: `Add`, `Policy`, `Role`,
    /// `Grant` and `TransferOwner`, signed by members.
    pub struct AppendOp { pub op: Bytes }
}

replies! {
    /// `GET /api/v1/guilds`.
    pub struct Guilds { pub guilds: Vec<Guild> }

    pub struct Guild {
        pub id: GuildId,
        pub kind: GuildKind,
        pub name: String,
        /// Hashes of its pictures.
        #[serde(default)]
        pub icon: Option<Hash>,
        #[serde(default)]
        pub banner: Option<Hash>,
        /// Emoji of its own, by name.
        #[serde(default)]
        pub emoji: Vec<Emoji>,
        /// What its members agree to; nothing: no rules.
        #[serde(default)]
        pub rules: Option<String>,
        /// The caller has yet to agree, and reads only until then.
        #[serde(default)]
        pub rules_wait: bool,
        /// What who wants to join is asked.
        #[serde(default)]
        pub questions: Vec<String>,
        /// For how long new members only read, their links are text for others, and they tell
        /// nobody by name.
        #[serde(default)]
        pub newcomer_s: u32,
        #[serde(default)]
        pub links_s: u32,
        #[serde(default)]
        pub mentions_s: u32,
        /// For how many days messages are kept, unless a channel says less.
        #[serde(default)]
        pub retention_days: Option<u32>,
        pub owner: UserId,
        pub everyone: Permissions,
        /// Rises with every change of rights or membership.
        pub access_version: u64,
        /// Newest entry of the guild log.
        pub log_seq: u64,
        pub member_count: u32,
        /// What the caller may do in the guild.
        pub my_permissions: Permissions,
        /// One's own roles.
        pub my_roles: Vec<RoleId>,
        /// From the highest to the lowest.
        pub roles: Vec<Role>,
        /// Those that one may know of, in their order.
        pub categories: Vec<Category>,
        pub channels: Vec<Channel>,
    }

    pub struct Channel {
        pub id: ChannelId,
        /// Absent for a direct conversation.
        pub guild: Option<GuildId>,
        pub name: String,
        pub topic: String,
        /// Absent: above all categories.
        pub category: Option<CategoryId>,
        pub position: u32,
        /// Seconds between two messages of one person; 0 for none.
        pub slow_mode_s: u32,
        /// For how many days the channel itself keeps messages.
        #[serde(default)]
        pub retention_days: Option<u32>,
        /// For how many days they are kept here: the shortest of what channel, guild and instance
        /// say. Clients remove their copies by themselves.
        #[serde(default)]
        pub kept_days: Option<u32>,
        /// Who writes here; in threads everybody as elsewhere.
        #[serde(default)]
        pub writers: Writers,
        pub epoch: u64,
        pub last_seq: u64,
        /// The caller's read cursor.
        pub read_seq: u64,
        /// The caller reads from here on: newer than this seq.
        pub joined_seq: u64,
        /// Newest removal of a message by somebody else than its author; 0 for none.
        pub scrub_seq: u64,
        /// Raised by every change of what is pinned; 0: nothing ever was.
        #[serde(default)]
        pub pin_version: u64,
        /// Members for whom there is no place in the audience; 0: it is not full.
        #[serde(default)]
        pub waiting: u32,
        /// The caller is one of them, and neither reads nor writes here.
        #[serde(default)]
        pub waits: bool,
        /// The channel that goes on in this one.
        #[serde(default)]
        pub continues: Option<ChannelId>,
        /// The caller's rights here.
        pub my_permissions: Permissions,
    }

    /// `GET /api/v1/guilds/{guild}/members?after=`: by user id.
    pub struct Members { pub members: Vec<Member>, pub end: bool }

    pub struct Member {
        pub user: UserId,
        pub username: String,
        pub display_name: String,
        pub joined_at: u64,
        pub roles: Vec<RoleId>,
        /// What they are called in this guild, if not by their own name.
        #[serde(default)]
        pub nickname: Option<String>,
        /// On hold until then.
        pub timed_out_until: Option<u64>,
        #[serde(default)]
        pub membership: Membership,
        /// Since when a moderator no longer counts them as new.
        #[serde(default)]
        pub settled_at: Option<u64>,
        /// Since when they are in quarantine.
        #[serde(default)]
        pub quarantined_at: Option<u64>,
    }

    /// `GET /api/v1/guilds/{guild}/log?after=`: `LogEntry`s signed by the server, oldest first.
    pub struct Log {
        pub entries: Vec<Bytes>,
        pub end: bool,
        /// Where the log stands now, by the server's word.
        #[serde(default)]
        pub head: Option<SignedHead>,
    }

    /// The answer to everything that appended to a guild log.
    pub struct Appended { pub seq: u64, pub head: Hash }

    /// The answer to making or joining a guild.
    pub struct Joined { pub guild: Guild, pub log: Appended }

    /// `GET /api/v1/guilds/{guild}/invites`.
    pub struct Invites { pub invites: Vec<Invite> }

    #[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
    pub struct Invite {
        pub code: String,
        /// 0: no limit.
        pub uses: u32,
        pub used: u32,
        pub expires_at: Option<u64>,
        pub created_by: UserId,
        pub created_at: u64,
        pub gate: Gate,
        pub membership: Membership,
    }

    /// `POST /api/v1/dms`, `GET /api/v1/dms`.
    pub struct Dms { pub dms: Vec<Dm> }

    pub struct Dm {
        pub channel: Channel,
        pub peer: UserId,
        pub username: String,
        pub display_name: String,
        pub last_at: u64,
        /// Somebody has begun it, and the other has not taken it up.
        #[serde(default)]
        pub request: Option<DmRequest>,
    }
}

/// A community, or a conversation of several people: a guild of one channel that has no name but
/// the one its members give it, encrypted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GuildKind {
    #[default]
    Guild,
    Group,
}

/// How long somebody is a member.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    #[default]
    Lasting,
    /// Until their last connection ends, unless somebody gives them a role before.
    Temporary,
}

/// How a conversation stands that one of the two has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum DmRequest {
    /// The person who looks has yet to decide.
    Incoming,
    /// The other has. That they declined is never told.
    Outgoing,
    /// The person who looks has declined.
    Declined,
    /// The other's account is gone: nobody writes here any more.
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum RequestAnswer {
    Accept,
    Decline,
}

requests! {
    /// `POST /api/v1/dms`: opens the conversation with somebody, or finds it.
    pub struct OpenDm { pub peer: UserId }

    /// `POST /api/v1/channels/{channel}/request`: takes a conversation up, or declines it.
    pub struct AnswerRequest { pub answer: RequestAnswer }
}

/// Who begins anything in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum Writers {
    /// Whoever may write.
    #[default]
    All,
    /// Whoever may announce.
    Announcers,
}
