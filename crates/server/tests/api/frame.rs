//! What surrounds every request: headers, formats, limits.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use cloister_server::config::Config;
use serde_json::{Value, json};

use crate::cast::{self, Stage, config, on_every_database, person::Person};

const SECURITY: [&str; 12] = [
    "content-security-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-embedder-policy",
    "cross-origin-resource-policy",
    "origin-agent-cluster",
    "content-type",
];

#[tokio::test]
async fn every_status_carries_the_security_headers() {
    on_every_database(async |stage| {
        let long = format!("/api/v1/instance?x={}", "a".repeat(9_000));
        let answers = [
            (200, stage.get("/api/version").send().await),
            (200, stage.get("/").send().await),
            (404, stage.get("/api/v1/nothing").send().await),
            (405, stage.put("/api/v1/instance").send().await),
            (401, stage.get("/api/v1/me").send().await),
            (400, stage.get("/api/v1/me?token=x").send().await),
            (413, stage.get(&long).send().await),
            (415, stage.post("/api/v1/sessions").send().await),
        ];
        for (status, answer) in answers {
            assert_eq!(answer.status.as_u16(), status);
            for name in SECURITY {
                assert!(!answer.header(name).is_empty(), "{status} lacks {name}");
            }
            assert!(answer.header("server").is_empty());
            if status != 200 {
                assert!(!answer.code().is_empty(), "{status} has no code");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_may_run_compiled_scripts_of_their_own_and_data_may_run_nothing() {
    on_every_database(async |stage| {
        let page = stage.get("/channels/a/b").send().await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(
            policy.contains("script-src 'self' 'wasm-unsafe-eval';"),
            "{policy}"
        );
        assert!(policy.contains("trusted-types cloister"), "{policy}");
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("http"),
            "{policy}"
        );
        let data = stage.get("/api/v1/instance").send().await;
        assert!(data.header("content-security-policy").contains("sandbox"));
    })
    .await;
}

#[tokio::test]
async fn credentials_in_an_address_are_refused_everywhere() {
    on_every_database(async |stage| {
        let bob = Person::invited(stage, "bob", 2).await;
        for name in ["token", "access_token", "jwt", "Password", "api_key"] {
            let path = format!("/api/v1/me?{name}={}", bob.device.access);
            stage
                .get(&path)
                .send()
                .await
                .refused(400, "CREDENTIAL_IN_URL");
        }
    })
    .await;
}

#[tokio::test]
async fn tokens_that_are_none_of_ours_let_nobody_in() {
    on_every_database(async |stage| {
        for token in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            let answer = stage.get("/api/v1/instance").bearing(token).send().await;
            answer.refused(401, "UNAUTHENTICATED");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    })
    .await;
}

#[tokio::test]
async fn json_and_cbor_say_the_same() {
    on_every_database(async |stage| {
        let mut bytes = Vec::new();
        let device = cloister_wire::DeviceId::from_bytes([7; 16]);
        ciborium::into_writer(&cloister_wire::account::AskChallenge { device }, &mut bytes)
            .unwrap();
        let request = Request::builder()
            .method(Method::POST)
            .uri("/api/v1/challenges")
            .header(header::CONTENT_TYPE, "application/cbor")
            .header(header::ACCEPT, "application/cbor")
            .body(Body::from(bytes))
            .unwrap();
        let answer = stage.run("challenge in CBOR", request).await;
        assert_eq!(answer.status.as_u16(), 201);
        assert_eq!(answer.header("content-type"), "application/cbor");
    })
    .await;
}

async fn raw(stage: &Stage, body: impl Into<Body>) -> cast::Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/sessions/prepare")
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .unwrap();
    stage.run("raw", request).await
}

#[tokio::test]
async fn bodies_that_are_no_request_are_refused() {
    on_every_database(async |stage| {
        let deep = "[".repeat(100_000);
        let nested = format!(r#"{{"username":{}"x"{}}}"#, "[".repeat(40), "]".repeat(40));
        let unknown = r#"{"username":"a","password":"b","admin":true}"#;
        let twice = r#"{"username":"a","username":"b","password":"c"}"#;
        for body in ["", "{", "null", &deep, &nested, unknown, twice] {
            raw(stage, body.to_owned()).await.refused(400, "MALFORMED");
        }
        raw(stage, vec![b'x'; 300 * 1024])
            .await
            .refused(413, "TOO_LARGE");
        let text = Request::builder()
            .method(Method::POST)
            .uri("/api/v1/sessions/prepare")
            .header(header::CONTENT_TYPE, "text/plain")
            .body(Body::from(r#"{"username":"a","password":"b"}"#))
            .unwrap();
        stage
            .run("plain", text)
            .await
            .refused(415, "UNSUPPORTED_MEDIA_TYPE");
    })
    .await;
}

#[tokio::test]
async fn requests_are_counted_and_limited() {
    let strict = Config {
        limits: cloister_server::config::Limits {
            requests: std::num::NonZero::new(3).unwrap(),
            ..config().limits
        },
        ..config()
    };
    cast::play(strict, async |stage: &Stage| {
        for left in ["2", "1", "0"] {
            let answer = stage.get("/api/version").send().await;
            assert_eq!(answer.header("x-ratelimit-limit"), "3");
            assert_eq!(answer.header("x-ratelimit-remaining"), left);
        }
        let answer = stage.get("/api/version").send().await;
        answer.refused(429, "RATE_LIMITED");
        assert_eq!(answer.header("retry-after"), "20");
        stage.wait(20_000);
        stage.get("/api/version").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn the_document_describes_every_route() {
    on_every_database(async |stage| {
        let document = stage.get("/api/v1/openapi.json").send().await.expect(200);
        assert_eq!(document["openapi"], "3.1.0");
        for route in cloister_server::http::routes::table() {
            let method = route.method.as_str().to_lowercase();
            let operation = &document["paths"][route.path][&method];
            assert_eq!(operation["summary"], json!(route.about), "{route:?}");
            assert!(!route.about.is_empty(), "{route:?}");
        }
        let mut missing = Vec::new();
        references(&document, &mut |name| {
            if document["components"]["schemas"][name].is_null() {
                missing.push(name.to_owned());
            }
        });
        assert_eq!(missing, Vec::<String>::new());
    })
    .await;
}

fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found(reference.trim_start_matches("#/components/schemas/"));
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn health_says_whether_it_runs_and_can_serve() {
    on_every_database(async |stage| {
        stage.get("/healthz").send().await.expect(204);
        stage.get("/readyz").send().await.expect(204);
        assert_eq!(stage.get("/api/version").send().await.expect(200)["api"], 1);
    })
    .await;
}
