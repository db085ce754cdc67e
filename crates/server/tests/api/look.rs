//! Nicknames and pictures.

use cloister_proof::hash;
use cloister_wire::{Bytes, Permissions};
use serde_json::{Value, json};

use super::role::promote;
use crate::cast::{
    Answer, PNG, Stage, on_every_database,
    person::{Guild, Person},
    talk::{Voice, two},
};

async fn name(stage: &Stage, by: &Person, guild: &Guild, who: &Person, as_: Value) -> Answer {
    let path = format!("/api/v1/guilds/{}/members/{}/nickname", guild.id, who.id);
    let ask = stage.put(&path).bearing(&by.device.access);
    ask.json(json!({"nickname": as_, "reason": null}))
        .send()
        .await
}

async fn paint(
    stage: &Stage,
    by: &Person,
    guild: &Guild,
    of: &str,
    bytes: Option<&[u8]>,
) -> Answer {
    let path = format!("/api/v1/guilds/{}/{of}", guild.id);
    let ask = stage.put(&path).bearing(&by.device.access);
    let picture = bytes.map(|bytes| Bytes(bytes.to_vec()));
    ask.json(json!({"picture": picture})).send().await
}

async fn shown(stage: &Stage, by: &Person, guild: &Guild, path: &str) -> Value {
    let path = format!("/api/v1/guilds/{}{path}", guild.id);
    let ask = stage.get(&path).bearing(&by.device.access);
    ask.send().await.expect(200)
}

async fn newest(stage: &Stage, by: &Person, guild: &Guild) -> Value {
    shown(stage, by, guild, "/audit").await["entries"][0].clone()
}

#[tokio::test]
async fn people_name_themselves_and_who_may_names_those_below() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let named = name(stage, &bob, &guild, &bob, json!("  Fern ")).await;
        assert_eq!(named.expect(200)["nickname"], json!("Fern"));
        name(stage, &bob, &guild, &alice, json!("Boss"))
            .await
            .refused(403, "FORBIDDEN");
        let rights = Permissions::MANAGE_NICKNAMES;
        promote(stage, &alice, &guild, 0x61, (&bob, rights)).await;
        name(stage, &bob, &guild, &alice, json!("Boss"))
            .await
            .refused(403, "RANK_TOO_HIGH");
        name(stage, &alice, &guild, &bob, json!("Moss"))
            .await
            .expect(200);
        let entry = newest(stage, &alice, &guild).await;
        assert_eq!(entry["action"], json!("member.nickname"));
        assert_eq!(entry["before"], json!(r#"{"nickname":"Fern"}"#));
        assert_eq!(entry["after"], json!(r#"{"nickname":"Moss"}"#));
        let members = shown(stage, &alice, &guild, "/members").await;
        let all = members["members"].as_array().unwrap().clone();
        let of = |who: &Person| all.iter().find(|one| one["user"] == json!(who.id)).cloned();
        assert_eq!(of(&bob).unwrap()["nickname"], json!("Moss"));
        assert_eq!(of(&alice).unwrap()["nickname"], Value::Null);
        let unnamed = name(stage, &alice, &guild, &bob, Value::Null).await;
        assert_eq!(unnamed.expect(200)["nickname"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_nickname_shows_all_of_itself_and_changes_nothing_when_it_does_not() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let long = "x".repeat(49);
        for wrong in ["", "   ", "a\u{202e}b", "a\u{200b}", long.as_str()] {
            name(stage, &bob, &guild, &bob, json!(wrong))
                .await
                .refused(422, "INVALID");
        }
        let members = shown(stage, &alice, &guild, "/members").await;
        for one in members["members"].as_array().unwrap() {
            assert_eq!(one["nickname"], Value::Null);
        }
        assert_ne!(
            newest(stage, &alice, &guild).await["action"],
            json!("member.nickname")
        );
    })
    .await;
}

#[tokio::test]
async fn who_may_not_change_their_nickname_keeps_it() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let path = format!("/api/v1/guilds/{}/everyone", guild.id);
        let without = Permissions::EVERYONE.without(Permissions::CHANGE_NICKNAME);
        let ask = stage.put(&path).bearing(&alice.device.access);
        let ask = ask.json(json!({"permissions": without}));
        ask.send().await.expect(204);
        name(stage, &bob, &guild, &bob, json!("Fern"))
            .await
            .refused(403, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn a_guild_has_pictures_that_its_members_and_its_guests_see() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let stranger = Person::invited(stage, "dave", 4).await;
        paint(stage, &bob, &guild, "icon", Some(PNG))
            .await
            .refused(403, "FORBIDDEN");
        for of in ["icon", "banner"] {
            paint(stage, &alice, &guild, of, Some(PNG))
                .await
                .expect(204);
        }
        let known = hash(&[PNG]);
        let view = shown(stage, &bob, &guild, "").await;
        assert_eq!(
            (&view["icon"], &view["banner"]),
            (&json!(known), &json!(known))
        );
        let picture = shown(stage, &bob, &guild, &format!("/pictures/{known}")).await;
        assert_eq!(picture["format"], json!("png"));
        assert_eq!(picture["bytes"], json!(Bytes(PNG.to_vec())));
        let path = format!("/api/v1/guilds/{}/pictures/{known}", guild.id);
        let ask = stage.get(&path).bearing(&stranger.device.access);
        ask.send().await.refused(404, "NOT_FOUND");
        let link = alice.invite(stage, &guild, "welcome-in", 0).await;
        let preview = stage.get(&format!("/api/v1/invites/{}", link.code));
        let preview = preview.send().await.expect(200);
        assert_eq!(preview["icon"]["bytes"], json!(Bytes(PNG.to_vec())));
        // The banner still uses it; without that nobody has it any more.
        paint(stage, &alice, &guild, "icon", None).await.expect(204);
        shown(stage, &bob, &guild, &format!("/pictures/{known}")).await;
        paint(stage, &alice, &guild, "banner", None)
            .await
            .expect(204);
        let ask = stage.get(&path).bearing(&bob.device.access);
        ask.send().await.refused(404, "NOT_FOUND");
        let entry = newest(stage, &alice, &guild).await;
        assert_eq!(entry["action"], json!("guild.edit"));
        assert_eq!(entry["after"], json!(r#"{"banner":null}"#));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_small_picture_is_refused() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let mut wide = PNG.to_vec();
        wide[16..20].copy_from_slice(&10_000_u32.to_be_bytes());
        let heavy = [PNG, &vec![0; 64 * 1024]].concat();
        let page = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec();
        for wrong in [wide, heavy, page, Vec::new(), PNG[..12].to_vec()] {
            paint(stage, &alice, &guild, "icon", Some(&wrong))
                .await
                .refused(422, "INVALID");
        }
        assert_eq!(shown(stage, &alice, &guild, "").await["icon"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn who_has_not_agreed_to_the_rules_reads_only() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let set = async |rules: Value| {
            let ask = stage.put(&format!("/api/v1/guilds/{}/rules", guild.id));
            let ask = ask.bearing(&alice.device.access);
            ask.json(json!({"rules": rules})).send().await
        };
        let accept = async |rules: &str| {
            let ask = stage.post(&format!("/api/v1/guilds/{}/rules/accept", guild.id));
            let ask = ask.bearing(&bob.device.access);
            ask.json(json!({"rules": rules})).send().await
        };
        set(json!("x".repeat(4_001))).await.refused(422, "INVALID");
        set(json!(" Be kind. ")).await.expect(204);
        let link = alice.invite(stage, &guild, "welcome-in", 0).await;
        let preview = stage.get(&format!("/api/v1/invites/{}", link.code));
        assert_eq!(preview.send().await.expect(200)["rules"], json!("Be kind."));
        let view = shown(stage, &bob, &guild, "").await;
        assert_eq!(
            (&view["rules"], &view["rules_wait"]),
            (&json!("Be kind."), &json!(true))
        );
        let own = shown(stage, &alice, &guild, "").await;
        assert_eq!(own["rules_wait"], json!(false), "who gave them has agreed");
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        let share = voice.sharing(&voice.others());
        voice.share(&share).await.expect(200);
        let sent = voice.send(&voice.message(1, 0)).await;
        sent.refused(403, "RULES_WAIT");
        voice.history("").await.expect(200);
        accept("Be loud.").await.refused(422, "INVALID");
        accept("Be kind.").await.expect(204);
        voice.send(&voice.message(1, 0)).await.expect(201);
        // Other rules, and everybody agrees anew; without any nobody has to.
        set(json!("Be kinder.")).await.expect(204);
        let sent = voice.send(&voice.message(2, 1)).await;
        sent.refused(403, "RULES_WAIT");
        set(Value::Null).await.expect(204);
        voice.send(&voice.message(2, 1)).await.expect(201);
        let entry = newest(stage, &alice, &guild).await;
        assert_eq!(entry["action"], json!("guild.rules"));
        assert_eq!(entry["before"], json!(r#"{"rules":"Be kinder."}"#));
    })
    .await;
}
