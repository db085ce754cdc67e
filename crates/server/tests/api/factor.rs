//! Second factors, and links to a new password beside them.

use std::num::NonZero;

use cloister_server::{
    config::Required,
    operator::person::{self},
};
use serde_json::{Value, json};

use crate::cast::{
    self, Stage, config,
    guard::{MINUTE_MS, NEW_PASSWORD, ask, code, enable, given, kinds, me, prepare, show},
    on_every_database,
    person::{Device, PASSWORD, Person},
};

#[tokio::test]
async fn an_authenticator_counts_from_its_first_right_code_and_codes_open_once() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let own = bob.device.access.clone();
        let offer = ask(stage, &own, "totp", Value::Null).await.expect(201);
        let secret = offer["secret"].as_str().unwrap().to_owned();
        let rows = offer["qr"].as_array().unwrap();
        assert_eq!(
            rows.len(),
            rows[0].as_str().unwrap().len(),
            "the picture is a square"
        );
        ask(stage, &own, "totp/activate", json!({"code": "000000"}))
            .await
            .refused(401, "SECOND_FACTOR_WRONG");
        // Nothing is asked for before it was taken up.
        prepare(stage, PASSWORD, None).await.expect(200);
        let first = code(stage, &secret, 0);
        let codes = ask(stage, &own, "totp/activate", json!({"code": first})).await;
        assert_eq!(codes.expect(201)["codes"].as_array().unwrap().len(), 10);
        let factors = show(stage, &own, "factors").await;
        assert_eq!(factors["totp_at"], stage.now());
        assert_eq!(factors["backup_codes_left"], 10);
        // The code that was used to take it up is used up; the one after it is not.
        prepare(stage, PASSWORD, Some(given(&first)))
            .await
            .refused(401, "SECOND_FACTOR_WRONG");
        prepare(stage, PASSWORD, None)
            .await
            .refused(401, "SECOND_FACTOR_REQUIRED");
        let next = code(stage, &secret, 1);
        prepare(stage, "wrong", Some(given(&next)))
            .await
            .refused(401, "WRONG_CREDENTIALS");
        prepare(stage, PASSWORD, Some(given(&next)))
            .await
            .expect(200);
        prepare(stage, PASSWORD, Some(given(&next)))
            .await
            .refused(401, "SECOND_FACTOR_WRONG");
        stage.wait(3 * MINUTE_MS);
        for steps in [-2, 2] {
            let off = given(&code(stage, &secret, steps));
            prepare(stage, PASSWORD, Some(off))
                .await
                .refused(401, "SECOND_FACTOR_WRONG");
        }
        ask(stage, &own, "totp", Value::Null)
            .await
            .refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn an_offered_secret_is_forgotten_after_ten_minutes() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let own = bob.device.access.clone();
        let offer = ask(stage, &own, "totp", Value::Null).await.expect(201);
        let secret = offer["secret"].as_str().unwrap();
        stage.wait(10 * MINUTE_MS);
        let late = json!({"code": code(stage, secret, 0)});
        ask(stage, &own, "totp/activate", late)
            .await
            .refused(422, "INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_password_alone_signs_nobody_in_who_has_a_second_factor() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let (secret, _) = enable(stage, &bob.device.access).await;
        let known = bob.known(stage, &bob.device).await;
        let alone = bob.sign_in(stage, known).await;
        alone.refused(401, "SECOND_FACTOR_REQUIRED");
        let known = bob.known(stage, &bob.device).await;
        let body = json!({
            "username": "bob", "password": PASSWORD, "client": "native", "device": known,
            "second": given(&code(stage, &secret, 0)),
        });
        stage
            .post("/api/v1/sessions")
            .json(body)
            .send()
            .await
            .expect(201);
        // What the first step of a new device gave stands for the code in its second one, once.
        stage.wait(MINUTE_MS);
        let prepared = prepare(stage, PASSWORD, Some(given(&code(stage, &secret, 0))));
        let pass = prepared.await.expect(200)["pass"]
            .as_str()
            .unwrap()
            .to_owned();
        let new = Device::new(33);
        let body = json!({
            "username": "bob", "password": PASSWORD, "client": "native",
            "device": {"new": {
                "cert": new.offer(&bob), "keys": new.keys(bob.id),
                "name_ct": cloister_wire::Bytes(vec![]),
            }},
            "second": {"pass": {"pass": pass}},
        });
        let ask = stage.post("/api/v1/sessions").json(&body);
        ask.send().await.expect(201);
        let again = stage.post("/api/v1/sessions").json(&body).send().await;
        again.refused(401, "SECOND_FACTOR_WRONG");
    })
    .await;
}

#[tokio::test]
async fn another_persons_pass_opens_nothing() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let eve = Person::invited(stage, "eve", 5).await;
        enable(stage, &bob.device.access).await;
        let (secret, _) = enable(stage, &eve.device.access).await;
        let body = json!({
            "username": "eve", "password": PASSWORD, "second": given(&code(stage, &secret, 0)),
        });
        let hers = stage
            .post("/api/v1/sessions/prepare")
            .json(body)
            .send()
            .await;
        let pass = json!({"pass": {"pass": hers.expect(200)["pass"]}});
        prepare(stage, PASSWORD, Some(pass))
            .await
            .refused(401, "SECOND_FACTOR_WRONG");
    })
    .await;
}

#[tokio::test]
async fn a_backup_code_opens_once_however_it_is_typed() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let (_, codes) = enable(stage, &bob.device.access).await;
        let typed = codes[0].to_lowercase().replace('-', " ");
        prepare(stage, PASSWORD, Some(given(&typed)))
            .await
            .expect(200);
        prepare(stage, PASSWORD, Some(given(&codes[0])))
            .await
            .refused(401, "SECOND_FACTOR_WRONG");
        for code in &codes[1..] {
            prepare(stage, PASSWORD, Some(given(code)))
                .await
                .expect(200);
        }
        let own = &bob.device.access;
        assert_eq!(show(stage, own, "factors").await["backup_codes_left"], 0);
        assert!(
            kinds(stage, own)
                .await
                .contains(&"backup_code_used".to_owned())
        );
        let renewed = ask(stage, own, "backup-codes", Value::Null)
            .await
            .expect(201);
        let renewed: Vec<String> = serde_json::from_value(renewed["codes"].clone()).unwrap();
        prepare(stage, PASSWORD, Some(given(&renewed[3])))
            .await
            .expect(200);
    })
    .await;
}

#[tokio::test]
async fn of_twenty_who_use_one_backup_code_at_once_one_gets_in() {
    let stage = Stage::open_sqlite(config()).await;
    let bob = Person::invited(&stage, "bob", 2).await;
    let (_, codes) = enable(&stage, &bob.device.access).await;
    let all = (0..20).map(|_| prepare(&stage, PASSWORD, Some(given(&codes[0]))));
    let answers = futures_util::future::join_all(all).await;
    let in_time = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(in_time, 1);
}

#[tokio::test]
async fn codes_are_limited_for_the_account_wherever_the_guesses_come_from() {
    let mut strict = config();
    strict.limits.codes_per_account = NonZero::new(5).unwrap();
    strict.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    cast::play(strict, async |stage: &Stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let (secret, _) = enable(stage, &bob.device.access).await;
        let guess = async |code: &str, from: u8| {
            let body = json!({"username": "bob", "password": PASSWORD, "second": given(code)});
            let ask = stage.post("/api/v1/sessions/prepare").json(body);
            let from = format!("203.0.113.{from}");
            ask.header("x-forwarded-for", &from).send().await
        };
        for from in 0..5 {
            guess("000000", from)
                .await
                .refused(401, "SECOND_FACTOR_WRONG");
        }
        let right = code(stage, &secret, 0);
        guess(&right, 50).await.refused(429, "RATE_LIMITED");
        stage.wait(5 * MINUTE_MS);
        guess(&code(stage, &secret, 0), 50).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn an_authenticator_is_turned_off_with_password_and_code_only() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let own = bob.device.access.clone();
        let (secret, codes) = enable(stage, &own).await;
        let off = async |password: &str, code: &str| {
            let body = json!({"password": password, "second": given(code)});
            ask(stage, &own, "totp/disable", body).await
        };
        let right = code(stage, &secret, 0);
        off("wrong", &right).await.refused(403, "WRONG_PASSWORD");
        off(PASSWORD, "000000")
            .await
            .refused(401, "SECOND_FACTOR_WRONG");
        off(PASSWORD, &codes[4]).await.expect(204);
        prepare(stage, PASSWORD, None).await.expect(200);
        assert_eq!(show(stage, &own, "factors").await["totp_at"], Value::Null);
        assert_eq!(show(stage, &own, "factors").await["backup_codes_left"], 0);
        let events = kinds(stage, &own).await;
        for kind in ["totp_enabled", "second_factor_failed", "totp_disabled"] {
            assert!(events.contains(&kind.to_owned()), "{kind} in {events:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn where_everybody_must_have_a_second_factor_nothing_else_works_before() {
    let mut strict = config();
    strict.second_factor.required = Required::All;
    cast::play(strict, async |stage: &Stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let own = bob.device.access.clone();
        let guilds = async || stage.get("/api/v1/guilds").bearing(&own).send().await;
        guilds().await.refused(403, "SECOND_FACTOR_NEEDED");
        assert_eq!(show(stage, &own, "factors").await["required"], true);
        let (secret, _) = enable(stage, &own).await;
        guilds().await.expect(200);
        let body = json!({"password": PASSWORD, "second": given(&code(stage, &secret, 0))});
        let off = ask(stage, &own, "totp/disable", body).await;
        off.refused(403, "SECOND_FACTOR_NEEDED");
    })
    .await;
}

#[tokio::test]
async fn a_link_sets_a_new_password_once_and_no_second_factor_falls() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let (secret, _) = enable(stage, &bob.device.access).await;
        let link = async || {
            person::reset_token(&stage.app, "bob".to_owned())
                .await
                .unwrap()
        };
        let reset = async |token: &str, new: &str| {
            let body = json!({"token": token, "new": new});
            stage.post("/api/v1/password/reset").json(body).send().await
        };
        let (replaced, token) = (link().await, link().await);
        reset(&replaced, NEW_PASSWORD)
            .await
            .refused(410, "LINK_INVALID");
        reset(&token, "password123")
            .await
            .refused(422, "PASSWORD_TOO_WEAK");
        me(stage, &bob.device.access).await.expect(200);
        reset(&token, NEW_PASSWORD).await.expect(204);
        reset(&token, "another brass kettle hums")
            .await
            .refused(410, "LINK_INVALID");
        me(stage, &bob.device.access)
            .await
            .refused(401, "UNAUTHENTICATED");
        prepare(stage, PASSWORD, None)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        prepare(stage, NEW_PASSWORD, None)
            .await
            .refused(401, "SECOND_FACTOR_REQUIRED");
        let second = given(&code(stage, &secret, 0));
        prepare(stage, NEW_PASSWORD, Some(second)).await.expect(200);
        let late = link().await;
        stage.wait(60 * MINUTE_MS);
        reset(&late, NEW_PASSWORD)
            .await
            .refused(410, "LINK_INVALID");
    })
    .await;
}

#[tokio::test]
async fn of_twenty_who_use_one_link_at_once_one_sets_the_password() {
    let mut roomy = config();
    roomy.limits.resets_per_address = NonZero::new(100).unwrap();
    let stage = Stage::open_sqlite(roomy).await;
    Person::invited(&stage, "bob", 2).await;
    let token = person::reset_token(&stage.app, "bob".to_owned())
        .await
        .unwrap();
    let all = (0..20).map(|n| {
        let body = json!({"token": token, "new": format!("eleven brass kettles {n}")});
        stage.post("/api/v1/password/reset").json(body).send()
    });
    let answers = futures_util::future::join_all(all).await;
    let done = answers.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(done, 1);
}
