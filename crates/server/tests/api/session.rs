//! Signing in, going on, signing out.

use std::num::NonZero;

use axum::http::Method;
use serde_json::{Value, json};

use crate::cast::{
    self, Stage, config, on_every_database,
    person::{Device, PASSWORD, Person},
};

const MINUTE_MS: u64 = 60_000;

async fn refresh(stage: &Stage, token: &str) -> cast::Answer {
    stage
        .post("/api/v1/sessions/refresh")
        .json(json!({"refresh_token": token}))
        .send()
        .await
}

async fn me(stage: &Stage, token: &str) -> cast::Answer {
    stage.get("/api/v1/me").bearing(token).send().await
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_known_device_signs_in_with_its_signature() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let known = bob.known(stage, &bob.device).await;
        let answer = bob.sign_in(stage, known.clone()).await.expect(201);
        assert_eq!(answer["me"]["device"], json!(bob.device.id));
        assert_eq!(answer["me"]["standing"], "active");
        // The challenge is used up, and the sign-in before is over.
        bob.sign_in(stage, known)
            .await
            .refused(401, "WRONG_CREDENTIALS");
        me(stage, &bob.device.access)
            .await
            .refused(401, "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test]
async fn wrong_names_passwords_and_signatures_are_answered_alike() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let carol = Person::invited(stage, "carol", 3).await;
        let thief = Device {
            key: carol.device.key.clone(),
            ..bob.device.clone()
        };
        let stolen = bob.known(stage, &thief).await;
        let stolen = bob.sign_in(stage, stolen).await;
        stolen.refused(401, "WRONG_CREDENTIALS");
        let known = carol.known(stage, &carol.device).await;
        let anothers = bob.sign_in(stage, known).await;
        for (name, password) in [("bob", "wrong password"), ("nobody", PASSWORD)] {
            let body = json!({"username": name, "password": password});
            let answer = stage
                .post("/api/v1/sessions/prepare")
                .json(body)
                .send()
                .await;
            answer.refused(401, "WRONG_CREDENTIALS");
            assert_eq!(answer.body, stolen.body);
        }
        assert_eq!(anothers.body, stolen.body);
    })
    .await;
}

#[tokio::test]
async fn attempts_on_a_name_are_limited_for_five_minutes() {
    let mut strict = config();
    strict.limits.sign_ins_per_account = NonZero::new(2).unwrap();
    cast::play(strict, async |stage: &Stage| {
        Person::invited(stage, "bob", 2).await;
        let body = json!({"username": "Bob", "password": "wrong password"});
        for _ in 0..2 {
            let answer = stage
                .post("/api/v1/sessions/prepare")
                .json(&body)
                .send()
                .await;
            answer.refused(401, "WRONG_CREDENTIALS");
        }
        let right = json!({"username": "bob", "password": PASSWORD});
        let answer = stage
            .post("/api/v1/sessions/prepare")
            .json(&right)
            .send()
            .await;
        answer.refused(429, "RATE_LIMITED");
        stage.wait(300_000);
        // The right password takes nothing, and forgives the attempts before it.
        for _ in 0..5 {
            let ask = stage.post("/api/v1/sessions/prepare").json(&right);
            ask.send().await.expect(200);
        }
        stage
            .post("/api/v1/sessions/prepare")
            .json(&body)
            .send()
            .await
            .expect(401);
    })
    .await;
}

#[tokio::test]
async fn an_access_token_lives_for_fifteen_minutes() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        stage.wait(14 * MINUTE_MS);
        me(stage, &bob.device.access).await.expect(200);
        stage.wait(MINUTE_MS);
        me(stage, &bob.device.access)
            .await
            .refused(401, "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_the_sign_in() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let second = refresh(stage, &bob.device.refresh).await.expect(200);
        let third = refresh(stage, &text(&second, "refresh_token"))
            .await
            .expect(200);
        me(stage, &text(&third, "access_token")).await.expect(200);
        refresh(stage, &bob.device.refresh)
            .await
            .refused(401, "REFRESH_REUSED");
        let newest = text(&third, "refresh_token");
        refresh(stage, &newest)
            .await
            .refused(401, "UNAUTHENTICATED");
        me(stage, &text(&third, "access_token"))
            .await
            .refused(401, "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_is_answered_again_for_a_moment() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let first = refresh(stage, &bob.device.refresh).await.expect(200);
        stage.wait(60_000);
        let again = refresh(stage, &bob.device.refresh).await.expect(200);
        assert_eq!(again["refresh_token"], first["refresh_token"]);
        stage.wait(1);
        refresh(stage, &bob.device.refresh)
            .await
            .refused(401, "REFRESH_REUSED");
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_ends_when_it_was_idle_or_has_grown_old() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let carol = Person::invited(stage, "carol", 3).await;
        let mut token = bob.device.refresh.clone();
        for _ in 0..3 {
            stage.wait(29 * cast::DAY_MS);
            let answer = refresh(stage, &token).await.expect(200);
            token = text(&answer, "refresh_token");
        }
        refresh(stage, &carol.device.refresh)
            .await
            .refused(401, "UNAUTHENTICATED");
        stage.wait(3 * cast::DAY_MS);
        refresh(stage, &token).await.refused(401, "UNAUTHENTICATED");
    })
    .await;
}

#[tokio::test]
async fn signing_out_ends_every_token_at_once() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let answer = stage
            .delete("/api/v1/session")
            .bearing(&bob.device.access)
            .send()
            .await;
        assert!(answer.header("set-cookie").contains("Max-Age=0"));
        answer.expect(204);
        me(stage, &bob.device.access)
            .await
            .refused(401, "UNAUTHENTICATED");
        refresh(stage, &bob.device.refresh)
            .await
            .refused(401, "UNAUTHENTICATED");
    })
    .await;
}

/// Signs bob in as a browser; gives the cookie and the token for the header.
async fn browser(stage: &Stage, bob: &Person) -> (String, String) {
    let body = json!({
        "username": bob.name, "password": PASSWORD, "client": "browser",
        "device": bob.known(stage, &bob.device).await,
    });
    let answer = stage.post("/api/v1/sessions").json(body).send().await;
    let set = answer.header("set-cookie").to_owned();
    for attribute in [
        "__Host-cloister=clr_",
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
    ] {
        assert!(set.contains(attribute), "{set}");
    }
    assert!(!set.contains("Domain"));
    let answer = answer.expect(201);
    assert_eq!(answer["tokens"]["refresh_token"], Value::Null);
    let cookie = set.split(';').next().unwrap().to_owned();
    (cookie, text(&answer["tokens"], "csrf_token"))
}

#[tokio::test]
async fn a_browser_refreshes_with_its_cookie_from_our_own_page_only() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        let (cookie, csrf) = browser(stage, &bob).await;
        let ask = |origin: Option<&str>, site: Option<&str>, csrf: Option<&str>| {
            let mut ask = stage
                .ask(Method::POST, "/api/v1/sessions/refresh")
                .header("cookie", &cookie)
                .json(json!({}));
            for (name, value) in [
                ("origin", origin),
                ("sec-fetch-site", site),
                ("x-cloister-csrf", csrf),
            ] {
                if let Some(value) = value {
                    ask = ask.header(name, value);
                }
            }
            ask.send()
        };
        let (own, same) = (Some("https://localhost:8765"), Some("same-origin"));
        for (origin, site, token) in [
            (None, same, Some(csrf.as_str())),
            (Some("https://evil.example"), same, Some(csrf.as_str())),
            (Some("null"), same, Some(csrf.as_str())),
            (Some("http://localhost:8765"), same, Some(csrf.as_str())),
            (Some("https://localhost:8443"), same, Some(csrf.as_str())),
            (own, Some("cross-site"), Some(csrf.as_str())),
            (own, Some("same-site"), Some(csrf.as_str())),
            (own, same, None),
            (own, same, Some("guessed")),
        ] {
            ask(origin, site, token).await.refused(403, "CROSS_SITE");
        }
        let answer = ask(own, same, Some(&csrf)).await;
        assert!(
            answer
                .header("set-cookie")
                .starts_with("__Host-cloister=clr_")
        );
        answer.expect(200);
        // The token of a cookie is none for a body.
        let token = cookie.split_once('=').unwrap().1;
        refresh(stage, token).await.refused(403, "CROSS_SITE");
    })
    .await;
}
