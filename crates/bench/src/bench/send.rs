//! Durable sends through the API: each is answered after its commit is on the disk.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cloister_proof::{Roster, policy::SUITE_TEXT};
use cloister_wire::{
    Bytes, ChannelId, Hash, Octets, Txn,
    account::Admission,
    channel::{EpochView, MessageClass, SealedContent, Send, Sent, Share, Shared, Wrap},
    key::Envelope,
};
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};

use crate::{
    Ground,
    api::Api,
    env,
    figure::{Figure, Report, real},
    person::Person,
    server::{Data, Server},
};

const CHANNELS: usize = 8;
const MEMBERS: usize = 8;
const MEASURED: Duration = Duration::from_secs(6);
/// What a sealed message of a line or two has.
const CIPHERTEXT: usize = 300;
/// What a sealed group key has.
const ENVELOPE: usize = 500;

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

/// A device that has shared its session with everybody in its channel. Each has a connection of
/// its own.
struct Voice {
    api: Api,
    person: Person,
    channel: ChannelId,
    view: EpochView,
    session: Hash,
    next_index: u32,
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

impl Voice {
    async fn of(api: Api, person: Person, channel: ChannelId) -> Result<Self> {
        let path = format!("/api/v1/channels/{channel}/epoch?since=0");
        let view: EpochView = api.get(&path, &person.token).await?;
        let roster = view.roster.as_ref().context("the server shows no roster")?;
        let roster = Roster::parse(roster.as_ref())?;
        let session = Octets(env::random()?);
        let others = roster.entries().filter(|one| one.device != person.device);
        let envelopes = others
            .map(|one| {
                let envelope = Envelope {
                    reg_id: one.reg_id,
                    kind: 0,
                    ct: sealed(ENVELOPE)?,
                };
                Ok(Wrap {
                    device: one.device,
                    dedupe_id: Octets(env::random()?),
                    envelope,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let share = Share {
            session,
            epoch: view.epoch,
            roster_hash: view.roster_hash,
            from_index: 0,
            shared_history: true,
            envelopes,
            withheld: vec![],
            writes: 1,
        };
        let path = format!("/api/v1/channels/{channel}/shares");
        let _: Shared = api.post(&path, Some(&person.token), &share).await?;
        Ok(Self {
            api,
            person,
            channel,
            view,
            session,
            next_index: 0,
        })
    }

    /// How long each send took.
    async fn speak_until(&mut self, end: Instant) -> Result<Vec<Duration>> {
        let path = format!("/api/v1/channels/{}/messages", self.channel);
        let mut times = Vec::new();
        while env::instant() < end {
            let message = self.message()?;
            let begun = env::instant();
            let _: Sent = self
                .api
                .post(&path, Some(&self.person.token), &message)
                .await?;
            times.push(begun.elapsed());
        }
        Ok(times)
    }

    fn message(&mut self) -> Result<Send> {
        let msg_index = self.next_index;
        self.next_index += 1;
        Ok(Send {
            txn: Txn::new(env::now_ms(), &env::random()?),
            epoch: self.view.epoch,
            roster_hash: self.view.roster_hash,
            suite: SUITE_TEXT,
            class: MessageClass::Message,
            target: None,
            thread: None,
            notify: None,
            ttl_s: None,
            content: SealedContent::Group {
                session: self.session,
                msg_index,
                ct: sealed(CIPHERTEXT)?,
            },
            c2: Octets(env::random()?),
            wraps: vec![],
            writes: u64::from(msg_index) + 2,
        })
    }
}

/// As random as a ciphertext, and like one no valid text.
fn sealed(length: usize) -> Result<Bytes> {
    let mut bytes = vec![3, 0xff, 0xfe];
    while bytes.len() < length {
        bytes.extend(env::random::<32>()?);
    }
    Ok(Bytes(bytes))
}
