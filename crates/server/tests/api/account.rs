//! Becoming somebody.

use cloister_wire::{Bytes, account::Registration};
use serde_json::json;

use crate::cast::{
    self, Stage, config, on_every_database,
    person::{PASSWORD, Person, VAULT, fixed},
};

#[tokio::test]
async fn the_set_up_link_makes_the_operator_once() {
    on_every_database(async |stage| {
        let instance = stage.get("/api/v1/instance").send().await.expect(200);
        assert_eq!(instance["set_up_needed"], true);
        let token = stage.set_up_token().await;
        let mut trent = Person::new("trent", 1);
        let answer = trent
            .register(stage, json!({"set_up": {"token": token}}))
            .await;
        assert_eq!(answer["me"]["operator"], true);
        assert_eq!(answer["me"]["standing"], "active");
        assert_eq!(answer["devlog"].as_array().unwrap().len(), 1);

        let instance = stage.get("/api/v1/instance").send().await.expect(200);
        assert_eq!(instance["set_up_needed"], false);
        let mallory = Person::new("mallory", 2);
        let again = mallory.registration(&json!({"set_up": {"token": token}}));
        stage
            .post("/api/v1/accounts")
            .json(again)
            .send()
            .await
            .refused(409, "SET_UP_DONE");
    })
    .await;
}

#[tokio::test]
async fn another_token_than_the_printed_one_makes_nobody() {
    on_every_database(async |stage| {
        stage.set_up_token().await;
        let mallory = Person::new("mallory", 2);
        let body = mallory.registration(&json!({"set_up": {"token": "guessed"}}));
        stage
            .post("/api/v1/accounts")
            .json(body)
            .send()
            .await
            .refused(404, "INVITE_INVALID");
    })
    .await;
}

#[tokio::test]
async fn an_invitation_admits_as_many_as_it_says() {
    on_every_database(async |stage| {
        Person::set_up(stage, "trent", 1).await;
        let code = stage.instance_invite(1).await;
        let admission = json!({"invite": {"code": code}});
        let mut bob = Person::new("bob", 2);
        let answer = bob.register(stage, admission.clone()).await;
        assert_eq!(answer["me"]["operator"], false);
        let carol = Person::new("carol", 3).registration(&admission);
        stage
            .post("/api/v1/accounts")
            .json(carol)
            .send()
            .await
            .refused(410, "INVITE_USED_UP");
    })
    .await;
}

#[tokio::test]
async fn an_invitation_that_ran_out_admits_nobody() {
    on_every_database(async |stage| {
        let code = stage.instance_invite(0).await;
        stage.wait(cast::DAY_MS);
        let bob = Person::new("bob", 2).registration(&json!({"invite": {"code": code}}));
        stage
            .post("/api/v1/accounts")
            .json(bob)
            .send()
            .await
            .refused(404, "INVITE_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_refused_registration_spends_no_invitation() {
    on_every_database(async |stage| {
        let code = stage.instance_invite(1).await;
        let admission = json!({"invite": {"code": code}});
        let mut bob = Person::new("bob", 2);
        let mut body = bob.registration(&admission);
        body["genesis"] = json!(Person::new("bob", 9).genesis);
        stage
            .post("/api/v1/accounts")
            .json(body)
            .send()
            .await
            .refused(422, "BAD_SIGNATURE");
        bob.register(stage, admission).await;
    })
    .await;
}

#[tokio::test]
async fn what_a_registration_brings_must_fit_together() {
    on_every_database(async |stage| {
        let code = stage.instance_invite(0).await;
        let admission = json!({"invite": {"code": code}});
        let bob = Person::new("bob", 2);
        let good = bob.registration(&admission);
        for (field, value, status, code) in [
            ("username", json!("b"), 422, "USERNAME_INVALID"),
            ("password", json!("bobbob12"), 422, "PASSWORD_TOO_WEAK"),
            ("display_name", json!("\u{7}"), 422, "INVALID"),
            (
                "user",
                json!(fixed(9, cloister_wire::UserId::new)),
                422,
                "BAD_SIGNATURE",
            ),
            (
                "keys",
                json!(Person::new("x", 9).device.keys(bob.id)),
                422,
                "BAD_SIGNATURE",
            ),
            ("name_ct", json!(Bytes(vec![0; 257])), 422, "INVALID"),
            ("vault", json!(Bytes(vec![0; 65 * 1024])), 422, "INVALID"),
            ("vault", json!(Bytes(vec![0; 80])), 422, "BAD_SIGNATURE"),
            ("genesis", json!(Bytes(vec![1, 2, 3])), 422, "BAD_SIGNATURE"),
        ] {
            let mut body = good.clone();
            body[field] = value;
            stage
                .post("/api/v1/accounts")
                .json(body)
                .send()
                .await
                .refused(status, code);
        }
        stage
            .post("/api/v1/accounts")
            .json(good)
            .send()
            .await
            .expect(201);
    })
    .await;
}

#[tokio::test]
async fn a_closed_instance_takes_nobody_but_its_operator() {
    let closed = cloister_server::config::Config {
        registration: Registration::Closed,
        ..config()
    };
    cast::play(closed, async |stage: &Stage| {
        Person::set_up(stage, "trent", 1).await;
        let code = stage.instance_invite(0).await;
        for admission in [json!({"invite": {"code": code}}), json!({"open": {}})] {
            let body = Person::new("bob", 2).registration(&admission);
            let answer = stage.post("/api/v1/accounts").json(body).send().await;
            answer.refused(403, "REGISTRATION_CLOSED");
        }
    })
    .await;
}

#[tokio::test]
async fn open_registration_is_limited_by_address() {
    let mut open = config();
    open.registration = Registration::Open;
    open.limits.registrations_per_address = std::num::NonZero::new(1).unwrap();
    cast::play(open, async |stage: &Stage| {
        let admission = json!({"open": {}});
        Person::new("bob", 2)
            .register(stage, admission.clone())
            .await;
        let carol = Person::new("carol", 3).registration(&admission);
        let answer = stage.post("/api/v1/accounts").json(&carol).send().await;
        answer.refused(429, "RATE_LIMITED");
        assert_eq!(answer.header("retry-after"), "300");
        stage.wait(300_000);
        stage
            .post("/api/v1/accounts")
            .json(carol)
            .send()
            .await
            .expect(201);
    })
    .await;
}

#[tokio::test]
async fn an_account_that_the_operator_made_begins_its_log_at_the_first_sign_in() {
    on_every_database(async |stage| {
        let made = cloister_server::operator::user(
            &stage.app,
            cloister_server::operator::NewUser {
                username: "trent".to_owned(),
                password: cloister_server::operator::Initial::Password(
                    cloister_server::seal::password::Password::new(PASSWORD.to_owned()),
                ),
                role: cloister_server::operator::Role::Operator,
            },
        );
        made.await.unwrap();
        let trent = Person::new("trent", 1);
        let prepared = stage
            .post("/api/v1/sessions/prepare")
            .json(json!({"username": "trent", "password": PASSWORD}))
            .send()
            .await
            .expect(200);
        assert_eq!(prepared["devlog"], json!([]));
        let first = json!({"first": {
            "user": trent.id, "genesis": trent.genesis, "keys": trent.device.keys(trent.id),
            "vault": Bytes(VAULT.to_vec()), "name_ct": Bytes(vec![]),
        }});
        let answer = trent.sign_in(stage, first.clone()).await.expect(201);
        assert_eq!(answer["me"]["user"], json!(trent.id));
        assert_eq!(answer["me"]["operator"], true);
        trent.sign_in(stage, first).await.refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_name_that_reads_like_another_is_taken_and_opens_nothing_of_it() {
    on_every_database(async |stage| {
        Person::invited(stage, "bob", 2).await;
        let code = stage.instance_invite(1).await;
        for name in ["bob", "b0b"] {
            let twin = Person::new(name, 3);
            let ask = twin.registration(&json!({"invite": {"code": code}}));
            let answer = stage.post("/api/v1/accounts").json(ask).send().await;
            answer.refused(409, "USERNAME_TAKEN");
        }
        let enter = json!({"username": "b0b", "password": PASSWORD});
        let answer = stage
            .post("/api/v1/sessions/prepare")
            .json(enter)
            .send()
            .await;
        answer.refused(401, "WRONG_CREDENTIALS");
    })
    .await;
}

#[tokio::test]
async fn programs_find_whom_to_tell_of_a_weakness_and_where_a_password_is_changed() {
    let mut named = config();
    named.contact = Some("mailto:security@example.org".to_owned());
    named.public_url = Some("https://chat.example.org/".to_owned());
    crate::cast::play(named, async |stage: &Stage| {
        let answer = stage.get("/.well-known/security.txt").send().await;
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let text = answer.expect(200);
        let lines: Vec<&str> = text.as_str().unwrap().lines().collect();
        assert_eq!(
            lines,
            [
                "Contact: mailto:security@example.org",
                "Expires: 2027-07-14T00:00:00Z",
                "Preferred-Languages: en",
                "Canonical: https://chat.example.org/.well-known/security.txt",
            ]
        );
        let answer = stage.get("/.well-known/change-password").send().await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("location"), "/you/security");
    })
    .await;
    let quiet = Stage::open_sqlite(config()).await;
    let answer = quiet.get("/.well-known/security.txt").send().await;
    answer.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn nobody_without_a_door_has_a_password_hashed() {
    let mut strict = config();
    strict.limits.registrations_per_address = std::num::NonZero::new(3).unwrap();
    crate::cast::play(strict, async |stage: &Stage| {
        // A password that would be refused is not even looked at.
        let knock = async |admission: serde_json::Value, name: &str| {
            let body = json!({
                "admission": admission, "username": "eve", "display_name": name,
                "password": "x", "user": fixed(5, cloister_wire::UserId::new),
                "genesis": Bytes(vec![1]), "keys": {"one_time": [], "fallback": null},
                "vault": Bytes(vec![1]), "name_ct": Bytes(vec![1]), "client": "native",
            });
            stage.post("/api/v1/accounts").json(body).send().await
        };
        let bogus = json!({"invite": {"code": "bogus-code"}});
        knock(bogus.clone(), &"x".repeat(60_000))
            .await
            .refused(422, "INVALID");
        for _ in 0..3 {
            knock(bogus.clone(), "Eve")
                .await
                .refused(404, "INVITE_INVALID");
        }
        knock(bogus, "Eve").await.refused(429, "RATE_LIMITED");
        knock(json!({"open": {}}), "Eve")
            .await
            .refused(403, "REGISTRATION_CLOSED");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_name_is_nobodys_on_every_database() {
    on_every_database(async |stage| {
        for name in ["a\u{0}b", "böb", &"x".repeat(5_000)] {
            let body = json!({"username": name, "password": "vivid otter climbs nine"});
            let answer = stage
                .post("/api/v1/sessions/prepare")
                .json(body)
                .send()
                .await;
            answer.refused(401, "WRONG_CREDENTIALS");
        }
    })
    .await;
}
