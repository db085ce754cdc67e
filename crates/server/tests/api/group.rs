//! Conversations of several people.

use cloister_proof::{
    ChannelPolicy,
    guild_log::{LogRights, OpBody, Position},
};
use cloister_wire::{Bytes, ChannelId, GuildId};
use serde_json::{Value, json};

use super::guild_log::log_head;
use crate::cast::{
    Answer, Stage, on_every_database,
    person::{Guild, Person, fixed, position},
    talk::{Voice, two},
};

const GROUP: u8 = 0x31;

fn ids() -> (GuildId, ChannelId) {
    (
        fixed(GROUP, GuildId::new),
        fixed(GROUP | 0x40, ChannelId::new),
    )
}

fn add(by: &Person, after: Position, who: &Person) -> Bytes {
    let body = OpBody::Add {
        user: who.id,
        genesis: who.heads[0],
    };
    by.op(ids().0, after, body, &[])
}

async fn make(stage: &Stage, owner: &Person, others: &[&Person]) -> Answer {
    let (guild, channel) = ids();
    let create = OpBody::Create {
        everyone: LogRights::VOUCH,
    };
    let policy = OpBody::Policy {
        policy: ChannelPolicy::group(channel),
    };
    let sign = |body| owner.op(guild, Position::START, body, &[]);
    let add: Vec<Bytes> = others
        .iter()
        .map(|one| add(owner, Position::START, one))
        .collect();
    let ask = stage.post("/api/v1/groups").bearing(&owner.device.access);
    ask.json(json!({
        "guild": guild, "create": sign(create), "add": add,
        "channel": channel, "policy": sign(policy),
    }))
    .send()
    .await
}

fn as_guild(group: &Value) -> Guild {
    let (id, channel) = ids();
    Guild {
        id,
        channel,
        genesis: cloister_wire::Octets([0; 32]),
        log: position(&group["log"]),
    }
}

/// Alice and Bob of one guild, and Carol of the same.
async fn three(stage: &Stage) -> (Person, Person, Person) {
    let (alice, bob, guild) = two(stage).await;
    let carol = Person::invited(stage, "carol", 5).await;
    let op = carol.op(guild.id, guild.log, OpBody::Join { invite: None }, &[]);
    let ask = stage
        .post("/api/v1/invites/garden-gate/join")
        .bearing(&carol.device.access);
    ask.json(json!({"op": op})).send().await.expect(201);
    (alice, bob, carol)
}

#[tokio::test]
async fn everybody_of_a_group_reads_it_from_the_start_and_nobody_else_sees_it() {
    on_every_database(async |stage| {
        let (alice, bob, carol) = three(stage).await;
        let made = make(stage, &alice, &[&bob]).await.expect(201);
        assert_eq!(made["guild"]["kind"], "group");
        let channel = ids().1;
        let voice = Voice::of(stage, &bob.device, channel).await;
        assert_eq!(voice.roster.users(), [alice.id, bob.id].into());
        voice.say(1).await;
        let path = format!("/api/v1/channels/{channel}/messages");
        let ask = stage.get(&path).bearing(&carol.device.access);
        ask.send().await.refused(404, "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn members_let_others_in_and_the_owner_takes_them_out() {
    on_every_database(async |stage| {
        let (alice, bob, carol) = three(stage).await;
        let made = make(stage, &alice, &[&bob]).await.expect(201);
        let group = as_guild(&made);
        let log = format!("/api/v1/guilds/{}/log", group.id);
        let ask = stage.post(&log).bearing(&bob.device.access);
        let op = add(&bob, group.log, &carol);
        ask.json(json!({"op": op})).send().await.expect(201);
        let voice = Voice::of(stage, &carol.device, group.channel).await;
        assert_eq!(voice.roster.users().len(), 3);
        let remove = async |who: &Person, user: &Person| {
            let path = format!("/api/v1/groups/{}/remove", group.id);
            let ask = stage.post(&path).bearing(&who.device.access);
            ask.json(json!({"user": user.id})).send().await
        };
        remove(&bob, &carol).await.refused(403, "FORBIDDEN");
        remove(&alice, &carol).await.expect(204);
        let voice = Voice::of(stage, &bob.device, group.channel).await;
        assert_eq!(voice.roster.users(), [alice.id, bob.id].into());
        // What let Carol in says nothing any more.
        let ask = stage.post(&log).bearing(&bob.device.access);
        ask.json(json!({"op": op}))
            .send()
            .await
            .refused(422, "OP_INVALID");
        let head = position(&log_head(stage, &bob, &group).await);
        let ask = stage.post(&log).bearing(&bob.device.access);
        let op = add(&bob, head, &carol);
        ask.json(json!({"op": op})).send().await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn a_group_is_among_people_who_can_write_to_each_other() {
    on_every_database(async |stage| {
        let (alice, ..) = three(stage).await;
        let dave = Person::invited(stage, "dave", 6).await;
        make(stage, &alice, &[&dave])
            .await
            .refused(403, "FORBIDDEN");
        make(stage, &alice, &[]).await.refused(409, "TOO_MANY");
    })
    .await;
}

#[tokio::test]
async fn a_group_has_no_channels_or_invites_of_its_own() {
    on_every_database(async |stage| {
        let (alice, bob, _) = three(stage).await;
        let made = make(stage, &alice, &[&bob]).await.expect(201);
        let group = as_guild(&made);
        let (body, _) = alice.invitation(&group, "come-along", 0);
        let path = format!("/api/v1/guilds/{}/invites", group.id);
        let ask = stage.post(&path).bearing(&alice.device.access);
        ask.json(&body).send().await.refused(403, "FORBIDDEN");
        let channel = fixed(0x55, ChannelId::new);
        let policy = OpBody::Policy {
            policy: ChannelPolicy::text(channel),
        };
        let policy = alice.op(group.id, group.log, policy, &[]);
        let path = format!("/api/v1/guilds/{}/channels", group.id);
        let ask = stage.post(&path).bearing(&alice.device.access);
        ask.json(json!({"channel": channel, "name": "x", "policy": policy}))
            .send()
            .await
            .refused(403, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn the_one_channel_of_a_group_is_nobodys_to_change_or_delete() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        make(stage, &alice, &[&bob]).await.expect(201);
        let path = format!("/api/v1/channels/{}", ids().1);
        let edit = json!({"name": "mine", "topic": "", "slow_mode_s": 0});
        for ask in [stage.put(&path).json(edit), stage.delete(&path)] {
            let answer = ask.bearing(&alice.device.access).send().await;
            answer.refused(403, "FORBIDDEN");
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_blocked_brings_nobody_into_a_group() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let ask = stage.put(&format!("/api/v1/relations/{}", bob.id));
        let ask = ask.bearing(&alice.device.access);
        ask.json(json!({"relation": "blocked"}))
            .send()
            .await
            .expect(204);
        make(stage, &bob, &[&alice]).await.refused(403, "FORBIDDEN");
    })
    .await;
}
