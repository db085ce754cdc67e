//! What guards an account: passwords, locks, sign-ins, and what is told of them.

use std::num::NonZero;

use cloister_server::{
    config::Config,
    operator::{
        Initial, NewUser, Role,
        person::{self, Deed},
    },
};
use serde_json::{Value, json};

use crate::cast::{
    self, Stage, config,
    guard::{MINUTE_MS, NEW_PASSWORD, ask, enable, kinds, me, prepare, second_device, show},
    on_every_database,
    person::{Device, PASSWORD, Person},
};

fn locking() -> Config {
    let mut config = config();
    config.limits.wrong_passwords = NonZero::new(5).unwrap();
    config
}

#[tokio::test]
async fn a_new_password_takes_the_current_one_and_ends_every_other_sign_in() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let phone = second_device(stage, &mut bob, 12).await;
        let own = bob.device.access.clone();
        let wrong = json!({"current": "not this one", "new": NEW_PASSWORD});
        ask(stage, &own, "password", wrong)
            .await
            .refused(403, "WRONG_PASSWORD");
        let weak = json!({"current": PASSWORD, "new": "password123"});
        ask(stage, &own, "password", weak)
            .await
            .refused(422, "PASSWORD_TOO_WEAK");
        me(stage, &phone.access).await.expect(200);
        let good = json!({"current": PASSWORD, "new": NEW_PASSWORD});
        ask(stage, &own, "password", good).await.expect(204);
        me(stage, &own).await.expect(200);
        me(stage, &phone.access)
            .await
            .refused(401, "UNAUTHENTICATED");
        prepare(stage, PASSWORD, None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        prepare(stage, NEW_PASSWORD, None).await.expect(200);
        assert!(
            kinds(stage, &own)
                .await
                .contains(&"password_changed".to_owned())
        );
    })
    .await;
}

#[tokio::test]
async fn whoever_is_signed_in_cannot_guess_the_password_either() {
    let mut strict = config();
    strict.limits.sign_ins_per_account = NonZero::new(3).unwrap();
    cast::play(strict, async |stage: &Stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        for _ in 0..3 {
            let guess = ask(
                stage,
                &bob.device.access,
                "session/proof",
                json!({"password": "x"}),
            );
            guess.await.refused(403, "WRONG_PASSWORD");
        }
        let right = json!({"password": PASSWORD});
        let limited = ask(stage, &bob.device.access, "session/proof", right).await;
        limited.refused(429, "RATE_LIMITED");
        assert_eq!(limited.header("retry-after"), "300");
    })
    .await;
}

#[tokio::test]
async fn five_wrong_passwords_shut_the_door_to_all_but_known_devices() {
    cast::play(locking(), async |stage: &Stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let wrong = prepare(stage, "wrong password", None).await;
        for _ in 0..4 {
            prepare(stage, "wrong password", None)
                .await
                .refused(401, "WRONG_CREDENTIALS");
        }
        // The right one, from somewhere else: the same answer, byte for byte.
        let shut = prepare(stage, PASSWORD, None).await;
        assert_eq!((shut.status, shut.body), (wrong.status, wrong.body));
        // The person's own device proves itself and goes on.
        let known = bob.known(stage, &bob.device).await;
        let again = bob.sign_in(stage, known).await.expect(201);
        let events = kinds(stage, again["tokens"]["access_token"].as_str().unwrap()).await;
        assert!(events.contains(&"locked_out".to_owned()), "{events:?}");
        prepare(stage, PASSWORD, None).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_shut_door_opens_after_a_quarter_of_an_hour_and_stays_shut_longer_each_time() {
    cast::play(locking(), async |stage: &Stage| {
        Person::invited(stage, "bob", 2).await;
        for _ in 0..5 {
            prepare(stage, "wrong password", None)
                .await
                .refused(401, "WRONG_CREDENTIALS");
        }
        stage.wait(15 * MINUTE_MS - 1);
        prepare(stage, PASSWORD, None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        stage.wait(1);
        prepare(stage, "wrong again", None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        stage.wait(30 * MINUTE_MS - 1);
        prepare(stage, PASSWORD, None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        stage.wait(1);
        prepare(stage, PASSWORD, None).await.expect(200);
        // That forgot the guesses before it.
        for _ in 0..4 {
            prepare(stage, "wrong password", None)
                .await
                .refused(401, "WRONG_CREDENTIALS");
        }
        prepare(stage, PASSWORD, None).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn many_guesses_at_once_are_not_more_guesses() {
    let stage = Stage::open_sqlite(locking()).await;
    Person::invited(&stage, "bob", 2).await;
    let mut guesses: Vec<String> = (0..19).map(|n| format!("wrong {n}")).collect();
    guesses.push(PASSWORD.to_owned());
    let all = guesses.iter().map(|guess| prepare(&stage, guess, None));
    let answers = futures_util::future::join_all(all).await;
    let right = answers.iter().filter(|answer| answer.status == 200).count();
    // The right one was the twentieth; five were looked at.
    assert_eq!(right, 0);
    assert!(
        answers
            .iter()
            .all(|answer| answer.code() == "WRONG_CREDENTIALS")
    );
}

#[tokio::test]
async fn addresses_are_those_behind_trusted_proxies_and_networks_of_ipv6_count_as_one() {
    let mut strict = config();
    strict.limits.sign_ins_per_address = NonZero::new(2).unwrap();
    strict.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    cast::play(strict, async |stage: &Stage| {
        Person::invited(stage, "bob", 2).await;
        let body = json!({"username": "nobody", "password": "wrong password"});
        let guess = async |from: &str| {
            let ask = stage.post("/api/v1/sessions/prepare").json(&body);
            ask.header("x-forwarded-for", from)
                .send()
                .await
                .status
                .as_u16()
        };
        assert_eq!(guess("2001:db8::1").await, 401);
        assert_eq!(guess("9.9.9.9, 2001:db8::2").await, 401);
        assert_eq!(guess("8.8.8.8, 2001:db8::ffff:3").await, 429);
        assert_eq!(guess("2001:db8:0:1::1").await, 401);
    })
    .await;
}

#[tokio::test]
async fn one_sees_ones_sign_ins_and_ends_them_and_nobody_elses() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let eve = Person::invited(stage, "eve", 5).await;
        let phone = second_device(stage, &mut bob, 12).await;
        let own = bob.device.access.clone();
        let list = show(stage, &own, "sessions").await;
        let list = list["sessions"].as_array().unwrap();
        assert_eq!(list.len(), 2);
        let of = |device: &Device| {
            let one = list.iter().find(|one| one["device"] == json!(device.id));
            one.unwrap().clone()
        };
        assert_eq!(of(&bob.device)["this_one"], true);
        assert_eq!(of(&phone)["this_one"], false);
        assert_eq!(of(&phone)["place"]["place"], "this_machine");
        let path = format!("/api/v1/sessions/{}", of(&phone)["id"].as_str().unwrap());
        let end = async |token: &str| stage.delete(&path).bearing(token).send().await;
        end(&eve.device.access).await.refused(404, "NOT_FOUND");
        me(stage, &phone.access).await.expect(200);
        end(&own).await.expect(204);
        me(stage, &phone.access)
            .await
            .refused(401, "UNAUTHENTICATED");
        end(&own).await.refused(404, "NOT_FOUND");
        ask(stage, &own, "sessions/end", json!({"which": "all"}))
            .await
            .expect(204);
        me(stage, &own).await.refused(401, "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test]
async fn sensitive_acts_need_the_password_of_the_last_quarter_of_an_hour() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        stage.wait(10 * MINUTE_MS);
        let refreshed = stage.post("/api/v1/sessions/refresh");
        let body = json!({"refresh_token": bob.device.refresh});
        let fresh = refreshed.json(body).send().await.expect(200);
        let token = fresh["access_token"].as_str().unwrap();
        stage.wait(5 * MINUTE_MS);
        let others = json!({"which": "others"});
        for path in ["sessions/end", "totp", "backup-codes"] {
            ask(stage, token, path, others.clone())
                .await
                .refused(403, "PROOF_REQUIRED");
        }
        let wrong = json!({"password": "wrong"});
        ask(stage, token, "session/proof", wrong)
            .await
            .refused(403, "WRONG_PASSWORD");
        ask(stage, token, "sessions/end", others.clone())
            .await
            .refused(403, "PROOF_REQUIRED");
        let right = json!({"password": PASSWORD});
        ask(stage, token, "session/proof", right).await.expect(204);
        ask(stage, token, "sessions/end", others).await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn what_happens_is_told_without_secrets_and_asks_to_be_looked_at() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        stage.wait(1);
        second_device(stage, &mut bob, 12).await;
        stage.wait(1);
        prepare(stage, "hunter2-typed-wrong", None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        let own = bob.device.access.clone();
        let events = show(stage, &own, "security-events").await;
        assert!(!events.to_string().contains("hunter2"));
        let listed = |events: &Value| -> Vec<(String, bool)> {
            let events = events["events"].as_array().unwrap();
            let one = |event: &Value| {
                let kind = event["kind"].as_str().unwrap().to_owned();
                (kind, event["unseen"].as_bool().unwrap())
            };
            events.iter().map(one).collect()
        };
        let expected = [
            ("sign_in_failed", false),
            ("signed_in_new_device", true),
            ("registered", false),
        ];
        let expected = expected.map(|(kind, unseen)| (kind.to_owned(), unseen));
        assert_eq!(listed(&events), expected);
        ask(stage, &own, "security-events/seen", Value::Null)
            .await
            .expect(204);
        let events = show(stage, &own, "security-events").await;
        assert!(listed(&events).iter().all(|(_, unseen)| !unseen));
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_that_was_stolen_is_told_of() {
    on_every_database(async |stage| {
        let mut bob = Person::invited(stage, "bob", 2).await;
        let phone = second_device(stage, &mut bob, 12).await;
        let refresh = async |token: &str| {
            let ask = stage.post("/api/v1/sessions/refresh");
            ask.json(json!({"refresh_token": token})).send().await
        };
        let second = refresh(&phone.refresh).await.expect(200);
        refresh(second["refresh_token"].as_str().unwrap())
            .await
            .expect(200);
        refresh(&phone.refresh).await.refused(401, "REFRESH_REUSED");
        let events = kinds(stage, &bob.device.access).await;
        assert!(events.contains(&"refresh_reused".to_owned()), "{events:?}");
    })
    .await;
}

#[tokio::test]
async fn what_the_operator_does_to_an_account_holds_at_once() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let own = bob.device.access.clone();
        let act = async |deed: Deed| {
            person::carry_out(&stage.app, "Bob".to_owned(), deed)
                .await
                .unwrap();
        };
        act(Deed::Disable).await;
        me(stage, &own).await.refused(401, "UNAUTHENTICATED");
        prepare(stage, PASSWORD, None)
            .await
            .refused(403, "ACCOUNT_DISABLED");
        prepare(stage, "wrong", None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        act(Deed::Enable).await;
        let known = bob.known(stage, &bob.device).await;
        let again = bob.sign_in(stage, known).await.expect(201);
        let own = again["tokens"]["access_token"].as_str().unwrap();
        enable(stage, own).await;
        act(Deed::RemoveFactors).await;
        prepare(stage, PASSWORD, None).await.expect(200);
        act(Deed::EndSessions).await;
        me(stage, own).await.refused(401, "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test]
async fn a_hash_of_another_program_lets_its_owner_in_and_is_replaced() {
    let stage = Stage::open_sqlite(config()).await;
    // bcrypt, cost 12, of "correct horse battery staple".
    let brought = bcrypt::hash("correct horse battery staple", 12).unwrap();
    let new = NewUser {
        username: "ada".to_owned(),
        password: Initial::Hash(brought),
        role: Role::Person,
    };
    cloister_server::operator::user(&stage.app, new)
        .await
        .unwrap();
    let enter = async || {
        let body = json!({"username": "ada", "password": "correct horse battery staple"});
        stage
            .post("/api/v1/sessions/prepare")
            .json(body)
            .send()
            .await
    };
    enter().await.expect(200);
    let seen = person::show_on(&stage.app, "ada".to_owned()).await.unwrap();
    assert!(
        seen.account
            .password_hash
            .starts_with("$argon2id$v=19$m=64,t=1,p=1$")
    );
    enter().await.expect(200);
}
