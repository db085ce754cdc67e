//! The engine on a thread of its own, and the network around it.
//!
//! One thread owns the engine and its store. Everything reaches it as an [`Event`] over one
//! queue, so nothing here needs a lock. Requests and the socket run as tokio tasks that put
//! their outcome into the same queue.

use std::{
    collections::HashMap,
    fs::File,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use cloister_client::{
    Engine, HttpOutcome, Input, Options, Outgoing, Step,
    view::{Command, CommandReply, Query, QueryReply, Refusal, Topic},
};
use cloister_wire::{ErrorCode, account::ClientKind};
use rustls::ClientConfig;
use tokio::{
    runtime::Handle,
    sync::{broadcast, mpsc::UnboundedSender, oneshot},
    task::AbortHandle,
};

use crate::{
    Profile, env,
    http::{Http, Request},
    socket,
    tls::{self, Refused},
};

/// How long an ending shell waits for requests that are on their way, so that no answer of the
/// server (a new refresh token, an acknowledgement) is lost.
const DRAIN_MS: u64 = 3_000;

pub(crate) type CommandOutcome = Result<CommandReply, Refusal>;
pub(crate) type QueryOutcome = Result<QueryReply, Refusal>;

/// The engine is not there any more. What was asked may or may not have taken effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gone;

enum Event {
    Command(Command, oneshot::Sender<CommandOutcome>),
    Query(Query, oneshot::Sender<QueryOutcome>),
    Settle(oneshot::Sender<()>),
    Reply {
        request: u64,
        outcome: HttpOutcome,
    },
    /// From the socket of this generation; what an earlier one still says is out of date.
    Socket {
        generation: u64,
        input: Input,
    },
    End,
}

/// The running engine of one profile. Ends, without waiting, when it is dropped.
#[derive(Debug)]
pub(crate) struct Shell {
    events: Sender<Event>,
    refused: Refused,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Shell {
    /// Opens the store and starts the engine. `lock` is kept until the shell has ended.
    pub(crate) async fn start(
        profile: Profile,
        lock: File,
        topics: broadcast::Sender<Topic>,
    ) -> Result<Shell, Refusal> {
        let (events, queue) = channel();
        let (ready, opened) = oneshot::channel();
        let refused = Refused::default();
        let network = Network::new(&profile, &refused, events.clone())?;
        let thread = thread::Builder::new()
            .name("engine".into())
            .spawn(move || {
                let room = Room::open(profile, network, topics);
                match room {
                    Ok(room) => {
                        let _ = ready.send(Ok(()));
                        room.run(&queue);
                    }
                    Err(refusal) => drop(ready.send(Err(refusal))),
                }
                drop(lock);
            })
            .map_err(|error| store_failed(format!("No thread could be started: {error}.")))?;
        opened
            .await
            .unwrap_or_else(|_| Err(store_failed("The engine could not start.".into())))?;
        Ok(Shell {
            events,
            refused,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(crate) async fn command(&self, command: Command) -> Result<CommandOutcome, Gone> {
        let (answer, outcome) = oneshot::channel();
        let sent = self.events.send(Event::Command(command, answer));
        sent.map_err(|_| Gone)?;
        outcome.await.map_err(|_| Gone)
    }

    pub(crate) async fn query(&self, query: Query) -> Result<QueryOutcome, Gone> {
        let (answer, outcome) = oneshot::channel();
        let sent = self.events.send(Event::Query(query, answer));
        sent.map_err(|_| Gone)?;
        outcome.await.map_err(|_| Gone)
    }

    /// Waits until no request is on its way.
    pub(crate) async fn settle(&self) -> Result<(), Gone> {
        let (answer, outcome) = oneshot::channel();
        let sent = self.events.send(Event::Settle(answer));
        sent.map_err(|_| Gone)?;
        outcome.await.map_err(|_| Gone)
    }

    /// The key that the server showed last, if it was not the one that is believed.
    pub(crate) fn refused(&self) -> &Refused {
        &self.refused
    }

    /// Lets requests on their way come back, then closes the store and gives up the profile.
    pub(crate) async fn end(&self) {
        let _ = self.events.send(Event::End);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the engine's thread did not end well");
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.events.send(Event::End);
    }
}

/// What the engine's outgoing wishes are performed with.
struct Network {
    http: Http,
    socket_tls: Arc<ClientConfig>,
    runtime: Handle,
    events: Sender<Event>,
    frames: Option<UnboundedSender<Vec<u8>>>,
    generation: u64,
    requests: HashMap<u64, AbortHandle>,
}

impl Network {
    fn new(
        profile: &Profile,
        refused: &Refused,
        events: Sender<Event>,
    ) -> Result<Network, Refusal> {
        let config = |protocols: &[&[u8]]| {
            tls::config(profile.pin(), refused, protocols)
                .map_err(|error| store_failed(format!("TLS cannot be set up: {error}.")))
        };
        let http = Http::new(profile.server().clone(), config(&[b"h2", b"http/1.1"])?)
            .map_err(|error| store_failed(format!("HTTP cannot be set up: {error}.")))?;
        Ok(Network {
            http,
            socket_tls: Arc::new(config(&[b"http/1.1"])?),
            runtime: Handle::current(),
            events,
            frames: None,
            generation: 0,
            requests: HashMap::new(),
        })
    }

    fn request(&mut self, id: u64, request: Request) {
        let (http, events) = (self.http.clone(), self.events.clone());
        let task = self.runtime.spawn(async move {
            let outcome = http.perform(request).await;
            let request = id;
            let _ = events.send(Event::Reply { request, outcome });
        });
        self.requests.insert(id, task.abort_handle());
    }

    fn open_socket(&mut self, profile: &Profile) {
        self.generation += 1;
        let (generation, events) = (self.generation, self.events.clone());
        let (frames, queue) = tokio::sync::mpsc::unbounded_channel();
        self.frames = Some(frames);
        let tell = move |input| drop(events.send(Event::Socket { generation, input }));
        let (server, config) = (profile.server().clone(), self.socket_tls.clone());
        self.runtime.spawn(socket::run(server, config, queue, tell));
    }

    /// The engine hears of the end at once: it does not wait for the other side's goodbye.
    fn close_socket(&mut self) {
        if self.frames.take().is_some() {
            self.generation += 1;
            let generation = self.generation;
            let input = Input::SocketClosed { code: None };
            let _ = self.events.send(Event::Socket { generation, input });
        }
    }

    fn frame(&self, frame: Vec<u8>) {
        // A socket that is gone has told so already: the engine sends the frame's content again.
        let _ = self.frames.as_ref().map(|frames| frames.send(frame));
    }
}

/// What the engine's thread owns.
struct Room {
    engine: Engine,
    profile: Profile,
    network: Network,
    topics: broadcast::Sender<Topic>,
    commands: HashMap<u64, oneshot::Sender<CommandOutcome>>,
    last_command: u64,
    settling: Vec<oneshot::Sender<()>>,
    wake_at: Option<u64>,
    /// The device has ended here: the store is to be destroyed.
    wiped: bool,
}

impl Room {
    fn open(
        profile: Profile,
        network: Network,
        topics: broadcast::Sender<Topic>,
    ) -> Result<Room, Refusal> {
        let engine = open_engine(&profile)?;
        let mut room = Room {
            engine,
            profile,
            network,
            topics,
            commands: HashMap::new(),
            last_command: 0,
            settling: Vec::new(),
            wake_at: None,
            wiped: false,
        };
        room.feed(Input::Start);
        Ok(room)
    }

    /// Runs until it is told to end or the device's store is to be destroyed.
    fn run(mut self, queue: &Receiver<Event>) {
        while !self.wiped {
            match next(queue, self.wake_at) {
                Some(Event::End) => break,
                Some(event) => self.take(event),
                None => {
                    self.wake_at = None;
                    self.feed(Input::Tick);
                }
            }
        }
        let deadline = env::now_ms() + DRAIN_MS;
        while !self.wiped && !self.network.requests.is_empty() && env::now_ms() < deadline {
            if let Some(event) = next(queue, Some(deadline)) {
                self.take(event);
            }
        }
        for request in self.network.requests.values() {
            request.abort();
        }
        if self.wiped {
            // The database is closed first: closing it would touch the files of a new one.
            drop(self.engine);
            if let Err(refusal) = self.profile.wipe() {
                tracing::error!(message = refusal.message, "the store is still there");
            }
            let _ = self.topics.send(Topic::Session);
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Command(command, answer) => {
                self.last_command += 1;
                let id = self.last_command;
                self.commands.insert(id, answer);
                self.feed(Input::Command { id, command });
            }
            Event::Query(query, answer) => drop(answer.send(self.engine.query(&query))),
            Event::Settle(answer) => self.settling.push(answer),
            Event::Reply { request, outcome } => {
                self.network.requests.remove(&request);
                self.feed(Input::Reply { request, outcome });
            }
            Event::Socket { generation, input } => {
                if generation == self.network.generation {
                    if matches!(input, Input::SocketClosed { .. }) {
                        self.network.frames = None;
                    }
                    self.feed(input);
                }
            }
            Event::End => {}
        }
        if self.network.requests.is_empty() {
            for settled in self.settling.drain(..) {
                let _ = settled.send(());
            }
        }
    }

    fn feed(&mut self, input: Input) {
        let step = self.engine.handle(input, env::now_ms());
        self.perform(step);
    }

    fn perform(&mut self, step: Step) {
        self.wake_at = step.wake_at;
        for outgoing in step.send {
            match outgoing {
                Outgoing::Request {
                    id,
                    method,
                    path,
                    body,
                    bearer,
                    csrf,
                } => {
                    let request = Request {
                        method,
                        path,
                        body,
                        bearer,
                        csrf,
                    };
                    self.network.request(id, request);
                }
                Outgoing::OpenSocket => self.network.open_socket(&self.profile),
                Outgoing::Frame(frame) => self.network.frame(frame),
                Outgoing::CloseSocket => self.network.close_socket(),
                Outgoing::Wipe => self.wiped = true,
            }
        }
        for topic in step.tell {
            let _ = self.topics.send(topic);
        }
        for (id, outcome) in step.answers {
            if let Some(answer) = self.commands.remove(&id) {
                let _ = answer.send(outcome);
            }
        }
    }
}

/// The next event, or nothing once it is `until`. The network holds a sender of the queue, so it
/// is never disconnected.
fn next(queue: &Receiver<Event>, until: Option<u64>) -> Option<Event> {
    let Some(until) = until else {
        return queue.recv().ok();
    };
    let wait = Duration::from_millis(until.saturating_sub(env::now_ms()));
    queue.recv_timeout(wait).ok()
}

fn open_engine(profile: &Profile) -> Result<Engine, Refusal> {
    let options = Options {
        platform: "cli".into(),
        client: ClientKind::Native,
        base_url: profile.server().to_string(),
    };
    let seed = env::random()
        .map_err(|error| store_failed(format!("The system gave no chance: {error}.")))?;
    Engine::open(profile.open_store()?, options, seed, env::now_ms())
        .map_err(|error| store_failed(format!("The store cannot be opened: {error}.")))
}

fn store_failed(message: String) -> Refusal {
    Refusal {
        code: ErrorCode::StoreFailed,
        message,
        retry_after_ms: None,
    }
}
