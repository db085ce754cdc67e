//! What newcomers may not do yet, and members who are set apart.

use cloister_wire::{
    Permissions,
    channel::{Notify, Send},
};
use serde_json::{Value, json};

use super::{
    reader::{channel, epoch, make, seen, users},
    role::promote,
};
use crate::cast::{
    Answer, Stage, on_every_database,
    person::{Guild, Person},
    talk::{Voice, two},
};

async fn put(stage: &Stage, by: &Person, path: &str, body: Value) -> Answer {
    let ask = stage.put(path).bearing(&by.device.access).json(body);
    ask.send().await
}

async fn lift(stage: &Stage, by: &Person, guild: &Guild, who: &Person) -> Answer {
    let path = format!(
        "/api/v1/guilds/{}/members/{}/quarantine/lift",
        guild.id, who.id
    );
    let ask = stage.post(&path).bearing(&by.device.access);
    ask.json(json!({"reason": null})).send().await
}

async fn set_apart(stage: &Stage, by: &Person, guild: &Guild, who: &Person) -> Answer {
    let path = format!("/api/v1/guilds/{}/members/{}/quarantine", guild.id, who.id);
    put(stage, by, &path, json!({"reason": "spam?"})).await
}

async fn actions(stage: &Stage, by: &Person, guild: &Guild, action: &str) -> usize {
    let path = format!("/api/v1/guilds/{}/audit?action={action}", guild.id);
    let ask = stage.get(&path).bearing(&by.device.access);
    let page = ask.send().await.expect(200);
    page["entries"].as_array().unwrap().len()
}

#[tokio::test]
async fn who_is_new_tells_nobody_by_name_until_the_time_is_over_or_a_moderator_says_so() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let gate = format!("/api/v1/guilds/{}/gate", guild.id);
        let rules = |mentions_s: u32, links_s: u32| {
            json!({
                "joins": "open", "invites": "open", "newcomer_s": 0, "links_s": links_s,
                "mentions_s": mentions_s, "reason": null,
            })
        };
        put(stage, &alice, &gate, rules(2_592_001, 0))
            .await
            .refused(422, "INVALID");
        put(stage, &alice, &gate, rules(600, 86_400))
            .await
            .expect(200);
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        let naming = |number: u8, index: u32| Send {
            notify: Some(Notify {
                users: vec![alice.id],
                everyone: false,
            }),
            ..voice.message(number, index)
        };
        let refused = voice.send(&naming(1, 0)).await;
        refused.refused(403, "NEWCOMER");
        assert_eq!(refused.body["retry_after_ms"], 600_000);
        voice.send(&voice.message(2, 0)).await.expect(201);
        // Everybody's clients are told, so that they hold links.
        let path = format!("/api/v1/guilds/{}", guild.id);
        let ask = stage.get(&path).bearing(&bob.device.access);
        let view = ask.send().await.expect(200);
        assert_eq!(
            (&view["links_s"], &view["mentions_s"]),
            (&json!(86_400), &json!(600))
        );
        let settle = format!("{path}/members/{}/settled", bob.id);
        put(stage, &bob, &settle, json!({"reason": null}))
            .await
            .refused(403, "FORBIDDEN");
        let member = put(stage, &alice, &settle, json!({"reason": null})).await;
        assert!(member.expect(200)["settled_at"].is_u64());
        put(stage, &alice, &settle, json!({"reason": null}))
            .await
            .expect(200);
        assert_eq!(actions(stage, &alice, &guild, "member.settle").await, 1);
        voice.send(&naming(3, 1)).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn the_time_of_a_newcomer_ends_by_itself() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let gate = format!("/api/v1/guilds/{}/gate", guild.id);
        let rules = json!({
            "joins": "open", "invites": "open", "newcomer_s": 0, "links_s": 0, "mentions_s": 60,
            "reason": null,
        });
        put(stage, &alice, &gate, rules).await.expect(200);
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        let everyone = Notify {
            users: vec![alice.id],
            everyone: false,
        };
        let naming = Send {
            notify: Some(everyone),
            ..voice.message(1, 0)
        };
        voice.send(&naming).await.refused(403, "NEWCOMER");
        stage.wait(61_000);
        voice.send(&naming).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn who_is_in_quarantine_reads_what_everybody_reads_and_nothing_else() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        make(stage, &alice, &guild, users(&[&bob]))
            .await
            .expect(201);
        promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::MANAGE_MESSAGES),
        )
        .await;
        assert_eq!(seen(stage, &bob, &guild).await.len(), 2);
        let mut voice = Voice::of(stage, &alice.device, channel()).await;
        assert_eq!(voice.roster.len(), 2);
        let before = voice.epoch;
        set_apart(stage, &bob, &guild, &alice)
            .await
            .refused(403, "FORBIDDEN");
        let member = set_apart(stage, &alice, &guild, &bob).await.expect(200);
        assert!(member["quarantined_at"].is_u64());
        // Out of the audience of the private channel, and no session from before goes on.
        let records = voice.records(&voice.epoch_since(before).await);
        assert_eq!((records.len(), records[0].floor), (1, before + 1));
        voice.look().await;
        assert_eq!(voice.roster.len(), 1);
        assert_eq!(epoch(stage, &bob).await.code(), "NOT_FOUND");
        let left = seen(stage, &bob, &guild).await;
        assert_eq!(left.len(), 1);
        let reads = Permissions::VIEW_CHANNEL.union(Permissions::READ_HISTORY);
        assert_eq!(left[0]["my_permissions"], json!(reads));
        let open = Voice::of(stage, &bob.device, guild.channel).await;
        open.send(&open.message(1, 0))
            .await
            .refused(403, "QUARANTINED");
        open.history("").await.expect(200);
        // Again changes nothing; it is one act.
        set_apart(stage, &alice, &guild, &bob).await.expect(200);
        assert_eq!(actions(stage, &alice, &guild, "member.quarantine").await, 1);
        lift(stage, &alice, &guild, &bob).await.expect(200);
        lift(stage, &alice, &guild, &bob)
            .await
            .refused(404, "NOT_FOUND");
        voice.look().await;
        assert_eq!(voice.roster.len(), 2, "the log lets them read as before");
        assert_eq!(seen(stage, &bob, &guild).await.len(), 2);
        assert_eq!(actions(stage, &alice, &guild, "member.quarantine").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_quarantine_outlives_leaving_and_coming_back() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let link = alice.invite(stage, &guild, "welcome-back", 0).await;
        set_apart(stage, &alice, &guild, &bob).await.expect(200);
        let leave = format!("/api/v1/guilds/{}/leave", guild.id);
        let ask = stage.post(&leave).bearing(&bob.device.access);
        ask.send().await.expect(204);
        let mut guild = guild.clone();
        let preview = stage.get("/api/v1/invites/welcome-back").send().await;
        guild.log = crate::cast::person::position(&preview.expect(200)["log"]);
        bob.join(stage, &guild, &link).await.expect(201);
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .send(&voice.message(1, 0))
            .await
            .refused(403, "QUARANTINED");
    })
    .await;
}
