//! What it costs to give a channel's key to many devices: cold, when a session with each of them
//! has to be opened first, and warm, when the sessions are there and only the key is new.
//!
//! The time runs from the sender's command to the server's acknowledgement of the message behind
//! the key, through the real engine and its encrypted store. It holds the claiming of one-time
//! keys, a signature check and an encryption for each device, and the uploads.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cloister_wire::ChannelId;

use crate::{
    Ground,
    api::Api,
    env,
    figure::{Figure, Report},
    person::{Link, Person},
    server::{Data, Server},
    talker::Talker,
};

/// Devices that get the key, besides the sender's.
pub(super) const SIZES: [(&str, usize); 2] = [("share-300", 300), ("share-1000", 1_000)];
/// How often the key is changed, by somebody's leaving, to be given out warm.
const ROUNDS: usize = 5;

pub(super) async fn measure(
    ground: &Ground,
    report: &mut Report,
    name: &str,
    devices: usize,
) -> Result<()> {
    let data = Data::new(ground)?;
    let server = Server::start(ground, &data, None)?;
    let sender = Talker::found(&data, &server, "ada").await?;
    let guild = sender.create_guild("Garden").await?;
    let channel = sender.first_channel(guild).await?;
    let api = Api::new(&server.door)?;
    let link = Link::parse(&sender.invite(guild).await?)?;
    // Those who are removed between the rounds come on top.
    let people = Person::crowd(&api, "member", devices + ROUNDS, &link.admission()).await?;
    for person in &people {
        person.join(&api, &link).await?;
    }
    sender.knows_members(guild, people.len() + 1).await?;

    let cold = shared(&sender, channel, "cold").await?;
    let mut warm = Vec::new();
    for (round, gone) in people.iter().take(ROUNDS).enumerate() {
        sender.kick(guild, gone.user).await?;
        sender.knows_members(guild, people.len() - round).await?;
        warm.push(shared(&sender, channel, &format!("warm {round}")).await?);
    }
    let cold = crate::figure::percentile_ms(&mut [cold], 50);
    report.add(Figure::new(format!("{name}-cold"), cold, "ms").with("devices", devices + ROUNDS));
    let median = crate::figure::percentile_ms(&mut warm, 50);
    report.add(
        Figure::new(format!("{name}-warm"), median, "ms at p50")
            .with("devices", devices)
            .with("rounds", ROUNDS)
            .latency(&mut warm),
    );
    sender.close().await;
    Ok(())
}

/// Says something, and waits until the server has it and with it every key before it.
async fn shared(sender: &Talker, channel: ChannelId, text: &str) -> Result<Duration> {
    let begun: Instant = env::instant();
    sender.say(channel, text).await?;
    sender
        .acknowledged(channel, text)
        .await
        .context("sharing")?;
    Ok(begun.elapsed())
}
