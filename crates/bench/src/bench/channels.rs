//! Two people who share a hundred channels, and use each: what the first message in a channel
//! costs (a key for it is made and given), and what each further one does.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;
use cloister_wire::ChannelId;

use crate::{
    Ground, env,
    figure::{Figure, Report, percentile_ms},
    server::{Data, Server},
    talker::Talker,
};

const CHANNELS: usize = 100;

pub(super) async fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let data = Data::new(ground)?;
    let server = Server::start(ground, &data, None)?;
    let sender = Talker::found(&data, &server, "ada").await?;
    let guild = sender.create_guild("Garden").await?;
    let link = sender.invite(guild).await?;
    let receiver = Talker::join(&data.beside("bob"), &server.door, "bob", &link).await?;
    let mut channels = BTreeSet::from([sender.first_channel(guild).await?]);
    while channels.len() < CHANNELS {
        let name = format!("channel-{}", channels.len());
        channels.insert(sender.create_channel(guild, &name).await?);
    }
    for talker in [&sender, &receiver] {
        talker.knows_channels(guild, CHANNELS).await?;
        talker.knows_members(guild, 2).await?;
    }
    for (name, text) in [("channels-100-first", "first"), ("channels-100", "second")] {
        let mut sent = Vec::new();
        let mut received = Vec::new();
        for channel in &channels {
            let (acknowledged, arrived) = said(&sender, &receiver, *channel, text).await?;
            sent.push(acknowledged);
            received.push(arrived);
        }
        report.add(
            Figure::new(
                name,
                percentile_ms(&mut received, 50),
                "ms to decrypted at p50",
            )
            .with("channels", CHANNELS)
            .with("sent_p50_ms", percentile_ms(&mut sent, 50))
            .latency(&mut received),
        );
    }
    sender.close().await;
    receiver.close().await;
    Ok(())
}

/// Times from the command to the acknowledgement and to the text at the other end.
async fn said(
    sender: &Talker,
    receiver: &Talker,
    channel: ChannelId,
    text: &str,
) -> Result<(Duration, Duration)> {
    let begun = env::instant();
    sender.say(channel, text).await?;
    let acknowledged = async {
        sender.acknowledged(channel, text).await?;
        Ok(begun.elapsed())
    };
    let arrived = async {
        receiver.reads(channel, text).await?;
        Ok(begun.elapsed())
    };
    tokio::try_join!(acknowledged, arrived)
}
