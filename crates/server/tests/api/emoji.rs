//! Emoji that a guild makes itself.

use cloister_proof::hash;
use cloister_wire::{Bytes, EmojiId, Permissions};
use serde_json::{Value, json};

use super::role::{promote, view};
use crate::cast::{
    Answer, PNG, Stage, on_every_database,
    person::{Guild, Person, fixed},
    talk::two,
};

async fn make(
    stage: &Stage,
    by: &Person,
    guild: &Guild,
    number: u8,
    (name, picture): (&str, &[u8]),
) -> Answer {
    let ask = stage.post(&format!("/api/v1/guilds/{}/emoji", guild.id));
    let ask = ask.bearing(&by.device.access);
    let id = fixed(number, EmojiId::new);
    let body = json!({"emoji": id, "name": name, "picture": Bytes(picture.to_vec())});
    ask.json(body).send().await
}

async fn rename(stage: &Stage, by: &Person, guild: &Guild, number: u8, name: &str) -> Answer {
    let id = fixed(number, EmojiId::new);
    let ask = stage.put(&format!("/api/v1/guilds/{}/emoji/{id}", guild.id));
    let ask = ask.bearing(&by.device.access);
    ask.json(json!({"name": name})).send().await
}

async fn delete(stage: &Stage, by: &Person, guild: &Guild, number: u8) -> Answer {
    let id = fixed(number, EmojiId::new);
    let ask = stage.delete(&format!("/api/v1/guilds/{}/emoji/{id}", guild.id));
    ask.bearing(&by.device.access).send().await
}

async fn picture(stage: &Stage, by: &Person, guild: &Guild) -> Answer {
    let ask = stage.get(&format!(
        "/api/v1/guilds/{}/pictures/{}",
        guild.id,
        hash(&[PNG])
    ));
    ask.bearing(&by.device.access).send().await
}

fn names(view: &Value) -> Vec<String> {
    let all = view["emoji"].as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn who_manages_emoji_makes_renames_and_deletes_them_and_members_see_them() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        make(stage, &bob, &guild, 0x51, ("boat", PNG))
            .await
            .refused(403, "FORBIDDEN");
        promote(
            stage,
            &alice,
            &guild,
            0x61,
            (&bob, Permissions::MANAGE_EMOJI),
        )
        .await;
        make(stage, &bob, &guild, 0x51, ("boat", PNG))
            .await
            .expect(201);
        make(stage, &bob, &guild, 0x52, ("boat", PNG))
            .await
            .refused(409, "NAME_TAKEN");
        make(stage, &bob, &guild, 0x51, ("oar", PNG))
            .await
            .refused(422, "INVALID");
        make(stage, &bob, &guild, 0x52, ("oar", PNG))
            .await
            .expect(201);
        assert_eq!(names(&view(stage, &alice, &guild).await), ["boat", "oar"]);
        picture(stage, &alice, &guild).await.expect(200);
        rename(stage, &bob, &guild, 0x51, "oar")
            .await
            .refused(409, "NAME_TAKEN");
        rename(stage, &bob, &guild, 0x51, "canoe").await.expect(204);
        rename(stage, &bob, &guild, 0x53, "raft")
            .await
            .refused(404, "NOT_FOUND");
        assert_eq!(names(&view(stage, &alice, &guild).await), ["canoe", "oar"]);
        // The picture goes with the last one that has it.
        delete(stage, &bob, &guild, 0x51).await.expect(204);
        picture(stage, &alice, &guild).await.expect(200);
        delete(stage, &bob, &guild, 0x52).await.expect(204);
        picture(stage, &alice, &guild)
            .await
            .refused(404, "NOT_FOUND");
        let log = stage.get(&format!("/api/v1/guilds/{}/audit", guild.id));
        let log = log.bearing(&alice.device.access).send().await.expect(200);
        let entries = log["entries"].as_array().unwrap().iter();
        let acts: Vec<&str> = entries
            .map(|entry| entry["action"].as_str().unwrap())
            .filter(|act| act.starts_with("emoji."))
            .collect();
        let expected = [
            "emoji.delete",
            "emoji.delete",
            "emoji.edit",
            "emoji.create",
            "emoji.create",
        ];
        assert_eq!(acts, expected);
    })
    .await;
}

#[tokio::test]
async fn an_emoji_is_small_has_a_plain_name_and_is_what_its_bytes_say() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        for name in [
            "a",
            "Boat",
            "row boat",
            "bo:at",
            "abcdefghijklmnopqrstu",
            "b\u{f6}at",
        ] {
            make(stage, &alice, &guild, 0x51, (name, PNG))
                .await
                .refused(422, "INVALID");
        }
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice();
        let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".as_slice();
        let mut heavy = PNG.to_vec();
        heavy.resize(24 * 1024 + 1, 0);
        // A picture of 129 points in each direction.
        let mut wide = PNG.to_vec();
        wide[19] = 129;
        wide[23] = 129;
        for bytes in [svg, gif, b"".as_slice(), heavy.as_slice(), wide.as_slice()] {
            make(stage, &alice, &guild, 0x51, ("boat", bytes))
                .await
                .refused(422, "INVALID");
        }
        assert!(names(&view(stage, &alice, &guild).await).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_guild_has_so_many_emoji_and_no_more() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        for number in 0..100 {
            make(
                stage,
                &alice,
                &guild,
                100 + number,
                (&format!("e{number:02}"), PNG),
            )
            .await
            .expect(201);
        }
        make(stage, &alice, &guild, 0x51, ("boat", PNG))
            .await
            .refused(409, "TOO_MANY");
    })
    .await;
}
