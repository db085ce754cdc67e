//! The world of a simulation: engines, the server, and whatever is on its way between them, on
//! one thread in an order that the seed decides.

mod event;
mod name;

use std::collections::BTreeMap;

use cloister_client::{
    HttpOutcome, Input, Outgoing, Primitives, Step,
    view::{Command, CommandReply, Refusal},
};

use self::name::{describe, kind};
use crate::{
    client::Client,
    clock::{Chance, Clock},
    judge::Judge,
    mallory::Mallory,
    meddler::Meddler,
    server::{Server, WireRequest},
    trace::Trace,
    weather::Weather,
};

/// After so long a request counts as unanswered.
const TIMEOUT_MS: u64 = 30_000;

/// Something that will happen.
#[derive(Debug)]
enum Event {
    /// A request reaches the server. `answered`: the client will hear of it.
    Request {
        client: usize,
        life: u64,
        id: u64,
        request: WireRequest,
        answered: bool,
    },
    Reply {
        client: usize,
        life: u64,
        id: u64,
        outcome: HttpOutcome,
    },
    /// The server sees a new socket.
    Open {
        client: usize,
        life: u64,
        socket: u64,
    },
    FrameUp {
        socket: u64,
        bytes: Vec<u8>,
    },
    CloseUp {
        socket: u64,
    },
    OpenDown {
        client: usize,
        life: u64,
        socket: u64,
    },
    FrameDown {
        client: usize,
        life: u64,
        socket: u64,
        bytes: Vec<u8>,
    },
    CloseDown {
        client: usize,
        life: u64,
        socket: u64,
        code: Option<u16>,
    },
    Wake {
        client: usize,
        life: u64,
        at: u64,
    },
    /// A client that died starts again.
    Revive {
        client: usize,
    },
}

/// One end of a socket, as the network sees it.
#[derive(Debug, Clone, Copy)]
struct Line {
    client: usize,
    life: u64,
    /// Frames of a socket arrive in order: none before these times.
    up_at: u64,
    down_at: u64,
}

pub struct World<P: Primitives> {
    pub clock: Clock,
    pub chance: Chance,
    seed: u64,
    pub server: Server,
    pub clients: Vec<Client<P>>,
    pub weather: Weather,
    pub trace: Trace,
    agenda: BTreeMap<(u64, u64), Event>,
    order: u64,
    lines: BTreeMap<u64, Line>,
    sockets: u64,
    commands: u64,
    answers: BTreeMap<u64, Result<CommandReply, Refusal>>,
    /// Commands that wait for an answer, by their kind.
    asked: BTreeMap<u64, String>,
    /// How often a command of each kind was carried out.
    pub done: BTreeMap<String, u64>,
    /// Sees every request and keeps what the server accepted.
    pub judge: Judge,
    /// A server that leaves out one of its checks.
    pub mallory: Option<Mallory>,
    /// A hand on everything that travels.
    pub meddler: Meddler,
    /// The first broken promise.
    pub broken: Option<String>,
    pub steps: u64,
}

impl<P: Primitives> std::fmt::Debug for World<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World(seed {}, step {})", self.seed, self.steps)
    }
}

impl<P: Primitives> World<P> {
    pub fn new(seed: u64) -> Self {
        let clock = Clock::default();
        Self {
            server: Server::open(&clock, seed),
            clock,
            chance: Chance::new(seed, "world"),
            seed,
            clients: Vec::new(),
            weather: Weather::FAIR,
            trace: Trace::default(),
            agenda: BTreeMap::new(),
            order: 0,
            lines: BTreeMap::new(),
            sockets: 0,
            commands: 0,
            answers: BTreeMap::new(),
            asked: BTreeMap::new(),
            done: BTreeMap::new(),
            judge: Judge::default(),
            mallory: None,
            meddler: Meddler::default(),
            broken: None,
            steps: 0,
        }
    }

    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// A new, empty installation of somebody.
    pub fn install(&mut self, person: usize, name: &str) -> usize {
        let index = self.clients.len();
        let chance = Chance::new(self.seed, &format!("client {index}"));
        let client = Client::new(person, format!("{name}.{index}"), chance, self.now());
        self.clients.push(client);
        self.give(index, Input::Start);
        index
    }

    /// Gives a command; its answer comes with [`World::answer`].
    pub fn command(&mut self, client: usize, command: Command) -> u64 {
        self.commands += 1;
        let id = self.commands;
        self.trace.note(format!(
            "{} {} {}",
            self.now(),
            self.clients[client].name,
            describe(&command)
        ));
        self.clients[client].busy += 1;
        self.asked.insert(id, kind(&command));
        self.give(client, Input::Command { id, command });
        id
    }

    /// The answer to a command, once.
    pub fn answer(&mut self, command: u64) -> Option<Result<CommandReply, Refusal>> {
        self.answers.remove(&command)
    }

    /// Nobody waits for the answers that have come.
    pub fn forget_answers(&mut self) {
        self.answers.clear();
    }

    /// The time of the next event.
    pub fn next_at(&self) -> Option<u64> {
        self.agenda.keys().next().map(|(at, _)| *at)
    }

    /// Is anything on its way but timers?
    pub fn is_busy(&self) -> bool {
        self.agenda
            .values()
            .any(|event| !matches!(event, Event::Wake { .. }))
    }

    /// Lets the next thing happen. False: nothing ever will.
    pub fn step(&mut self) -> bool {
        let Some(((at, _), event)) = self.agenda.pop_first() else {
            return false;
        };
        self.clock.move_to(at);
        self.steps += 1;
        self.happen(event);
        true
    }

    /// Lets everything happen that is due within `ms`.
    pub fn run_for(&mut self, ms: u64) {
        let end = self.now() + ms;
        while self.broken.is_none() && self.next_at().is_some_and(|at| at <= end) {
            self.step();
        }
        self.clock.move_to(end);
    }

    /// The client's process dies now and starts again after a while.
    pub fn crash(&mut self, client: usize) {
        self.kill(client);
        let after = self.chance.between(10, 20_000);
        self.at(self.now() + after, Event::Revive { client });
    }

    /// The client's process dies now, and stays so until [`World::revive`].
    pub fn kill(&mut self, client: usize) {
        self.trace
            .note(format!("{} dies", self.clients[client].name));
        if let Some(socket) = self.clients[client].socket {
            self.at(self.now() + 1, Event::CloseUp { socket });
        }
        self.clients[client].kill();
    }

    /// A dishonest hand on the stores of clients.
    pub fn meddle_at_rest(&mut self) {
        if let Some(mallory) = &mut self.mallory {
            let stores: Vec<_> = self.clients.iter().map(|client| &client.eyes).collect();
            let done = mallory.at_rest(&self.server, &stores);
            done.expect("the stores take what Mallory writes");
        }
    }

    /// Requests of a client that are on their way never arrive.
    pub fn lose_requests(&mut self, of: usize) {
        self.agenda
            .retain(|_, event| !matches!(event, Event::Request { client, .. } if *client == of));
    }

    pub fn revive(&mut self, client: usize) {
        if self.clients[client].is_running() || self.clients[client].wiped {
            return;
        }
        let now = self.now();
        self.trace
            .note(format!("{} starts", self.clients[client].name));
        self.clients[client].open(now);
        self.give(client, Input::Start);
    }

    /// The server's process dies and starts again; every socket breaks.
    pub fn restart_server(&mut self) {
        self.trace.note("the server restarts".to_owned());
        self.server.restart();
        self.break_lines();
    }

    /// From now on audiences hold so many devices.
    pub fn limit_audiences(&mut self, devices: std::num::NonZero<u32>) {
        self.server.limit_audiences(devices);
        self.break_lines();
    }

    fn break_lines(&mut self) {
        let lines: Vec<(u64, Line)> = self.lines.iter().map(|(s, line)| (*s, *line)).collect();
        for (socket, line) in lines {
            self.close_down(socket, line, None);
        }
    }

    /// A socket breaks; both ends notice.
    pub fn tear(&mut self, client: usize) {
        let Some(socket) = self.clients[client].socket else {
            return;
        };
        self.trace
            .note(format!("{} loses its socket", self.clients[client].name));
        self.at(self.now() + 1, Event::CloseUp { socket });
        if let Some(line) = self.lines.get(&socket).copied() {
            self.close_down(socket, line, None);
        }
    }

    fn at(&mut self, at: u64, event: Event) {
        self.order += 1;
        self.agenda.insert((at, self.order), event);
    }

    /// Gives an engine its input and carries out what it says.
    fn give(&mut self, client: usize, input: Input) {
        let now = self.now();
        let step = self.clients[client].handle(input, now);
        if self.chance.happens(self.weather.crash) {
            // Committed, and nothing of it left the process.
            self.crash(client);
            return;
        }
        self.carry_out(client, step);
    }

    fn carry_out(&mut self, client: usize, step: Step) {
        let life = self.clients[client].life;
        for (id, outcome) in step.answers {
            self.clients[client].busy = self.clients[client].busy.saturating_sub(1);
            self.trace.note(format!(
                "{} {}",
                self.clients[client].name,
                outcome
                    .as_ref()
                    .map_or_else(|refusal| format!("{:?}", refusal.code), |_| "ok".to_owned())
            ));
            if let (Some(kind), true) = (self.asked.remove(&id), outcome.is_ok()) {
                *self.done.entry(kind).or_default() += 1;
            }
            self.answers.insert(id, outcome);
        }
        for outgoing in step.send {
            match outgoing {
                Outgoing::Request {
                    id,
                    method,
                    path,
                    body,
                    bearer,
                    csrf: _,
                } => {
                    let request = WireRequest {
                        method,
                        path,
                        body,
                        bearer,
                    };
                    self.send(client, id, request);
                }
                Outgoing::OpenSocket => self.open_socket(client),
                Outgoing::Frame(bytes) => self.frame_up(client, bytes),
                Outgoing::CloseSocket => self.close_socket(client),
                Outgoing::Wipe => {
                    self.kill(client);
                    self.clients[client].wiped = true;
                    return;
                }
            }
        }
        self.clients[client].wake_at = step.wake_at;
        if let Some(at) = step.wake_at {
            let at = at.max(self.now());
            self.at(at, Event::Wake { client, life, at });
        }
    }

    fn send(&mut self, client: usize, id: u64, request: WireRequest) {
        let life = self.clients[client].life;
        let weather = self.weather;
        let at = self.now() + weather.delay(&mut self.chance);
        let fails_at = self.now()
            + if self.chance.happens(500) {
                TIMEOUT_MS
            } else {
                self.chance.between(5, 500)
            };
        let lost_before = self.chance.happens(weather.lost_before);
        let lost_after = self.chance.happens(weather.lost_after);
        let repeated = self.chance.happens(weather.repeated);
        if lost_before || lost_after {
            let outcome = HttpOutcome::NoAnswer;
            self.at(
                fails_at,
                Event::Reply {
                    client,
                    life,
                    id,
                    outcome,
                },
            );
        }
        if lost_before {
            return;
        }
        if repeated {
            let again = self.now() + weather.delay(&mut self.chance);
            let request = request.clone();
            self.at(
                again,
                Event::Request {
                    client,
                    life,
                    id,
                    request,
                    answered: false,
                },
            );
        }
        self.at(
            at,
            Event::Request {
                client,
                life,
                id,
                request,
                answered: !lost_after,
            },
        );
    }

    fn open_socket(&mut self, client: usize) {
        self.sockets += 1;
        let socket = self.sockets;
        let life = self.clients[client].life;
        self.clients[client].socket = Some(socket);
        self.clients[client].closing = false;
        let at = self.now() + self.weather.delay(&mut self.chance);
        let line = Line {
            client,
            life,
            up_at: at,
            down_at: at,
        };
        self.lines.insert(socket, line);
        self.at(
            at,
            Event::Open {
                client,
                life,
                socket,
            },
        );
    }

    /// The engine closes its socket: nothing that is still on its way down reaches it.
    fn close_socket(&mut self, client: usize) {
        let Some(socket) = self.clients[client].socket else {
            return;
        };
        let at = self.now() + self.weather.delay(&mut self.chance);
        self.at(at, Event::CloseUp { socket });
        if let Some(mut line) = self.lines.get(&socket).copied() {
            line.down_at = 0;
            self.close_down(socket, line, None);
        }
        self.clients[client].closing = true;
    }

    fn frame_up(&mut self, client: usize, bytes: Vec<u8>) {
        let Some(socket) = self.clients[client].socket else {
            return;
        };
        if self.chance.happens(self.weather.torn) {
            return self.tear(client);
        }
        let at = self.now() + self.weather.delay(&mut self.chance);
        let Some(line) = self.lines.get_mut(&socket) else {
            return;
        };
        line.up_at = line.up_at.max(at);
        let at = line.up_at;
        self.at(at, Event::FrameUp { socket, bytes });
    }

    fn close_down(&mut self, socket: u64, line: Line, code: Option<u16>) {
        let at = self.now().max(line.down_at) + 1;
        let Line { client, life, .. } = line;
        self.lines.remove(&socket);
        self.at(
            at,
            Event::CloseDown {
                client,
                life,
                socket,
                code,
            },
        );
    }
}
