//! People for figures that are taken outside this program, in a browser: they join by an invite
//! link and do what lines on standard input say, one answered with `done` before the next.
//!
//! - `join N`: N more accounts join;
//! - `leave`: one of them leaves;
//! - `chat N WORD`: somebody with the real engine joins and says N things in the first channel,
//!   WORD at last.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use cloister_wire::GuildId;

use crate::{
    api::Api,
    person::{Link, Person},
    server::Door,
    talker::Talker,
    texts::{self, Chance},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Crowd {
    #[command(flatten)]
    door: Door,
    /// `CODE#SEED`
    #[arg(long)]
    link: String,
    /// Where whoever chats keeps a store
    #[arg(long, value_name = "DIR")]
    profile: PathBuf,
}

pub(crate) async fn obey(crowd: Crowd) -> Result<()> {
    let api = Api::new(&crowd.door)?;
    let link = Link::parse(&crowd.link)?;
    let mut inside: Vec<(Person, GuildId)> = Vec::new();
    // Nothing else runs while the next line is waited for.
    for (round, line) in std::io::stdin().lines().enumerate() {
        let line = line?;
        match line.split_once(' ').unwrap_or((&line, "1")) {
            ("join", count) => {
                let prefix = format!("member{round}x");
                let admission = link.admission();
                for person in Person::crowd(&api, &prefix, count.parse()?, &admission).await? {
                    let guild = person.join(&api, &link).await?;
                    inside.push((person, guild));
                }
            }
            ("leave", _) => {
                let (person, guild) = inside.pop().context("nobody is there to leave")?;
                person.leave(&api, guild).await?;
            }
            ("chat", how) => {
                let (count, last) = how.split_once(' ').context("a chat without a last word")?;
                chat(&crowd, count.parse()?, last).await?;
            }
            _ => bail!("{line:?} is nothing that a crowd does"),
        }
        println!("done");
    }
    Ok(())
}

async fn chat(crowd: &Crowd, count: usize, last: &str) -> Result<()> {
    let talker = Talker::join(&crowd.profile, &crowd.door, "talker", &crowd.link).await?;
    let guild = talker.first_guild().await?;
    let channel = talker.first_channel(guild).await?;
    let mut chance = Chance(7);
    for _ in 1..count {
        talker.say(channel, &texts::text(&mut chance)).await?;
    }
    talker.say(channel, last).await?;
    talker.is_done().await?;
    talker.close().await;
    Ok(())
}
