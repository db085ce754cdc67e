//! Durable sends through the API: each is answered after its commit is on the disk.

use std::time::Duration;

use anyhow::{Context, Result};
use cloister_wire::account::Admission;
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};

use crate::{
    Ground,
    api::Api,
    env,
    figure::{Figure, Report, real},
    person::Person,
    server::{Data, Server},
    voice::Voice,
};

const CHANNELS: usize = 8;
const MEMBERS: usize = 8;
const MEASURED: Duration = Duration::from_secs(6);

/// What the server keeps its data in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "send-sqlite",
            Self::Postgres => "send-postgres",
        }
    }
}

pub(super) async fn measure(
    ground: &Ground,
    report: &mut Report,
    database: Database,
) -> Result<()> {
    let name = database.name();
    let (one, many) = (format!("{name}-1"), format!("{name}-64"));
    if !ground.wants(&one) && !ground.wants(&many) {
        return Ok(());
    }
    let url = match database {
        Database::Sqlite => None,
        Database::Postgres => {
            let url = ground.postgres.as_deref();
            Some(url.context("no PostgreSQL was given")?)
        }
    };
    let data = Data::new(ground)?;
    let server = Server::start(ground, &data, url)?;
    let mut voices = voices(&server).await?;
    if ground.wants(&one) {
        report.add(speak(one.clone(), &mut voices[..1]).await?);
    }
    if ground.wants(&many) {
        report.add(speak(many.clone(), &mut voices).await?);
    }
    report.ratio(&format!("{name}-64-to-1"), &many, &one);
    Ok(())
}

/// Lets all of them send, each its next message as soon as the last one is acknowledged.
async fn speak(name: String, voices: &mut [Voice]) -> Result<Figure> {
    let senders = voices.len();
    let begun = env::instant();
    let end = begun + MEASURED;
    let times = try_join_all(voices.iter_mut().map(|voice| voice.speak_until(end))).await?;
    let took = begun.elapsed();
    let mut times: Vec<Duration> = times.into_iter().flatten().collect();
    let rate = real(times.len() as u64) / took.as_secs_f64();
    let figure = Figure::new(name, rate, "sends/s")
        .with("senders", senders)
        .with("channels", senders.min(CHANNELS))
        .with("readers_each", MEMBERS)
        .latency(&mut times);
    Ok(figure)
}

/// One sender for each place in the channels; neighbours in the list are in different ones.
async fn voices(server: &Server) -> Result<Vec<Voice>> {
    let api = Api::new(&server.door)?;
    let token = server.set_up.clone().unwrap_or_default();
    let owner = Person::register(&api, "olga", Admission::SetUp { token }).await?;
    let gate = owner.create_guild(&api, "Gate").await?;
    let mut rooms = Vec::new();
    for number in 0..CHANNELS {
        let prefix = format!("room{number}_");
        let admission = gate.link.admission();
        let people = Person::crowd(&api, &prefix, MEMBERS, &admission).await?;
        let guild = people[0].create_guild(&api, &prefix).await?;
        for person in &people[1..] {
            person.join(&api, &guild.link).await?;
        }
        rooms.push((guild.channel, people));
    }
    let mut seats = Vec::new();
    while let Some(person) = rooms[seats.len() % CHANNELS].1.pop() {
        seats.push((rooms[seats.len() % CHANNELS].0, person));
    }
    stream::iter(seats)
        .map(|(channel, person)| async move {
            Voice::of(Api::new(&server.door)?, person, channel).await
        })
        .buffered(CHANNELS)
        .try_collect()
        .await
}
