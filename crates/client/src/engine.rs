//! The engine as shells drive it.

use cloister_e2ee::{Primitives, vodozemac::Vodozemac};
use cloister_wire::account::ClientKind;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rusqlite::Connection;

use crate::{
    core::{Outcome, Shared, Tasks},
    flow, show,
    store::{Store, StoreError},
    view::{Command, Query, QueryReply, Refusal, Topic},
};

/// The engine that people use.
pub type Engine = GenericEngine<Vodozemac>;

/// Fixed facts about where the engine runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// What kind of installation this is: `web`, `cli`.
    pub platform: String,
    /// Who keeps the refresh token: the browser's cookie store, or the engine's own store.
    pub client: ClientKind,
    /// The server's origin, for links shown to people: `https://chat.example`, without a slash.
    pub base_url: String,
}

/// What happens to the engine.
#[derive(Debug)]
pub enum Input {
    /// Once, after opening.
    Start,
    /// Answered in [`Step::answers`] under the same id.
    Command {
        id: u64,
        command: Command,
    },
    /// To a request: exactly one for each.
    Reply {
        request: u64,
        outcome: HttpOutcome,
    },
    SocketOpened,
    SocketFrame(Vec<u8>),
    SocketClosed {
        code: Option<u16>,
    },
    /// The time of [`Step::wake_at`] has come; more of them do no harm.
    Tick,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpOutcome {
    Answer {
        status: u16,
        body: Vec<u8>,
    },
    /// The connection failed, broke or took too long: whether it arrived is not known.
    NoAnswer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// What the shell must do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// CBOR body and CBOR reply. With `csrf` it goes out with cookies and that header.
    Request {
        id: u64,
        method: Method,
        path: String,
        body: Option<Vec<u8>>,
        bearer: Option<String>,
        csrf: Option<String>,
    },
    /// Connect to `/api/v1/gateway?v=1&encoding=cbor`.
    OpenSocket,
    /// One binary frame.
    Frame(Vec<u8>),
    CloseSocket,
    /// The person signed out: destroy the database and its key, then start afresh.
    Wipe,
}

#[derive(Debug, Default)]
pub struct Step {
    pub send: Vec<Outgoing>,
    /// Queries whose answers may have changed.
    pub tell: Vec<Topic>,
    pub answers: Vec<(u64, Outcome)>,
    /// When to send a [`Input::Tick`], ms UTC; replaces what an earlier step said.
    pub wake_at: Option<u64>,
}

/// One person's client on one device, over primitives `P`.
pub struct GenericEngine<P: Primitives> {
    shared: Shared<P>,
    tasks: Tasks,
}

impl<P: Primitives> std::fmt::Debug for GenericEngine<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl<P: Primitives> GenericEngine<P> {
    /// Opens the engine over a database that is empty or of an earlier run. `seed` comes from
    /// the operating system's chance.
    pub fn open(
        connection: Connection,
        options: Options,
        seed: [u8; 32],
        now_ms: u64,
    ) -> Result<Self, StoreError> {
        let store = Store::open(connection)?;
        let shared = Shared::new(store, options, ChaCha20Rng::from_seed(seed), now_ms);
        Ok(Self {
            shared,
            tasks: Tasks::default(),
        })
    }

    /// Takes one input, runs every flow as far as it goes, and says what to do.
    pub fn handle(&mut self, input: Input, now_ms: u64) -> Step {
        {
            let mut core = self.shared.core();
            // A clock that jumps back must not stop timers for hours.
            core.now = now_ms;
        }
        match input {
            Input::Start => {
                flow::search::fill(&self.shared);
                flow::connect::start(&self.shared);
                flow::expiry::watch(&self.shared);
            }
            Input::Command { id, command } => flow::command::begin(&self.shared, id, command),
            Input::Reply { request, outcome } => self.shared.core().reply(request, outcome),
            Input::SocketOpened => flow::connect::opened(&self.shared),
            Input::SocketFrame(bytes) => flow::connect::frame(&self.shared, &bytes),
            Input::SocketClosed { code } => flow::connect::closed(&self.shared, code),
            Input::Tick => {}
        }
        self.tasks.run(&self.shared);
        let grew = self.shared.core().store.take_grew();
        if grew {
            flow::backup::save(&self.shared);
            self.tasks.run(&self.shared);
        }
        let step = self.shared.core().take_step();
        if step.send.contains(&Outgoing::Wipe) {
            self.tasks.clear();
        }
        step
    }

    /// Answers from the store.
    pub fn query(&self, query: &Query) -> Result<QueryReply, Refusal> {
        show::answer(&self.shared.core(), query).map_err(Refusal::from)
    }

    /// The database, given back: what a crash leaves.
    pub fn into_connection(self) -> Option<Connection> {
        drop(self.tasks);
        self.shared.into_connection()
    }
}
