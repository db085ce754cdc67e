//! How long messages are kept.

use cloister_server::jobs;
use cloister_wire::{
    ChannelId,
    channel::{History, SealedContent},
    retention::{DAY_MS, Retention},
};
use serde_json::{Value, json};

use crate::cast::{
    Answer, Stage,
    guard::show,
    on_every_database,
    person::{Guild, Person},
    talk::{Voice, two},
};

async fn set(stage: &Stage, person: &Person, path: &str, days: Value) -> Answer {
    let path = format!("/api/v1/{path}/retention");
    let ask = stage.put(&path).bearing(&person.device.access);
    ask.json(json!({"days": days})).send().await
}

/// Which messages of the channel still say something.
async fn there(stage: &Stage, person: &Person, channel: ChannelId) -> Vec<u64> {
    let path = format!("/api/v1/channels/{channel}/messages");
    let ask = stage.get(&path).bearing(&person.device.access);
    let page: History = serde_json::from_value(ask.send().await.expect(200)).unwrap();
    let live = page
        .messages
        .iter()
        .filter(|one| !matches!(one.content, SealedContent::Scrubbed { .. }));
    live.map(|one| one.seq).collect()
}

async fn report(stage: &Stage, person: &Person) -> Retention {
    let report = show(stage, &person.device.access, "operate/retention").await;
    serde_json::from_value(report).unwrap()
}

async fn noted(stage: &Stage, person: &Person, guild: &Guild, action: &str) -> Vec<Value> {
    let path = format!("guilds/{}/audit?action={action}", guild.id);
    let page = show(stage, &person.device.access, &path).await;
    page["entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn who_may_says_for_how_long_messages_are_kept_and_the_shortest_counts() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let of_guild = format!("guilds/{}", guild.id);
        let of_channel = format!("channels/{}", guild.channel);
        for path in [&of_guild, &of_channel] {
            set(stage, &bob, path, json!(7))
                .await
                .refused(403, "FORBIDDEN");
            for wrong in [json!(0), json!(3_651)] {
                set(stage, &alice, path, wrong)
                    .await
                    .refused(422, "INVALID");
            }
        }
        set(stage, &alice, &of_guild, json!(30)).await.expect(204);
        set(stage, &alice, &of_channel, json!(90)).await.expect(204);
        let view = show(stage, &bob.device.access, &of_guild).await;
        assert_eq!(view["retention_days"], 30);
        assert_eq!(view["channels"][0]["retention_days"], 90);
        assert_eq!(view["channels"][0]["kept_days"], 30);
        set(stage, &alice, &of_channel, json!(7)).await.expect(204);
        set(stage, &alice, &of_channel, json!(7)).await.expect(204);
        let view = show(stage, &bob.device.access, &of_guild).await;
        assert_eq!(view["channels"][0]["kept_days"], 7);
        for path in [&of_guild, &of_channel] {
            set(stage, &alice, path, Value::Null).await.expect(204);
        }
        let view = show(stage, &bob.device.access, &of_guild).await;
        assert_eq!(view["channels"][0]["kept_days"], Value::Null);
        assert_eq!(
            noted(stage, &alice, &guild, "channel.retention")
                .await
                .len(),
            3
        );
        assert_eq!(
            noted(stage, &alice, &guild, "guild.retention").await.len(),
            2
        );
    })
    .await;
}

#[tokio::test]
async fn exactly_what_is_too_old_goes_once_a_day_and_a_dry_run_says_so_before() {
    on_every_database(async |stage| {
        let (mut alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(3).await;
        set(
            stage,
            &alice,
            &format!("channels/{}", guild.channel),
            json!(7),
        )
        .await
        .expect(204);
        assert_eq!(jobs::retain(&stage.app, false).await.unwrap(), 0);
        stage.wait(6 * DAY_MS);
        alice.comes_back(stage).await;
        let mut later = Voice::of(stage, &alice.device, guild.channel).await;
        later.session = voice.session;
        later.send(&later.message(9, 9)).await.expect(201);
        // Nothing goes before its time.
        assert_eq!(jobs::retain(&stage.app, true).await.unwrap(), 0);
        stage.wait(DAY_MS);
        alice.comes_back(stage).await;
        let due = report(stage, &alice).await.due;
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].messages, due[0].days), (3, 7));
        assert_eq!(there(stage, &alice, guild.channel).await, [1, 2, 3, 4]);
        assert_eq!(jobs::retain(&stage.app, false).await.unwrap(), 3);
        assert_eq!(there(stage, &alice, guild.channel).await, [4]);
        let report = report(stage, &alice).await;
        assert_eq!(report.due, []);
        assert_eq!((report.runs[0].messages, report.runs[0].channels), (3, 1));
        assert!(report.runs[0].ended_at.is_some());
        let proof = noted(stage, &alice, &guild, "message.retention").await;
        assert_eq!(proof.len(), 1);
        // The next run is not due for a day.
        assert_eq!(jobs::retain(&stage.app, false).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_interrupted_goes_on_where_it_was() {
    on_every_database(async |stage| {
        let (mut alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(2).await;
        set(stage, &alice, &format!("guilds/{}", guild.id), json!(1))
            .await
            .expect(204);
        stage.wait(2 * DAY_MS);
        // As if the server had been killed in the middle of a run.
        stage
            .tamper(&[
                "INSERT INTO retention_run (started_at, next_at, channels, messages) \
                 VALUES (1800000000005, 9000000000000, 0, 0)",
            ])
            .await;
        assert_eq!(jobs::retain(&stage.app, false).await.unwrap(), 2);
        alice.comes_back(stage).await;
        let runs = report(stage, &alice).await.runs;
        assert_eq!(runs.len(), 1);
        assert_eq!(
            (runs[0].started_at, runs[0].messages),
            (1_800_000_000_005, 2)
        );
        assert!(runs[0].ended_at.is_some());
    })
    .await;
}
