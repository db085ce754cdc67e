//! Channels of a guild.

mod privacy;

use clap::Subcommand;
use cloister_client::view::{Command, CommandReply};
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
        name: String,
    },
    /// What the server can see of a channel and its messages
    Privacy {
        /// GUILD/CHANNEL or @user, by names or ids
        target: String,
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
            Channel::Create { guild, name } => create(seat, &guild, name).await,
            Channel::Privacy { target } => privacy::show(seat, &target).await,
            Channel::List { guild } => list(seat, guild.as_deref()).await,
        })
    }
}

async fn create(seat: &Seat<'_>, guild: &str, name: String) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    let shown = name.clone();
    match seat.command(Command::CreateChannel { guild, name }).await? {
        CommandReply::Channel { channel } => seat.print.line(
            &json!({"id": channel, "guild": guild, "name": shown}),
            channel,
        ),
        other => Err(unexpected(&other)),
    }
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
                    "guild_name": guild.name, "unread": channel.unread, "last_seq": channel.last_seq,
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
