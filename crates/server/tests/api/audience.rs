//! Audiences that are full: who waits, what is refused, and where a channel goes on.

use std::num::NonZero;

use cloister_proof::{ChannelPolicy, guild_log::OpBody, policy::Readers};
use cloister_wire::{ChannelId, Permissions};
use serde_json::{Value, json};

use super::{
    guild_log::log_head,
    role::{create, set_roles, view},
};
use crate::cast::{
    Answer, Stage, config,
    live::Live,
    person::{Guild, Link, Person, fixed, position},
    play,
    talk::{Voice, two},
};

/// Plays a story where two devices fill a channel.
async fn in_small_rooms(story: impl AsyncFn(&Stage)) {
    let mut config = config();
    config.limits.devices_per_channel = NonZero::new(2).unwrap();
    play(config, story).await;
}

async fn comes(stage: &Stage, owner: &Person, guild: &Guild, name: &'static str, n: u8) -> Person {
    let person = Person::invited(stage, name, n).await;
    let code = format!("garden-{name}");
    let link: Link = owner.invite(stage, guild, &code, 0).await;
    person.join(stage, guild, &link).await.expect(201);
    person
}

async fn send(stage: &Stage, who: &Person, guild: &Guild) -> Answer {
    let voice = Voice::of(stage, &who.device, guild.channel).await;
    voice.send(&voice.message(1, 0)).await
}

async fn history(stage: &Stage, who: &Person, channel: ChannelId) -> Answer {
    let path = format!("/api/v1/channels/{channel}/messages?after=0&limit=10&annotations=0");
    stage.get(&path).bearing(&who.device.access).send().await
}

async fn channel(stage: &Stage, who: &Person, guild: &Guild, id: ChannelId) -> Value {
    let view = view(stage, who, guild).await;
    let channels = view["channels"].as_array().unwrap();
    let found = channels.iter().find(|one| one["id"] == json!(id));
    found.unwrap().clone()
}

async fn make(stage: &Stage, by: &Person, guild: &Guild, body: Value, id: ChannelId) -> Answer {
    let readers = body["readers"].as_array().map(|users| {
        let users = users
            .iter()
            .map(|one| serde_json::from_value(one.clone()).unwrap());
        ChannelPolicy::private(
            id,
            Readers::Users {
                users: users.collect(),
            },
        )
    });
    let policy = readers.unwrap_or_else(|| ChannelPolicy::text(id));
    let after = position(&log_head(stage, by, guild).await);
    let policy = by.op(guild.id, after, OpBody::Policy { policy }, &[]);
    let path = format!("/api/v1/guilds/{}/channels", guild.id);
    let ask = stage.post(&path).bearing(&by.device.access);
    let mut request = json!({"channel": id, "name": "shed", "policy": policy});
    if let Some(old) = body.get("continues") {
        request["continues"] = old.clone();
    }
    ask.json(request).send().await
}

async fn leaves(stage: &Stage, who: &Person, guild: &Guild) {
    let path = format!("/api/v1/guilds/{}/leave", guild.id);
    let ask = stage.post(&path).bearing(&who.device.access);
    ask.send().await.expect(204);
}

#[tokio::test]
async fn who_comes_to_a_full_channel_is_a_member_and_waits_for_a_place() {
    in_small_rooms(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = comes(stage, &alice, &guild, "carol", 5).await;
        let seen = channel(stage, &carol, &guild, guild.channel).await;
        assert_eq!(
            (&seen["waits"], &seen["waiting"]),
            (&json!(true), &json!(1))
        );
        send(stage, &carol, &guild)
            .await
            .refused(409, "AUDIENCE_FULL");
        history(stage, &carol, guild.channel)
            .await
            .refused(409, "AUDIENCE_FULL");
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        assert_eq!(voice.roster.users(), [alice.id, bob.id].into());
        voice.say(2).await;
        let seen = channel(stage, &bob, &guild, guild.channel).await;
        assert_eq!(
            (&seen["waits"], &seen["waiting"]),
            (&json!(false), &json!(1))
        );
        // Whoever goes makes room for whoever has waited longest.
        let dave = comes(stage, &alice, &guild, "dave", 6).await;
        leaves(stage, &bob, &guild).await;
        let seen = channel(stage, &carol, &guild, guild.channel).await;
        assert_eq!(
            (&seen["waits"], &seen["waiting"]),
            (&json!(false), &json!(1))
        );
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        assert_eq!(voice.roster.users(), [alice.id, carol.id].into());
        send(stage, &dave, &guild)
            .await
            .refused(409, "AUDIENCE_FULL");
        history(stage, &carol, guild.channel).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn who_reads_already_brings_another_device_and_who_waits_hears_nothing() {
    in_small_rooms(async |stage| {
        let (alice, mut bob, guild) = two(stage).await;
        let carol = comes(stage, &alice, &guild, "carol", 5).await;
        let live = Live::of(stage).await;
        let (mut line, ready) = live.join(&carol.device).await;
        assert!(ready.guilds[0].channels[0].waits);
        let second = bob.add_pending(stage, 0x22).await;
        let (approval, token) = (bob.approval(&second), bob.device.access.clone());
        bob.append(stage, &token, &approval).await.expect(204);
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        assert_eq!((voice.roster.len(), voice.roster.users().len()), (3, 2));
        voice.say(1).await;
        leaves(stage, &bob, &guild).await;
        // Of what was said she heard nothing; now there is a place.
        loop {
            match line.event().await.1 {
                cloister_wire::gateway::Event::ChannelCreated { channel, .. } => {
                    assert!(!channel.waits);
                    break;
                }
                cloister_wire::gateway::Event::MessageSent { .. } => panic!("she heard it"),
                _ => {}
            }
        }
        let mut voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.session.0[0] ^= 0xff;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        voice.send(&voice.message(2, 0)).await.expect(201);
        assert_eq!(line.message().await.1, 2);
    })
    .await;
}

#[tokio::test]
async fn what_would_let_somebody_read_a_full_channel_is_refused_and_changes_nothing() {
    in_small_rooms(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = comes(stage, &alice, &guild, "carol", 5).await;
        let role = fixed(0x61, cloister_wire::RoleId::new);
        create(stage, &alice, &guild, role, Permissions::VIEW_CHANNEL)
            .await
            .expect(201);
        // Everyone but the holders of the role is kept out of a second channel.
        let shed = fixed(0x52, ChannelId::new);
        make(stage, &alice, &guild, json!({}), shed)
            .await
            .expect(201);
        let overwrite = |subject: Value, allow: Permissions, deny: Permissions| {
            json!({
                "place": {"place": "channel", "channel": shed},
                "subject": subject, "allow": allow, "deny": deny,
            })
        };
        let path = format!("/api/v1/guilds/{}/overwrites", guild.id);
        let put = async |body: Value| {
            let ask = stage.put(&path).bearing(&alice.device.access);
            ask.json(body).send().await
        };
        let (view, none) = (Permissions::VIEW_CHANNEL, Permissions::NONE);
        put(overwrite(json!({"subject": "everyone"}), none, view))
            .await
            .expect(204);
        put(overwrite(
            json!({"subject": "role", "role": role}),
            view,
            none,
        ))
        .await
        .expect(204);
        set_roles(stage, &alice, &guild, &bob, &[role])
            .await
            .expect(200);
        set_roles(stage, &alice, &guild, &carol, &[role])
            .await
            .refused(409, "AUDIENCE_FULL");
        put(overwrite(
            json!({"subject": "member", "user": carol.id}),
            view,
            none,
        ))
        .await
        .refused(409, "AUDIENCE_FULL");
        put(overwrite(json!({"subject": "everyone"}), none, none))
            .await
            .refused(409, "AUDIENCE_FULL");
        let seen = super::role::view(stage, &carol, &guild).await;
        assert_eq!(seen["my_roles"], json!([]));
        assert_eq!(seen["channels"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_private_channel_is_neither_begun_nor_widened_beyond_its_places() {
    in_small_rooms(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = comes(stage, &alice, &guild, "carol", 5).await;
        let den = fixed(0x53, ChannelId::new);
        let mut readers = vec![bob.id, carol.id];
        readers.sort();
        make(stage, &alice, &guild, json!({"readers": readers}), den)
            .await
            .refused(409, "AUDIENCE_FULL");
        make(stage, &alice, &guild, json!({"readers": [bob.id]}), den)
            .await
            .expect(201);
        let mut policy = ChannelPolicy::private(den, Readers::Users { users: readers });
        policy.version = 2;
        let after = position(&log_head(stage, &alice, &guild).await);
        let op = alice.op(guild.id, after, OpBody::Policy { policy }, &[]);
        let log = format!("/api/v1/guilds/{}/log", guild.id);
        let ask = stage.post(&log).bearing(&alice.device.access);
        ask.json(json!({"op": op}))
            .send()
            .await
            .refused(409, "AUDIENCE_FULL");
        assert_eq!(
            json!(after.seq),
            log_head(stage, &alice, &guild).await["seq"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_full_channel_goes_on_in_one_new_channel_that_takes_in_first_who_waits() {
    in_small_rooms(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = comes(stage, &alice, &guild, "carol", 5).await;
        let (shed, den) = (fixed(0x52, ChannelId::new), fixed(0x53, ChannelId::new));
        let after_general = json!({"continues": guild.channel});
        make(stage, &bob, &guild, after_general.clone(), shed)
            .await
            .refused(403, "FORBIDDEN");
        let nowhere = json!({"continues": den});
        make(stage, &alice, &guild, nowhere, shed)
            .await
            .refused(404, "NOT_FOUND");
        let made = make(stage, &alice, &guild, after_general.clone(), shed).await;
        assert_eq!(made.expect(201)["continues"], json!(guild.channel));
        make(stage, &alice, &guild, after_general, den)
            .await
            .refused(422, "INVALID");
        let voice = Voice::of(stage, &carol.device, shed).await;
        assert_eq!(voice.roster.users(), [alice.id, carol.id].into());
        let seen = channel(stage, &bob, &guild, shed).await;
        assert_eq!(
            (&seen["waits"], &seen["continues"]),
            (&json!(true), &json!(guild.channel))
        );
        // What was said in the old one stays for those who read there.
        history(stage, &bob, guild.channel).await.expect(200);
    })
    .await;
}
