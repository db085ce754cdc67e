//! Prekeys: uploaded by a device, each handed out once.

use cloister_proof::{Prekey, Purpose, Signed, prekey::PrekeyKind};
use cloister_wire::{Bytes, Octets};
use serde_json::{Value, json};

use crate::cast::{
    Answer, START, Stage, on_every_database,
    person::{Device, Person},
    talk::two,
};

const HOUR_MS: u64 = 3_600_000;

pub(super) fn prekey(person: &Person, key_id: u64, key: u8, kind: PrekeyKind) -> Bytes {
    let device = person.device.id;
    let key = Octets([key; 32]);
    let prekey = Prekey {
        user: person.id,
        device,
        key_id,
        key,
        kind,
        created_ms: START,
    };
    Bytes(Signed::seal(Purpose::Prekey, &prekey, &[&person.device.key]).to_bytes())
}

async fn upload(stage: &Stage, person: &Person, keys: &[Bytes], replace: bool) -> Answer {
    let body = json!({"one_time": keys, "fallback": null, "replace": replace});
    stage
        .put("/api/v1/keys")
        .bearing(&person.device.access)
        .json(body)
        .send()
        .await
}

async fn come_back(stage: &Stage, person: &mut Person) {
    let known = person.known(stage, &person.device).await;
    let answer = person.sign_in(stage, known).await.expect(201);
    answer["tokens"]["access_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut person.device.access);
}

async fn claim(stage: &Stage, person: &Person, of: &Device) -> Value {
    let ask = stage
        .post("/api/v1/keys/claim")
        .bearing(&person.device.access);
    ask.json(json!({"devices": [of.id]}))
        .send()
        .await
        .expect(200)["keys"]
        .clone()
}

#[tokio::test]
async fn each_one_time_key_is_handed_out_once_and_then_the_fallback() {
    on_every_database(async |stage| {
        let (mut alice, mut bob, _) = two(stage).await;
        let mut given = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let keys = claim(stage, &alice, &bob.device).await;
            assert_eq!(keys[0]["user"], json!(bob.id));
            assert_eq!(keys[0]["devlog_version"], 1);
            given.insert(keys[0]["key"].as_str().unwrap().to_owned());
            stage.wait(HOUR_MS);
            // The access tokens have run out meanwhile.
            come_back(stage, &mut alice).await;
            come_back(stage, &mut bob).await;
        }
        assert_eq!(given.len(), 3);
        let last = claim(stage, &alice, &bob.device).await;
        assert!(!given.contains(last[0]["key"].as_str().unwrap()));
        let ask = stage.get("/api/v1/keys").bearing(&bob.device.access);
        let counts = ask.send().await.expect(200);
        assert_eq!(counts, json!({"one_time": 0, "fallback_used": true}));
    })
    .await;
}

#[tokio::test]
async fn who_claims_again_within_the_hour_gets_the_fallback() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let first = claim(stage, &alice, &bob.device).await;
        let second = claim(stage, &alice, &bob.device).await;
        let third = claim(stage, &alice, &bob.device).await;
        assert_ne!(first, second);
        assert_eq!(second, third);
    })
    .await;
}

#[tokio::test]
async fn strangers_keys_cannot_be_claimed() {
    on_every_database(async |stage| {
        let (alice, _, _) = two(stage).await;
        let dave = Person::invited(stage, "dave", 6).await;
        assert_eq!(claim(stage, &dave, &alice.device).await, json!([]));
        assert_eq!(claim(stage, &alice, &dave.device).await, json!([]));
    })
    .await;
}

#[tokio::test]
async fn the_same_key_again_is_fine_and_another_under_its_number_is_a_conflict() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let key = prekey(&bob, 7, 1, PrekeyKind::OneTime);
        upload(stage, &bob, std::slice::from_ref(&key), false)
            .await
            .expect(200);
        let counts = upload(stage, &bob, std::slice::from_ref(&key), false)
            .await
            .expect(200);
        assert_eq!(counts["one_time"], 4);
        let other = prekey(&bob, 7, 2, PrekeyKind::OneTime);
        upload(stage, &bob, &[other], false)
            .await
            .refused(409, "OTK_CONFLICT");
        // A key that was claimed is not taken in again.
        claim(stage, &alice, &bob.device).await;
        let again = bob.device.keys(bob.id).one_time;
        let counts = upload(stage, &bob, &again, false).await.expect(200);
        assert_eq!(counts["one_time"], 3);
    })
    .await;
}

#[tokio::test]
async fn keys_of_others_of_the_wrong_kind_or_too_many_are_refused() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let theirs = prekey(&alice, 9, 1, PrekeyKind::OneTime);
        upload(stage, &bob, &[theirs], false)
            .await
            .refused(422, "BAD_SIGNATURE");
        let key = Signed::parse(prekey(&bob, 9, 1, PrekeyKind::OneTime).as_ref()).unwrap();
        let key: Prekey = key.open().unwrap();
        let forged = Signed::seal(Purpose::Prekey, &key, &[&alice.device.key]);
        upload(stage, &bob, &[Bytes(forged.to_bytes())], false)
            .await
            .refused(422, "BAD_SIGNATURE");
        let fallback = prekey(&bob, 9, 1, PrekeyKind::Fallback);
        upload(stage, &bob, &[fallback], false)
            .await
            .refused(422, "BAD_SIGNATURE");
        let many: Vec<_> = (10..110)
            .map(|id| prekey(&bob, id, 1, PrekeyKind::OneTime))
            .collect();
        upload(stage, &bob, &many, false)
            .await
            .refused(409, "TOO_MANY");
        let counts = upload(stage, &bob, &many, true).await.expect(200);
        assert_eq!(counts["one_time"], 100);
    })
    .await;
}
