//! What a client knew, with the events that it heard, is what a fresh connection is told.

#[path = "cast/mod.rs"]
mod cast;

use std::collections::BTreeMap;

use cast::{
    Stage,
    live::{Line, Live, hello},
    on_every_database,
    person::{Guild as Made, Person},
    talk::{Voice, dm_of, two},
};
use cloister_proof::{ChannelPolicy, guild_log::OpBody};
use cloister_wire::{
    ChannelId, GuildId, Octets, UserId,
    gateway::{Event, Ready},
    guild::{Channel, Guild},
};
use serde_json::json;

/// What a client keeps of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
struct World {
    me: UserId,
    guilds: BTreeMap<GuildId, Place>,
    channels: BTreeMap<ChannelId, Room>,
    queue_seq: u64,
    devlog_version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    access_version: u64,
    log_seq: u64,
    member_count: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Room {
    guild: Option<GuildId>,
    epoch: u64,
    last_seq: u64,
    read_seq: u64,
}

impl World {
    fn of(ready: &Ready) -> Self {
        let mut world = Self {
            me: ready.user,
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            queue_seq: ready.queue_seq,
            devlog_version: ready.devlog_version,
        };
        ready.guilds.iter().for_each(|guild| world.enter(guild));
        ready.dms.iter().for_each(|dm| world.open(&dm.channel));
        world
    }

    fn enter(&mut self, guild: &Guild) {
        let place = Place {
            access_version: guild.access_version,
            log_seq: guild.log_seq,
            member_count: guild.member_count,
        };
        self.guilds.insert(guild.id, place);
        guild.channels.iter().for_each(|channel| self.open(channel));
    }

    fn open(&mut self, channel: &Channel) {
        let room = Room {
            guild: channel.guild,
            epoch: channel.epoch,
            last_seq: channel.last_seq,
            read_seq: channel.read_seq,
        };
        self.channels.insert(channel.id, room);
    }

    fn room(&mut self, channel: ChannelId) -> &mut Room {
        self.channels
            .get_mut(&channel)
            .expect("events are about channels that are known")
    }

    fn place(&mut self, guild: GuildId) -> &mut Place {
        self.guilds
            .get_mut(&guild)
            .expect("events are about guilds that are known")
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::MessageSent { message, head } => {
                let room = self.room(message.channel);
                assert_eq!(message.seq, room.last_seq + 1, "no gap");
                assert_eq!(head.seq, message.seq);
                room.last_seq = message.seq;
            }
            Event::EpochChanged { epoch } => self.room(epoch.channel).epoch = epoch.epoch,
            Event::LogAppended {
                guild,
                seq,
                access_version,
                ..
            } => {
                let place = self.place(*guild);
                (place.log_seq, place.access_version) = (*seq, *access_version);
            }
            Event::MemberJoined {
                guild,
                member,
                access_version,
            } => {
                // Who has just entered was told the number with themself in it.
                let more = u32::from(member.user != self.me);
                let place = self.place(*guild);
                place.member_count += more;
                place.access_version = *access_version;
            }
            Event::MemberLeft {
                guild,
                access_version,
                ..
            } => {
                let place = self.place(*guild);
                place.member_count -= 1;
                place.access_version = *access_version;
            }
            Event::ChannelCreated { channel, .. } => self.open(channel),
            Event::GuildJoined { guild } => self.enter(guild),
            Event::GuildLeft { guild } => {
                self.guilds.remove(guild);
                self.channels.retain(|_, room| room.guild != Some(*guild));
            }
            Event::DmOpened { dm } => self.open(&dm.channel),
            Event::DevlogAppended { user, version, .. } if *user == self.me => {
                self.devlog_version = *version;
            }
            Event::ToDevice { item } => self.queue_seq = item.seq,
            Event::ReadMoved { channel, seq } => self.room(*channel).read_seq = *seq,
            _ => {}
        }
    }

    /// Hears everything up to the moment when `channel` was read up to `seq`.
    async fn follow(&mut self, line: &mut Line, channel: ChannelId, seq: u64) {
        loop {
            let (_, event) = line.event().await;
            self.apply(&event);
            if event == (Event::ReadMoved { channel, seq }) {
                return;
            }
        }
    }
}

async fn mark_read(stage: &Stage, person: &Person, channel: ChannelId, seq: u64) {
    let ask = stage.put(&format!("/api/v1/channels/{channel}/read"));
    ask.bearing(&person.device.access)
        .json(json!({"seq": seq}))
        .send()
        .await
        .expect(204);
}

async fn make_channel(stage: &Stage, person: &Person, guild: &Made, number: u8) -> ChannelId {
    let channel = cast::person::fixed(number, ChannelId::new);
    let policy = OpBody::Policy {
        policy: ChannelPolicy::text(channel),
    };
    let policy = person.op(guild.id, guild.log, policy, &[]);
    let ask = stage.post(&format!("/api/v1/guilds/{}/channels", guild.id));
    let body = json!({"channel": channel, "name": "shed", "policy": policy});
    ask.bearing(&person.device.access)
        .json(body)
        .send()
        .await
        .expect(201);
    channel
}

#[tokio::test]
async fn events_lead_from_what_was_known_to_what_a_fresh_connection_is_told() {
    on_every_database(async |stage| {
        let (alice, mut bob, guild) = two(stage).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let live = Live::of(stage).await;
        let (mut line, ready) = live.join(&bob.device).await;
        let mut world = World::of(&ready);

        Voice::of(stage, &alice.device, guild.channel)
            .await
            .say(3)
            .await;
        let shed = make_channel(stage, &alice, &guild, 0x51).await;
        let link = alice.invite(stage, &guild, "second-gate", 0).await;
        carol.join(stage, &guild, &link).await.expect(201);
        let mut voice = Voice::of(stage, &carol.device, shed).await;
        voice.say(2).await;
        let leave = format!("/api/v1/guilds/{}/leave", guild.id);
        stage
            .post(&leave)
            .bearing(&carol.device.access)
            .send()
            .await
            .expect(204);
        let dm = dm_of(stage, &alice, &bob).await;
        let direct = Voice::of(stage, &alice.device, dm).await;
        direct
            .send(&direct.direct(9, &direct.others()))
            .await
            .expect(201);
        let own = carol.create_guild(stage, 7).await;
        let link = carol.invite(stage, &own, "shed-door", 0).await;
        bob.join(stage, &own, &link).await.expect(201);
        voice.channel = own.channel;
        voice.session = Octets([0x66; 32]);
        voice.look().await;
        voice.say(1).await;
        let second = bob.add_pending(stage, 0x22).await;
        let (token, approval) = (bob.device.access.clone(), bob.approval(&second));
        bob.append(stage, &token, &approval).await.expect(204);
        mark_read(stage, &bob, guild.channel, 3).await;

        world.follow(&mut line, guild.channel, 3).await;
        let mut fresh = live.open().await;
        fresh.identify(&hello(&bob.device, Some(1), 2)).await;
        assert_eq!(world, World::of(&fresh.ready().await));
        assert_eq!(world.channels.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_guild_that_one_left_or_that_was_deleted_is_gone_from_both() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let other = alice.create_guild(stage, 7).await;
        let link = alice.invite(stage, &other, "second-gate", 0).await;
        bob.join(stage, &other, &link).await.expect(201);
        let dm = dm_of(stage, &alice, &bob).await;
        let direct = Voice::of(stage, &alice.device, dm).await;
        direct
            .send(&direct.direct(9, &direct.others()))
            .await
            .expect(201);
        let live = Live::of(stage).await;
        let (mut line, ready) = live.join(&bob.device).await;
        let mut world = World::of(&ready);
        assert_eq!(world.guilds.len(), 2);
        let leave = format!("/api/v1/guilds/{}/leave", guild.id);
        stage
            .post(&leave)
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(204);
        let ask = stage.delete(&format!("/api/v1/guilds/{}", other.id));
        ask.bearing(&alice.device.access).send().await.expect(204);
        mark_read(stage, &bob, dm, 1).await;
        world.follow(&mut line, dm, 1).await;
        let mut fresh = live.open().await;
        fresh.identify(&hello(&bob.device, Some(1), 2)).await;
        assert_eq!(world, World::of(&fresh.ready().await));
        assert!(world.guilds.is_empty());
    })
    .await;
}
