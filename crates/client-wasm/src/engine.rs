//! The engine as JavaScript sees it. What people say and see crosses as JSON, what goes over the
//! network as bytes, times and ids as numbers. `web/src/engine/core.ts` is the other side.

use cloister_client::{
    HttpOutcome, Input, Method, Options, Outgoing, Step, StoreError,
    view::{CommandReply, Refusal},
};
use cloister_wire::{ErrorCode, account::ClientKind};
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use zeroize::Zeroizing;

use crate::store::{self, KEY_LENGTH};

const PLATFORM: &str = "web";
const CBOR: &str = "application/cbor";
const CSRF_HEADER: &str = "x-cloister-csrf";

/// One person's client on this device.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine(cloister_client::Engine);

#[wasm_bindgen]
impl Engine {
    /// Opens the store named `store` with its raw `key`. `seed` is 32 bytes of the browser's
    /// chance, `origin` where the page came from. Fails with a refusal.
    pub async fn open(
        store: String,
        key: Vec<u8>,
        seed: Vec<u8>,
        origin: String,
        now_ms: f64,
    ) -> Result<Engine, JsValue> {
        let key = Zeroizing::new(key);
        let (Ok(key), Ok(seed)) = (
            <&[u8; KEY_LENGTH]>::try_from(key.as_slice()),
            seed.try_into(),
        ) else {
            return Err(refused(
                ErrorCode::StoreFailed,
                "Key and seed are 32 bytes each.",
            ));
        };
        let connection = store::open(&store, key)
            .await
            .map_err(|error| refused(error.code(), &error.to_string()))?;
        let options = Options {
            platform: PLATFORM.to_owned(),
            client: ClientKind::Browser,
            base_url: origin,
        };
        cloister_client::Engine::open(connection, options, seed, now_ms as u64)
            .map(Engine)
            .map_err(|error: StoreError| refusal_value(&error.into()))
    }

    /// Answers a query, JSON for JSON, from the store. Fails with a refusal.
    pub fn query(&self, query: &str) -> Result<String, JsValue> {
        let query = serde_json::from_str(query).map_err(|error| malformed(&error))?;
        let reply = self
            .0
            .query(&query)
            .map_err(|refusal| refusal_value(&refusal))?;
        Ok(to_json(&reply))
    }

    /// Once, before any other input.
    pub fn start(&mut self, now_ms: f64) -> JsValue {
        self.take(Input::Start, now_ms)
    }

    /// Gives a command; a later step answers it under `id`. Fails with a refusal if it is none.
    pub fn command(&mut self, id: f64, command: &str, now_ms: f64) -> Result<JsValue, JsValue> {
        let command = serde_json::from_str(command).map_err(|error| malformed(&error))?;
        let id = id as u64;
        Ok(self.take(Input::Command { id, command }, now_ms))
    }

    /// The server's reply to a request.
    pub fn replied(&mut self, request: f64, status: u16, body: Vec<u8>, now_ms: f64) -> JsValue {
        let outcome = HttpOutcome::Answer { status, body };
        let request = request as u64;
        self.take(Input::Reply { request, outcome }, now_ms)
    }

    /// No reply came, and whether the request arrived is not known.
    pub fn unanswered(&mut self, request: f64, now_ms: f64) -> JsValue {
        let outcome = HttpOutcome::NoAnswer;
        let request = request as u64;
        self.take(Input::Reply { request, outcome }, now_ms)
    }

    #[wasm_bindgen(js_name = socketOpened)]
    pub fn socket_opened(&mut self, now_ms: f64) -> JsValue {
        self.take(Input::SocketOpened, now_ms)
    }

    #[wasm_bindgen(js_name = socketFrame)]
    pub fn socket_frame(&mut self, frame: Vec<u8>, now_ms: f64) -> JsValue {
        self.take(Input::SocketFrame(frame), now_ms)
    }

    #[wasm_bindgen(js_name = socketClosed)]
    pub fn socket_closed(&mut self, code: Option<u16>, now_ms: f64) -> JsValue {
        self.take(Input::SocketClosed { code }, now_ms)
    }

    /// The time that a step asked for has come.
    pub fn tick(&mut self, now_ms: f64) -> JsValue {
        self.take(Input::Tick, now_ms)
    }

    fn take(&mut self, input: Input, now_ms: f64) -> JsValue {
        step_value(self.0.handle(input, now_ms as u64))
    }
}

fn step_value(step: Step) -> JsValue {
    let send: Array = step.send.into_iter().map(outgoing_value).collect();
    let answers: Array = step
        .answers
        .into_iter()
        .map(|(id, outcome)| answer_value(id, outcome))
        .collect();
    let wake_at = step.wake_at.map_or(JsValue::UNDEFINED, number);
    object(&[
        ("send", send.into()),
        ("tell", JsValue::from_str(&to_json(&step.tell))),
        ("answers", answers.into()),
        ("wakeAt", wake_at),
    ])
}

fn outgoing_value(outgoing: Outgoing) -> JsValue {
    match outgoing {
        Outgoing::Request {
            id,
            method,
            path,
            body,
            bearer,
            csrf,
        } => object(&[
            ("kind", "request".into()),
            ("id", number(id)),
            ("method", method_name(method).into()),
            ("path", path.into()),
            ("headers", headers(body.is_some(), bearer, csrf)),
            ("body", body.map_or(JsValue::UNDEFINED, |body| bytes(&body))),
        ]),
        Outgoing::OpenSocket => object(&[("kind", "openSocket".into())]),
        Outgoing::Frame(frame) => object(&[("kind", "frame".into()), ("bytes", bytes(&frame))]),
        Outgoing::CloseSocket => object(&[("kind", "closeSocket".into())]),
        Outgoing::Wipe => object(&[("kind", "wipe".into())]),
    }
}

fn headers(has_body: bool, bearer: Option<String>, csrf: Option<String>) -> JsValue {
    let mut fields = vec![("accept", JsValue::from_str(CBOR))];
    if has_body {
        fields.push(("content-type", JsValue::from_str(CBOR)));
    }
    if let Some(token) = bearer {
        fields.push(("authorization", format!("Bearer {token}").into()));
    }
    if let Some(token) = csrf {
        fields.push((CSRF_HEADER, token.into()));
    }
    object(&fields)
}

const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    }
}

fn answer_value(id: u64, outcome: Result<CommandReply, Refusal>) -> JsValue {
    let (is_refused, json) = match outcome {
        Ok(reply) => (false, to_json(&reply)),
        Err(refusal) => (true, to_json(&refusal)),
    };
    object(&[
        ("id", number(id)),
        ("isRefused", is_refused.into()),
        ("json", json.into()),
    ])
}

fn malformed(error: &serde_json::Error) -> JsValue {
    refused(ErrorCode::Malformed, &error.to_string())
}

fn refused(code: ErrorCode, message: &str) -> JsValue {
    refusal_value(&Refusal {
        code,
        message: message.to_owned(),
        retry_after_ms: None,
    })
}

/// A refusal as an object to throw.
fn refusal_value(refusal: &Refusal) -> JsValue {
    js_sys::JSON::parse(&to_json(refusal)).unwrap_or(JsValue::NULL)
}

/// The view types hold nothing that JSON cannot say.
fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a field of a fresh plain object does not fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ids count up from 1 and times are of this era: both fit a double"
)]
fn number(number: u64) -> JsValue {
    JsValue::from_f64(number as f64)
}
