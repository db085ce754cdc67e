//! Bans that remove what was said, bans of many, denied acts, paused invitations and memberships
//! that end with a connection.

use cloister_server::jobs::{self, Absences};
use cloister_wire::{
    MessageId, Permissions,
    channel::{History, SealedContent, Sent},
};
use serde_json::{Value, json};

use super::role::promote;
use crate::cast::{
    Answer, Stage, config,
    live::Live,
    on_every_database,
    person::{Guild, Person},
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

/// What the guild's log says of one kind of act, the newest first.
async fn noted(stage: &Stage, by: &Person, guild: &Guild, action: &str) -> Vec<Value> {
    let path = format!("/api/v1/guilds/{}/audit?action={action}", guild.id);
    let ask = stage.get(&path).bearing(&by.device.access);
    let page = ask.send().await.expect(200);
    page["entries"].as_array().unwrap().clone()
}

fn after(entry: &Value) -> Value {
    serde_json::from_str(entry["after"].as_str().unwrap()).unwrap()
}

async fn sent(voice: &Voice<'_>, number: u8, index: u32) -> MessageId {
    let answer = voice.send(&voice.message(number, index)).await.expect(201);
    serde_json::from_value::<Sent>(answer).unwrap().id
}

/// Messages of the channel whose content is gone, and those whose content is there.
async fn gone_and_there(voice: &Voice<'_>) -> (Vec<MessageId>, Vec<MessageId>) {
    let page = voice.history("").await.expect(200);
    let page: History = serde_json::from_value(page).unwrap();
    let (gone, there): (Vec<_>, Vec<_>) = page
        .messages
        .iter()
        .partition(|one| matches!(one.content, SealedContent::Scrubbed { .. }));
    let ids = |all: Vec<&cloister_wire::channel::Message>| all.iter().map(|one| one.id).collect();
    (ids(gone), ids(there))
}

#[tokio::test]
async fn a_ban_removes_what_was_said_within_its_window_and_nothing_else() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let mut voice = Voice::of(stage, &alice.device, guild.channel).await;
        let bobs = Voice::of(stage, &bob.device, guild.channel).await;
        for one in [&voice, &bobs] {
            one.share(&one.sharing(&one.others())).await.expect(200);
        }
        let old = sent(&bobs, 1, 0).await;
        stage.wait(600_000);
        let of_alice = sent(&voice, 2, 0).await;
        let first = sent(&bobs, 3, 1).await;
        let second = sent(&bobs, 4, 2).await;
        let path = format!("/api/v1/guilds/{}/bans/{}", guild.id, bob.id);
        let ban = |delete_s: u32| json!({"reason": "spam", "for_s": 0, "delete_s": delete_s});
        put(stage, &alice, &path, ban(7 * 86_400 + 1))
            .await
            .refused(422, "INVALID");
        put(stage, &alice, &path, ban(300)).await.expect(204);
        voice.look().await;
        let (gone, there) = gone_and_there(&voice).await;
        assert_eq!(gone, [first, second]);
        assert_eq!(there, [old, of_alice]);
        let scrubs = format!("/api/v1/channels/{}/scrubs", guild.channel);
        let ask = stage.get(&scrubs).bearing(&alice.device.access);
        let list = ask.send().await.expect(200);
        assert_eq!(list["scrubs"].as_array().unwrap().len(), 2);
        assert_eq!(list["scrubs"][0]["by"], json!(alice.id));
        let bans = noted(stage, &alice, &guild, "member.ban").await;
        assert!(after(&bans[0])["removes_since"].is_u64());
        let removed = noted(stage, &alice, &guild, "message.delete").await;
        assert_eq!(after(&removed[0])["count"], 2);
        assert_eq!(removed[0]["actor"], Value::Null, "the server did it");
    })
    .await;
}

#[tokio::test]
async fn a_ban_looks_at_so_many_messages_at_a_time_and_the_rest_follows() {
    let stage = Stage::open_sqlite(config()).await;
    let (alice, bob, guild) = two(&stage).await;
    let bobs = Voice::of(&stage, &bob.device, guild.channel).await;
    bobs.share(&bobs.sharing(&bobs.others())).await.expect(200);
    let only = sent(&bobs, 1, 0).await;
    // As if the channel had said much more since than one ban looks at.
    stage
        .tamper(&[
            "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 11000) \
             INSERT INTO message (channel_id, seq, id, sender_user, sender_device, txn, at, epoch, \
             roster_hash, suite, class, ct, c2, frank_tag, head) \
             SELECT channel_id, i, randomblob(16), randomblob(16), sender_device, randomblob(16), \
             at, epoch, roster_hash, suite, class, ct, c2, frank_tag, head FROM message, n",
            "UPDATE channel SET last_seq = 11000 WHERE last_seq = 1",
        ])
        .await;
    let path = format!("/api/v1/guilds/{}/bans/{}", guild.id, bob.id);
    let body = json!({"reason": null, "for_s": 0, "delete_s": 3_600});
    put(&stage, &alice, &path, body).await.expect(204);
    let page = async || {
        let path = format!("/api/v1/channels/{}/messages?before=2", guild.channel);
        let ask = stage.get(&path).bearing(&alice.device.access);
        let page: History = serde_json::from_value(ask.send().await.expect(200)).unwrap();
        assert_eq!(page.messages[0].id, only);
        matches!(page.messages[0].content, SealedContent::Scrubbed { .. })
    };
    assert!(!page().await, "one ban does not read a whole channel");
    jobs::sweep_some(&stage.app).await.unwrap();
    assert!(page().await);
}

#[tokio::test]
async fn many_are_banned_at_once_or_nobody() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let link = alice.invite(stage, &guild, "welcome-all", 0).await;
        carol.join(stage, &guild, &link).await.expect(201);
        let bans = format!("/api/v1/guilds/{}/bans", guild.id);
        let body =
            |users: Value| json!({"users": users, "reason": null, "for_s": 0, "delete_s": 0});
        post(stage, &alice, &bans, body(json!([])))
            .await
            .refused(422, "INVALID");
        post(stage, &alice, &bans, body(json!([bob.id, alice.id])))
            .await
            .refused(422, "INVALID");
        let path = format!("/api/v1/guilds/{}", guild.id);
        let ask = stage.get(&path).bearing(&bob.device.access);
        ask.send().await.expect(200);
        let mut voice = Voice::of(stage, &alice.device, guild.channel).await;
        let before = voice.epoch;
        post(stage, &alice, &bans, body(json!([bob.id, carol.id])))
            .await
            .expect(204);
        voice.look().await;
        assert_eq!(voice.roster.len(), 1);
        assert_eq!(voice.epoch, before + 1, "one new audience for all of them");
        assert_eq!(noted(stage, &alice, &guild, "member.ban").await.len(), 2);
        for one in [&bob, &carol] {
            let ask = stage.get(&path).bearing(&one.device.access);
            ask.send().await.refused(404, "NOT_FOUND");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_member_may_not_do_stands_in_the_log_and_cannot_flood_it() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let base = format!("/api/v1/guilds/{}", guild.id);
        let kick = format!("{base}/members/{}/kick", alice.id);
        post(stage, &bob, &kick, json!({"reason": "mutiny"}))
            .await
            .refused(403, "FORBIDDEN");
        let denied = noted(stage, &alice, &guild, "act.denied").await;
        assert_eq!(denied.len(), 1);
        assert_eq!(denied[0]["actor"], json!(bob.id));
        assert_eq!(denied[0]["target"], json!(format!("member:{}", alice.id)));
        assert_eq!(
            after(&denied[0]),
            json!({"act": "member.kick", "code": "FORBIDDEN"})
        );
        // With the right, but not the rank.
        promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::KICK_MEMBERS),
        )
        .await;
        post(stage, &bob, &kick, json!({"reason": "mutiny"}))
            .await
            .refused(403, "RANK_TOO_HIGH");
        let denied = noted(stage, &alice, &guild, "act.denied").await;
        assert_eq!(after(&denied[0])["code"], "RANK_TOO_HIGH");
        // Somebody else's message.
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        let message = sent(&voice, 1, 0).await;
        let scrubs = format!("/api/v1/channels/{}/scrubs", guild.channel);
        post(stage, &bob, &scrubs, json!({"messages": [message]}))
            .await
            .refused(403, "FORBIDDEN");
        let denied = noted(stage, &alice, &guild, "act.denied").await;
        assert_eq!(after(&denied[0])["act"], "message.delete");
        // Looking is no act.
        let ask = stage
            .get(&format!("{base}/bans"))
            .bearing(&bob.device.access);
        ask.send().await.refused(403, "FORBIDDEN");
        for _ in 0..20 {
            let gate = json!({
                "joins": "closed", "invites": "closed", "newcomer_s": 0, "reason": null,
            });
            put(stage, &bob, &format!("{base}/gate"), gate)
                .await
                .refused(403, "FORBIDDEN");
        }
        let denied = noted(stage, &alice, &guild, "act.denied").await;
        assert_eq!(denied.len(), 10, "ten in an hour");
        // A stranger leaves no trace: for them there is no such guild.
        let dave = Person::invited(stage, "dave", 7).await;
        post(stage, &dave, &kick, json!({"reason": null}))
            .await
            .refused(404, "NOT_FOUND");
        assert_eq!(noted(stage, &alice, &guild, "act.denied").await.len(), 10);
    })
    .await;
}

#[tokio::test]
async fn what_a_moderator_removes_stands_in_the_log_and_ones_own_does_not() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let alices = Voice::of(stage, &alice.device, guild.channel).await;
        let bobs = Voice::of(stage, &bob.device, guild.channel).await;
        for one in [&alices, &bobs] {
            one.share(&one.sharing(&one.others())).await.expect(200);
        }
        let own = sent(&alices, 1, 0).await;
        let other = sent(&bobs, 2, 0).await;
        let scrubs = format!("/api/v1/channels/{}/scrubs", guild.channel);
        post(stage, &alice, &scrubs, json!({"messages": [own, other]}))
            .await
            .expect(200);
        let removed = noted(stage, &alice, &guild, "message.delete").await;
        assert_eq!(removed.len(), 1);
        let said = json!({"authors": [bob.id], "messages": [other]});
        assert_eq!(after(&removed[0]), said);
    })
    .await;
}

#[tokio::test]
async fn nobody_comes_in_by_a_paused_invitation_until_it_goes_on() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let link = alice.invite(stage, &guild, "welcome-all", 0).await;
        let path = format!("/api/v1/guilds/{}/invites/{}", guild.id, link.code);
        put(stage, &bob, &path, json!({"gate": "closed"}))
            .await
            .refused(403, "FORBIDDEN");
        put(stage, &alice, &path, json!({"gate": "closed"}))
            .await
            .expect(204);
        carol
            .join(stage, &guild, &link)
            .await
            .refused(403, "JOINS_PAUSED");
        let preview = format!("/api/v1/invites/{}", link.code);
        stage
            .get(&preview)
            .send()
            .await
            .refused(403, "JOINS_PAUSED");
        let newcomer = Person::new("erin", 8).registration(&json!({"invite": {"code": link.code}}));
        let ask = stage.post("/api/v1/accounts").json(newcomer);
        ask.send().await.refused(403, "JOINS_PAUSED");
        let list = format!("/api/v1/guilds/{}/invites", guild.id);
        let ask = stage.get(&list).bearing(&alice.device.access);
        let invites = ask.send().await.expect(200);
        let known = invites["invites"].as_array().unwrap();
        let paused = known.iter().find(|one| one["code"] == link.code.as_str());
        assert_eq!(paused.unwrap()["gate"], "closed");
        put(stage, &alice, &path, json!({"gate": "open"}))
            .await
            .expect(204);
        carol.join(stage, &guild, &link).await.expect(201);
        assert_eq!(noted(stage, &alice, &guild, "invite.pause").await.len(), 2);
    })
    .await;
}

async fn is_member(stage: &Stage, who: &Person, guild: &Guild) -> bool {
    let path = format!("/api/v1/guilds/{}", guild.id);
    let ask = stage.get(&path).bearing(&who.device.access);
    ask.send().await.status == 200
}

#[tokio::test]
async fn a_temporary_membership_ends_with_the_last_connection_and_a_role_makes_it_last() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let link = alice.invite_guests(stage, &guild, "drop-in-guests").await;
        let preview = stage.get("/api/v1/invites/drop-in-guests").send().await;
        assert_eq!(preview.expect(200)["membership"], "temporary");
        let carol = Person::invited(stage, "carol", 5).await;
        let dave = Person::invited(stage, "dave", 7).await;
        let erin = Person::invited(stage, "erin", 8).await;
        for guest in [&carol, &dave, &erin] {
            guest.join(stage, &guild, &link).await.expect(201);
        }
        promote(stage, &alice, &guild, 0x61, (&dave, Permissions::NONE)).await;
        let live = Live::of(stage).await;
        let connected = live.join(&erin.device).await;
        let mut absences = Absences::new();
        jobs::end_temporary(&stage.app, &mut absences)
            .await
            .unwrap();
        assert!(
            is_member(stage, &carol, &guild).await,
            "a broken line is waited for"
        );
        stage.wait(120_000);
        jobs::end_temporary(&stage.app, &mut absences)
            .await
            .unwrap();
        assert!(!is_member(stage, &carol, &guild).await);
        assert!(is_member(stage, &dave, &guild).await, "dave has a role");
        assert!(is_member(stage, &erin, &guild).await, "erin is here");
        assert!(is_member(stage, &bob, &guild).await, "bob came to stay");
        let left = noted(stage, &alice, &guild, "member.leave").await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0]["target"], json!(format!("member:{}", carol.id)));
        drop(connected);
    })
    .await;
}
