//! One engine with its store: it can be stopped at any point and started again over what it had
//! committed.

use cloister_client::{
    GenericEngine, Input, Options, Primitives, Step,
    view::{MemberView, Query, QueryReply, SessionView},
};
use cloister_wire::{GuildId, account::ClientKind};
use rusqlite::Connection;

use crate::{clock::Chance, server::memory};

/// A device, and whose it is.
#[expect(clippy::struct_excessive_bools, reason = "what befell it")]
pub struct Client<P: Primitives> {
    /// Index into the world's people.
    pub person: usize,
    pub name: String,
    engine: Option<GenericEngine<P>>,
    database: String,
    /// Keeps the store while the engine is stopped, and reads it from outside.
    pub eyes: Connection,
    /// Raised by every start: what was on its way to an earlier one is lost.
    pub life: u64,
    /// The socket that the engine believes in.
    pub socket: Option<u64>,
    /// The engine has closed that socket and does not know yet that it is closed.
    pub closing: bool,
    /// A part of the store was lost: sessions with other devices.
    pub lost_sessions: bool,
    /// The store was put back to an earlier state.
    pub rolled_back: bool,
    /// When the engine wants to be woken.
    pub wake_at: Option<u64>,
    /// The store was destroyed after a sign-out.
    pub wiped: bool,
    /// Commands that were given and not answered, of this life.
    pub busy: u32,
    chance: Chance,
}

/// A store that was copied while its engine was stopped.
#[derive(Debug)]
pub struct Copied {
    database: String,
    eyes: Connection,
}

impl<P: Primitives> std::fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.name)
    }
}

impl<P: Primitives> Client<P> {
    pub fn new(person: usize, name: String, chance: Chance, now: u64) -> Self {
        let database = memory("client");
        let eyes = Connection::open(&database).expect("a database in memory opens");
        let mut client = Self {
            person,
            name,
            engine: None,
            database,
            eyes,
            life: 0,
            socket: None,
            closing: false,
            lost_sessions: false,
            rolled_back: false,
            wake_at: None,
            wiped: false,
            busy: 0,
            chance,
        };
        client.open(now);
        client
    }

    /// Everybody in a guild, as this installation knows it, by name.
    pub fn members(&self, guild: GuildId) -> Vec<MemberView> {
        let query = Query::Members {
            guild,
            search: String::new(),
            users: None,
            offset: 0,
            limit: u32::MAX,
        };
        let QueryReply::Members(view) = self.query(&query) else {
            return Vec::new();
        };
        let mut members = view.members;
        members.sort_by_key(|one| (one.display_name.to_lowercase(), one.user));
        members
    }

    /// The process dies. What was committed stays.
    pub fn kill(&mut self) {
        self.engine = None;
        self.life += 1;
        self.socket = None;
        self.closing = false;
        self.wake_at = None;
        self.busy = 0;
    }

    /// Starts the engine over its store; `Input::Start` must follow.
    pub fn open(&mut self, now: u64) {
        let connection = Connection::open(&self.database).expect("a database in memory opens");
        connection
            .execute_batch("PRAGMA synchronous = OFF;")
            .expect("a setting of SQLite can be set");
        let options = Options {
            platform: "cli".to_owned(),
            client: ClientKind::Native,
            base_url: "https://localhost:8765".to_owned(),
        };
        let engine = GenericEngine::open(connection, options, self.chance.bytes(), now);
        self.engine = Some(engine.expect("the store of an earlier life opens"));
        self.life += 1;
    }

    /// A copy of the store as it is now.
    pub fn copy_store(&self) -> Copied {
        let database = memory("copy");
        // A database in memory lives as long as somebody has it open.
        let eyes = Connection::open(&database).expect("a database in memory opens");
        self.eyes
            .execute("VACUUM INTO ?1", [&database])
            .expect("a database in memory can be copied");
        Copied { database, eyes }
    }

    /// Puts an earlier copy in place of the store; the engine must be stopped.
    pub fn put_store(&mut self, copy: Copied) {
        assert!(self.engine.is_none(), "the store is in use");
        Copied {
            database: self.database,
            eyes: self.eyes,
        } = copy;
    }

    pub fn handle(&mut self, input: Input, now: u64) -> Step {
        match &mut self.engine {
            Some(engine) => engine.handle(input, now),
            None => Step::default(),
        }
    }

    pub fn is_running(&self) -> bool {
        self.engine.is_some()
    }

    /// # Panics
    /// If the engine is stopped or refuses to answer from its store.
    pub fn query(&self, query: &Query) -> QueryReply {
        let engine = self.engine.as_ref().expect("the engine runs");
        engine
            .query(query)
            .unwrap_or_else(|refusal| panic!("{}: {query:?}: {refusal:?}", self.name))
    }

    pub fn session_if_running(&self) -> Option<SessionView> {
        self.is_running().then(|| self.session())
    }

    pub fn session(&self) -> SessionView {
        match self.query(&Query::Session) {
            QueryReply::Session(view) => view,
            other => panic!("another answer than was asked for: {other:?}"),
        }
    }
}
