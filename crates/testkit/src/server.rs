//! The real server on the caller's thread: its router without a network, its gateway sessions
//! without sockets, and a second connection to its database for whoever checks it.

use std::{
    num::NonZero,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use cloister_client::Method;
use cloister_server::{
    App,
    config::{Config, Passwords},
    seal::keyring::Keyring,
    serve,
};
use rusqlite::Connection;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::{
    clock::{Clock, server_env},
    gateway::{Gateway, ToClient},
};

/// No answer of the server is larger.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// One request as it travels.
#[derive(Debug, Clone)]
pub struct WireRequest {
    pub method: Method,
    pub path: String,
    pub body: Option<Vec<u8>>,
    pub bearer: Option<String>,
}

/// A server that can be stopped and started over its database.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    clock: Clock,
    seed: u64,
    database: PathBuf,
    /// Keeps the database while the server is stopped, and reads it from outside.
    pub eyes: Connection,
    life: u64,
    /// How many devices an audience holds, if not as many as usual.
    devices_per_channel: Option<NonZero<u32>>,
    account_grace_days: Option<u32>,
    running: Running,
}

#[derive(Debug)]
struct Running {
    app: App,
    router: Router,
    gateway: Gateway,
}

/// The name of a database in memory that nobody else uses.
pub(crate) fn memory(kind: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("file:/cloister-{kind}-{number}?vfs=memdb")
}

/// Cheap hashing and no limit that honest people would meet in invented time.
fn config() -> Config {
    let passwords = Passwords {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
        ..Passwords::default()
    };
    let mut config = Config {
        passwords,
        ..Config::default()
    };
    let plenty = NonZero::new(1_000_000).unwrap_or(NonZero::<u32>::MIN);
    config.limits.requests = plenty;
    config.limits.messages = plenty;
    config.limits.device_items_per_minute = plenty;
    config.limits.device_items_per_day = plenty;
    config.limits.sign_ins_per_account = plenty;
    config.limits.sign_ins_per_address = plenty;
    config.limits.registrations_per_address = plenty;
    config.limits.sign_ins_at_once = plenty;
    config.limits.invite_lookups_per_address = plenty;
    config
}

impl Server {
    pub fn open(clock: &Clock, seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime without I/O opens");
        let database = PathBuf::from(memory("server"));
        let eyes = Connection::open(&database).expect("a database in memory opens");
        let running = start(&runtime, clock, seed, 0, &database, config());
        Self {
            runtime,
            clock: clock.clone(),
            seed,
            database,
            eyes,
            life: 0,
            devices_per_channel: None,
            account_grace_days: None,
            running,
        }
    }

    /// Stops at once, whatever was under way, and starts over the same database.
    pub fn restart(&mut self) {
        self.life += 1;
        let mut config = config();
        if let Some(devices) = self.devices_per_channel {
            config.limits.devices_per_channel = devices;
        }
        if let Some(days) = self.account_grace_days {
            config.retention.account_grace_days = days;
        }
        self.running = start(
            &self.runtime,
            &self.clock,
            self.seed,
            self.life,
            &self.database,
            config,
        );
    }

    /// From now on audiences hold so many devices.
    pub fn limit_audiences(&mut self, devices: NonZero<u32>) {
        self.devices_per_channel = Some(devices);
        self.restart();
    }

    /// From now on accounts can be kept for so many days.
    pub fn set_grace(&mut self, days: u32) {
        self.account_grace_days = Some(days);
        self.restart();
    }

    /// Ends accounts whose time has come, and removes what their owners said.
    pub fn end_accounts(&mut self) {
        let app = self.running.app.clone();
        self.runtime
            .block_on(async {
                cloister_server::jobs::delete_accounts(&app).await?;
                cloister_server::jobs::sweep_some(&app).await
            })
            .expect("a job on a database in memory does not fail");
    }

    /// The token of the first operator's set-up link.
    pub fn set_up_token(&self) -> String {
        let folder = tempfile::tempdir().expect("a folder for the token can be made");
        self.runtime
            .block_on(serve::set_up_token(folder.path(), &self.running.app))
            .expect("the set-up token can be made")
            .expect("no operator exists yet")
    }

    pub fn app(&self) -> &App {
        &self.running.app
    }

    /// What the server does by itself every minute.
    pub fn put_to_sleep(&mut self) {
        self.runtime
            .block_on(cloister_server::jobs::put_to_sleep(&self.running.app))
            .expect("a job on a database in memory does not fail");
    }

    /// Handles one request: its status and body.
    pub fn handle(&mut self, request: &WireRequest) -> (u16, Vec<u8>) {
        self.runtime.block_on(async {
            let answer = self.running.router.clone().oneshot(http(request)).await;
            let answer = answer.unwrap_or_else(|never| match never {});
            let status = answer.status().as_u16();
            let body = axum::body::to_bytes(answer.into_body(), ANSWER_BYTES).await;
            (
                status,
                body.expect("an answer in memory can be read").to_vec(),
            )
        })
    }

    /// A new socket, of the client's choosing; the server says hello.
    pub fn open_socket(&mut self, socket: u64) {
        self.running.gateway.open(socket, self.clock.now());
    }

    pub fn frame(&mut self, socket: u64, bytes: &[u8]) {
        let Running { app, gateway, .. } = &mut self.running;
        self.runtime.block_on(gateway.frame(app, socket, bytes));
    }

    pub fn disconnect(&mut self, socket: u64) {
        self.running.gateway.disconnect(socket, self.clock.now());
    }

    /// Lets every session take what waits for it; gives what goes down the sockets.
    pub fn pump(&mut self) -> Vec<ToClient> {
        let Running { app, gateway, .. } = &mut self.running;
        self.runtime.block_on(gateway.pump(app));
        gateway.take_output()
    }
}

fn start(
    runtime: &Runtime,
    clock: &Clock,
    seed: u64,
    life: u64,
    database: &Path,
    config: Config,
) -> Running {
    // The same keys in every life, other chance in each.
    let keys = Keyring::fresh(&server_env(clock, seed, "server keys"));
    let env = server_env(clock, seed, &format!("server {life}"));
    let app = runtime
        .block_on(App::inline(database, config, env, keys))
        .expect("the server opens over its database");
    let router = app.router();
    Running {
        app,
        router,
        gateway: Gateway::default(),
    }
}

fn http(request: &WireRequest) -> Request<Body> {
    const CBOR: &str = "application/cbor";
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    };
    let mut builder = Request::builder()
        .method(method)
        .uri(&request.path)
        .header(header::HOST, "localhost:8765")
        .header(header::ACCEPT, CBOR);
    if let Some(bearer) = &request.bearer {
        builder = builder.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
    }
    let request = match &request.body {
        Some(body) => builder
            .header(header::CONTENT_TYPE, CBOR)
            .body(Body::from(body.clone())),
        None => builder.body(Body::empty()),
    };
    request.expect("an engine's request is well-formed")
}
