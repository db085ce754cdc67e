//! Direct conversations.

use serde_json::json;

use crate::cast::{
    on_every_database,
    person::Person,
    talk::{Voice, dm_of, queue, two, view_in},
};

#[tokio::test]
async fn two_people_have_one_conversation_whoever_opens_it() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let one = dm_of(stage, &alice, &bob).await;
        let other = dm_of(stage, &bob, &alice).await;
        assert_eq!(one, other);
        let ask = stage.get("/api/v1/dms").bearing(&bob.device.access);
        let dms = ask.send().await.expect(200);
        assert_eq!(dms["dms"].as_array().unwrap().len(), 1);
        assert_eq!(dms["dms"][0]["peer"], json!(alice.id));
        assert_eq!(dms["dms"][0]["username"], "alice");
    })
    .await;
}

#[tokio::test]
async fn a_conversation_needs_a_guild_that_both_are_in() {
    on_every_database(async |stage| {
        let (alice, _, _) = two(stage).await;
        let dave = Person::invited(stage, "dave", 6).await;
        for peer in [
            json!(alice.id),
            json!(cloister_wire::UserId::from_bytes([9; 16])),
        ] {
            let ask = stage.post("/api/v1/dms").bearing(&dave.device.access);
            ask.json(json!({"peer": peer}))
                .send()
                .await
                .refused(403, "FORBIDDEN");
        }
        let ask = stage.post("/api/v1/dms").bearing(&alice.device.access);
        ask.json(json!({"peer": alice.id}))
            .send()
            .await
            .refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_direct_message_brings_its_key_for_exactly_the_other_devices() {
    on_every_database(async |stage| {
        let (mut alice, bob, _) = two(stage).await;
        let second = alice.add_pending(stage, 0x21).await;
        let token = alice.device.access.clone();
        let approval = alice.approval(&second);
        alice.append(stage, &token, &approval).await.expect(204);
        let channel = dm_of(stage, &alice, &bob).await;
        let voice = Voice::of(stage, &alice.device, channel).await;
        assert_eq!(voice.roster.len(), 3);
        let refused = voice.send(&voice.direct(1, &[bob.device.id])).await;
        refused.refused(409, "DEVICES_MISMATCH");
        assert_eq!(view_in(&refused).missing, [second.id]);
        let own = [bob.device.id, second.id, alice.device.id];
        voice
            .send(&voice.direct(1, &own))
            .await
            .refused(409, "DEVICES_MISMATCH");
        let mut stale = voice.direct(1, &voice.others());
        stale.wraps[0].envelope.reg_id = 3;
        voice.send(&stale).await.refused(410, "DEVICES_STALE");
        assert!(queue(stage, &bob.device).await.is_empty());
        voice
            .send(&voice.direct(1, &voice.others()))
            .await
            .expect(201);
        assert_eq!(queue(stage, &bob.device).await[0]["class"], "dm_key");
        assert_eq!(queue(stage, &second).await.len(), 1);
        voice
            .send(&voice.message(2, 0))
            .await
            .refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_new_device_of_the_other_must_be_served_before_the_next_message() {
    on_every_database(async |stage| {
        let (alice, mut bob, _) = two(stage).await;
        let channel = dm_of(stage, &alice, &bob).await;
        let mut voice = Voice::of(stage, &alice.device, channel).await;
        voice
            .send(&voice.direct(1, &voice.others()))
            .await
            .expect(201);
        let second = bob.add_pending(stage, 0x22).await;
        let token = bob.device.access.clone();
        let approval = bob.approval(&second);
        bob.append(stage, &token, &approval).await.expect(204);
        let refused = voice.send(&voice.direct(2, &voice.others())).await;
        refused.refused(409, "EPOCH_STALE");
        assert_eq!(view_in(&refused).devlogs[0].entries.len(), 2);
        voice.look().await;
        voice
            .send(&voice.direct(2, &voice.others()))
            .await
            .expect(201);
        assert_eq!(queue(stage, &second).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_else_learns_of_the_conversation() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let link = alice.invite(stage, &guild, "second-gate", 0).await;
        carol.join(stage, &guild, &link).await.expect(201);
        let channel = dm_of(stage, &alice, &bob).await;
        for what in ["epoch", "messages"] {
            let ask = stage.get(&format!("/api/v1/channels/{channel}/{what}"));
            ask.bearing(&carol.device.access)
                .send()
                .await
                .refused(404, "NOT_FOUND");
        }
        let ask = stage.get("/api/v1/dms").bearing(&carol.device.access);
        assert_eq!(ask.send().await.expect(200)["dms"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn only_who_is_asked_answers_and_only_once() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let channel = dm_of(stage, &alice, &bob).await;
        let answer = async |who: &Person, channel, answer: &str| {
            let ask = stage.post(&format!("/api/v1/channels/{channel}/request"));
            let ask = ask.bearing(&who.device.access);
            ask.json(json!({"answer": answer})).send().await
        };
        let shown = async |who: &Person| {
            let ask = stage.get("/api/v1/dms").bearing(&who.device.access);
            ask.send().await.expect(200)["dms"][0]["request"].clone()
        };
        let carol = Person::invited(stage, "carol", 5).await;
        answer(&alice, channel, "accept")
            .await
            .refused(422, "INVALID");
        answer(&carol, channel, "accept")
            .await
            .refused(404, "NOT_FOUND");
        answer(&bob, guild.channel, "accept")
            .await
            .refused(422, "INVALID");
        assert_eq!(shown(&alice).await, json!("outgoing"));
        assert_eq!(shown(&bob).await, json!("incoming"));
        answer(&bob, channel, "decline").await.expect(204);
        assert_eq!(shown(&alice).await, json!("outgoing"));
        assert_eq!(shown(&bob).await, json!("declined"));
        answer(&bob, channel, "accept").await.expect(204);
        assert_eq!(shown(&alice).await, json!(null));
        assert_eq!(shown(&bob).await, json!(null));
        answer(&bob, channel, "decline")
            .await
            .refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn who_was_blocked_in_a_conversation_writes_there_no_more() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let channel = dm_of(stage, &alice, &bob).await;
        let voice = Voice::of(stage, &bob.device, channel).await;
        let relation = format!("/api/v1/relations/{}", bob.id);
        let keep = async |relation_is: &str| {
            let ask = stage.put(&relation).bearing(&alice.device.access);
            let ask = ask.json(json!({"relation": relation_is}));
            ask.send().await.expect(204);
        };
        keep("blocked").await;
        let sent = voice.send(&voice.direct(1, &voice.others())).await;
        sent.refused(403, "FORBIDDEN");
        voice.history("").await.expect(200);
        keep("muted").await;
        voice
            .send(&voice.direct(1, &voice.others()))
            .await
            .expect(201);
    })
    .await;
}

#[tokio::test]
async fn nobody_keeps_people_whom_they_have_nothing_to_do_with() {
    on_every_database(async |stage| {
        let (alice, _, _) = two(stage).await;
        let dave = Person::invited(stage, "dave", 6).await;
        let nobody = cloister_wire::UserId::from_bytes([9; 16]);
        let mut answers = Vec::new();
        for user in [dave.id, nobody] {
            let ask = stage.put(&format!("/api/v1/relations/{user}"));
            let ask = ask.bearing(&alice.device.access);
            answers.push(ask.json(json!({"relation": "friend"})).send().await);
        }
        for answer in &answers {
            answer.refused(404, "NOT_FOUND");
        }
        assert_eq!(answers[0].body, answers[1].body);
    })
    .await;
}
