//! Joining by application.

use cloister_proof::guild_log::OpBody;
use cloister_wire::{Permissions, UserId};
use serde_json::{Value, json};

use super::{guild_log::log_head, role::promote};
use crate::cast::{
    Answer, Stage, on_every_database,
    person::{Guild, Person, fixed, position},
    talk::{Voice, two},
};

async fn put(stage: &Stage, by: &Person, path: &str, body: Value) -> Answer {
    let ask = stage.put(path).bearing(&by.device.access).json(body);
    ask.send().await
}

async fn post(stage: &Stage, by: &Person, path: &str, body: Value) -> Answer {
    let ask = stage.post(path).bearing(&by.device.access).json(body);
    ask.send().await
}

async fn get(stage: &Stage, by: &Person, path: &str) -> Answer {
    stage.get(path).bearing(&by.device.access).send().await
}

async fn ask_two(stage: &Stage, owner: &Person, guild: &Guild) -> Answer {
    let path = format!("/api/v1/guilds/{}/questions", guild.id);
    let questions = json!({"questions": ["Why do you want to join?", "  Who sent you? "]});
    put(stage, owner, &path, questions).await
}

async fn apply(stage: &Stage, who: &Person, answers: Value) -> Answer {
    let path = "/api/v1/invites/welcome-all/application";
    post(stage, who, path, json!({"answers": answers})).await
}

async fn approve(stage: &Stage, by: &Person, guild: &Guild, who: &Person, of: UserId) -> Answer {
    let after = position(&log_head(stage, by, guild).await);
    let genesis = who.heads[0];
    let op = by.op(
        guild.id,
        after,
        OpBody::Add {
            user: who.id,
            genesis,
        },
        &[],
    );
    let path = format!("/api/v1/guilds/{}/applications/{of}/approve", guild.id);
    post(stage, by, &path, json!({"op": op})).await
}

#[tokio::test]
async fn an_applicant_answers_and_comes_in_when_a_member_signs_it() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let link = alice.invite(stage, &guild, "welcome-all", 1).await;
        ask_two(stage, &bob, &guild).await.refused(403, "FORBIDDEN");
        ask_two(stage, &alice, &guild).await.expect(204);
        let preview = stage.get("/api/v1/invites/welcome-all").send().await;
        let asked = json!(["Why do you want to join?", "Who sent you?"]);
        assert_eq!(preview.expect(200)["questions"], asked);
        let carol = Person::invited(stage, "carol", 5).await;
        carol
            .join(stage, &guild, &link)
            .await
            .refused(403, "APPLICATION_NEEDED");
        apply(stage, &carol, json!(["Because"]))
            .await
            .refused(422, "INVALID");
        apply(stage, &carol, json!(["Because", " "]))
            .await
            .refused(422, "INVALID");
        apply(stage, &carol, json!(["Because", "Alice"]))
            .await
            .expect(204);
        let own = get(stage, &carol, "/api/v1/applications").await.expect(200);
        assert_eq!(own["applications"][0]["guild_name"], "Garden");
        assert_eq!(own["applications"][0]["declined_at"], Value::Null);
        let queue = format!("/api/v1/guilds/{}/applications", guild.id);
        get(stage, &bob, &queue).await.refused(403, "FORBIDDEN");
        get(stage, &carol, &queue).await.refused(404, "NOT_FOUND");
        let page = get(stage, &alice, &queue).await.expect(200);
        let one = &page["applications"][0];
        assert_eq!(one["username"], "carol");
        assert_eq!(one["invited_by"], json!(alice.id));
        let second = json!({"question": "Who sent you?", "answer": "Alice"});
        assert_eq!(one["answers"][1], second);
        // What the signing device checks.
        let path = format!("{queue}/{}", carol.id);
        let applicant = get(stage, &alice, &path).await.expect(200);
        assert_eq!(applicant["devlog"].as_array().unwrap().len(), 1);
        get(stage, &bob, &path).await.refused(403, "FORBIDDEN");
        approve(stage, &bob, &guild, &carol, carol.id)
            .await
            .refused(403, "FORBIDDEN");
        approve(stage, &alice, &guild, &carol, bob.id)
            .await
            .refused(404, "NOT_FOUND");
        approve(stage, &alice, &guild, &carol, carol.id)
            .await
            .expect(200);
        let mut voice = Voice::of(stage, &carol.device, guild.channel).await;
        voice.look().await;
        assert_eq!(voice.roster.len(), 3);
        let left = get(stage, &alice, &queue).await.expect(200);
        assert_eq!(left["applications"], json!([]));
        let audit = format!(
            "/api/v1/guilds/{}/audit?action=application.approve",
            guild.id
        );
        let entry = get(stage, &alice, &audit).await.expect(200)["entries"][0].clone();
        assert_eq!(entry["target"], json!(format!("member:{}", carol.id)));
        approve(stage, &alice, &guild, &carol, carol.id)
            .await
            .refused(404, "NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn who_is_declined_reads_why_and_applies_again_a_day_later() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        alice.invite(stage, &guild, "welcome-all", 0).await;
        ask_two(stage, &alice, &guild).await.expect(204);
        promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::VOUCH_MEMBERS),
        )
        .await;
        let mut carol = Person::invited(stage, "carol", 5).await;
        let answers = json!(["Because", "Alice"]);
        apply(stage, &carol, answers.clone()).await.expect(204);
        let decline = format!(
            "/api/v1/guilds/{}/applications/{}/decline",
            guild.id, carol.id
        );
        post(stage, &bob, &decline, json!({"reason": "Full until May"}))
            .await
            .expect(204);
        post(stage, &bob, &decline, json!({"reason": null}))
            .await
            .refused(404, "NOT_FOUND");
        let own = get(stage, &carol, "/api/v1/applications").await.expect(200);
        assert_eq!(own["applications"][0]["reason"], "Full until May");
        let again = apply(stage, &carol, answers.clone()).await;
        again.refused(429, "RATE_LIMITED");
        let withdraw = format!("/api/v1/applications/{}", guild.id);
        let ask = stage.delete(&withdraw).bearing(&carol.device.access);
        ask.send().await.refused(404, "NOT_FOUND");
        stage.wait(24 * 3_600_000);
        let known = carol.known(stage, &carol.device).await;
        let signed_in = carol.sign_in(stage, known).await.expect(201);
        let token = signed_in["tokens"]["access_token"].as_str().unwrap();
        token.clone_into(&mut carol.device.access);
        apply(stage, &carol, answers).await.expect(204);
        let ask = stage.delete(&withdraw).bearing(&carol.device.access);
        ask.send().await.expect(204);
        let own = get(stage, &carol, "/api/v1/applications").await.expect(200);
        assert_eq!(own["applications"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn an_approval_signed_for_somebody_else_lets_nobody_in() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        alice.invite(stage, &guild, "welcome-all", 0).await;
        ask_two(stage, &alice, &guild).await.expect(204);
        let carol = Person::invited(stage, "carol", 5).await;
        let dave = Person::invited(stage, "dave", 7).await;
        apply(stage, &carol, json!(["Because", "Alice"]))
            .await
            .expect(204);
        let answer = approve(stage, &alice, &guild, &dave, carol.id).await;
        answer.refused(422, "OP_INVALID");
        for one in [&carol, &dave] {
            let path = format!("/api/v1/guilds/{}", guild.id);
            get(stage, one, &path).await.refused(404, "NOT_FOUND");
        }
        let nobody = fixed(98, UserId::new);
        let path = format!("/api/v1/guilds/{}/applications/{nobody}", guild.id);
        get(stage, &alice, &path).await.refused(404, "NOT_FOUND");
    })
    .await;
}
