//! A channel with two hundred members, everybody connected: how fast what one says arrives.
//!
//! Sender and one receiver are real engines over encrypted stores; the time runs from the
//! sender's command to the decrypted text in the receiver's timeline. The others are connections
//! that count frames: their decryption would happen on machines of their own.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use cloister_client::view::{Content, Query, QueryReply};
use cloister_wire::ChannelId;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    Ground,
    api::Api,
    env,
    figure::{Figure, Report, real},
    hearers::{Hearers, PATIENCE},
    line::Line,
    person::{Link, Person},
    server::{Data, Server},
    talker::Talker,
};

const MEMBERS: usize = 200;
const AT_ONCE: usize = 8;
/// One at a time, with a pause: what a message takes when nothing is in its way.
const PACED: usize = 60;
const PAUSE: Duration = Duration::from_millis(50);
/// As fast as the sender can: how much arrives.
const RUSHED: usize = 200;
const WINDOW: u32 = 50;

pub(super) async fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let data = Data::new(ground)?;
    let server = Server::start(ground, &data, None)?;
    let mut stage = Stage::prepare(&data, &server).await?;
    // The first message opens a session to every device; that happens once in a lifetime.
    stage.say("first").await?;
    stage.heard(1).await?;

    let mut times = Vec::new();
    for number in 0..PACED {
        let text = format!("paced {number}");
        let begun = env::instant();
        stage.say(&text).await?;
        let arrived = stage.arrival(&text).await?;
        times.push(arrived.duration_since(begun));
        sleep(PAUSE).await;
    }
    stage.heard(1 + PACED).await?;

    let begun = env::instant();
    for number in 0..RUSHED {
        stage.say(&format!("rushed {number}")).await?;
    }
    stage.arrival(&format!("rushed {}", RUSHED - 1)).await?;
    stage.heard(1 + PACED + RUSHED).await?;
    let took = begun.elapsed();
    let delivered = RUSHED * (MEMBERS - 1);
    let figure = Figure::new(
        "deliver-200",
        real(delivered as u64) / took.as_secs_f64(),
        "deliveries/s",
    )
    .with("members", MEMBERS)
    .with("messages", RUSHED)
    .with(
        "sends_per_s",
        (real(RUSHED as u64) / took.as_secs_f64()).round(),
    )
    .latency(&mut times);
    report.add(figure);
    stage.end().await;
    Ok(())
}

/// Sender, receiver and the crowd around them.
struct Stage {
    sender: Talker,
    receiver: Arc<Talker>,
    channel: ChannelId,
    /// When the receiver saw which text.
    seen: watch::Receiver<BTreeMap<String, Instant>>,
    hearers: Hearers,
    looking: JoinHandle<Result<()>>,
}

impl Stage {
    async fn prepare(data: &Data, server: &Server) -> Result<Self> {
        let sender = Talker::found(data, server, "ada").await?;
        let guild = sender.create_guild("Garden").await?;
        let link = sender.invite(guild).await?;
        let receiver =
            Arc::new(Talker::join(&data.beside("bob"), &server.door, "bob", &link).await?);
        let channel = sender.first_channel(guild).await?;
        let hearers = crowd(server, &link).await?;
        sender.knows_members(guild, MEMBERS).await?;
        receiver.knows_members(guild, MEMBERS).await?;
        let (tell, seen) = watch::channel(BTreeMap::new());
        let looking = tokio::spawn(look(receiver.clone(), channel, tell));
        Ok(Self {
            sender,
            receiver,
            channel,
            seen,
            hearers,
            looking,
        })
    }

    async fn say(&self, text: &str) -> Result<()> {
        self.sender.say(self.channel, text).await
    }

    /// When the receiver had this text.
    async fn arrival(&self, text: &str) -> Result<Instant> {
        let mut seen = self.seen.clone();
        let arrived = seen.wait_for(|seen| seen.contains_key(text));
        let seen = timeout(PATIENCE, arrived)
            .await
            .with_context(|| format!("{text:?} did not arrive"))??;
        seen.get(text).copied().context("seen and not there")
    }

    /// Waits until everybody in the crowd has had `count` messages since they connected.
    async fn heard(&mut self, count: usize) -> Result<()> {
        self.hearers.heard(count * (MEMBERS - 2)).await
    }

    async fn end(mut self) {
        self.hearers.leave().await;
        self.looking.abort();
        // It ends as cancelled; only then nobody else holds the receiver.
        let _ = self.looking.await;
        self.sender.close().await;
        if let Some(receiver) = Arc::into_inner(self.receiver) {
            receiver.close().await;
        }
    }
}

/// The others join by the link and connect.
async fn crowd(server: &Server, code: &str) -> Result<Hearers> {
    let api = Api::new(&server.door)?;
    let link = Link::parse(code)?;
    let people = Person::crowd(&api, "member", MEMBERS - 2, &link.admission()).await?;
    for person in &people {
        person.join(&api, &link).await?;
    }
    let mut hearers = Hearers::default();
    for line in Line::open_all(&server.door, &people, AT_ONCE).await? {
        hearers.add(line, |_| {});
    }
    Ok(hearers)
}

/// Notes when each text is in the receiver's timeline, decrypted.
async fn look(
    receiver: Arc<Talker>,
    channel: ChannelId,
    tell: watch::Sender<BTreeMap<String, Instant>>,
) -> Result<()> {
    let mut topics = receiver.client.topics();
    let query = Query::Timeline {
        channel,
        before: None,
        limit: WINDOW,
    };
    loop {
        let reply = receiver.ask(query.clone()).await?;
        let now = env::instant();
        if let QueryReply::Timeline(timeline) = reply {
            tell.send_if_modified(|seen| {
                let before = seen.len();
                for message in timeline.messages {
                    if let Content::Text { body } = message.content {
                        seen.entry(body).or_insert(now);
                    }
                }
                seen.len() > before
            });
        }
        // Several changes are one look; a missed one is made up for by the next.
        let _ = topics.recv().await;
        while topics.try_recv().is_ok() {}
    }
}
