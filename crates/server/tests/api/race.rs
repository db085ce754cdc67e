//! Many at once: whatever is there once is given once.

use std::collections::BTreeSet;

use cloister_proof::prekey::PrekeyKind;
use cloister_wire::Bytes;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::prekey::prekey;
use crate::cast::{
    Answer, Stage,
    person::{Link, Person},
    race_on_every_database,
    talk::{Voice, two},
};

const CROWD: [&str; 24] = [
    "p00", "p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "p11", "p12",
    "p13", "p14", "p15", "p16", "p17", "p18", "p19", "p20", "p21", "p22", "p23",
];

async fn crowd(stage: &Stage) -> Vec<Person> {
    let mut people = Vec::new();
    for (number, name) in (0x10..).zip(CROWD) {
        people.push(Person::invited(stage, name, number).await);
    }
    people
}

fn count(answers: &[Answer], status: u16) -> usize {
    let same = |answer: &&Answer| answer.status.as_u16() == status;
    answers.iter().filter(same).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_time_keys_claimed_at_once_are_each_handed_out_once() {
    race_on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let link = alice.invite(stage, &guild, "wide-gate", 0).await;
        let people = crowd(stage).await;
        for person in &people {
            person.join(stage, &guild, &link).await.expect(201);
        }
        // With the three of the registration: 16 keys for 24 people.
        let keys: Vec<Bytes> = (10..23)
            .map(|id| prekey(&bob, id, id as u8, PrekeyKind::OneTime))
            .collect();
        let body = json!({"one_time": keys, "fallback": null, "replace": false});
        let upload = stage.put("/api/v1/keys").bearing(&bob.device.access);
        upload.json(body).send().await.expect(200);

        let claims = people.iter().map(|person| {
            let ask = stage.post("/api/v1/keys/claim");
            ask.bearing(&person.device.access)
                .json(json!({"devices": [bob.device.id]}))
                .send()
        });
        let mut given: Vec<Value> = Vec::new();
        for answer in join_all(claims).await {
            given.push(answer.expect(200)["keys"][0]["key"].clone());
        }
        let distinct: BTreeSet<&str> = given.iter().map(|key| key.as_str().unwrap()).collect();
        // 16 keys once each, and the fallback for the 8 who came after.
        assert_eq!(distinct.len(), 17);
        let fallback = distinct
            .iter()
            .map(|key| given.iter().filter(|one| *one == key).count())
            .max();
        assert_eq!(fallback, Some(8));
        let ask = stage.get("/api/v1/keys").bearing(&bob.device.access);
        let left = ask.send().await.expect(200);
        assert_eq!(left, json!({"one_time": 0, "fallback_used": true}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_invite_with_one_use_lets_one_of_many_in() {
    race_on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let link: Link = alice.invite(stage, &guild, "narrow-gate", 1).await;
        let people = crowd(stage).await;
        let answers = join_all(people.iter().map(|one| one.join(stage, &guild, &link))).await;
        assert_eq!(count(&answers, 201), 1);
        let path = format!("/api/v1/guilds/{}", guild.id);
        let mut inside = 0;
        for person in &people {
            let seen = stage.get(&path).bearing(&person.device.access).send().await;
            inside += usize::from(seen.status.is_success());
        }
        assert_eq!(inside, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_message_sent_many_times_at_once_stands_once() {
    race_on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
        let message = voice.message(1, 0);
        let answers = join_all((0..20).map(|_| voice.send(&message))).await;
        assert_eq!(count(&answers, 201), 20);
        let ids: BTreeSet<&str> = answers
            .iter()
            .map(|answer| answer.body["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), 1);
        let page = voice.history("").await.expect(200);
        assert_eq!(page["messages"].as_array().unwrap().len(), 1);
        assert_eq!(page["head"]["seq"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_token_used_at_once_by_many_is_replaced_once() {
    race_on_every_database(async |stage| {
        let alice = Person::set_up(stage, "alice", 1).await;
        let refresh = || {
            let body = json!({"refresh_token": alice.device.refresh});
            stage.post("/api/v1/sessions/refresh").json(body).send()
        };
        let answers = join_all((0..20).map(|_| refresh())).await;
        let next: BTreeSet<&str> = answers
            .iter()
            .filter_map(|answer| answer.body["refresh_token"].as_str())
            .collect();
        assert_eq!(next.len(), 1);
        assert_ne!(next.first(), Some(&alice.device.refresh.as_str()));
    })
    .await;
}
