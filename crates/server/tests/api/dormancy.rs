//! Devices that stay away, and how much one may send.

use std::num::NonZero;

use cloister_proof::devlog::Body;
use cloister_server::jobs;
use cloister_wire::{Bytes, limits};
use serde_json::json;

use crate::cast::{
    DAY_MS, config, on_every_database,
    person::{Device, Person},
    play,
    talk::{Voice, queue, two},
};

/// Signs a known device in again.
async fn back(stage: &crate::cast::Stage, person: &Person) -> Device {
    let known = person.known(stage, &person.device).await;
    let answer = person.sign_in(stage, known).await.expect(201);
    let mut device = person.device.clone();
    answer["tokens"]["access_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut device.access);
    device
}

#[tokio::test]
async fn a_device_that_was_away_for_sixty_days_leaves_the_audience_until_it_renews_itself() {
    on_every_database(async |stage| {
        let (alice, mut bob, guild) = two(stage).await;
        Voice::of(stage, &alice.device, guild.channel)
            .await
            .say(1)
            .await;
        let bobs = bob.device.clone();
        assert_eq!(queue(stage, &bobs).await.len(), 1);
        stage.wait(59 * DAY_MS);
        let alices = back(stage, &alice).await;
        jobs::put_to_sleep(&stage.app).await.unwrap();
        let before = Voice::of(stage, &alices, guild.channel).await;
        assert_eq!(before.roster.len(), 2);

        stage.wait(2 * DAY_MS);
        let alices = back(stage, &alice).await;
        jobs::put_to_sleep(&stage.app).await.unwrap();
        let mut voice = Voice::of(stage, &alices, guild.channel).await;
        assert_eq!((voice.roster.len(), voice.epoch), (1, before.epoch + 1));
        // Nobody waits for it: a message needs no key for it.
        voice.session = cloister_wire::Octets([99; 32]);
        voice.share(&voice.sharing(&[])).await.expect(200);
        voice.send(&voice.message(9, 0)).await.expect(201);

        let bobs = back(stage, &bob).await;
        assert_eq!(queue(stage, &bobs).await.len(), 0);
        let renew = Body::Renew {
            device: bob.device.id,
            reg_id: 2,
        };
        let renew = bob.entry(renew, &bob.device.key);
        bob.append(stage, &bobs.access, &renew).await.expect(204);
        voice.look().await;
        let reg_ids: Vec<u32> = voice.roster.entries().map(|one| one.reg_id).collect();
        assert_eq!(voice.roster.len(), 2);
        assert!(reg_ids.contains(&2));
    })
    .await;
}

#[tokio::test]
async fn more_messages_than_the_limit_are_refused_with_a_time_to_wait() {
    let mut slow = config();
    slow.limits.messages = NonZero::new(2).unwrap();
    play(slow, async |stage| {
        let (alice, _, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(2).await;
        let third = voice.send(&voice.message(3, 2)).await;
        third.refused(429, "RATE_LIMITED");
        let wait = third.body["retry_after_ms"].as_u64().unwrap();
        assert_eq!(wait, 5_000);
        stage.wait(wait);
        voice.send(&voice.message(3, 2)).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn a_device_can_not_flood_others_with_items() {
    let mut tight = config();
    tight.limits.device_items_per_minute = NonZero::new(3).unwrap();
    play(tight, async |stage| {
        let (alice, bob, _) = two(stage).await;
        let send = async |numbers: std::ops::Range<u8>| {
            let items: Vec<_> = numbers
                .map(|number| {
                    json!({
                        "device": bob.device.id, "class": "control",
                        "dedupe_id": cloister_wire::Octets([number; 32]),
                        "envelope": {"reg_id": 1, "kind": 0, "ct": Bytes(vec![1; 10])},
                    })
                })
                .collect();
            let ask = stage
                .post("/api/v1/to-device")
                .bearing(&alice.device.access);
            ask.json(json!({"items": items})).send().await
        };
        send(0..2).await.expect(204);
        send(2..4).await.refused(429, "RATE_LIMITED");
        assert_eq!(queue(stage, &bob.device).await.len(), 2);
        send(2..3).await.expect(204);
        stage.wait(60_000);
        send(3..5).await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn one_person_alone_cannot_fill_the_queue_of_somebody_elses_device() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let send = async |from: &Device, page: u32| {
            let items: Vec<_> = (0..20_u32)
                .map(|number| {
                    let name = [page.to_be_bytes(), number.to_be_bytes()].concat();
                    json!({
                        "device": bob.device.id, "class": "control",
                        "dedupe_id": cloister_proof::hash(&[&name]),
                        "envelope": {"reg_id": 1, "kind": 0,
                            "ct": Bytes(vec![0xff; limits::ENVELOPE_BYTES])},
                    })
                })
                .collect();
            let ask = stage.post("/api/v1/to-device").bearing(&from.access);
            ask.json(json!({"items": items})).send().await
        };
        let page = 20 * limits::ENVELOPE_BYTES as u64;
        let fits = u32::try_from(limits::QUEUE_BYTES_MAX / 4 / page).unwrap();
        for number in 0..fits {
            send(&alice.device, number).await.expect(204);
        }
        let over = send(&alice.device, fits).await;
        over.refused(409, "TOO_MANY");
        jobs::put_to_sleep(&stage.app).await.unwrap();
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        assert_eq!(voice.roster.len(), 2, "the device is still awake");
    })
    .await;
}

#[tokio::test]
async fn a_device_that_was_not_away_cannot_renew_itself() {
    on_every_database(async |stage| {
        let (_, mut bob, _) = two(stage).await;
        let renew = Body::Renew {
            device: bob.device.id,
            reg_id: 2,
        };
        let renew = bob.entry(renew, &bob.device.key);
        let access = bob.device.access.clone();
        bob.append(stage, &access, &renew)
            .await
            .refused(422, "INVALID");
    })
    .await;
}
