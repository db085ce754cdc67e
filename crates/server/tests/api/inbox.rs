//! The queue from device to device.

use cloister_wire::{Bytes, Octets};
use serde_json::{Value, json};

use crate::cast::{
    Answer, Stage, on_every_database,
    person::{Device, Person},
    talk::{Voice, ciphertext, queue, two, wrap},
};

async fn post(stage: &Stage, device: &Device, what: &str, body: Value) -> Answer {
    let ask = stage
        .post(&format!("/api/v1/to-device{what}"))
        .bearing(&device.access);
    ask.json(body).send().await
}

fn item(device: &Device, number: u8) -> Value {
    let wrap = wrap(device.id, number);
    json!({
        "device": wrap.device, "dedupe_id": wrap.dedupe_id, "class": "control",
        "envelope": wrap.envelope,
    })
}

#[tokio::test]
async fn items_are_numbered_without_gaps_and_stay_until_they_are_acknowledged() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        for number in 1..=3 {
            let items = json!({"items": [item(&bob.device, number)]});
            post(stage, &alice.device, "", items).await.expect(204);
        }
        let waiting = queue(stage, &bob.device).await;
        assert_eq!(
            waiting.iter().map(|one| &one["seq"]).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        assert_eq!(
            queue(stage, &bob.device).await.len(),
            3,
            "reading takes nothing away"
        );
        let ack = json!({"seq": 2, "writes": 5});
        post(stage, &bob.device, "/ack", ack).await.expect(204);
        assert_eq!(queue(stage, &bob.device).await[0]["seq"], 3);
        let ack = json!({"seq": 4, "writes": 5});
        post(stage, &bob.device, "/ack", ack)
            .await
            .refused(422, "INVALID");
        let more = json!({"items": [item(&bob.device, 4)]});
        post(stage, &alice.device, "", more).await.expect(204);
        assert_eq!(queue(stage, &bob.device).await[1]["seq"], 4);
    })
    .await;
}

#[tokio::test]
async fn the_same_item_twice_waits_once() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        for _ in 0..2 {
            let items = json!({"items": [item(&bob.device, 1)]});
            post(stage, &alice.device, "", items).await.expect(204);
        }
        assert_eq!(queue(stage, &bob.device).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn who_cannot_open_an_item_is_done_with_it_and_its_sender_hears_why() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice
            .share(&voice.sharing(&[bob.device.id]))
            .await
            .expect(200);
        let item = queue(stage, &bob.device).await[0].clone();
        let nack = json!({"seq": item["seq"], "reason": "unknown_prekey"});
        post(stage, &bob.device, "/nack", nack.clone())
            .await
            .expect(204);
        assert!(queue(stage, &bob.device).await.is_empty());
        let heard = queue(stage, &alice.device).await;
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0]["dedupe_id"], item["dedupe_id"]);
        assert_eq!(heard[0]["sender_device"], json!(bob.device.id));
        assert_eq!(
            heard[0]["body"],
            json!({"nack": {"reason": "unknown_prekey"}})
        );
        post(stage, &bob.device, "/nack", nack)
            .await
            .refused(404, "NOT_FOUND");
        // A nack is nothing to refuse in turn.
        let back = json!({"seq": heard[0]["seq"], "reason": "corrupt"});
        post(stage, &alice.device, "/nack", back)
            .await
            .refused(422, "INVALID");
        // It can be sent again, sealed anew.
        let mut wrap = wrap(bob.device.id, 9);
        wrap.envelope.ct = ciphertext(0x12);
        let again = json!({"items": [{
            "device": wrap.device, "dedupe_id": item["dedupe_id"], "class": "room_key",
            "envelope": wrap.envelope,
        }]});
        post(stage, &alice.device, "", again).await.expect(204);
        assert_eq!(queue(stage, &bob.device).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn strangers_devices_cannot_be_written_to() {
    on_every_database(async |stage| {
        let (alice, _, _) = two(stage).await;
        let dave = Person::invited(stage, "dave", 6).await;
        let items = json!({"items": [item(&alice.device, 1)]});
        post(stage, &dave.device, "", items)
            .await
            .refused(404, "NOT_FOUND");
        assert!(queue(stage, &alice.device).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_waiting_device_of_ones_own_can_be_served_and_nobody_elses() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let second = alice.add_pending(stage, 0x21).await;
        let items = json!({"items": [item(&second, 1)]});
        post(stage, &bob.device, "", items.clone())
            .await
            .refused(404, "NOT_FOUND");
        post(stage, &alice.device, "", items).await.expect(204);
        assert_eq!(queue(stage, &second).await.len(), 1);
        post(stage, &second, "/ack", json!({"seq": 1, "writes": 1}))
            .await
            .expect(204);
        let items = json!({"items": [item(&alice.device, 2)]});
        post(stage, &second, "", items)
            .await
            .refused(403, "DEVICE_PENDING");
    })
    .await;
}

#[tokio::test]
async fn envelopes_that_are_too_large_or_for_old_keys_are_refused() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let mut large = item(&bob.device, 1);
        let ct = Bytes(vec![0xff; cloister_wire::limits::ENVELOPE_BYTES + 1]);
        large["envelope"]["ct"] = json!(ct);
        let answer = post(stage, &alice.device, "", json!({"items": [large]})).await;
        answer.refused(413, "TOO_LARGE");
        let mut stale = item(&bob.device, 1);
        stale["envelope"]["reg_id"] = json!(7);
        let answer = post(stage, &alice.device, "", json!({"items": [stale]})).await;
        answer.refused(410, "DEVICES_STALE");
        let mut odd = item(&bob.device, 1);
        odd["envelope"]["kind"] = json!(2);
        odd["dedupe_id"] = json!(Octets([1; 32]));
        let answer = post(stage, &alice.device, "", json!({"items": [odd]})).await;
        answer.refused(422, "INVALID");
    })
    .await;
}
