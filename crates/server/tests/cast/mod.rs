//! The stage that API stories play on: the real router over SQLite and, when
//! `CLOISTER_TEST_POSTGRES_URL` names a server, over PostgreSQL too. Time and chance are invented,
//! so that both must answer alike, byte for byte.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary compiles the cast for itself and uses its part of it"
)]

pub mod guard;
pub mod live;
pub mod person;
pub mod postbox;
pub mod talk;

use std::{
    fmt::Write,
    num::NonZero,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use cloister_server::{
    App,
    config::{Config, Limits, Passwords},
    env::Env,
};
use serde_json::Value;
use tower::ServiceExt;

/// When every story begins, ms UTC.
pub const START: u64 = 1_800_000_000_000;
pub const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// A server on one database.
pub struct Stage {
    pub app: App,
    router: Router,
    clock: Arc<AtomicU64>,
    transcript: Mutex<String>,
    folder: tempfile::TempDir,
}

/// A picture of one pixel.
pub const PNG: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0,
    0, 0, 31, 21, 196, 137, 0, 0, 0, 13, 73, 68, 65, 84, 120, 218, 99, 240, 170, 137, 252, 15, 0,
    4, 82, 2, 31, 253, 227, 54, 59, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

/// What a request was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The stable code of a refusal.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status.as_u16(), self.code()),
            (status, code),
            "{}",
            self.body
        );
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// One request that is being made.
pub struct Ask<'a> {
    stage: &'a Stage,
    builder: axum::http::request::Builder,
    said: String,
    body: Option<Value>,
}

impl Ask<'_> {
    pub fn bearing(mut self, token: &str) -> Self {
        self.builder = self
            .builder
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub fn json(mut self, body: impl serde::Serialize) -> Self {
        self.body = Some(serde_json::to_value(body).unwrap());
        self
    }

    pub async fn send(self) -> Answer {
        let request = match self.body {
            Some(body) => self
                .builder
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => self.builder.body(Body::empty()),
        };
        self.stage.run(&self.said, request.unwrap()).await
    }
}

impl Stage {
    /// A stage on SQLite.
    pub async fn open_sqlite(config: Config) -> Self {
        Self::open(config, tempfile::tempdir().unwrap()).await
    }

    /// A stage on the PostgreSQL of the tests, if there is one.
    async fn open_postgres(mut config: Config) -> Option<Self> {
        config.database.url = Some(fresh_schema()?);
        config.database.threads = NonZero::new(3);
        Some(Self::open(config, tempfile::tempdir().unwrap()).await)
    }

    async fn open(config: Config, folder: tempfile::TempDir) -> Self {
        let clock = Arc::new(AtomicU64::new(START));
        let (time, seed) = (clock.clone(), Arc::new(Mutex::new(0x5eed_u64)));
        let chance = move |bytes: &mut [u8]| {
            let mut state = seed.lock().unwrap();
            for byte in bytes {
                // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                *byte = (mixed >> 56) as u8;
            }
        };
        let env = Env::injected(move || time.load(Ordering::Relaxed), chance);
        let app = App::open(folder.path(), config, env).await.unwrap();
        let router = app.router();
        Self {
            app,
            router,
            clock,
            transcript: Mutex::default(),
            folder,
        }
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Changes the database past the server, as somebody who holds it may.
    #[expect(
        clippy::unused_async,
        reason = "stories wait for everything that they do"
    )]
    pub async fn tamper(&self, statements: &'static [&'static str]) {
        let path = self.folder.path().join("cloister.db");
        let url = self.app.config.database.url.clone();
        std::thread::spawn(move || {
            let sql = statements.join(";");
            match url {
                Some(url) => {
                    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
                    client.batch_execute(&sql).unwrap();
                }
                None => {
                    let connection = rusqlite::Connection::open(path).unwrap();
                    connection.execute_batch(&sql).unwrap();
                }
            }
        })
        .join()
        .unwrap();
    }

    pub fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub fn wait(&self, ms: u64) {
        self.clock.fetch_add(ms, Ordering::Relaxed);
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "stories read better without ampersands"
    )]
    pub fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        let builder = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::HOST, "localhost:8765");
        Ask {
            stage: self,
            builder,
            said: format!("{method} {path}"),
            body: None,
        }
    }

    pub fn get(&self, path: &str) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Ask<'_> {
        self.ask(Method::POST, path)
    }

    pub fn put(&self, path: &str) -> Ask<'_> {
        self.ask(Method::PUT, path)
    }

    pub fn delete(&self, path: &str) -> Ask<'_> {
        self.ask(Method::DELETE, path)
    }

    /// Sends a request as it is.
    pub async fn run(&self, said: &str, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 16 * 1024 * 1024).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        writeln!(
            self.transcript.lock().unwrap(),
            "{said} -> {} {body}",
            parts.status
        )
        .unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

/// A configuration for tests: cheap hashing, no request limit that a story would meet.
pub fn config() -> Config {
    let plenty = NonZero::new(100_000).unwrap();
    let passwords = Passwords {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
        ..Passwords::default()
    };
    let limits = Limits {
        requests: plenty,
        sign_ins_per_account: plenty,
        sign_ins_per_address: plenty,
        registrations_per_address: plenty,
        sign_ins_at_once: plenty,
        codes_per_account: plenty,
        wrong_passwords: plenty,
        messages: plenty,
        ..Limits::default()
    };
    Config {
        passwords,
        limits,
        ..Config::default()
    }
}

/// Plays a story in which requests race: what is answered to whom is another thing each time.
pub async fn race_on_every_database(story: impl AsyncFn(&Stage)) {
    story(&Stage::open_sqlite(config()).await).await;
    if let Some(second) = Stage::open_postgres(config()).await {
        story(&second).await;
    }
}

/// Plays a story on every database that there is, and compares what was answered.
pub async fn on_every_database(story: impl AsyncFn(&Stage)) {
    play(config(), story).await;
}

/// The same with a configuration of one's own.
pub async fn play(config: Config, story: impl AsyncFn(&Stage)) {
    let stage = Stage::open(config.clone(), tempfile::tempdir().unwrap()).await;
    story(&stage).await;
    let Some(second) = Stage::open_postgres(config).await else {
        return;
    };
    story(&second).await;
    let (one, two) = (
        stage.transcript.into_inner().unwrap(),
        second.transcript.into_inner().unwrap(),
    );
    assert_eq!(one.lines().count(), two.lines().count());
    for (one, two) in one.lines().zip(two.lines()) {
        assert_eq!(one, two, "SQLite and PostgreSQL answered differently");
    }
}

/// The address of an empty schema on the PostgreSQL of the tests.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says where its PostgreSQL is"
)]
fn fresh_schema() -> Option<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let url = std::env::var("CLOISTER_TEST_POSTGRES_URL").ok()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let schema = format!("api_{}_{number}", std::process::id());
    let statement = format!("CREATE SCHEMA {schema}");
    let address = url.clone();
    // The client has a runtime of its own, which must not start inside another one.
    let made = std::thread::spawn(move || {
        let mut client = postgres::Client::connect(&address, postgres::NoTls).unwrap();
        client.batch_execute(&statement).unwrap();
    });
    made.join().unwrap();
    let mark = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{mark}options=-c%20search_path%3D{schema}"))
}
