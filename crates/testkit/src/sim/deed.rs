//! What a person does when it is their turn.

use cloister_client::{
    Primitives,
    view::{Command, DeviceState, Query, QueryReply},
};
use cloister_wire::{ChannelId, GuildId, guild::Membership};

use crate::{cast::PASSWORD, truth};

use super::{Asked, NAMES, PATIENCE, Sim};

impl<P: Primitives> Sim<P> {
    /// Registers, or signs in where the account is there.
    pub(super) fn enter(&mut self, client: usize) {
        let person = self.world.clients[client].person;
        let account = truth::account(&self.world.server.eyes, NAMES[person]);
        match account.expect("the server's database can be read") {
            None => {
                let link = self.world.chance.one_of(&self.links).cloned();
                if let Some((_, link)) = link {
                    let link = self.perhaps_bare(link);
                    self.register(client, None, Some(link));
                }
            }
            Some(_) => {
                let recovery = self.people[person].recovery.clone();
                let alone = self.approver(person).is_none();
                let with_key = alone || self.world.chance.happens(300);
                self.sign_in(client, recovery.filter(|_| with_key));
            }
        }
    }

    pub(super) fn sign_in(&mut self, client: usize, recovery_key: Option<String>) {
        let username = NAMES[self.world.clients[client].person].to_owned();
        self.world.command(
            client,
            Command::SignIn {
                username,
                password: PASSWORD.to_owned(),
                code: None,
                device_name: "next".to_owned(),
                recovery_key,
            },
        );
    }

    pub(super) fn be_approved(&mut self, client: usize, code: Option<String>) {
        let Some(code) = code else { return };
        let person = self.world.clients[client].person;
        if let Some(approver) = self.approver(person) {
            if self.world.clients[approver].busy < PATIENCE {
                self.world
                    .command(approver, Command::ApproveDevice { code });
            }
        } else if self.world.chance.happens(100) {
            // Nobody is left who could: begin again, with the recovery key.
            self.world
                .command(client, Command::SignOut { anyway: true });
        }
    }

    /// An installation of somebody that works.
    fn approver(&self, person: usize) -> Option<usize> {
        (0..self.world.clients.len()).find(|other| {
            let one = &self.world.clients[*other];
            one.person == person && one.is_running() && one.session().state == DeviceState::Active
        })
    }

    /// A link, or what is left of it where somebody tells the code alone.
    fn perhaps_bare(&mut self, link: String) -> String {
        let bare = self.world.chance.happens(300);
        let code = link.split_once('#').map(|(code, _)| code.to_owned());
        code.filter(|_| bare).unwrap_or(link)
    }

    /// What an active person does.
    pub(super) fn live(&mut self, client: usize) {
        match self.world.chance.below(1_000) {
            0..600 => self.speak(client),
            600..660 => self.remark(client),
            660..680 => self.open_dm(client),
            680..695 => self.make_channel(client),
            695..705 => self.set_readers(client),
            705..730 => self.gather(client),
            730..765 => self.govern(client),
            765..800 => self.invite(client),
            800..865 => self.join(client),
            865..880 => self.leave(client),
            880..892 => self.revoke(client),
            892..898 => self.sign_out(client),
            898..920 => {
                if let Some(channel) = self.some_channel(client) {
                    let before = None;
                    self.world
                        .command(client, Command::LoadHistory { channel, before });
                }
            }
            920..955 => self.catch_up(client),
            955..960 => {
                let name = "Orchard".to_owned();
                if self.guilds(client).len() < 3 {
                    self.world.command(client, Command::CreateGuild { name });
                }
            }
            960..970 => self.vouch(client),
            970..985 => {
                if let Some(channel) = self.some_channel(client) {
                    self.world.command(client, Command::Typing { channel });
                }
            }
            _ => {
                self.world.command(client, Command::Reconnect);
            }
        }
    }

    /// Has seen a channel, or everything.
    fn catch_up(&mut self, client: usize) {
        if self.world.chance.happens(200) {
            self.world
                .command(client, Command::MarkAllRead { guild: None });
            return;
        }
        if let Some(channel) = self.some_channel(client) {
            let seq = self.newest(client, channel, 1).last_seq;
            self.world
                .command(client, Command::MarkRead { channel, seq });
        }
    }

    pub(super) fn open_dm(&mut self, client: usize) {
        let Some(guild) = self.some_guild(client) else {
            return;
        };
        let others = self.others(client, guild);
        if let Some(user) = self.world.chance.one_of(&others).copied() {
            self.world.command(client, Command::OpenDm { user });
        }
    }

    pub(super) fn invite(&mut self, client: usize) {
        let Some(guild) = self.some_guild(client) else {
            return;
        };
        if self.links.len() > 12 {
            self.links.remove(0);
        }
        let uses = self.world.chance.below(3) as u32;
        let expires_in_s = 0;
        let id = self.world.command(
            client,
            Command::CreateInvite {
                guild,
                uses,
                expires_in_s,
                membership: Membership::Lasting,
            },
        );
        self.asked.push((id, Asked::Invite { guild }));
    }

    /// Joins by a link, or by its code alone.
    pub(super) fn join(&mut self, client: usize) {
        let Some((guild, link)) = self.world.chance.one_of(&self.links).cloned() else {
            return;
        };
        if self.guilds(client).contains(&guild) {
            return;
        }
        let invite = self.perhaps_bare(link);
        self.world.command(client, Command::JoinGuild { invite });
    }

    pub(super) fn leave(&mut self, client: usize) {
        if let Some(guild) = self.some_guild(client) {
            self.world.command(client, Command::LeaveGuild { guild });
        }
    }

    pub(super) fn vouch(&mut self, client: usize) {
        let Some(guild) = self.some_guild(client) else {
            return;
        };
        let members = self.world.clients[client].members(guild);
        if let Some(member) = members.iter().find(|member| !member.vouched) {
            let user = member.user;
            self.world.command(client, Command::Vouch { guild, user });
        }
    }

    pub(super) fn revoke(&mut self, client: usize) {
        let QueryReply::Devices { devices } = self.world.clients[client].query(&Query::Devices)
        else {
            return;
        };
        let others: Vec<_> = devices.iter().filter(|one| !one.this_one).collect();
        if let Some(device) = self.world.chance.one_of(&others).map(|one| one.id) {
            self.world.command(
                client,
                Command::RevokeDevice {
                    device,
                    also: Vec::new(),
                },
            );
        }
    }

    /// Nobody gives up their last device without a recovery key.
    pub(super) fn sign_out(&mut self, client: usize) {
        let person = self.world.clients[client].person;
        if self.people[person].recovery.is_some() {
            self.world
                .command(client, Command::SignOut { anyway: false });
        }
    }

    pub(crate) fn guilds(&self, client: usize) -> Vec<GuildId> {
        match self.world.clients[client].query(&Query::Guilds) {
            QueryReply::Guilds { guilds } => guilds.into_iter().map(|guild| guild.id).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn some_guild(&mut self, client: usize) -> Option<GuildId> {
        let guilds = self.guilds(client);
        self.world.chance.one_of(&guilds).copied()
    }

    /// Channels and conversations that an engine shows.
    pub(crate) fn channels(&self, client: usize) -> Vec<ChannelId> {
        let one = &self.world.clients[client];
        let mut channels = Vec::new();
        for guild in self.guilds(client) {
            if let QueryReply::Guild { guild: Some(view) } = one.query(&Query::Guild { guild }) {
                channels.extend(view.channels.iter().map(|channel| channel.id));
            }
        }
        if let QueryReply::Dms { dms } = one.query(&Query::Dms) {
            channels.extend(dms.iter().map(|dm| dm.channel));
        }
        channels.sort();
        channels
    }

    pub(super) fn some_channel(&mut self, client: usize) -> Option<ChannelId> {
        let channels = self.channels(client);
        self.world.chance.one_of(&channels).copied()
    }
}
