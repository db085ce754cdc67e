//! Kicks, bans, timeouts, slow mode, the gate, and keeping people.

use cloister_wire::Permissions;
use serde_json::{Value, json};

use super::role::promote;
use crate::cast::{
    Answer, Stage, on_every_database,
    person::{Guild, Person, position},
    talk::{Voice, two},
};

async fn put(stage: &Stage, by: &Person, path: &str, body: Value) -> Answer {
    let ask = stage.put(path).bearing(&by.device.access).json(body);
    ask.send().await
}

async fn ban(stage: &Stage, by: &Person, guild: &Guild, who: &Person, for_s: u32) -> Answer {
    let path = format!("/api/v1/guilds/{}/bans/{}", guild.id, who.id);
    put(stage, by, &path, json!({"reason": "noise", "for_s": for_s})).await
}

/// The log as it stands now, so that what is signed next says that it knows of it.
async fn caught_up(stage: &Stage, guild: &Guild, code: &str) -> Guild {
    let preview = stage.get(&format!("/api/v1/invites/{code}"));
    let mut guild = guild.clone();
    guild.log = position(&preview.send().await.expect(200)["log"]);
    guild
}

#[tokio::test]
async fn a_banned_member_cannot_return_with_an_old_invite() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let link = alice.invite(stage, &guild, "welcome-back", 0).await;
        let mut voice = Voice::of(stage, &alice.device, guild.channel).await;
        let before = voice.epoch;
        ban(stage, &alice, &guild, &bob, 0).await.expect(204);
        let records = voice.records(&voice.epoch_since(before).await);
        assert_eq!(records[0].floor, before + 1);
        voice.look().await;
        assert_eq!(voice.roster.len(), 1);
        let guild = caught_up(stage, &guild, &link.code).await;
        bob.join(stage, &guild, &link).await.refused(403, "BANNED");
        let lift = format!("/api/v1/guilds/{}/bans/{}/lift", guild.id, bob.id);
        let ask = stage.post(&lift).bearing(&alice.device.access);
        ask.json(json!({"reason": null})).send().await.expect(204);
        bob.join(stage, &guild, &link).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn a_ban_with_an_end_ends() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let link = alice.invite(stage, &guild, "welcome-back", 0).await;
        ban(stage, &alice, &guild, &bob, 60).await.expect(204);
        let guild = caught_up(stage, &guild, &link.code).await;
        bob.join(stage, &guild, &link).await.refused(403, "BANNED");
        stage.wait(61_000);
        bob.join(stage, &guild, &link).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn who_was_kicked_comes_back_by_an_invite_and_without_their_roles() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::KICK_MEMBERS),
        )
        .await;
        let link = alice.invite(stage, &guild, "welcome-back", 0).await;
        let kick = format!("/api/v1/guilds/{}/members/{}/kick", guild.id, bob.id);
        let ask = stage.post(&kick).bearing(&alice.device.access);
        ask.json(json!({"reason": "x"})).send().await.expect(204);
        let guild = caught_up(stage, &guild, &link.code).await;
        let joined = bob.join(stage, &guild, &link).await.expect(201);
        assert_eq!(joined["guild"]["my_roles"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn who_is_on_hold_reads_and_does_not_write_also_after_coming_back() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let link = alice.invite(stage, &guild, "welcome-back", 0).await;
        let mut voice = Voice::of(stage, &bob.device, guild.channel).await;
        let before = voice.epoch;
        let path = format!("/api/v1/guilds/{}/members/{}/timeout", guild.id, bob.id);
        put(stage, &alice, &path, json!({"reason": null, "for_s": 600}))
            .await
            .expect(200);
        let refused = voice.send(&voice.message(1, 0)).await;
        refused.refused(403, "TIMED_OUT_MEMBER");
        assert_eq!(refused.body["retry_after_ms"], 600_000);
        voice.history("").await.expect(200);
        voice.look().await;
        assert_eq!(voice.epoch, before, "the audience stays");
        let leave = format!("/api/v1/guilds/{}/leave", guild.id);
        let ask = stage.post(&leave).bearing(&bob.device.access);
        ask.send().await.expect(204);
        let guild = caught_up(stage, &guild, &link.code).await;
        bob.join(stage, &guild, &link).await.expect(201);
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .send(&voice.message(2, 0))
            .await
            .refused(403, "TIMED_OUT_MEMBER");
        stage.wait(601_000);
        let again = voice.send(&voice.message(3, 0)).await;
        assert_ne!(again.code(), "TIMED_OUT_MEMBER");
    })
    .await;
}

#[tokio::test]
async fn a_closed_gate_lets_nobody_in_and_makes_no_invites() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let link = alice.invite(stage, &guild, "welcome-all", 0).await;
        let path = format!("/api/v1/guilds/{}/gate", guild.id);
        let gate = |state: &str, newcomer_s: u32| {
            json!({"joins": state, "invites": state, "newcomer_s": newcomer_s, "reason": "raid"})
        };
        put(stage, &alice, &path, gate("closed", 0)).await.expect(200);
        carol
            .join(stage, &guild, &link)
            .await
            .refused(403, "JOINS_PAUSED");
        let (body, _) = alice.invitation(&guild, "another-one", 0);
        let invites = format!("/api/v1/guilds/{}/invites", guild.id);
        let ask = stage.post(&invites).bearing(&alice.device.access);
        ask.json(body).send().await.refused(403, "JOINS_PAUSED");
        put(stage, &alice, &path, gate("open", 600)).await.expect(200);
        carol.join(stage, &guild, &link).await.expect(201);
        let voice = Voice::of(stage, &carol.device, guild.channel).await;
        voice
            .send(&voice.message(1, 0))
            .await
            .refused(403, "NEWCOMER");
        let joins = format!("/api/v1/guilds/{}/joins", guild.id);
        let ask = stage.get(&joins).bearing(&alice.device.access);
        let told = ask.send().await.expect(200);
        let joins = told["joins"].as_array().unwrap();
        let carols = joins.iter().find(|one| one["username"] == "carol").unwrap();
        assert_eq!(carols["code"], "welcome-all");
        assert_eq!(carols["invited_by"], json!(alice.id));
    })
    .await;
}

#[tokio::test]
async fn slow_mode_takes_one_message_of_a_person_in_its_time() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let path = format!("/api/v1/channels/{}", guild.channel);
        let slow = json!({"name": "general", "topic": "Beds and paths", "slow_mode_s": 30});
        put(stage, &alice, &path, slow).await.expect(204);
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        let share = voice.sharing(&voice.others());
        voice.share(&share).await.expect(200);
        voice.send(&voice.message(1, 0)).await.expect(201);
        voice
            .send(&voice.message(2, 1))
            .await
            .refused(429, "SLOW_MODE");
        stage.wait(31_000);
        voice.send(&voice.message(2, 1)).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn who_is_blocked_can_begin_no_conversation_and_learns_no_more_than_a_stranger() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let dave = Person::invited(stage, "dave", 7).await;
        let open = async |from: &Person, to: &Person| {
            let ask = stage.post("/api/v1/dms").bearing(&from.device.access);
            ask.json(json!({"peer": to.id})).send().await
        };
        let relation = format!("/api/v1/relations/{}", bob.id);
        put(stage, &alice, &relation, json!({"relation": "blocked"}))
            .await
            .expect(204);
        let (blocked, stranger) = (open(&bob, &alice).await, open(&dave, &alice).await);
        assert_eq!(
            (blocked.status, &blocked.body),
            (stranger.status, &stranger.body)
        );
        blocked.refused(403, "FORBIDDEN");
        put(stage, &alice, "/api/v1/contact", json!({"who": "friends"}))
            .await
            .expect(204);
        put(stage, &alice, &relation, json!({"relation": "none"}))
            .await
            .expect(204);
        open(&bob, &alice).await.refused(403, "FORBIDDEN");
        put(stage, &alice, &relation, json!({"relation": "friend"}))
            .await
            .expect(204);
        // Nobody means friends too.
        put(stage, &alice, "/api/v1/contact", json!({"who": "nobody"}))
            .await
            .expect(204);
        open(&bob, &alice).await.refused(403, "FORBIDDEN");
        put(stage, &alice, "/api/v1/contact", json!({"who": "friends"}))
            .await
            .expect(204);
        open(&bob, &alice).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn the_log_names_somebody_who_is_no_member_any_more() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        ban(stage, &alice, &guild, &bob, 0).await.expect(204);
        let path = format!("/api/v1/guilds/{}/audit?action=member.ban", guild.id);
        let ask = stage.get(&path).bearing(&alice.device.access);
        let entry = ask.send().await.expect(200)["entries"][0].clone();
        assert_eq!(entry["target"], json!(format!("member:{}", bob.id)));
        assert_eq!(entry["target_name"], json!("bob"));
    })
    .await;
}
