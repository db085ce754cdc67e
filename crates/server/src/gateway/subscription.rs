//! What one connection may hear: derived from the database, never kept across a change of rights.

use std::collections::{BTreeMap, BTreeSet};

use cloister_wire::{ChannelId, DeviceId, GuildId, UserId, gateway::Event};

use super::bus::{Audience, Published};

/// The rights of one person's device, each guild's as of its `access_version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    user: UserId,
    device: DeviceId,
    approval: Approval,
    guilds: BTreeMap<GuildId, Access>,
    /// Guilds that turned out not to be the person's, with the version at which they weren't.
    strange: BTreeMap<GuildId, u64>,
    /// The stamp that made the session ask for newer rights.
    asked: Option<(GuildId, u64)>,
}

/// Whether the device was approved when its rights were derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Approval {
    Given,
    /// It hears what is sent to it alone, and what becomes of its person's devices.
    Waiting,
}

/// What the person may hear of a guild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub version: u64,
    /// Channels that the person may see.
    pub channels: BTreeSet<ChannelId>,
}

/// May an event pass?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// It takes a guild away: what was heard there is not played back after a resume.
    PassAndForget,
    Refuse,
    /// It was committed at rights that are newer than these.
    NeedsNewer,
}

impl Subscription {
    pub const fn new(user: UserId, device: DeviceId, guilds: BTreeMap<GuildId, Access>) -> Self {
        Self {
            user,
            device,
            approval: Approval::Given,
            guilds,
            strange: BTreeMap::new(),
            asked: None,
        }
    }

    /// For a device that waits for approval.
    pub fn waiting(user: UserId, device: DeviceId) -> Self {
        let mut own = Self::new(user, device, BTreeMap::new());
        own.approval = Approval::Waiting;
        own
    }

    pub fn guilds(&self) -> impl Iterator<Item = GuildId> {
        self.guilds.keys().copied()
    }

    /// Judges an event, and learns from it where it says exactly whose rights changed.
    pub fn judge(&mut self, published: &Published) -> Verdict {
        if self.approval == Approval::Waiting {
            return match &published.audience {
                Audience::Device(device) => pass_if(*device == self.device),
                Audience::Acquaintances { user, .. } => pass_if(*user == self.user),
                _ => Verdict::Refuse,
            };
        }
        if let Event::GuildLeft { guild } = published.event {
            let known = self.guilds.remove(&guild).is_some();
            let mine = known || published.audience == Audience::User(self.user);
            return if mine {
                Verdict::PassAndForget
            } else {
                Verdict::Refuse
            };
        }
        match &published.audience {
            Audience::User(user) => self.judge_own(*user, published),
            Audience::Device(device) => pass_if(*device == self.device),
            Audience::Users(users) => pass_if(users.contains(&self.user)),
            Audience::Pair(pair) => pass_if(pair.contains(&self.user)),
            Audience::Acquaintances {
                user,
                guilds,
                peers,
            } => pass_if(
                *user == self.user
                    || peers.contains(&self.user)
                    || guilds.iter().any(|guild| self.guilds.contains_key(guild)),
            ),
            Audience::Guild {
                guild,
                access_version,
            } => {
                self.follow_others(*guild, *access_version, &published.event);
                self.judge_guild(*guild, *access_version, None)
            }
            Audience::Readers { users, .. } if !users.contains(&self.user) => Verdict::Refuse,
            Audience::Channel {
                guild,
                channel,
                access_version,
            }
            | Audience::Readers {
                guild,
                channel,
                access_version,
                ..
            } => self.judge_guild(*guild, *access_version, Some(*channel)),
        }
    }

    /// Takes newer rights. Says whether a guild was lost.
    pub fn replace(&mut self, newer: Self) -> bool {
        let lost = self
            .guilds
            .keys()
            .any(|guild| !newer.guilds.contains_key(guild));
        if let Some((guild, version)) = self.asked.take()
            && !newer.guilds.contains_key(&guild)
        {
            self.strange.insert(guild, version);
        }
        self.approval = newer.approval;
        self.guilds = newer.guilds;
        self.strange
            .retain(|guild, _| !self.guilds.contains_key(guild));
        lost
    }

    fn judge_own(&mut self, user: UserId, published: &Published) -> Verdict {
        if user != self.user {
            return Verdict::Refuse;
        }
        match &published.event {
            Event::GuildJoined { guild } => self.judge_guild(guild.id, guild.access_version, None),
            // What the person may hear there is looked at anew with the next word from there.
            Event::ChannelCreated { guild, .. } => {
                if let Some(access) = self.guilds.get_mut(guild) {
                    access.version = 0;
                }
                Verdict::Pass
            }
            _ => Verdict::Pass,
        }
    }

    fn judge_guild(&mut self, guild: GuildId, version: u64, channel: Option<ChannelId>) -> Verdict {
        match self.guilds.get(&guild) {
            Some(access) if access.version >= version => {
                pass_if(channel.is_none_or(|channel| access.channels.contains(&channel)))
            }
            None if self
                .strange
                .get(&guild)
                .is_some_and(|seen| *seen >= version) =>
            {
                Verdict::Refuse
            }
            _ => {
                self.asked = Some((guild, version));
                Verdict::NeedsNewer
            }
        }
    }

    /// Somebody else came or went, and nothing but that lies between two versions: one's own
    /// rights at the new version are those at the old one.
    fn follow_others(&mut self, guild: GuildId, version: u64, event: &Event) {
        let other = match event {
            Event::MemberJoined { member, .. } => member.user,
            Event::MemberLeft { user, .. } => *user,
            _ => return,
        };
        if let Some(access) = self.guilds.get_mut(&guild)
            && other != self.user
            && access.version + 1 == version
        {
            access.version = version;
        }
    }
}

const fn pass_if(yes: bool) -> Verdict {
    if yes { Verdict::Pass } else { Verdict::Refuse }
}
