//! Channels: making them, who reads them, how far one has read.

use cloister_proof::{ChannelPolicy, epoch::EpochCause, guild_log::OpBody};
use cloister_wire::{ChannelId, channel::EpochView};
use serde_json::{Value, json};

use crate::cast::{
    Stage, on_every_database,
    person::{Guild, Person, fixed, position},
    talk::{Voice, two},
};

/// Makes one more channel.
pub(super) async fn create(stage: &Stage, person: &Person, guild: &Guild, number: u8) -> ChannelId {
    let channel = fixed(number, ChannelId::new);
    let body = body(person, guild, channel, ChannelPolicy::text(channel));
    let path = format!("/api/v1/guilds/{}/channels", guild.id);
    let ask = stage.post(&path).bearing(&person.device.access).json(body);
    ask.send().await.expect(201);
    channel
}

fn body(person: &Person, guild: &Guild, channel: ChannelId, policy: ChannelPolicy) -> Value {
    let policy = person.op(guild.id, guild.log, OpBody::Policy { policy }, &[]);
    json!({"channel": channel, "name": "gardening", "policy": policy})
}

#[tokio::test]
async fn a_new_channel_has_its_first_epoch_with_every_member() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let channel = create(stage, &alice, &guild, 0x51).await;
        let voice = Voice::of(stage, &bob.device, channel).await;
        assert_eq!(voice.epoch, 1);
        assert_eq!(voice.roster.len(), 2);
        let records = voice.records(&voice.epoch_since(0).await);
        assert_eq!(records[0].cause, EpochCause::Created);
        assert_eq!(records[0].channel, channel);
    })
    .await;
}

#[tokio::test]
async fn a_channel_needs_the_right_and_a_policy_that_is_encrypted_and_signed() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let channel = fixed(0x51, ChannelId::new);
        let path = format!("/api/v1/guilds/{}/channels", guild.id);
        let by_bob = body(&bob, &guild, channel, ChannelPolicy::text(channel));
        let ask = stage
            .post(&path)
            .bearing(&bob.device.access)
            .json(by_bob.clone());
        ask.send().await.refused(403, "FORBIDDEN");
        // The right alone is not enough: the policy must be one's own.
        let ask = stage.post(&path).bearing(&alice.device.access).json(by_bob);
        ask.send().await.refused(422, "OP_INVALID");
        let other = ChannelPolicy {
            version: 2,
            ..ChannelPolicy::text(channel)
        };
        let ask = stage.post(&path).bearing(&alice.device.access);
        let answer = ask.json(body(&alice, &guild, channel, other)).send().await;
        answer.refused(422, "OP_INVALID");
        let ask = stage.get(&format!("/api/v1/channels/{channel}/epoch"));
        ask.bearing(&alice.device.access)
            .send()
            .await
            .refused(404, "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn whoever_knows_an_epoch_gets_what_changed_and_everybody_else_the_whole_roster() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        assert_eq!(voice.epoch, 2);
        let since_one = voice.epoch_since(1).await;
        assert!(since_one.roster.is_none());
        assert_eq!(voice.records(&since_one)[0].epoch, 2);
        let now: EpochView = voice.epoch_since(2).await;
        assert!(now.roster.is_none() && now.records.is_empty());
        let whole = voice.epoch_since(0).await;
        assert!(whole.roster.is_some());
        assert_eq!(
            voice.records(&whole).last().unwrap().roster_hash,
            voice.roster_hash
        );
    })
    .await;
}

#[tokio::test]
async fn an_approved_device_reads_along_and_a_revoked_one_raises_the_floor() {
    on_every_database(async |stage| {
        let (mut alice, bob, guild) = two(stage).await;
        let mut voice = Voice::of(stage, &bob.device, guild.channel).await;
        let before = voice.epoch;
        let second = alice.add_pending(stage, 0x21).await;
        voice.look().await;
        assert_eq!(voice.epoch, before, "a waiting device is in no roster");
        let token = alice.device.access.clone();
        let approval = alice.approval(&second);
        alice.append(stage, &token, &approval).await.expect(204);
        voice.look().await;
        assert_eq!(voice.epoch, before + 1);
        assert!(voice.roster.device(second.id).is_some());
        let revocation = alice.revocation(second.id);
        alice.append(stage, &token, &revocation).await.expect(204);
        let records = voice.records(&voice.epoch_since(before).await);
        let floors: Vec<_> = records
            .iter()
            .map(|record| (record.epoch, record.floor))
            .collect();
        assert_eq!(
            floors,
            [(before + 1, records[0].floor), (before + 2, before + 2)]
        );
        assert!(records[0].floor < before + 1);
    })
    .await;
}

#[tokio::test]
async fn the_read_cursor_never_goes_back() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        Voice::of(stage, &alice.device, guild.channel)
            .await
            .say(3)
            .await;
        let read = async |seq: u64| {
            let path = format!("/api/v1/channels/{}/read", guild.channel);
            let ask = stage.put(&path).bearing(&bob.device.access);
            ask.json(json!({"seq": seq})).send().await
        };
        read(2).await.expect(204);
        read(1).await.expect(204);
        read(4).await.refused(422, "INVALID");
        let path = format!("/api/v1/guilds/{}", guild.id);
        let seen = stage
            .get(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(200);
        assert_eq!(seen["channels"][0]["read_seq"], 2);
    })
    .await;
}

#[tokio::test]
async fn the_guilds_log_is_what_a_client_can_verify() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        create(stage, &alice, &guild, 0x51).await;
        let path = format!("/api/v1/guilds/{}/log?after=0", guild.id);
        let page = stage
            .get(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(200);
        let entries: Vec<cloister_wire::Bytes> =
            serde_json::from_value(page["entries"].clone()).unwrap();
        let key = stage.app.authority.public_key();
        let logs: std::collections::BTreeMap<_, _> = [&alice, &bob]
            .map(|one| {
                (
                    one.id,
                    cloister_proof::DeviceLog::begin(one.genesis.as_ref()).unwrap(),
                )
            })
            .into();
        let mut log = cloister_proof::GuildLog::empty(guild.id);
        for entry in &entries {
            log.append(entry.as_ref(), &key, &logs).unwrap();
        }
        assert_eq!(log.owner, alice.id);
        assert!(log.members[&bob.id].vouched);
        assert_eq!(log.policies.len(), 2);
        assert_eq!(page["end"], true);
    })
    .await;
}

#[tokio::test]
async fn a_member_who_came_without_a_seed_can_be_vouched_for() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let op = carol.op(guild.id, guild.log, OpBody::Join { invite: None }, &[]);
        let ask = stage
            .post("/api/v1/invites/garden-gate/join")
            .bearing(&carol.device.access);
        let joined = ask.json(json!({"op": op})).send().await.expect(201);
        let after = position(&joined["log"]);
        let add = OpBody::Add {
            user: carol.id,
            genesis: carol.heads[0],
        };
        let op = alice.op(guild.id, after, add.clone(), &[]);
        let path = format!("/api/v1/guilds/{}/log", guild.id);
        let vouch = async |person: &Person, op: &cloister_wire::Bytes| {
            let ask = stage.post(&path).bearing(&person.device.access);
            ask.json(json!({"op": op})).send().await
        };
        vouch(&carol, &carol.op(guild.id, after, add, &[]))
            .await
            .refused(403, "FORBIDDEN");
        let appended = vouch(&alice, &op).await.expect(201);
        assert_eq!(appended["seq"], after.seq + 1);
        // Other operations do not slip in this way.
        let end = OpBody::InviteEnd {
            code: "garden-gate".to_owned(),
        };
        let op = alice.op(guild.id, after, end, &[]);
        vouch(&alice, &op).await.refused(422, "OP_INVALID");
    })
    .await;
}
