//! A run: people who do things at random over a network that fails at random, and now and then a
//! pause in which everything must come to rest and every promise is checked.

mod deed;
mod rule;
mod word;

use std::collections::BTreeMap;

use cloister_client::{
    Primitives,
    view::{Command, CommandReply, DeviceState, Query, QueryReply, TimelineView},
};
use cloister_wire::{ChannelId, GuildId};

use crate::{
    cast::PASSWORD,
    client::Copied,
    mallory::{Mallory, Mutation},
    truth,
    weather::Weather,
    world::World,
};

/// Steps between two pauses.
const UNREST: u64 = 1_500;
/// How long a pause lasts at least, and at most, in invented ms.
const REST_MS: u64 = 90_000;
const REST_MOST_MS: u64 = 1_200_000;
/// Installations that ever exist in a run, and those of one person that are alive.
const INSTALLATIONS: usize = 40;
const DEVICES: usize = 4;
/// Commands of one installation that wait for an answer.
const PATIENCE: u32 = 3;

/// The cast of a run, in the order in which they appear. The first one sets the server up.
const NAMES: [&str; 7] = ["alice", "bob", "carol", "dave", "eve", "trent", "mallory"];

/// What a run should be.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub steps: u64,
    pub mutation: Option<Mutation>,
    /// Lines of history that a failure shows.
    pub history: usize,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Report {
    pub seed: u64,
    pub steps: u64,
    pub messages: u64,
    /// Messages in the end that somebody who should read them can't.
    pub undecryptable: u64,
    /// How often somebody was given no key for any reason but a channel's policy.
    pub withheld: u64,
    /// How often a policy kept a key from somebody whom nobody has vouched for.
    pub kept_out: u64,
    /// How often a command of each kind was carried out.
    pub done: BTreeMap<String, u64>,
    pub trace: String,
    /// The first broken promise, with the step it was seen at and what went before.
    pub broken: Option<Broken>,
}

#[derive(Debug, Clone)]
pub struct Broken {
    pub step: u64,
    pub promise: String,
    pub history: Vec<String>,
}

/// A person of the run.
#[derive(Debug, Default)]
struct Person {
    recovery: Option<String>,
}

/// What to do with the answer to a command.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Register { person: usize },
    Invite { guild: GuildId },
}

pub(crate) struct Sim<P: Primitives> {
    pub(crate) world: World<P>,
    people: Vec<Person>,
    asked: Vec<(u64, Asked)>,
    links: Vec<(GuildId, String)>,
    words: u64,
    /// Stores as they once were, with the messages that had been sent from them by then.
    copies: BTreeMap<usize, (Copied, u64)>,
    /// Versions of device logs that installations have pinned.
    pub(crate) pinned: BTreeMap<(usize, [u8; 16]), u64>,
}

/// Runs a plan.
pub fn run<P: Primitives>(plan: Plan) -> Report {
    let mut sim = Sim::<P>::new(plan);
    sim.play(plan.steps);
    let world = &sim.world;
    let broken = world.broken.clone().map(|promise| Broken {
        step: world.steps,
        promise,
        history: world.trace.history().map(str::to_owned).collect(),
    });
    let (kept_out, withheld) = truth::withheld(&world.server.eyes).unwrap_or((0, u64::MAX));
    Report {
        seed: plan.seed,
        steps: world.steps,
        messages: world.judge.messages,
        undecryptable: sim.undecryptable(),
        withheld,
        kept_out,
        done: world.done.clone(),
        trace: world.trace.hex(),
        broken,
    }
}

impl<P: Primitives> Sim<P> {
    fn new(plan: Plan) -> Self {
        let mut world = World::new(plan.seed);
        world.trace.length = plan.history;
        world.mallory = plan.mutation.map(|one| Mallory::new(one, plan.seed));
        Self {
            world,
            people: NAMES.iter().map(|_| Person::default()).collect(),
            asked: Vec::new(),
            links: Vec::new(),
            words: 0,
            copies: BTreeMap::new(),
            pinned: BTreeMap::new(),
        }
    }

    fn play(&mut self, steps: u64) {
        self.begin();
        let mut rest_at = UNREST;
        while self.world.broken.is_none() && self.world.steps < steps {
            self.world.weather = Weather::FOUL;
            if self.world.chance.happens(180) {
                self.act();
                self.world.steps += 1;
            } else {
                self.world.step();
            }
            self.listen();
            if self.world.steps >= rest_at {
                self.rest();
                rest_at = self.world.steps + UNREST;
            }
        }
        if self.world.broken.is_none() {
            self.rest();
        }
    }

    /// The first person sets the server up, makes a guild and a way into it.
    fn begin(&mut self) {
        let token = self.world.server.set_up_token();
        let alice = self.world.install(0, NAMES[0]);
        self.register(alice, Some(token), None);
        self.world.run_for(5_000);
        self.listen();
        let name = "Garden".to_owned();
        self.world.command(alice, Command::CreateGuild { name });
        self.world.run_for(5_000);
    }

    fn register(&mut self, client: usize, set_up_token: Option<String>, invite: Option<String>) {
        let person = self.world.clients[client].person;
        let name = NAMES[person].to_owned();
        let id = self.world.command(
            client,
            Command::Register {
                set_up_token,
                invite,
                activation: None,
                username: name.clone(),
                display_name: name,
                password: PASSWORD.to_owned(),
                device_name: "first".to_owned(),
            },
        );
        self.asked.push((id, Asked::Register { person }));
    }

    /// Learns from the answers that have come.
    fn listen(&mut self) {
        let asked = std::mem::take(&mut self.asked);
        for (id, what) in asked {
            match (self.world.answer(id), what) {
                (None, _) => self.asked.push((id, what)),
                (
                    Some(Ok(CommandReply::Registered { recovery_key, .. })),
                    Asked::Register { person },
                ) => self.people[person].recovery = Some(recovery_key),
                (Some(Ok(CommandReply::Invite { url, .. })), Asked::Invite { guild }) => {
                    self.links.push((guild, url));
                }
                (Some(_), _) => {}
            }
        }
        self.world.forget_answers();
    }

    /// Somebody does something, or something happens to somebody.
    fn act(&mut self) {
        match self.world.chance.below(1_000) {
            0..4 => self.world.restart_server(),
            4..20 => {
                let client = self.somebody();
                self.world.tear(client);
            }
            20..30 => {
                let client = self.somebody();
                if self.world.clients[client].is_running() {
                    self.world.crash(client);
                }
            }
            30..34 => self.lose_a_session(),
            34..42 => self.put_back(),
            42..70 => self.arrive(),
            _ => {
                let client = self.somebody();
                self.act_as(client);
            }
        }
    }

    fn somebody(&mut self) -> usize {
        self.world.chance.below(self.world.clients.len() as u64) as usize
    }

    /// A person without a living installation gets one; sometimes another one.
    fn arrive(&mut self) {
        let person = self.world.chance.below(NAMES.len() as u64) as usize;
        let alive = self
            .world
            .clients
            .iter()
            .filter(|client| client.person == person && !client.wiped)
            .count();
        if alive < DEVICES
            && self.world.clients.len() < INSTALLATIONS
            && (alive == 0 || self.world.chance.happens(300))
        {
            self.world.install(person, NAMES[person]);
        }
    }

    /// A session with some device is lost with a part of a store.
    fn lose_a_session(&mut self) {
        let client = self.somebody();
        if !self.world.clients[client].is_running() {
            return;
        }
        self.world.crash(client);
        self.world.clients[client].lost_sessions = true;
        let eyes = &self.world.clients[client].eyes;
        let lost = eyes.execute(
            "DELETE FROM olm WHERE device = (SELECT min(device) FROM olm)",
            [],
        );
        if let Err(error) = lost {
            self.world.broken = Some(format!("the store of a client failed: {error}"));
        }
    }

    /// The store of an installation is copied, or an earlier copy put in its place: what a
    /// restored disk does.
    fn put_back(&mut self) {
        let client = self.somebody();
        let session = self.world.clients[client].session_if_running();
        let active = session.filter(|session| session.state == DeviceState::Active);
        let Some(me) = active.and_then(|session| session.me) else {
            return;
        };
        let sent = self.world.judge.sent_by(me.device);
        match self.copies.remove(&client) {
            None => {
                self.world.kill(client);
                let copy = self.world.clients[client].copy_store();
                self.copies.insert(client, (copy, sent));
                self.world.revive(client);
            }
            Some((copy, then)) if sent > then => {
                self.world.kill(client);
                self.world.lose_requests(client);
                self.world.clients[client].put_store(copy);
                self.world.clients[client].rolled_back = true;
                self.world.judge.rolled_back.insert(me.device);
                self.pinned.retain(|(one, _), _| *one != client);
                self.world.revive(client);
            }
            // Nothing was sent since: the copy is as good as the store.
            Some(kept) => {
                self.copies.insert(client, kept);
            }
        }
    }

    fn act_as(&mut self, client: usize) {
        let one = &self.world.clients[client];
        if !one.is_running() || one.busy >= PATIENCE {
            return;
        }
        let session = one.session();
        match session.state {
            DeviceState::SignedOut if session.me.is_some() => self.sign_in(client, None),
            DeviceState::SignedOut => self.enter(client),
            DeviceState::Pending => self.be_approved(client, session.pending_code),
            DeviceState::Revoked | DeviceState::StartedOver => {
                self.world
                    .command(client, Command::SignOut { anyway: false });
            }
            // Its person throws it away.
            DeviceState::Cloned if one.rolled_back => {
                self.world.kill(client);
                self.world.clients[client].wiped = true;
            }
            DeviceState::Cloned => {
                self.world.broken = Some(format!("{} was taken for a copy", one.name));
            }
            DeviceState::Active => self.live(client),
        }
    }

    pub(crate) fn timeline(&self, client: usize, channel: ChannelId) -> TimelineView {
        self.newest(client, channel, 1_000)
    }

    fn newest(&self, client: usize, channel: ChannelId, limit: u32) -> TimelineView {
        let query = Query::Timeline {
            channel,
            before: None,
            limit,
        };
        match self.world.clients[client].query(&query) {
            QueryReply::Timeline(view) => view,
            other => panic!("another answer than was asked for: {other:?}"),
        }
    }

    /// Fair weather until everything that can happen has happened; then the promises are checked.
    fn rest(&mut self) {
        self.world.weather = Weather::FAIR;
        for client in 0..self.world.clients.len() {
            self.world.revive(client);
        }
        self.world.run_for(REST_MS);
        let end = self.world.now() + REST_MOST_MS;
        while self.world.broken.is_none() && self.world.now() < end && !self.is_at_rest() {
            self.world.run_for(REST_MS);
        }
        self.listen();
        self.load_history();
        // Somebody whose token has just run out is connecting again.
        let end = self.world.now() + REST_MS;
        while self.world.broken.is_none() && self.world.now() < end && !self.is_at_rest() {
            self.world.run_for(500);
        }
        self.world.meddle_at_rest();
        if self.world.broken.is_none()
            && let Err(broken) = self.inspect()
        {
            self.world.broken = Some(broken);
        }
        let note = format!(
            "rest at step {}: {} messages",
            self.world.steps, self.world.judge.messages
        );
        self.world.trace.note(note);
    }
}
