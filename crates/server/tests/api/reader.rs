//! Channels that only some members read, and keys that are withheld.

use cloister_proof::{ChannelPolicy, guild_log::OpBody, policy::Readers};
use cloister_wire::{ChannelId, Permissions, channel::WithholdCode};
use serde_json::{Value, json};

use super::{guild_log::log_head, role::promote};
use crate::cast::{
    Answer, Stage, on_every_database,
    person::{Guild, Person, fixed, position},
    talk::{Voice, queue, two, view_in},
};

pub(super) fn users(people: &[&Person]) -> Readers {
    let mut users: Vec<_> = people.iter().map(|one| one.id).collect();
    users.sort();
    Readers::Users { users }
}

pub(super) fn channel() -> ChannelId {
    fixed(0x52, ChannelId::new)
}

pub(super) async fn make(stage: &Stage, owner: &Person, guild: &Guild, readers: Readers) -> Answer {
    let policy = ChannelPolicy::private(channel(), readers);
    let after = position(&log_head(stage, owner, guild).await);
    let policy = owner.op(guild.id, after, OpBody::Policy { policy }, &[]);
    let path = format!("/api/v1/guilds/{}/channels", guild.id);
    let ask = stage.post(&path).bearing(&owner.device.access);
    ask.json(json!({"channel": channel(), "name": "shed", "policy": policy}))
        .send()
        .await
}

async fn sign(stage: &Stage, who: &Person, guild: &Guild, body: OpBody) -> Answer {
    let after = position(&log_head(stage, who, guild).await);
    let op = who.op(guild.id, after, body, &[]);
    let path = format!("/api/v1/guilds/{}/log", guild.id);
    let ask = stage.post(&path).bearing(&who.device.access);
    ask.json(json!({"op": op})).send().await
}

pub(super) async fn epoch(stage: &Stage, who: &Person) -> Answer {
    let path = format!("/api/v1/channels/{}/epoch?since=0", channel());
    stage.get(&path).bearing(&who.device.access).send().await
}

pub(super) async fn seen(stage: &Stage, who: &Person, guild: &Guild) -> Vec<Value> {
    let path = format!("/api/v1/guilds/{}", guild.id);
    let ask = stage.get(&path).bearing(&who.device.access);
    let view = ask.send().await.expect(200);
    view["channels"].as_array().unwrap().clone()
}

async fn unvouched(stage: &Stage, guild: &Guild, name: &'static str, number: u8) -> Person {
    let person = Person::invited(stage, name, number).await;
    let op = person.op(guild.id, guild.log, OpBody::Join { invite: None }, &[]);
    let ask = stage
        .post("/api/v1/invites/garden-gate/join")
        .bearing(&person.device.access);
    ask.json(json!({"op": op})).send().await.expect(201);
    person
}

#[tokio::test]
async fn a_private_channel_does_not_exist_for_other_members() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = unvouched(stage, &guild, "carol", 5).await;
        make(stage, &alice, &guild, users(&[&bob]))
            .await
            .expect(201);
        epoch(stage, &carol).await.refused(404, "NOT_FOUND");
        assert_eq!(seen(stage, &carol, &guild).await.len(), 1);
        assert_eq!(seen(stage, &bob, &guild).await.len(), 2);
        let voice = Voice::of(stage, &bob.device, channel()).await;
        assert_eq!(voice.roster.users(), [alice.id, bob.id].into());
    })
    .await;
}

#[tokio::test]
async fn a_signed_policy_lets_readers_in_and_out_and_out_ends_sessions() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = unvouched(stage, &guild, "carol", 5).await;
        make(stage, &alice, &guild, users(&[&bob]))
            .await
            .expect(201);
        let voice = Voice::of(stage, &alice.device, channel()).await;
        voice.say(1).await;
        let mut policy = ChannelPolicy::private(channel(), users(&[&carol]));
        policy.version = 2;
        let body = OpBody::Policy { policy };
        sign(stage, &bob, &guild, body.clone())
            .await
            .refused(403, "FORBIDDEN");
        sign(stage, &alice, &guild, body).await.expect(201);
        epoch(stage, &bob).await.refused(404, "NOT_FOUND");
        let refused = voice.send(&voice.message(9, 1)).await;
        refused.refused(409, "EPOCH_STALE");
        // Whoever comes later reads from now on.
        let view = seen(stage, &carol, &guild).await;
        assert_eq!(view[1]["joined_seq"], 1);
    })
    .await;
}

#[tokio::test]
async fn who_gets_no_key_is_told_why_and_gets_it_once_vouched_for() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = unvouched(stage, &guild, "carol", 5).await;
        make(stage, &alice, &guild, users(&[&bob, &carol]))
            .await
            .expect(201);
        let mut voice = Voice::of(stage, &alice.device, channel()).await;
        voice
            .share(&voice.sharing(&[bob.device.id]))
            .await
            .expect(200);
        let mut withheld = voice.withholding(&[carol.device.id]);
        withheld.withheld[0].code = WithholdCode::MinTrust;
        for _ in 0..2 {
            voice.share(&withheld).await.expect(200);
        }
        voice.send(&voice.message(1, 0)).await.expect(201);
        let waiting = queue(stage, &carol.device).await;
        assert_eq!(waiting.len(), 1);
        let told = &waiting[0]["body"]["withheld"];
        assert_eq!(told["code"], "min_trust");
        assert_eq!(told["channel"], json!(channel()));
        // It is no ciphertext that could be reported as unreadable.
        let nack = json!({"seq": waiting[0]["seq"], "reason": "corrupt"});
        let ask = stage
            .post("/api/v1/to-device/nack")
            .bearing(&carol.device.access);
        ask.json(nack).send().await.refused(422, "INVALID");
        let vouch = OpBody::Add {
            user: carol.id,
            genesis: carol.heads[0],
        };
        sign(stage, &alice, &guild, vouch).await.expect(201);
        voice.look().await;
        let refused = voice.send(&voice.message(2, 1)).await;
        refused.refused(409, "SHARE_REQUIRED");
        assert_eq!(view_in(&refused).missing, [carol.device.id]);
        voice
            .share(&voice.sharing(&[carol.device.id]))
            .await
            .expect(200);
        voice.send(&voice.message(2, 1)).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn a_right_over_channels_reaches_no_channel_that_one_is_kept_out_of() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let rights = Permissions::MANAGE_CHANNELS.union(Permissions::MANAGE_ROLES);
        promote(stage, &alice, &guild, 0x61, (&bob, rights)).await;
        make(stage, &alice, &guild, users(&[])).await.expect(201);
        let overwrite = |allow: u64| {
            json!({
                "place": {"place": "channel", "channel": channel()},
                "subject": {"subject": "everyone"}, "allow": "0", "deny": allow.to_string(),
            })
        };
        let overwrites = format!("/api/v1/guilds/{}/overwrites", guild.id);
        let ask = stage.put(&overwrites).bearing(&alice.device.access);
        ask.json(overwrite(2)).send().await.expect(204);
        let path = format!("/api/v1/channels/{}", channel());
        let edit = json!({"name": "mine", "topic": "", "slow_mode_s": 0});
        for ask in [
            stage.put(&path).json(edit),
            stage
                .put(&format!("{path}/position"))
                .json(json!({"category": null, "position": 0})),
            stage.put(&overwrites).json(overwrite(0)),
            stage.delete(&path),
        ] {
            let answer = ask.bearing(&bob.device.access).send().await;
            answer.refused(404, "NOT_FOUND");
        }
        let ask = stage.get(&overwrites).bearing(&bob.device.access);
        assert_eq!(ask.send().await.expect(200)["overwrites"], json!([]));
        epoch(stage, &alice).await.expect(200);
    })
    .await;
}
