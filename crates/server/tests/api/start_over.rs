//! Starting over within an account.

use cloister_proof::{
    Purpose, Signed, Signer as _,
    devlog::{Body, Entry},
    guild_log::{OpBody, Position},
};
use cloister_wire::{Bytes, Hash};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use crate::cast::{
    DAY_MS, Stage, on_every_database,
    person::{Device, Guild, PASSWORD, Person, VAULT, position},
    talk::{Voice, two},
};

/// A new beginning after `head`, with a new device.
fn begin(stage: &Stage, person: &Person, device: &Device, head: Hash) -> (Value, Signed) {
    let recovery = SigningKey::from_bytes(&[0xcc; 32]);
    let entry = Entry {
        v: 1,
        user: person.id,
        version: person.heads.len() as u64 + 1,
        prev: None,
        at_ms: stage.now(),
        body: Body::Genesis {
            device: device.cert(person.id),
            recovery_key: recovery.public_key(),
            vault: cloister_proof::hash(&[&VAULT]),
            reset_of: Some(head),
        },
    };
    let signed = Signed::seal(Purpose::Devlog, &entry, &[&device.key, &recovery]);
    let body = json!({"start_over": {
        "genesis": Bytes(signed.to_bytes()), "keys": device.keys(person.id),
        "vault": Bytes(VAULT.to_vec()), "name_ct": Bytes(vec![1]),
    }});
    (body, signed)
}

#[tokio::test]
async fn starting_over_takes_everything_and_what_it_brings_must_fit_together() {
    on_every_database(async |stage| {
        let (alice, mut bob, guild) = two(stage).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        assert_eq!(voice.roster.len(), 2);
        let waiting = bob.add_pending(stage, 41).await;
        let fresh = Device::new(42);
        let head = *bob.heads.last().unwrap();
        let (body, _) = begin(stage, &bob, &fresh, head);
        let early = bob.sign_in(stage, body).await;
        early.refused(403, "START_OVER_TOO_SOON");
        assert!(early.body["retry_after_ms"].as_u64().unwrap() <= 3 * DAY_MS);
        let prepared = stage
            .post("/api/v1/sessions/prepare")
            .json(json!({"username": "bob", "password": PASSWORD}))
            .send()
            .await
            .expect(200);
        assert!(prepared["start_over_at"].as_u64().unwrap() > stage.now());

        stage.wait(3 * DAY_MS);
        let (body, signed) = begin(stage, &bob, &fresh, head);
        let mut foreign = body.clone();
        foreign["start_over"]["vault"] = json!(Bytes(vec![9; 80]));
        bob.sign_in(stage, foreign)
            .await
            .refused(422, "BAD_SIGNATURE");
        let (elsewhere, _) = begin(stage, &bob, &fresh, cloister_proof::hash(&[b"other"]));
        bob.sign_in(stage, elsewhere)
            .await
            .refused(409, "DEVLOG_STALE");
        let mut plain = body.clone();
        plain["start_over"]["genesis"] = json!(bob.genesis);
        bob.sign_in(stage, plain).await.refused(409, "DEVLOG_STALE");

        let answer = bob.sign_in(stage, body.clone()).await.expect(201);
        assert_eq!(answer["me"]["standing"], "active");
        let access = answer["tokens"]["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        // What was before is over; the same beginning does not happen twice.
        for old in [&bob.device.access, &waiting.access] {
            let me = stage.get("/api/v1/me").bearing(old).send().await;
            assert_eq!(me.status, 401);
        }
        bob.sign_in(stage, body).await.refused(409, "DEVLOG_STALE");
        let devices = stage
            .get("/api/v1/devices")
            .bearing(&access)
            .send()
            .await
            .expect(200);
        let standing = |one: &Value| one["standing"].as_str().unwrap().to_owned();
        let all: Vec<String> = devices["devices"]
            .as_array()
            .unwrap()
            .iter()
            .map(standing)
            .collect();
        assert_eq!(all.iter().filter(|one| *one == "active").count(), 1);
        assert_eq!(all.iter().filter(|one| *one == "revoked").count(), 2);

        bob.heads.push(signed.payload_hash());
        bob.device = Device { access, ..fresh };
        comes_back(stage, &alice, &bob, &guild).await;
    })
    .await;
}

/// To a guild whose log knows them as who they were.
async fn comes_back(stage: &Stage, alice: &Person, bob: &Person, guild: &Guild) {
    // In no audience until the guild's log knows who they are now.
    let known = alice.known(stage, &alice.device).await;
    let back = alice.sign_in(stage, known).await.expect(201);
    let mut alices = alice.device.clone();
    back["tokens"]["access_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut alices.access);
    let voice = Voice::of(stage, &alices, guild.channel).await;
    assert_eq!(voice.roster.len(), 1);
    let access = bob.device.access.as_str();
    let log = stage
        .get(&format!("/api/v1/guilds/{}/log?after=0", guild.id))
        .bearing(access)
        .send()
        .await
        .expect(200);
    let entries: Vec<Bytes> = serde_json::from_value(log["entries"].clone()).unwrap();
    let newest = Signed::parse(entries.last().unwrap().as_ref()).unwrap();
    let after = Position {
        seq: entries.len() as u64,
        head: newest.payload_hash(),
    };
    let body = OpBody::Join { invite: None };
    let join = bob.op_at(bob.heads.len() as u64, guild.id, after, body, &[]);
    let path = format!("/api/v1/guilds/{}/log", guild.id);
    let ask = || stage.post(&path).bearing(access).json(json!({"op": join}));
    let appended = ask().send().await.expect(201);
    assert_eq!(position(&appended).seq, after.seq + 1);
    let voice = Voice::of(stage, &alices, guild.channel).await;
    assert_eq!(voice.roster.len(), 2);
    // Whoever did not start over has no business there.
    ask().send().await.refused(422, "OP_INVALID");
}
