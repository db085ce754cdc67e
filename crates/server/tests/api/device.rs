//! A person's devices.

use cloister_wire::{Bytes, DeviceId};
use serde_json::json;

use crate::cast::{
    Stage, on_every_database,
    person::{Device, Person, VAULT, fixed},
};

async fn standings(stage: &Stage, token: &str) -> Vec<String> {
    let answer = stage
        .get("/api/v1/devices")
        .bearing(token)
        .send()
        .await
        .expect(200);
    let devices = answer["devices"].as_array().unwrap();
    devices
        .iter()
        .map(|device| device["standing"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_new_device_waits_until_another_one_approves_it() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let phone = bob.add_pending(stage, 12).await;
        assert_eq!(
            standings(stage, &bob.device.access).await,
            ["active", "pending"]
        );
        let denied = stage
            .get("/api/v1/devices")
            .bearing(&phone.access)
            .send()
            .await;
        denied.refused(403, "DEVICE_PENDING");

        let approval = bob.approval(&phone);
        let access = bob.device.access.clone();
        bob.append(stage, &access, &approval).await.expect(204);
        assert_eq!(standings(stage, &phone.access).await, ["active", "active"]);
    })
    .await;
}

#[tokio::test]
async fn a_new_device_cannot_approve_itself() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let phone = bob.add_pending(stage, 12).await;
        let approval = bob.entry(
            cloister_proof::devlog::Body::AddDevice {
                offer: phone.offer(&bob),
                how: cloister_proof::devlog::Enrolment::Code,
                approver: Some(phone.id),
            },
            &phone.key,
        );
        bob.append(stage, &phone.access, &approval)
            .await
            .refused(422, "BAD_SIGNATURE");
        // A right approval must come from the device that may act.
        let approval = bob.approval(&phone);
        bob.append(stage, &phone.access, &approval)
            .await
            .refused(403, "DEVICE_PENDING");
    })
    .await;
}

#[tokio::test]
async fn the_recovery_key_adds_a_device_when_no_other_is_left() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let phone = bob.add_pending(stage, 12).await;
        let vault = stage
            .get("/api/v1/vault")
            .bearing(&phone.access)
            .send()
            .await
            .expect(200);
        assert_eq!(vault["vault"], json!(Bytes(VAULT.to_vec())));
        let body = cloister_proof::devlog::Body::AddDevice {
            offer: phone.offer(&bob),
            how: cloister_proof::devlog::Enrolment::Recovery,
            approver: None,
        };
        let added = bob.entry(body, &bob.recovery);
        bob.append(stage, &phone.access, &added).await.expect(204);
        let me = stage
            .get("/api/v1/me")
            .bearing(&phone.access)
            .send()
            .await
            .expect(200);
        assert_eq!(me["standing"], "active");
    })
    .await;
}

#[tokio::test]
async fn a_log_takes_each_version_once() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let phone = bob.add_pending(stage, 12).await;
        let laptop = bob.add_pending(stage, 13).await;
        let (one, two) = (bob.approval(&phone), bob.approval(&laptop));
        let access = bob.device.access.clone();
        bob.append(stage, &access, &one).await.expect(204);
        bob.append(stage, &access, &two)
            .await
            .refused(409, "DEVLOG_STALE");
        let two = bob.approval(&laptop);
        bob.append(stage, &access, &two).await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn a_device_that_nobody_signed_in_with_is_not_added() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let ghost = Device::new(14);
        let approval = bob.approval(&ghost);
        let access = bob.device.access.clone();
        bob.append(stage, &access, &approval)
            .await
            .refused(422, "INVALID");
        assert_eq!(standings(stage, &access).await, ["active"]);
    })
    .await;
}

#[tokio::test]
async fn a_revoked_device_is_out_at_once_and_for_good() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let phone = bob.add_pending(stage, 12).await;
        let access = bob.device.access.clone();
        let approval = bob.approval(&phone);
        bob.append(stage, &access, &approval).await.expect(204);
        let revocation = bob.revocation(phone.id);
        bob.append(stage, &access, &revocation).await.expect(204);
        let gone = stage.get("/api/v1/me").bearing(&phone.access).send().await;
        gone.refused(401, "UNAUTHENTICATED");
        let known = bob.known(stage, &phone).await;
        bob.sign_in(stage, known)
            .await
            .refused(401, "DEVICE_REVOKED");
        let new = json!({"new": {
            "cert": phone.offer(&bob), "keys": phone.keys(bob.id), "name_ct": Bytes(vec![]),
        }});
        bob.sign_in(stage, new).await.refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_waiting_device_can_be_sent_away() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let carol = Person::invited(stage, "carol", 3).await;
        let phone = bob.add_pending(stage, 12).await;
        let path = format!("/api/v1/devices/{}", phone.id);
        stage
            .delete(&path)
            .bearing(&carol.device.access)
            .send()
            .await
            .refused(404, "NOT_FOUND");
        stage
            .delete(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(204);
        let gone = stage.get("/api/v1/me").bearing(&phone.access).send().await;
        gone.refused(401, "UNAUTHENTICATED");
        let own = format!("/api/v1/devices/{}", bob.device.id);
        stage
            .delete(&own)
            .bearing(&bob.device.access)
            .send()
            .await
            .refused(403, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn a_person_has_eight_devices_at_most() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        for number in 20..27 {
            bob.add_pending(stage, number).await;
        }
        let ninth = Device::new(27);
        let new = json!({"new": {
            "cert": ninth.offer(&bob), "keys": ninth.keys(bob.id), "name_ct": Bytes(vec![]),
        }});
        bob.sign_in(stage, new)
            .await
            .refused(409, "TOO_MANY_DEVICES");
    })
    .await;
}

#[tokio::test]
async fn an_offer_for_another_account_enrols_nothing() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let carol = Person::invited(stage, "carol", 3).await;
        let phone = Device::new(12);
        let new = json!({"new": {
            "cert": phone.offer(&carol), "keys": phone.keys(carol.id), "name_ct": Bytes(vec![]),
        }});
        bob.sign_in(stage, new).await.refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn device_logs_are_for_those_who_share_a_guild() {
    on_every_database(async |stage| {
        let alice = Person::invited(stage, "alice", 1).await;
        let bob = Person::invited(stage, "bob", 2).await;
        let dave = Person::invited(stage, "dave", 4).await;
        let guild = alice.create_guild(stage, 9).await;
        let link = alice.invite(stage, &guild, "welcome-bob", 1).await;
        bob.join(stage, &guild, &link).await.expect(201);

        let ask = async |asker: &Person| {
            let body = json!({"users": [
                {"user": alice.id}, {"user": bob.id, "version": 1}, {"user": dave.id},
            ]});
            let ask = stage
                .post("/api/v1/devlogs")
                .bearing(&asker.device.access)
                .json(body);
            let logs = ask.send().await.expect(200)["logs"].clone();
            let logs = logs.as_array().unwrap().iter();
            logs.map(|log| {
                let entries = log["entries"].as_array().unwrap().len();
                format!("{} {entries}", log["username"].as_str().unwrap())
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(ask(&bob).await, ["alice 1", "bob 0"]);
        assert_eq!(ask(&dave).await, ["dave 1"]);
        // A past member's log still verifies what they signed.
        let path = format!("/api/v1/guilds/{}/leave", guild.id);
        stage
            .post(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(204);
        assert_eq!(ask(&alice).await, ["alice 1", "bob 0"]);
        assert_eq!(ask(&bob).await, ["bob 0"]);
    })
    .await;
}

#[tokio::test]
async fn only_the_own_devices_can_be_named() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let carol = Person::invited(stage, "carol", 3).await;
        let name = json!({"name_ct": Bytes(vec![1, 2, 3])});
        let put = async |device: DeviceId, person: &Person| {
            let path = format!("/api/v1/devices/{device}/name");
            stage
                .put(&path)
                .bearing(&person.device.access)
                .json(&name)
                .send()
                .await
        };
        put(bob.device.id, &carol).await.refused(404, "NOT_FOUND");
        put(fixed(77, DeviceId::new), &bob)
            .await
            .refused(404, "NOT_FOUND");
        put(bob.device.id, &bob).await.expect(204);
        let list = stage
            .get("/api/v1/devices")
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(200);
        assert_eq!(list["devices"][0]["name_ct"], json!(Bytes(vec![1, 2, 3])));
    })
    .await;
}
