//! How long a search takes on a device that has read a great deal, in an encrypted store on the
//! disk: the engine itself, without a server.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cloister_client::{
    Engine, Input, Options,
    view::{Query, QueryReply, SearchOrder, SearchView},
};
use cloister_wire::{
    Bytes, ChannelId, DeviceId, UserId,
    account::{ClientKind, DeviceStanding},
};
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::{
    Ground, env,
    figure::{Figure, Report, percentile_ms, real},
    server::Data,
    texts::{self, Chance},
};

const MESSAGES: u64 = 100_000;
const CHANNELS: u64 = 20;
const PEOPLE: u64 = 50;
const TARGET_MS: f64 = 100.0;
/// Each question is asked so often.
const ROUNDS: usize = 8;
const START_MS: u64 = 1_795_000_000_000;

/// What the store keeps of who is signed in, as far as a search looks at it.
#[derive(Serialize)]
struct Identity {
    user: UserId,
    username: &'static str,
    display_name: &'static str,
    operator: bool,
    device: DeviceId,
    standing: DeviceStanding,
    offer: Option<Bytes>,
}

/// Common and rare words, parts of words, filters, phrases, several words, nothing.
const QUESTIONS: [&str; 14] = [
    "the",
    "an",
    "boat",
    "oat",
    "harbour",
    "the boat",
    "\"the boat\"",
    "zeppelin",
    "qqqq",
    "from:person7 the",
    "from:person7 before:2026-11-20 boat",
    "has:link the",
    "harbour morning rowing lighthouse",
    "北京",
];

pub(super) fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let data = Data::new(ground)?;
    let file = data.beside("search.db");
    let open = || -> Result<Connection> {
        let connection = Connection::open(&file)?;
        connection.execute_batch(&format!(
            "PRAGMA key = \"x'{}'\"; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
            "5a".repeat(32)
        ))?;
        Ok(connection)
    };
    drop(engine(open()?)?);
    fill(&mut open()?)?;
    let mut engine = engine(open()?)?;
    let began = env::instant();
    let mut now = START_MS + MESSAGES * 1_000;
    engine.handle(Input::Start, now);
    while ask(&engine, "the", SearchOrder::Newest)?.index.all > 0 {
        now += 20;
        engine.handle(Input::Tick, now);
    }
    let seconds = began.elapsed().as_secs_f64();
    let rate = real(MESSAGES) / seconds;
    report.add(Figure::new("search-index", rate, "messages/s").with("messages", MESSAGES));
    let bytes = std::fs::metadata(&file)?.len();
    for (name, order) in [
        ("search-newest", SearchOrder::Newest),
        ("search-relevance", SearchOrder::Relevance),
    ] {
        let mut times = Vec::new();
        let mut slowest = (Duration::ZERO, "");
        for _ in 0..ROUNDS {
            for question in QUESTIONS {
                let began = env::instant();
                let view = ask(&engine, question, order)?;
                let time = began.elapsed();
                ensure!(
                    view.results.is_empty() == (question == "qqqq"),
                    "{question:?} found {} messages",
                    view.results.len()
                );
                slowest = slowest.max((time, question));
                times.push(time);
            }
        }
        let figure = Figure::new(name, percentile_ms(&mut times, 95), "ms at p95")
            .at_most(TARGET_MS)
            .with("messages", MESSAGES)
            .with("slowest", slowest.1)
            .with("store_bytes", bytes);
        report.add(figure.latency(&mut times));
    }
    Ok(())
}

fn engine(connection: Connection) -> Result<Engine> {
    let options = Options {
        platform: "bench".to_owned(),
        client: ClientKind::Native,
        base_url: "https://localhost:8765".to_owned(),
    };
    Ok(Engine::open(connection, options, env::random()?, START_MS)?)
}

fn ask(engine: &Engine, text: &str, order: SearchOrder) -> Result<SearchView> {
    let query = Query::Search {
        text: text.to_owned(),
        channel: None,
        order,
        cursor: None,
        limit: 25,
        zone_minutes: 60,
    };
    match engine.query(&query) {
        Ok(QueryReply::Search(view)) => Ok(view),
        other => anyhow::bail!("a search was answered with {other:?}"),
    }
}

/// Messages as they are before there is an index: texts of 4 to 40 words, of which few are used
/// much and most seldom.
fn fill(connection: &mut Connection) -> Result<()> {
    let step = connection.transaction()?;
    let me = Identity {
        user: UserId::from_bytes([1; 16]),
        username: "person1",
        display_name: "Person 1",
        operator: false,
        device: DeviceId::from_bytes([1; 16]),
        standing: DeviceStanding::Active,
        offer: None,
    };
    let mut identity = Vec::new();
    ciborium::into_writer(&me, &mut identity)?;
    step.execute(
        "INSERT INTO meta (name, value) VALUES ('identity', ?1)",
        [identity],
    )?;
    for person in 1..=PEOPLE {
        step.execute(
            "INSERT INTO person (user, username, display_name) VALUES (?1, ?2, ?3)",
            params![
                [person as u8; 16],
                format!("person{person}"),
                format!("Person {person}")
            ],
        )?;
    }
    let mut insert = step.prepare(
        "INSERT INTO message (channel, seq, id, at, author, device, txn, class, state, body, since) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?3, 0, 0, ?6, 0)",
    )?;
    let mut chance = Chance(7);
    for number in 0..MESSAGES {
        let channel = ChannelId::from_bytes([(number % CHANNELS) as u8; 16]);
        let person = [(1 + chance.below(PEOPLE)) as u8; 16];
        insert.execute(params![
            channel.as_bytes(),
            (number / CHANNELS + 1) as i64,
            u128::from(number).to_be_bytes(),
            (START_MS + number * 1_000) as i64,
            person,
            texts::text(&mut chance)
        ])?;
    }
    drop(insert);
    step.commit().context("the texts can be stored")
}
