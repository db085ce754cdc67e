//! What stories about guarding an account ask and do.

use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{
    Answer, Stage,
    person::{Device, Person},
};

pub const MINUTE_MS: u64 = 60_000;
pub const NEW_PASSWORD: &str = "eleven brass kettles hum";

pub async fn ask(stage: &Stage, token: &str, path: &str, body: Value) -> Answer {
    let path = format!("/api/v1/{path}");
    stage.post(&path).bearing(token).json(body).send().await
}

pub async fn show(stage: &Stage, token: &str, path: &str) -> Value {
    let path = format!("/api/v1/{path}");
    stage.get(&path).bearing(token).send().await.expect(200)
}

pub async fn me(stage: &Stage, token: &str) -> Answer {
    stage.get("/api/v1/me").bearing(token).send().await
}

pub async fn prepare(stage: &Stage, password: &str, second: Option<Value>) -> Answer {
    let body = json!({"username": "bob", "password": password, "second": second});
    stage
        .post("/api/v1/sessions/prepare")
        .json(body)
        .send()
        .await
}

/// What an authenticator shows at the stage's time, `steps` later.
pub fn code(stage: &Stage, secret: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let then = stage.now().checked_add_signed(steps * 30_000).unwrap();
    totp.generate(then / 1_000).to_string()
}

pub fn given(code: &str) -> Value {
    json!({"code": {"code": code}})
}

/// Sets an authenticator up; gives its secret and the backup codes.
pub async fn enable(stage: &Stage, token: &str) -> (String, Vec<String>) {
    let offer = ask(stage, token, "totp", Value::Null).await.expect(201);
    let secret = offer["secret"].as_str().unwrap().to_owned();
    let first = code(stage, &secret, 0);
    let codes = ask(stage, token, "totp/activate", json!({"code": first})).await;
    let codes: Vec<String> = serde_json::from_value(codes.expect(201)["codes"].clone()).unwrap();
    // The next sign-in is not within the same step.
    stage.wait(MINUTE_MS);
    (secret, codes)
}

pub async fn kinds(stage: &Stage, token: &str) -> Vec<String> {
    let events = show(stage, token, "security-events").await;
    let events = events["events"].as_array().unwrap().clone();
    let kinds = events
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned());
    kinds.collect()
}

/// A second, approved device of the person.
pub async fn second_device(stage: &Stage, person: &mut Person, number: u8) -> Device {
    let device = person.add_pending(stage, number).await;
    let approval = person.approval(&device);
    let token = person.device.access.clone();
    person.append(stage, &token, &approval).await.expect(204);
    device
}
