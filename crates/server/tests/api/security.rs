//! What guards an account: passwords, locks, second factors, sign-ins, and what is told of it.

use std::num::NonZero;

use cloister_server::{
    config::{Config, Required},
    operator::{
        Initial, NewUser, Role,
        person::{self, Deed},
    },
};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::cast::{
    self, Answer, Stage, config, on_every_database,
    person::{Device, PASSWORD, Person},
};

const MINUTE_MS: u64 = 60_000;
const NEW_PASSWORD: &str = "eleven brass kettles hum";

async fn ask(stage: &Stage, token: &str, path: &str, body: Value) -> Answer {
    let path = format!("/api/v1/{path}");
    stage.post(&path).bearing(token).json(body).send().await
}

async fn show(stage: &Stage, token: &str, path: &str) -> Value {
    let path = format!("/api/v1/{path}");
    stage.get(&path).bearing(token).send().await.expect(200)
}

async fn me(stage: &Stage, token: &str) -> Answer {
    stage.get("/api/v1/me").bearing(token).send().await
}

async fn prepare(stage: &Stage, password: &str, second: Option<Value>) -> Answer {
    let body = json!({"username": "bob", "password": password, "second": second});
    stage
        .post("/api/v1/sessions/prepare")
        .json(body)
        .send()
        .await
}

/// What an authenticator shows at the stage's time, `steps` later.
fn code(stage: &Stage, secret: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let then = stage.now().checked_add_signed(steps * 30_000).unwrap();
    totp.generate(then / 1_000).to_string()
}

fn given(code: &str) -> Value {
    json!({"code": {"code": code}})
}

/// Sets an authenticator up; gives its secret and the backup codes.
async fn enable(stage: &Stage, token: &str) -> (String, Vec<String>) {
    let offer = ask(stage, token, "totp", Value::Null).await.expect(201);
    let secret = offer["secret"].as_str().unwrap().to_owned();
    let first = code(stage, &secret, 0);
    let codes = ask(stage, token, "totp/activate", json!({"code": first})).await;
    let codes: Vec<String> = serde_json::from_value(codes.expect(201)["codes"].clone()).unwrap();
    // The next sign-in is not within the same step.
    stage.wait(MINUTE_MS);
    (secret, codes)
}

async fn kinds(stage: &Stage, token: &str) -> Vec<String> {
    let events = show(stage, token, "security-events").await;
    let events = events["events"].as_array().unwrap().clone();
    let kinds = events
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned());
    kinds.collect()
}

/// A second, approved device of the person.
async fn second_device(stage: &Stage, person: &mut Person, number: u8) -> Device {
    let device = person.add_pending(stage, number).await;
    let approval = person.approval(&device);
    let token = person.device.access.clone();
    person.append(stage, &token, &approval).await.expect(204);
    device
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

fn locking() -> Config {
    let mut config = config();
    config.limits.wrong_passwords = NonZero::new(5).unwrap();
    config
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
