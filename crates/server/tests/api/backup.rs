//! The key backup and the vault.

use axum::http::Method;
use cloister_proof::devlog::Body;
use cloister_wire::{Bytes, Octets};
use serde_json::{Value, json};

use crate::cast::{
    Answer, Stage, on_every_database,
    person::{Person, VAULT},
};

fn record(number: u8, base: Option<u64>, fill: u8) -> Value {
    json!({"id": Octets([number; 16]), "base": base, "sealed": Bytes(vec![fill; 40])})
}

async fn put(stage: &Stage, token: &str, version: u64, records: &[Value]) -> Answer {
    let path = format!("/api/v1/backup/{version}/records");
    let ask = stage.ask(Method::PUT, &path).bearing(token);
    ask.json(json!({"records": records})).send().await
}

async fn get(stage: &Stage, token: &str, path: &str) -> Value {
    let path = format!("/api/v1/backup{path}");
    stage.get(&path).bearing(token).send().await.expect(200)
}

#[tokio::test]
async fn records_are_put_by_compare_and_set_and_come_back_in_order() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let token = bob.device.access.as_str();
        let none = get(stage, token, "").await;
        assert_eq!(none, json!({"version": 0, "versions": []}));
        let two = [record(1, None, 1), record(2, None, 2)];
        let stored = put(stage, token, 1, &two).await.expect(200);
        let outcomes = json!([{"stored": {"serial": 1}}, {"stored": {"serial": 2}}]);
        assert_eq!(stored["outcomes"], outcomes);
        // An answer got lost: the same again changes nothing.
        let again = put(stage, token, 1, &two).await.expect(200);
        assert_eq!(again["outcomes"], outcomes);
        // Another device was faster.
        let late = put(stage, token, 1, &[record(1, None, 9)])
            .await
            .expect(200);
        let taken = json!({"taken": {"serial": 1, "sealed": Bytes(vec![1; 40])}});
        assert_eq!(late["outcomes"], json!([taken]));
        let better = put(stage, token, 1, &[record(1, Some(1), 9)]).await;
        assert_eq!(
            better.expect(200)["outcomes"],
            json!([{"stored": {"serial": 3}}])
        );
        let gone = put(stage, token, 1, &[record(7, Some(1), 9)]).await;
        assert_eq!(gone.expect(200)["outcomes"], json!([{"gone": {}}]));

        let page = get(stage, token, "/1/records").await;
        let serials: Vec<_> = page["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["serial"].as_u64().unwrap())
            .collect();
        assert_eq!((serials, &page["end"]), (vec![2, 3], &json!(true)));
        let rest = get(stage, token, "/1/records?after=2").await;
        assert_eq!(rest["records"][0]["sealed"], json!(Bytes(vec![9; 40])));
    })
    .await;
}

#[tokio::test]
async fn a_newer_version_ends_the_one_before_which_can_then_be_deleted() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let token = bob.device.access.as_str();
        put(stage, token, 1, &[record(1, None, 1)])
            .await
            .expect(200);
        let delete = |version: u64| {
            let path = format!("/api/v1/backup/{version}");
            stage.ask(Method::DELETE, &path).bearing(token).send()
        };
        delete(1).await.refused(422, "INVALID");
        put(stage, token, 2, &[record(2, None, 1)])
            .await
            .expect(200);
        put(stage, token, 1, &[record(3, None, 1)])
            .await
            .refused(409, "BACKUP_STALE");
        let both = get(stage, token, "").await;
        let versions = json!([{"version": 1, "records": 1}, {"version": 2, "records": 1}]);
        assert_eq!(both, json!({"version": 2, "versions": versions}));
        delete(1).await.expect(204);
        delete(1).await.expect(204);
        let left = get(stage, token, "").await;
        assert_eq!(left["versions"], json!([{"version": 2, "records": 1}]));
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_or_changes_anothers_backup() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let eve = Person::invited(stage, "eve", 3).await;
        let (bobs, eves) = (bob.device.access.as_str(), eve.device.access.as_str());
        put(stage, bobs, 1, &[record(1, None, 1)]).await.expect(200);
        assert_eq!(get(stage, eves, "/1/records").await["records"], json!([]));
        put(stage, eves, 2, &[record(1, None, 2)]).await.expect(200);
        assert_eq!(get(stage, bobs, "").await["version"], json!(1));
        let phone = bob.add_pending(stage, 12).await;
        stage
            .get("/api/v1/backup/1/records")
            .bearing(&phone.access)
            .send()
            .await
            .refused(403, "DEVICE_PENDING");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_record_is_refused() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let token = bob.device.access.as_str();
        let sized = |size: usize| {
            json!({"id": Octets([1; 16]), "base": null, "sealed": Bytes(vec![1; size])})
        };
        for size in [0, 27, 4097] {
            put(stage, token, 1, &[sized(size)])
                .await
                .refused(422, "INVALID");
        }
        let many: Vec<Value> = (0..101).map(|_| sized(40)).collect();
        put(stage, token, 1, &many).await.refused(413, "TOO_LARGE");
        put(stage, token, 0, &[sized(40)])
            .await
            .refused(422, "INVALID");
        assert_eq!(get(stage, token, "").await["version"], json!(0));
    })
    .await;
}

#[tokio::test]
async fn the_vault_changes_only_with_the_log_entry_that_names_it() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let token = bob.device.access.clone();
        let vault = Bytes(vec![9; 100]);
        let entry = |bob: &Person, named: &Bytes| {
            let digest = cloister_proof::hash(&[named.as_ref()]);
            let openers = vec![];
            bob.entry(Body::SetVault { digest, openers }, &bob.device.key)
        };
        let send = async |entry: &cloister_proof::Signed, vault: Option<&Bytes>| {
            let body = json!({"entry": Bytes(entry.to_bytes()), "vault": vault});
            let ask = stage.post("/api/v1/devlog").bearing(&token);
            ask.json(body).send().await
        };
        let named = entry(&bob, &vault);
        send(&named, None).await.refused(422, "INVALID");
        send(&named, Some(&Bytes(VAULT.to_vec())))
            .await
            .refused(422, "INVALID");
        let phone = bob.add_pending(stage, 12).await;
        let approval = bob.approval(&phone);
        send(&approval, Some(&vault)).await.refused(422, "INVALID");
        send(&named, Some(&vault)).await.expect(204);
        bob.heads.push(named.payload_hash());
        let shown = stage.get("/api/v1/vault").bearing(&token).send().await;
        assert_eq!(shown.expect(200)["vault"], json!(vault));
        let large = Bytes(vec![9; 65 * 1024]);
        send(&entry(&bob, &large), Some(&large))
            .await
            .refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_slot_of_the_vault_adds_a_device_and_does_nothing_else() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let token = bob.device.access.clone();
        let opener = ed25519_dalek::SigningKey::from_bytes(&[77; 32]);
        let stranger = ed25519_dalek::SigningKey::from_bytes(&[78; 32]);
        let vault = Bytes(vec![9; 100]);
        let named = bob.entry(
            Body::SetVault {
                digest: cloister_proof::hash(&[vault.as_ref()]),
                openers: vec![cloister_proof::Signer::public_key(&opener)],
            },
            &bob.device.key,
        );
        let body = json!({"entry": Bytes(named.to_bytes()), "vault": vault});
        let ask = stage.post("/api/v1/devlog").bearing(&token);
        ask.json(body).send().await.expect(204);
        bob.heads.push(named.payload_hash());
        let phone = bob.add_pending(stage, 12).await;
        let add = Body::AddDevice {
            offer: phone.offer(&bob),
            how: cloister_proof::devlog::Enrolment::Recovery,
            approver: None,
        };
        let forged = bob.entry(add.clone(), &stranger);
        bob.append(stage, &phone.access, &forged)
            .await
            .refused(422, "BAD_SIGNATURE");
        let revocation = Body::Revoke {
            device: bob.device.id,
            reason: cloister_proof::devlog::RevokeReason::Lost,
            also: vec![],
        };
        let revocation = bob.entry(revocation, &opener);
        bob.append(stage, &token, &revocation)
            .await
            .refused(422, "BAD_SIGNATURE");
        let added = bob.entry(add, &opener);
        bob.append(stage, &phone.access, &added).await.expect(204);
    })
    .await;
}
