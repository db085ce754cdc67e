//! What one core of the server hands to connected members, and how soon: the server is held to the
//! first core, everything that loads it to the second.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use cloister_wire::{
    Txn,
    account::Admission,
    gateway::{Event, EventFrame, ServerFrame},
};
use futures_util::future::try_join_all;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    Ground,
    api::Api,
    cores::Split,
    env,
    figure::{Figure, Report, real},
    hearers::Hearers,
    line::Line,
    person::Person,
    server::{Data, Server},
    voice::{Said, Voice},
};

/// Channels of so many members, and how many of them write.
struct Case {
    name: &'static str,
    rooms: usize,
    members: usize,
    senders: usize,
    /// Deliveries a second.
    target: Option<f64>,
}

const CASES: [Case; 4] = [
    Case {
        name: "fan-50",
        rooms: 1,
        members: 50,
        senders: 8,
        target: None,
    },
    Case {
        name: "fan-200",
        rooms: 1,
        members: 200,
        senders: 8,
        target: Some(100_000.0),
    },
    Case {
        name: "fan-1000",
        rooms: 1,
        members: 1_000,
        senders: 4,
        target: Some(100_000.0),
    },
    Case {
        name: "fan-100x10",
        rooms: 100,
        members: 10,
        senders: 1,
        target: Some(40_000.0),
    },
];
/// Where a steady stream is measured too, and what it is.
const PACED: (&str, &str) = ("fan-200", "paced-200");
const PACED_PER_S: f64 = 57.0;
const PACED_P99_MS: f64 = 10.0;
const RUSHED_P99_MS: f64 = 250.0;
/// Where joining and reading back are measured too.
const JOINED: (&str, &str) = ("fan-1000", "join-1000");
const JOINED_CPU_S: f64 = 2.0;
const READ: (&str, &str) = ("fan-200", "history-pages");
const READ_PER_S: f64 = 100_000.0;
const READERS: usize = 4;
const PAGE: u64 = 100;

const MEASURED: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 16;
/// What a message of 100 bytes is, sealed.
const CIPHERTEXT: usize = 180;

pub(super) async fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    for case in &CASES {
        let beside = [PACED, JOINED, READ];
        let mut names = beside.iter().filter(|(at, _)| *at == case.name);
        if ground.wants(case.name) || names.any(|(_, name)| ground.wants(name)) {
            super::within(case.name, run(ground, report, case)).await?;
        }
    }
    Ok(())
}

async fn run(ground: &Ground, report: &mut Report, case: &Case) -> Result<()> {
    let data = Data::new(ground)?;
    let server = Server::start(ground, &data, None)?;
    let split = Split::between(&server)?;
    let mut hall = Hall::prepare(&server, report, case).await?;
    let rushed = hall.rush(&server).await?;
    let figure = Figure::new(case.name, rushed.rate(), "deliveries/s")
        .with("members", case.members)
        .with("channels", case.rooms)
        .with("messages", rushed.messages)
        .with("sends_per_s", rushed.sends_per_s())
        .with("cpu_s_per_100000", rushed.cpu_per_100_000())
        .with("p99_target_ms", RUSHED_P99_MS)
        .latency(&mut rushed.times.clone());
    report.add(match case.target {
        Some(target) => figure.at_least(target),
        None => figure,
    });
    if PACED.0 == case.name {
        let mut times = hall.pace().await?;
        let p99 = crate::figure::percentile_ms(&mut times, 99);
        let figure = Figure::new(PACED.1, p99, "ms")
            .at_most(PACED_P99_MS)
            .with("messages_per_s", PACED_PER_S)
            .with("members", case.members)
            .latency(&mut times);
        report.add(figure);
    }
    if READ.0 == case.name {
        report.add(hall.read_back(&server).await?);
    }
    hall.hearers.leave().await;
    split.join()
}

/// Everybody in their rooms, connected.
struct Hall {
    voices: Vec<Voice>,
    /// Members that hear each message.
    members: usize,
    hearers: Hearers,
    /// When one member of each room got which message.
    seen: Arc<Mutex<BTreeMap<Txn, Instant>>>,
}

impl Hall {
    async fn prepare(server: &Server, report: &mut Report, case: &Case) -> Result<Self> {
        let api = Api::new(&server.door)?;
        let token = server.set_up.clone().unwrap_or_default();
        let owner = Person::register(&api, "olga", Admission::SetUp { token }).await?;
        let gate = owner.create_guild(&api, "Gate").await?;
        let mut hall = Self {
            voices: Vec::new(),
            members: case.members,
            hearers: Hearers::default(),
            seen: Arc::default(),
        };
        for room in 0..case.rooms {
            let guild = owner.create_guild(&api, &format!("Room {room}")).await?;
            let prefix = format!("room{room}_");
            let admission = gate.link.admission();
            let people = Person::crowd(&api, &prefix, case.members, &admission).await?;
            let before = server.cpu_seconds()?;
            for person in &people {
                person.join(&api, &guild.link).await?;
            }
            if JOINED.0 == case.name {
                let cpu = server.cpu_seconds()? - before;
                let figure = Figure::new(JOINED.1, cpu, "CPU s").at_most(JOINED_CPU_S);
                report.add(figure.with("members", case.members));
            }
            let lines = Line::open_all(&server.door, &people, AT_ONCE).await?;
            for (number, line) in lines.into_iter().enumerate() {
                hall.listen(line, number == 0);
            }
            for person in people.into_iter().take(case.senders) {
                let voice = Voice::of(Api::new(&server.door)?, person, guild.channel).await?;
                hall.voices.push(voice.with_length(CIPHERTEXT));
            }
        }
        Ok(hall)
    }

    fn listen(&mut self, line: Line, watches: bool) {
        let seen = self.seen.clone();
        self.hearers.add(line, move |frame| {
            if watches && let Some(txn) = txn_of(frame) {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.insert(txn, env::instant());
            }
        });
    }

    /// Everybody who writes does so as fast as they are answered.
    async fn rush(&mut self, server: &Server) -> Result<Rushed> {
        // The first ones find caches and sockets cold.
        let end = env::instant() + Duration::from_millis(500);
        let first = self.speak_until(end).await?;
        self.hearers.heard(first.len() * self.members).await?;
        let before = server.cpu_seconds()?;
        let begun = env::instant();
        let said = self.speak_until(begun + MEASURED).await?;
        self.hearers
            .heard((first.len() + said.len()) * self.members)
            .await?;
        let took = begun.elapsed();
        Ok(Rushed {
            messages: said.len(),
            deliveries: said.len() * self.members,
            took,
            cpu_s: server.cpu_seconds()? - before,
            times: self.times(&said)?,
        })
    }

    async fn speak_until(&mut self, end: Instant) -> Result<Vec<Said>> {
        let all = self.voices.iter_mut().map(|voice| async move {
            let mut said = Vec::new();
            while env::instant() < end {
                said.push(voice.say().await?);
            }
            anyhow::Ok(said)
        });
        Ok(try_join_all(all).await?.into_iter().flatten().collect())
    }

    /// One message after the other in the rhythm of a busy channel: how long each was on its way.
    async fn pace(&mut self) -> Result<Vec<Duration>> {
        let before = self.hearers.count();
        let mut beat = interval(Duration::from_secs_f64(1.0 / PACED_PER_S));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut said = Vec::new();
        let end = env::instant() + MEASURED;
        while env::instant() < end {
            beat.tick().await;
            let turn = said.len() % self.voices.len();
            said.push(self.voices[turn].say().await?);
        }
        self.hearers
            .heard(before + said.len() * self.members)
            .await?;
        self.times(&said)
    }

    /// From the request to the frame at the member that watches.
    fn times(&self, said: &[Said]) -> Result<Vec<Duration>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter()
            .map(|one| {
                let at = seen.get(&one.txn).context("a message was not seen")?;
                Ok(at.duration_since(one.begun))
            })
            .collect()
    }

    /// Pages of history, read by several at once.
    async fn read_back(&self, server: &Server) -> Result<Figure> {
        let voice = self.voices.first().context("nobody speaks")?;
        let begun = env::instant();
        let end = begun + MEASURED;
        let readers = (0..READERS).map(|_| async {
            let api = Api::new(&server.door)?;
            let mut times = Vec::new();
            let mut before = PAGE + 1;
            while env::instant() < end {
                let asked = env::instant();
                api.fetch(&voice.history(before, PAGE), voice.token())
                    .await?;
                times.push(asked.elapsed());
                before = if before > 10 * PAGE {
                    PAGE + 1
                } else {
                    before + PAGE
                };
            }
            anyhow::Ok(times)
        });
        let mut times: Vec<_> = try_join_all(readers).await?.into_iter().flatten().collect();
        let messages = real(times.len() as u64 * PAGE) / begun.elapsed().as_secs_f64();
        let figure = Figure::new(READ.1, messages, "messages/s").at_least(READ_PER_S);
        Ok(figure.with("readers", READERS).latency(&mut times))
    }
}

struct Rushed {
    messages: usize,
    deliveries: usize,
    took: Duration,
    cpu_s: f64,
    times: Vec<Duration>,
}

impl Rushed {
    fn rate(&self) -> f64 {
        real(self.deliveries as u64) / self.took.as_secs_f64()
    }

    fn sends_per_s(&self) -> f64 {
        (real(self.messages as u64) / self.took.as_secs_f64()).round()
    }

    fn cpu_per_100_000(&self) -> f64 {
        let per = self.cpu_s * 100_000.0 / real(self.deliveries.max(1) as u64);
        (per * 100.0).round() / 100.0
    }
}

fn txn_of(frame: &[u8]) -> Option<Txn> {
    match ciborium::from_reader(frame).ok()? {
        ServerFrame::Event(EventFrame {
            event: Event::MessageSent { message, .. },
            ..
        }) => Some(message.txn),
        _ => None,
    }
}
