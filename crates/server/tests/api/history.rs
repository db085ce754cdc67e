//! Who waits for the keys of earlier messages, and who hands them over.

use cloister_wire::channel::{Claimed, HistoryClaim, HistoryWishes};
use serde_json::json;

use crate::cast::{
    Stage, on_every_database,
    person::{Device, Guild, Person},
    talk::Voice,
};

/// Alice has spoken in her guild; bob came after that, by her link.
async fn late(stage: &Stage) -> (Person, Person, Guild) {
    let alice = Person::invited(stage, "alice", 1).await;
    let bob = Person::invited(stage, "bob", 2).await;
    let guild = alice.create_guild(stage, 9).await;
    let voice = Voice::of(stage, &alice.device, guild.channel).await;
    voice.say(2).await;
    let link = alice.invite(stage, &guild, "welcome-all", 0).await;
    bob.join(stage, &guild, &link).await.expect(201);
    (alice, bob, guild)
}

async fn wishes(stage: &Stage, device: &Device) -> HistoryWishes {
    let answer = stage
        .get("/api/v1/history/wishes")
        .bearing(&device.access)
        .send()
        .await;
    serde_json::from_value(answer.expect(200)).unwrap()
}

async fn says(
    stage: &Stage,
    device: &Device,
    guild: &Guild,
    who: &Person,
    step: &str,
) -> HistoryClaim {
    let answer = stage
        .put(&format!("/api/v1/channels/{}/history", guild.channel))
        .bearing(&device.access)
        .json(json!({"user": who.id, "step": step}))
        .send()
        .await;
    let claimed: Claimed = serde_json::from_value(answer.expect(200)).unwrap();
    claimed.claim
}

#[tokio::test]
async fn members_hear_who_waits_and_one_of_them_takes_it_on() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = late(stage).await;
        let waiting = wishes(stage, &alice.device).await.wishes;
        assert_eq!(waiting.len(), 1);
        assert_eq!(
            (waiting[0].user, waiting[0].channel),
            (bob.id, guild.channel)
        );
        // Not what one waits for oneself.
        assert!(wishes(stage, &bob.device).await.wishes.is_empty());
        let link = alice.invite(stage, &guild, "second-gate", 0).await;
        let carol = Person::invited(stage, "carol", 3).await;
        carol.join(stage, &guild, &link).await.expect(201);
        let begin = says(stage, &alice.device, &guild, &bob, "begin").await;
        assert_eq!(begin, HistoryClaim::Yours);
        let second = says(stage, &carol.device, &guild, &bob, "begin").await;
        assert_eq!(second, HistoryClaim::Taken);
        // Whoever is not at it can't end it.
        says(stage, &carol.device, &guild, &bob, "end").await;
        stage.wait(130_000);
        assert_eq!(
            says(stage, &carol.device, &guild, &bob, "begin").await,
            HistoryClaim::Yours
        );
        says(stage, &carol.device, &guild, &bob, "end").await;
        let left: Vec<_> = wishes(stage, &alice.device).await.wishes;
        assert!(left.iter().all(|one| one.user == carol.id));
    })
    .await;
}

#[tokio::test]
async fn who_is_elsewhere_learns_of_nobody_and_hands_nothing_over() {
    on_every_database(async |stage| {
        let (_, bob, guild) = late(stage).await;
        let dave = Person::invited(stage, "dave", 4).await;
        assert!(wishes(stage, &dave.device).await.wishes.is_empty());
        for path in ["history", "history/wish"] {
            stage
                .put(&format!("/api/v1/channels/{}/{path}", guild.channel))
                .bearing(&dave.device.access)
                .json(json!({"user": bob.id, "step": "begin"}))
                .send()
                .await
                .refused(404, "NOT_FOUND");
        }
    })
    .await;
}

#[tokio::test]
async fn asking_again_puts_the_wish_back_and_leaving_ends_it() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = late(stage).await;
        says(stage, &alice.device, &guild, &bob, "begin").await;
        says(stage, &alice.device, &guild, &bob, "end").await;
        assert!(wishes(stage, &alice.device).await.wishes.is_empty());
        stage
            .put(&format!("/api/v1/channels/{}/history/wish", guild.channel))
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(204);
        assert_eq!(wishes(stage, &alice.device).await.wishes.len(), 1);
        stage
            .post(&format!("/api/v1/guilds/{}/leave", guild.id))
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(204);
        assert!(wishes(stage, &alice.device).await.wishes.is_empty());
    })
    .await;
}
