//! Guilds: make, list, join, leave.

use clap::{Args, Subcommand};
use cloister_client::view::{
    Act, Command, CommandReply, Query, QueryReply, Question, Refusal, Told,
};
use cloister_wire::{ErrorCode, GuildId, moderation::Gate};
use serde_json::json;

use super::role::{ask, govern};
use crate::{
    arguments::{Global, duration_s},
    failure::Failure,
    print::{Print, printable},
    seat::{self, SETTLE, Seat},
    secret::{self, Typed},
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
    /// Give a guild another name
    Rename {
        /// Name or id
        guild: String,
        name: String,
    },
    /// Pause or resume joining and inviting
    Gate {
        /// Name or id
        guild: String,
        /// Let nobody in and make no invites: for when a guild is raided
        #[arg(long, conflicts_with = "open")]
        close: bool,
        /// Go on as usual
        #[arg(long)]
        open: bool,
        /// New members only read for so long: 10m, 1d
        #[arg(long, value_name = "TIME", value_parser = duration_s)]
        newcomers_wait: Option<u32>,
        /// Why, for the audit log
        #[arg(long)]
        reason: Option<String>,
    },
    /// Hand a guild that you own to one of its members
    Transfer {
        /// Name or id
        guild: String,
        /// Name or id of the member
        member: String,
        /// File with your password (`-`: stdin); without it, it is asked for
        #[arg(long, value_name = "FILE")]
        password_file: Option<std::path::PathBuf>,
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
            Guild::Rename { guild, name } => {
                seat.reach().await?;
                let guild = target::guild(seat, &guild).await?.id;
                govern(seat, guild, Act::Rename { name }, "renamed").await
            }
            Guild::Gate {
                guild,
                close,
                open,
                newcomers_wait,
                reason,
            } => {
                let wanted = match (close, open) {
                    (true, _) => Some(Gate::Closed),
                    (_, true) => Some(Gate::Open),
                    _ => None,
                };
                gate(seat, &guild, wanted, newcomers_wait, reason).await
            }
            Guild::Transfer {
                guild,
                member,
                password_file,
            } => {
                seat.reach().await?;
                let guild = target::guild(seat, &guild).await?.id;
                let view = target::guild_view(seat, guild).await?;
                let to = target::member(&view, &member)?.user;
                let password = secret::read(password_file.as_deref(), "Password", Typed::Once)?;
                govern(seat, guild, Act::HandOver { to, password }, "handed over").await
            }
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

async fn gate(
    seat: &Seat<'_>,
    guild: &str,
    wanted: Option<Gate>,
    newcomer_s: Option<u32>,
    reason: Option<String>,
) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    let Told::Gate(before) = ask(seat, guild, Question::Gate).await? else {
        return Err(Failure::other("The engine answered another question."));
    };
    let mut after = before.clone();
    if let Some(gate) = wanted {
        (after.joins, after.invites) = (gate, gate);
    }
    after.newcomer_s = newcomer_s.unwrap_or(before.newcomer_s);
    if after != before {
        let act = Act::SetGate {
            joins: after.joins,
            invites: after.invites,
            newcomer_s: after.newcomer_s,
            reason,
        };
        seat.done(Command::Govern { guild, act }).await?;
    }
    let state = match after.joins {
        Gate::Open => "open",
        Gate::Closed => "closed",
    };
    seat.print.line(&json!(after), state)
}
