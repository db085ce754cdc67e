//! What members sign for the log of a guild.

use cloister_proof::{
    ChannelPolicy, EpochRecord, Signed,
    epoch::EpochCause,
    guild_log::{LogRights, OpBody, RoleHeld},
    policy::{ChannelClass, HistoryRule},
};
use serde_json::json;

use crate::cast::{
    Stage, on_every_database,
    person::{Guild, Person, position},
    talk::two,
};

#[tokio::test]
async fn the_owner_hands_a_guild_over_and_gives_roles_by_signature_only() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let path = format!("/api/v1/guilds/{}/log", guild.id);
        let sign = async |person: &Person, op: &cloister_wire::Bytes| {
            let ask = stage.post(&path).bearing(&person.device.access);
            ask.json(json!({"op": op})).send().await
        };
        let role = cloister_wire::RoleId::from_bytes([9; 16]);
        let make = OpBody::Role {
            role,
            rights: LogRights::VOUCH,
            held: RoleHeld::ByGrant,
        };
        let give = OpBody::Grant {
            role,
            user: bob.id,
            genesis: bob.heads[0],
        };
        let hand = |to: &Person| OpBody::TransferOwner {
            user: to.id,
            genesis: to.heads[0],
        };
        let head = async || position(&log_head(stage, &alice, &guild).await);
        for body in [make.clone(), give.clone(), hand(&bob)] {
            let op = bob.op(guild.id, head().await, body, &[]);
            sign(&bob, &op).await.refused(403, "FORBIDDEN");
        }
        for body in [make, give] {
            let op = alice.op(guild.id, head().await, body, &[]);
            sign(&alice, &op).await.expect(201);
        }
        // Handing over takes the password, and so a request of its own.
        let op = alice.op(guild.id, head().await, hand(&bob), &[]);
        sign(&alice, &op).await.refused(422, "OP_INVALID");
        let owner = format!("/api/v1/guilds/{}/owner", guild.id);
        let give_away = async |password: &str| {
            let ask = stage.post(&owner).bearing(&alice.device.access);
            let body = json!({"to": bob.id, "password": password, "op": op});
            ask.json(body).send().await
        };
        give_away("a wrong password")
            .await
            .refused(403, "WRONG_PASSWORD");
        give_away(crate::cast::person::PASSWORD).await.expect(200);
        let seen = stage
            .get(&format!("/api/v1/guilds/{}", guild.id))
            .bearing(&alice.device.access)
            .send()
            .await
            .expect(200);
        assert_eq!(seen["owner"], bob.id.to_string());
        let back = alice.op(guild.id, head().await, hand(&alice), &[]);
        sign(&alice, &back).await.refused(403, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn a_signed_policy_ends_old_sessions_and_an_unsigned_change_does_not_exist() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let path = format!("/api/v1/guilds/{}/log", guild.id);
        let mut policy = ChannelPolicy::text(guild.channel);
        policy.version = 2;
        policy.history = HistoryRule::None;
        let after = position(&log_head(stage, &alice, &guild).await);
        let body = OpBody::Policy {
            policy: policy.clone(),
        };
        let sign = async |person: &Person, op: &cloister_wire::Bytes| {
            let ask = stage.post(&path).bearing(&person.device.access);
            ask.json(json!({"op": op})).send().await
        };
        sign(&bob, &bob.op(guild.id, after, body.clone(), &[]))
            .await
            .refused(403, "FORBIDDEN");
        let op = alice.op(guild.id, after, body, &[]);
        sign(&alice, &op).await.expect(201);
        // The same version again, and an open class, are no continuation.
        sign(&alice, &op).await.refused(422, "OP_INVALID");
        policy.version = 3;
        policy.class = ChannelClass::Open;
        let open = OpBody::Policy { policy };
        let open = alice.op(guild.id, after, open, &[]);
        sign(&alice, &open).await.refused(422, "OP_INVALID");
        let epoch = stage
            .get(&format!("/api/v1/channels/{}/epoch?since=0", guild.channel))
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(200);
        let records: Vec<cloister_wire::channel::EpochProof> =
            serde_json::from_value(epoch["records"].clone()).unwrap();
        let record: EpochRecord =
            cloister_proof::decode(records.last().unwrap().record.as_ref()).unwrap();
        assert_eq!(record.cause, EpochCause::Policy);
        assert_eq!(record.floor, record.epoch);
    })
    .await;
}

pub(super) async fn log_head(stage: &Stage, who: &Person, guild: &Guild) -> serde_json::Value {
    let path = format!("/api/v1/guilds/{}/log?after=0", guild.id);
    let ask = stage.get(&path).bearing(&who.device.access);
    let page = ask.send().await.expect(200);
    let entries: Vec<cloister_wire::Bytes> =
        serde_json::from_value(page["entries"].clone()).unwrap();
    let last = Signed::parse(entries.last().unwrap().as_ref()).unwrap();
    json!({"seq": entries.len(), "head": last.payload_hash()})
}
