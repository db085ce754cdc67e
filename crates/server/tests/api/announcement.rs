//! Channels in which only some write.

use cloister_wire::{
    MessageId, Permissions,
    channel::{MessageClass, Send},
};
use serde_json::json;

use super::role::{promote, view};
use crate::cast::{
    Stage, on_every_database,
    person::{Guild, Person},
    talk::{Voice, two},
};

async fn set_writers(stage: &Stage, by: &Person, guild: &Guild, writers: &str) -> u16 {
    let ask = stage.put(&format!("/api/v1/channels/{}", guild.channel));
    let ask = ask.bearing(&by.device.access);
    let body = json!({"name": "news", "topic": "", "slow_mode_s": 0, "writers": writers});
    ask.json(body).send().await.status.as_u16()
}

#[tokio::test]
async fn only_who_may_announce_writes_in_an_announcement_channel_and_others_react() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        assert_eq!(set_writers(stage, &bob, &guild, "announcers").await, 403);
        assert_eq!(set_writers(stage, &alice, &guild, "everyone").await, 400);
        assert_eq!(set_writers(stage, &alice, &guild, "announcers").await, 204);
        assert_eq!(
            view(stage, &bob, &guild).await["channels"][0]["writers"],
            "announcers"
        );
        let alices = Voice::of(stage, &alice.device, guild.channel).await;
        alices
            .share(&alices.sharing(&alices.others()))
            .await
            .expect(200);
        let sent = alices.send(&alices.message(1, 0)).await.expect(201);
        let id: MessageId = serde_json::from_value(sent["id"].clone()).unwrap();
        let voice = Voice::of(stage, &bob.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        voice
            .send(&voice.message(2, 0))
            .await
            .refused(403, "ANNOUNCEMENTS_ONLY");
        voice
            .send(&voice.about(3, 0, MessageClass::Annotation, id))
            .await
            .expect(201);
        let answer = Send {
            thread: Some(id),
            ..voice.message(4, 1)
        };
        voice.send(&answer).await.expect(201);
        promote(stage, &alice, &guild, 0x61, (&bob, Permissions::ANNOUNCE)).await;
        voice.send(&voice.message(5, 2)).await.expect(201);
        // An edit that does not say who writes leaves that as it is.
        let ask = stage.put(&format!("/api/v1/channels/{}", guild.channel));
        let ask = ask.bearing(&alice.device.access);
        let body = json!({"name": "news", "topic": "x", "slow_mode_s": 0});
        ask.json(body).send().await.expect(204);
        assert_eq!(
            view(stage, &bob, &guild).await["channels"][0]["writers"],
            "announcers"
        );
    })
    .await;
}
