//! What people do who govern a guild, and who gather others around them.

use cloister_client::{
    Primitives,
    view::{Act, ChannelKind, ChannelView, Command, GuildView, Query, QueryReply},
};
use cloister_wire::{
    ChannelId, GuildId, Permissions, RoleId, UserId,
    permission::{Place, Subject},
};

use super::Sim;

/// Roles and categories that a guild has at most, and people in a conversation of several.
const ROLES: usize = 4;
const CATEGORIES: usize = 2;
/// What a role may bring.
const RIGHTS: [Permissions; 6] = [
    Permissions::NONE,
    Permissions::VIEW_CHANNEL,
    Permissions::ADMINISTRATOR,
    Permissions::MANAGE_MESSAGES,
    Permissions::VOUCH_MEMBERS,
    Permissions::KICK_MEMBERS,
];

impl<P: Primitives> Sim<P> {
    pub(super) fn guild(&self, client: usize, guild: GuildId) -> Option<GuildView> {
        match self.world.clients[client].query(&Query::Guild { guild }) {
            QueryReply::Guild { guild } => guild,
            other => panic!("another answer than was asked for: {other:?}"),
        }
    }

    fn channel(&self, client: usize, channel: ChannelId) -> Option<ChannelView> {
        match self.world.clients[client].query(&Query::Channel { channel }) {
            QueryReply::Channel { channel } => channel,
            other => panic!("another answer than was asked for: {other:?}"),
        }
    }

    /// Changes rights, structure or members of a guild, if that person may.
    pub(super) fn govern(&mut self, client: usize) {
        let Some(guild) = self.some_guild(client) else {
            return;
        };
        let Some(view) = self.guild(client, guild) else {
            return;
        };
        if let Some(act) = self.some_act(client, &view) {
            self.world.command(client, Command::Govern { guild, act });
        }
    }

    fn some_act(&mut self, client: usize, view: &GuildView) -> Option<Act> {
        let may = |right| view.my_permissions.contains(right);
        let what = self.world.chance.below(100);
        Some(match what {
            0..8 if may(Permissions::MANAGE_ROLES) && view.roles.len() < ROLES => Act::CreateRole {
                name: format!("role {}", view.roles.len()),
                color: None,
                hoisted: false,
                mentionable: false,
                permissions: self.world.chance.one_of(&RIGHTS).copied()?,
            },
            8..12 if may(Permissions::MANAGE_ROLES) => Act::EditRole {
                role: self.some_role(view)?,
                name: "another".to_owned(),
                color: None,
                hoisted: true,
                mentionable: false,
                permissions: self.world.chance.one_of(&RIGHTS).copied()?,
            },
            12..15 if may(Permissions::MANAGE_ROLES) => Act::DeleteRole {
                role: self.some_role(view)?,
            },
            15..32 if may(Permissions::MANAGE_ROLES) => Act::SetRoles {
                user: self.some_member(client, view)?,
                roles: self.some_role(view).into_iter().collect(),
                reason: None,
            },
            32..52 if may(Permissions::MANAGE_ROLES) => self.some_overwrite(client, view)?,
            52..56 if may(Permissions::MANAGE_CHANNELS) && view.categories.len() < CATEGORIES => {
                let name = "rooms".to_owned();
                Act::CreateCategory { name }
            }
            56..62 if may(Permissions::MANAGE_CHANNELS) => {
                let channels: Vec<_> = view.channels.iter().map(|one| one.id).collect();
                let categories: Vec<_> = view.categories.iter().map(|one| one.id).collect();
                Act::MoveChannel {
                    channel: self.world.chance.one_of(&channels).copied()?,
                    category: self.world.chance.one_of(&categories).copied(),
                    position: 0,
                }
            }
            62..65 if may(Permissions::MANAGE_CHANNELS) && view.channels.len() > 2 => {
                let channel = view.channels.last()?.id;
                Act::DeleteChannel { channel }
            }
            65..77 if may(Permissions::KICK_MEMBERS) => Act::Kick {
                user: self.some_member(client, view)?,
                reason: None,
            },
            77..83 if may(Permissions::BAN_MEMBERS) => Act::Ban {
                user: self.some_member(client, view)?,
                reason: None,
                for_s: 30 + self.world.chance.below(600) as u32,
                delete_s: 0,
            },
            83..93 if may(Permissions::TIMEOUT_MEMBERS) => Act::TimeOut {
                user: self.some_member(client, view)?,
                reason: None,
                for_s: self.world.chance.below(60) as u32,
            },
            _ => return None,
        })
    }

    /// Somebody may see a channel or category, may not, or it is left open.
    fn some_overwrite(&mut self, client: usize, view: &GuildView) -> Option<Act> {
        let places: Vec<Place> = view
            .channels
            .iter()
            .map(|one| Place::Channel { channel: one.id })
            .chain(
                view.categories
                    .iter()
                    .map(|one| Place::Category { category: one.id }),
            )
            .collect();
        let place = self.world.chance.one_of(&places).copied()?;
        let subject = match self.world.chance.below(4) {
            0 => Subject::Everyone,
            1 => Subject::Member {
                user: self.some_member(client, view)?,
            },
            _ => Subject::Role {
                role: self.some_role(view)?,
            },
        };
        let (allow, deny) = match self.world.chance.below(4) {
            0 => (Permissions::NONE, Permissions::VIEW_CHANNEL),
            1 => (Permissions::VIEW_CHANNEL, Permissions::NONE),
            2 => (Permissions::NONE, Permissions::SEND_MESSAGES),
            _ => (Permissions::NONE, Permissions::NONE),
        };
        Some(Act::SetOverwrite {
            place,
            subject,
            allow,
            deny,
        })
    }

    /// The others in a guild, as somebody knows it.
    pub(super) fn others(&self, client: usize, guild: GuildId) -> Vec<UserId> {
        let members = self.world.clients[client].members(guild).into_iter();
        members
            .filter(|member| !member.me)
            .map(|member| member.user)
            .collect()
    }

    fn some_role(&mut self, view: &GuildView) -> Option<RoleId> {
        self.world.chance.one_of(&view.roles).map(|role| role.id)
    }

    fn some_member(&mut self, client: usize, view: &GuildView) -> Option<UserId> {
        let others = self.others(client, view.id);
        self.world.chance.one_of(&others).copied()
    }

    /// Some of the others in a guild.
    fn some_of(&mut self, client: usize, view: &GuildView) -> Vec<UserId> {
        let others = self.others(client, view.id);
        let taken = others
            .into_iter()
            .filter(|_| self.world.chance.happens(400));
        taken.collect()
    }

    /// Says anew who reads a private channel.
    pub(super) fn set_readers(&mut self, client: usize) {
        let Some(channel) = self.some_channel(client) else {
            return;
        };
        let Some(known) = self.channel(client, channel) else {
            return;
        };
        let (ChannelKind::Private, Some(guild)) = (known.kind, known.guild) else {
            return;
        };
        if let Some(view) = self.guild(client, guild).filter(|_| known.can_set_policy) {
            let users = self.some_of(client, &view);
            self.world
                .command(client, Command::SetReaders { channel, users });
        }
    }

    pub(super) fn make_channel(&mut self, client: usize) {
        let Some(guild) = self.some_guild(client) else {
            return;
        };
        let Some(view) = self.guild(client, guild) else {
            return;
        };
        let may = view.my_permissions.contains(Permissions::MANAGE_CHANNELS);
        if may && view.channels.len() < 5 {
            let private = self.world.chance.happens(500);
            let command = Command::CreateChannel {
                guild,
                name: format!("room-{}", view.channels.len()),
                readers: private.then(|| self.some_of(client, &view)),
                continues: None,
            };
            self.world.command(client, command);
        }
    }

    /// Begins a conversation of several people, or changes one.
    pub(super) fn gather(&mut self, client: usize) {
        let Some(guild) = self.some_guild(client) else {
            return;
        };
        let Some(view) = self.guild(client, guild) else {
            return;
        };
        let groups = self.groups(client);
        if groups.len() < 3 && self.world.chance.happens(250) {
            let users = self.some_of(client, &view);
            let name = self.world.chance.happens(500).then(|| "Tea".to_owned());
            if !users.is_empty() {
                self.world
                    .command(client, Command::CreateGroup { users, name });
            }
            return;
        }
        let Some(channel) = self.world.chance.one_of(&groups).copied() else {
            return;
        };
        let Some(user) = self.some_member(client, &view) else {
            return;
        };
        let command = match self.world.chance.below(10) {
            0..3 => Command::AddToGroup { channel, user },
            3..5 => Command::RemoveFromGroup { channel, user },
            5 => Command::HandOverGroup { channel, user },
            6..8 => Command::LeaveGroup { channel },
            _ => Command::RenameGroup {
                channel,
                name: format!("Tea {}", self.words),
            },
        };
        self.world.command(client, command);
    }

    fn groups(&self, client: usize) -> Vec<ChannelId> {
        let QueryReply::Dms { dms } = self.world.clients[client].query(&Query::Dms) else {
            return Vec::new();
        };
        let groups = dms.iter().filter(|dm| dm.peer.is_none());
        groups.map(|dm| dm.channel).collect()
    }
}
