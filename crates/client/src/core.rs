//! How flows run: each is a future, polled by the engine on one thread; what it waits for is a
//! reply to a request, a time, or another flow. No runtime and no I/O is involved.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context as TaskContext, Poll},
};

use cloister_e2ee::Primitives;
use cloister_wire::{
    ChannelId, ErrorCode, GuildId, Octets, UserId,
    account::{ClientKind, Tokens},
    gateway::ClientFrame,
    key::SendToDevice,
    presence::{Activity, Presence},
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;

use crate::{
    engine::{HttpOutcome, Method, Options, Outgoing},
    flow::verify::Comparing,
    store::{Store, StoreError},
    view::{CommandReply, Connection, Refusal, Topic},
};

pub(crate) type Outcome = Result<CommandReply, Refusal>;
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A background flow that got no answer is tried again after about so long.
const AGAIN_MS: u64 = 4_000;

/// Everything that flows share. Locked for as long as a flow computes, never while it waits.
pub(crate) struct Core<P: Primitives> {
    pub store: Store<P>,
    pub options: Options,
    pub chance: ChaCha20Rng,
    pub now: u64,
    pub link: Link,
    /// Channels with a flow that empties their outbox.
    pub pumping: BTreeSet<ChannelId>,
    /// Other flows that must run only once at a time, by name.
    pub running: BTreeSet<String>,
    /// Flows of a kind that were asked for while one was running.
    pub again: BTreeSet<String>,
    /// In a browser the access token is kept here only, with its end in ms UTC.
    pub access: Option<(String, u64)>,
    /// Comparisons that are under way on this device; none outlives the program.
    pub comparing: BTreeMap<Octets<16>, Comparing>,
    /// What is in the QR code that this device shows: whoever sends it back has seen it.
    pub code_secret: Octets<16>,
    /// Steps of comparisons, to be sent in this order.
    pub letters: VecDeque<(Octets<16>, SendToDevice)>,
    pub last_error: Option<String>,
    pub alarm: Option<String>,
    /// The counter of ratchet commits as the program found it.
    pub opened_writes: u64,
    /// Guilds that changed and were not asked for anew yet.
    pub stale_guilds: BTreeSet<GuildId>,
    /// Who is writing where, and until when that is believed.
    pub typing: BTreeMap<(ChannelId, UserId), u64>,
    /// When the next message disappears, while somebody waits for that.
    pub expiry_at: Option<u64>,
    /// Where and when this person's writing was told last.
    pub typed: Option<(ChannelId, u64)>,
    /// Who is there, as the server says; whether this device is used, if its shell says so.
    pub presences: BTreeMap<UserId, Presence>,
    pub activity: Option<Activity>,
    /// Members of guilds in the order of their lists, until one of them changes.
    pub order: RefCell<BTreeMap<GuildId, Arc<crate::show::member::Order>>>,
    /// A report came in for this person to look at.
    pub reports_new: bool,
    /// How far bringing older messages for a search is.
    pub bringing: crate::flow::search::Bringing,
    send: Vec<Outgoing>,
    tell: BTreeSet<Topic>,
    answers: Vec<(u64, Outcome)>,
    spawned: Vec<Task>,
    next_request: u64,
    replies: BTreeMap<u64, Option<HttpOutcome>>,
    timers: BTreeSet<u64>,
    /// A flow moved since the last pass: others may be able to go on.
    moved: bool,
}

/// The state of the connection; none of it outlives the program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub connection: Connection,
    /// A socket is open or being opened.
    pub socket: bool,
    pub retry_at: Option<u64>,
    /// When interrupted work is tried again, although the connection stands.
    pub again_at: Option<u64>,
    pub attempts: u32,
    /// The last frame that came.
    pub heard_at: u64,
    pub heartbeat_ms: u64,
    pub beat_at: u64,
    /// Number of the last event, for resuming.
    pub event: u64,
    pub gateway: Option<cloister_wire::Hash>,
    /// This device has said who it is and was not answered yet.
    pub identifying: bool,
    /// The gateway has taken this store for the newest since the program started.
    pub confirmed: bool,
}

impl Link {
    pub const fn closed() -> Self {
        Self {
            connection: Connection::Offline,
            socket: false,
            retry_at: None,
            again_at: None,
            attempts: 0,
            heard_at: 0,
            heartbeat_ms: cloister_wire::limits::HEARTBEAT_MS,
            beat_at: 0,
            event: 0,
            gateway: None,
            identifying: false,
            confirmed: false,
        }
    }
}

/// A handle to the shared state, held by every flow.
pub(crate) struct Shared<P: Primitives>(Arc<Mutex<Core<P>>>);

impl<P: Primitives> Clone for Shared<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Primitives> Shared<P> {
    pub fn new(store: Store<P>, options: Options, mut chance: ChaCha20Rng, now: u64) -> Self {
        let mut code_secret = Octets([0; 16]);
        chance.fill_bytes(&mut code_secret.0);
        let opened_writes = store.writes().unwrap_or(0);
        Self(Arc::new(Mutex::new(Core {
            store,
            options,
            chance,
            now,
            link: Link::closed(),
            pumping: BTreeSet::new(),
            running: BTreeSet::new(),
            again: BTreeSet::new(),
            access: None,
            comparing: BTreeMap::new(),
            code_secret,
            letters: VecDeque::new(),
            last_error: None,
            alarm: None,
            opened_writes,
            stale_guilds: BTreeSet::new(),
            typing: BTreeMap::new(),
            typed: None,
            expiry_at: None,
            presences: BTreeMap::new(),
            activity: None,
            order: RefCell::default(),
            reports_new: false,
            bringing: crate::flow::search::Bringing::default(),
            send: Vec::new(),
            tell: BTreeSet::new(),
            answers: Vec::new(),
            spawned: Vec::new(),
            next_request: 1,
            replies: BTreeMap::new(),
            timers: BTreeSet::new(),
            moved: false,
        })))
    }

    /// The shared state. The lock is never contended: everything runs on the engine's thread.
    pub fn core(&self) -> MutexGuard<'_, Core<P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a flow; it runs when the current one waits.
    pub fn spawn(&self, flow: impl Future<Output = ()> + Send + 'static) {
        self.core().spawned.push(Box::pin(flow));
    }

    /// Starts a flow that must not run twice at once. If it is running, it runs once more
    /// afterwards.
    pub fn spawn_single<F>(&self, name: String, flow: impl Fn(Self) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        {
            let mut core = self.core();
            if !core.running.insert(name.clone()) {
                core.again.insert(name);
                return;
            }
        }
        let shared = self.clone();
        self.spawn(async move {
            loop {
                flow(shared.clone()).await;
                let mut core = shared.core();
                if !core.again.remove(&name) {
                    core.running.remove(&name);
                    break;
                }
            }
        });
    }

    /// The database, if no flow holds the state any more.
    pub fn into_connection(self) -> Option<rusqlite::Connection> {
        let core = Arc::into_inner(self.0)?
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        Some(core.store.into_connection())
    }

    /// One request, as it is; the reply or the fact that none came.
    pub fn request(&self, request: RawRequest) -> Reply<P> {
        let mut core = self.core();
        let id = core.next_request;
        core.next_request += 1;
        core.replies.insert(id, None);
        let RawRequest {
            method,
            path,
            body,
            bearer,
            csrf,
        } = request;
        core.send.push(Outgoing::Request {
            id,
            method,
            path,
            body,
            bearer,
            csrf,
        });
        Reply {
            shared: self.clone(),
            id,
        }
    }

    /// Waits until the clock has reached `at`.
    pub fn sleep_until(&self, at: u64) -> Sleep<P> {
        self.core().timers.insert(at);
        Sleep {
            shared: self.clone(),
            at,
        }
    }

    pub async fn sleep(&self, ms: u64) {
        let at = self.core().now + ms;
        self.sleep_until(at).await;
    }
}

pub(crate) struct RawRequest {
    pub method: Method,
    pub path: String,
    pub body: Option<Vec<u8>>,
    pub bearer: Option<String>,
    pub csrf: Option<String>,
}

impl<P: Primitives> Core<P> {
    pub fn tell(&mut self, topic: Topic) {
        if let Topic::Guild { guild } = topic {
            self.order.borrow_mut().remove(&guild);
            self.tell.insert(Topic::Members { guild });
        }
        self.tell.insert(topic);
    }

    /// Only what is unread in a guild changed.
    pub fn tell_counts(&mut self, guild: GuildId) {
        self.tell.insert(Topic::Guild { guild });
    }

    pub fn answer(&mut self, command: u64, outcome: Outcome) {
        self.answers.push((command, outcome));
    }

    pub fn send(&mut self, outgoing: Outgoing) {
        self.send.push(outgoing);
    }

    pub fn send_frame(&mut self, frame: &ClientFrame) {
        self.send
            .push(Outgoing::Frame(crate::flow::call::to_cbor(frame)));
    }

    pub fn reply(&mut self, request: u64, outcome: HttpOutcome) {
        if let Some(slot) = self.replies.get_mut(&request) {
            *slot = Some(outcome);
        }
    }

    pub fn take_spawned(&mut self) -> Vec<Task> {
        std::mem::take(&mut self.spawned)
    }

    pub fn take_step(&mut self) -> crate::engine::Step {
        let now = self.now;
        self.timers.retain(|at| *at > now);
        crate::engine::Step {
            send: std::mem::take(&mut self.send),
            tell: std::mem::take(&mut self.tell).into_iter().collect(),
            answers: std::mem::take(&mut self.answers),
            wake_at: self.timers.first().copied(),
        }
    }

    /// Starts a flow from where the state is locked already.
    pub fn spawn_later(&mut self, flow: impl Future<Output = ()> + Send + 'static) {
        self.spawned.push(Box::pin(flow));
    }

    /// Forgets everything that was on its way; used when the person signs out.
    pub fn forget_waiting(&mut self) {
        self.replies.clear();
        self.timers.clear();
        self.pumping.clear();
        self.running.clear();
        self.again.clear();
        self.comparing.clear();
        self.letters.clear();
        self.expiry_at = None;
    }

    /// Random bytes for ids and nonces.
    pub fn draw<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.chance.fill_bytes(&mut bytes);
        bytes
    }

    /// A random share of `ms`, for spreading retries: between half and all of it.
    pub fn jitter(&mut self, ms: u64) -> u64 {
        ms / 2 + u64::from(self.chance.next_u32()) % (ms / 2 + 1)
    }

    /// Keeps the tokens of a sign-in; the access token of a browser never reaches the store.
    pub fn keep_tokens(&mut self, tokens: &Tokens) -> Result<(), StoreError> {
        let mut stored = tokens.clone();
        if self.options.client == ClientKind::Browser {
            self.access = Some((
                std::mem::take(&mut stored.access_token),
                tokens.access_expires_at,
            ));
            stored.access_expires_at = 0;
        }
        self.store.put_tokens(&stored)
    }

    pub fn fail(&mut self, error: &Refusal) {
        self.last_error = Some(error.message.clone());
        let passing = matches!(
            error.code,
            ErrorCode::Offline | ErrorCode::Unavailable | ErrorCode::RateLimited
        );
        if passing && self.link.again_at.is_none() {
            let wait = error.retry_after_ms.unwrap_or(AGAIN_MS);
            self.link.again_at = Some(self.now + self.jitter(wait.max(1)));
        }
        self.tell(Topic::Session);
    }
}

/// Waits for one reply.
pub(crate) struct Reply<P: Primitives> {
    shared: Shared<P>,
    id: u64,
}

impl<P: Primitives> Future for Reply<P> {
    type Output = HttpOutcome;

    fn poll(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<HttpOutcome> {
        let mut core = self.shared.core();
        match core.replies.get_mut(&self.id).map(Option::take) {
            Some(Some(outcome)) => {
                core.replies.remove(&self.id);
                core.moved = true;
                Poll::Ready(outcome)
            }
            Some(None) => Poll::Pending,
            None => Poll::Ready(HttpOutcome::NoAnswer),
        }
    }
}

/// Waits for a time.
pub(crate) struct Sleep<P: Primitives> {
    shared: Shared<P>,
    at: u64,
}

impl<P: Primitives> Future for Sleep<P> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<()> {
        let mut core = self.shared.core();
        if core.now >= self.at {
            core.moved = true;
            Poll::Ready(())
        } else {
            core.timers.insert(self.at);
            Poll::Pending
        }
    }
}

/// The flows that are under way, polled in the order in which they began.
#[derive(Default)]
pub(crate) struct Tasks(Vec<Task>);

impl Tasks {
    /// Polls everything until nothing moves any more.
    pub fn run<P: Primitives>(&mut self, shared: &Shared<P>) {
        let mut context = TaskContext::from_waker(std::task::Waker::noop());
        loop {
            let spawned = shared.core().take_spawned();
            let grew = !spawned.is_empty();
            self.0.extend(spawned);
            let before = self.0.len();
            self.0
                .retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
            let moved = std::mem::take(&mut shared.core().moved);
            if !grew && !moved && before == self.0.len() {
                break;
            }
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// A refusal made on this side.
pub(crate) fn refuse(code: ErrorCode, message: &str) -> Refusal {
    Refusal {
        code,
        message: message.to_owned(),
        retry_after_ms: None,
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        refuse(
            ErrorCode::StoreFailed,
            &format!("The store on this device failed: {error}"),
        )
    }
}
