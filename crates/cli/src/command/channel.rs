//! Channels of a guild.

mod privacy;

use clap::Subcommand;
use cloister_client::view::{Command, CommandReply, Query, QueryReply};
use cloister_wire::UserId;
use serde_json::json;

use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Channel {
    /// Make a text channel, encrypted end to end
    Create {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Only for these members and the owner; repeat for each
        #[arg(long, value_name = "USER")]
        only: Vec<String>,
        name: String,
    },
    /// What the server can see of a channel and its messages
    Privacy {
        /// GUILD/CHANNEL or @user, by names or ids
        target: String,
    },
    /// List who reads a channel that some members read
    Readers {
        /// GUILD/CHANNEL
        target: String,
        /// From now on these members and the owner; repeat for each
        #[arg(long, value_name = "USER")]
        set: Vec<String>,
    },
    /// List the channels
    List {
        /// Name or id of the guild; without it, of all
        #[arg(long)]
        guild: Option<String>,
    },
}

impl Channel {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| match self {
            Channel::Create { guild, only, name } => create(seat, &guild, &only, name).await,
            Channel::Readers { target, set } => readers(seat, &target, &set).await,
            Channel::Privacy { target } => privacy::show(seat, &target).await,
            Channel::List { guild } => list(seat, guild.as_deref()).await,
        })
    }
}

async fn create(
    seat: &Seat<'_>,
    guild: &str,
    only: &[String],
    name: String,
) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    let shown = name.clone();
    let readers = match only {
        [] => None,
        names => Some(people(seat, names).await?),
    };
    let command = Command::CreateChannel {
        guild,
        name,
        readers,
    };
    match seat.command(command).await? {
        CommandReply::Channel { channel } => seat.print.line(
            &json!({"id": channel, "guild": guild, "name": shown}),
            channel,
        ),
        other => Err(unexpected(&other)),
    }
}

async fn people(seat: &Seat<'_>, names: &[String]) -> Result<Vec<UserId>, Failure> {
    let mut users = Vec::new();
    for name in names {
        users.push(target::person(seat, name).await?);
    }
    Ok(users)
}

async fn readers(seat: &Seat<'_>, wanted: &str, set: &[String]) -> Result<(), Failure> {
    seat.reach_if_possible().await?;
    let channel = target::channel(seat, wanted).await?;
    if !set.is_empty() {
        let users = people(seat, set).await?;
        seat.command(Command::SetReaders { channel, users }).await?;
    }
    let QueryReply::Channel {
        channel: Some(view),
    } = seat.query(Query::Channel { channel }).await?
    else {
        return Err(Failure::other("The engine did not answer the question."));
    };
    for one in view.people {
        let vouched = if one.vouched { "" } else { "  not vouched for" };
        seat.print.line(
            &json!({
                "user": one.user, "username": one.username, "right": one.right,
                "vouched": one.vouched, "me": one.me,
            }),
            format_args!("{}  {}{vouched}", one.user, printable(&one.username)),
        )?;
    }
    Ok(())
}

async fn list(seat: &Seat<'_>, guild: Option<&str>) -> Result<(), Failure> {
    seat.reach_if_possible().await?;
    let guilds = match guild {
        Some(wanted) => vec![target::guild(seat, wanted).await?],
        None => target::guilds(seat).await?,
    };
    for guild in guilds {
        for channel in target::guild_view(seat, guild.id).await?.channels {
            seat.print.line(
                &json!({
                    "id": channel.id, "name": channel.name, "guild": guild.id,
                    "guild_name": guild.name, "private": channel.private, "unread": channel.unread, "last_seq": channel.last_seq,
                }),
                format_args!(
                    "{}  {}/{}",
                    channel.id,
                    printable(&guild.name),
                    printable(&channel.name)
                ),
            )?;
        }
    }
    Ok(())
}
