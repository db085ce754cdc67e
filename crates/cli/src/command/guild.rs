//! Guilds: make, list, join, leave.

use clap::{Args, Subcommand};
use cloister_client::view::{Command, CommandReply, Query, QueryReply, Refusal};
use cloister_wire::{ErrorCode, GuildId};
use serde_json::json;

use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, printable},
    seat::{self, SETTLE, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Guild {
    /// Make a guild; you become its owner
    Create { name: String },
    /// List your guilds
    List,
    /// Leave a guild
    Leave {
        /// Name or id
        guild: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// The invite: CODE, CODE#SEED or the whole link
    code: String,
}

impl Guild {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| match self {
            Guild::Create { name } => create(seat, name).await,
            Guild::List => list(seat).await,
            Guild::Leave { guild } => leave(seat, &guild).await,
        })
    }
}

impl Join {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            let invite = self.code;
            let before = target::guilds(seat).await?;
            let guild = the_guild(seat.command(Command::JoinGuild { invite }).await?)?;
            if let Some(known) = before.iter().find(|known| known.id == guild) {
                return Err(already_in(&known.name));
            }
            show(seat, guild).await
        })
    }
}

async fn create(seat: &Seat<'_>, name: String) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = the_guild(seat.command(Command::CreateGuild { name }).await?)?;
    show(seat, guild).await
}

fn already_in(name: &str) -> Failure {
    Failure::from(Refusal {
        code: ErrorCode::AlreadyMember,
        message: format!("You are in {name:?} already."),
        retry_after_ms: None,
    })
}

fn the_guild(reply: CommandReply) -> Result<GuildId, Failure> {
    match reply {
        CommandReply::Guild { guild } => Ok(guild),
        other => Err(unexpected(&other)),
    }
}

/// The id and, for programs, what can be written to at once.
async fn show(seat: &Seat<'_>, id: GuildId) -> Result<(), Failure> {
    let view = seat
        .wait_until(&Query::Guild { guild: id }, SETTLE, |view| match view {
            QueryReply::Guild { guild } => guild.filter(|guild| !guild.channels.is_empty()),
            _ => None,
        })
        .await?;
    let channels: Vec<_> = view
        .iter()
        .flat_map(|view| &view.channels)
        .map(|channel| json!({"id": channel.id, "name": channel.name}))
        .collect();
    let name = view.map(|view| view.name);
    seat.print
        .line(&json!({"id": id, "name": name, "channels": channels}), id)
}

async fn list(seat: &Seat<'_>) -> Result<(), Failure> {
    seat.reach_if_possible().await?;
    for guild in target::guilds(seat).await? {
        seat.print.line(
            &json!({"id": guild.id, "name": guild.name, "unread": guild.unread}),
            format_args!("{}  {}", guild.id, printable(&guild.name)),
        )?;
    }
    Ok(())
}

async fn leave(seat: &Seat<'_>, wanted: &str) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, wanted).await?;
    seat.done(Command::LeaveGuild { guild: guild.id }).await?;
    seat.print.line(
        &json!({"id": guild.id, "name": guild.name, "state": "left"}),
        format_args!("left {}", printable(&guild.name)),
    )
}
