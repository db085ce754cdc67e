//! Invites: to a guild by its members, to the instance by its operator.

use clap::{Args, Subcommand};
use cloister_client::view::{Act, Command, CommandReply, Query, QueryReply, Question, Told};
use cloister_wire::{guild::Membership, moderation::Gate};
use serde_json::json;

use crate::{
    arguments::{Global, duration_s},
    command::{
        operator,
        role::{ask, govern},
    },
    failure::Failure,
    print::{Print, moment, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Invite {
    /// Make an invite link
    Create(Create),
    /// List the invites of a guild
    List {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
    },
    /// Let nobody in by an invite for now
    Pause {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Its code, with or without the part after `#`
        code: String,
    },
    /// Let people in by an invite again
    Resume {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Its code, with or without the part after `#`
        code: String,
    },
    /// List who came by which invite, the newest first
    Joins {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
    },
    /// End an invite: nobody gets in by it any more
    End {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Its code, with or without the part after `#`
        code: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    place: Place,
    /// So many people may use it [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    uses: Option<u32>,
    /// For how long it works: 90s, 15m, 12h, 7d [default: 7d]
    #[arg(long, value_name = "TIME", value_parser = duration_s)]
    expires: Option<u32>,
    /// Who comes in by it stays until their last connection ends, unless they get a role
    #[arg(long, requires = "guild")]
    temporary: bool,
    /// Configuration of the server, when it is not in its data folder
    #[arg(long, value_name = "FILE", requires = "data")]
    config: Option<std::path::PathBuf>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// Name or id of a guild that you are in: the link leads to it
    #[arg(long)]
    guild: Option<String>,
    /// Data folder of a server on this machine: the link leads to an account there
    #[arg(long, value_name = "DIR")]
    data: Option<std::path::PathBuf>,
}

const USUAL_EXPIRY_S: u32 = 7 * 86_400;

impl Invite {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        match self {
            Invite::Create(create) => create.run(global, print),
            Invite::List { guild } => {
                seat::with_profile(global, print, async |seat| list(seat, &guild).await)
            }
            Invite::Pause { guild, code } => seat::with_profile(global, print, async |seat| {
                set(seat, &guild, &code, Gate::Closed).await
            }),
            Invite::Resume { guild, code } => seat::with_profile(global, print, async |seat| {
                set(seat, &guild, &code, Gate::Open).await
            }),
            Invite::Joins { guild } => {
                seat::with_profile(global, print, async |seat| joins(seat, &guild).await)
            }
            Invite::End { guild, code } => {
                seat::with_profile(global, print, async |seat| end(seat, &guild, &code).await)
            }
        }
    }
}

impl Create {
    fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let uses = self.uses.unwrap_or(0);
        let expires_in_s = self.expires.unwrap_or(USUAL_EXPIRY_S);
        if let Some(data) = self.place.data {
            return operator::invite(
                &operator::Data::new(data, self.config),
                uses,
                expires_in_s,
                print,
            );
        }
        let guild = self.place.guild.unwrap_or_default();
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            let guild = target::guild(seat, &guild).await?.id;
            let create = Command::CreateInvite {
                guild,
                uses,
                expires_in_s,
                membership: if self.temporary {
                    Membership::Temporary
                } else {
                    Membership::Lasting
                },
            };
            match seat.command(create).await? {
                CommandReply::Invite { code, url } => {
                    seat.print.line(&json!({"code": code, "url": url}), url)
                }
                other => Err(unexpected(&other)),
            }
        })
    }
}

async fn list(seat: &Seat<'_>, guild: &str) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    let invites = match seat.query(Query::Invites { guild }).await? {
        QueryReply::Invites { invites } => invites,
        other => return Err(unexpected(&other)),
    };
    let Told::Invites { invites: kept } = ask(seat, guild, Question::Invites).await? else {
        return Err(Failure::other("The engine answered another question."));
    };
    for invite in invites {
        let known = kept.iter().find(|one| one.code == invite.code);
        let paused = known.is_some_and(|one| one.gate == Gate::Closed);
        let temporary = known.is_some_and(|one| one.membership == Membership::Temporary);
        let marks = match (paused, temporary) {
            (true, true) => "  paused, temporary",
            (true, false) => "  paused",
            (false, true) => "  temporary",
            (false, false) => "",
        };
        let uses = match invite.uses {
            0 => format!("used {} times", invite.used),
            uses => format!("used {} of {uses} times", invite.used),
        };
        let until = invite
            .expires_at
            .map_or_else(String::new, |at| format!("  until {}", moment(at)));
        let link = invite
            .url
            .as_deref()
            .map_or_else(String::new, |url| format!("  {url}"));
        seat.print.line(
            &json!({
                "code": invite.code, "url": invite.url, "uses": invite.uses, "used": invite.used,
                "expires_at": invite.expires_at, "created_by": invite.created_by,
                "created_at": invite.created_at, "paused": paused, "temporary": temporary,
            }),
            format_args!("{}  {uses}{until}{marks}{link}", invite.code),
        )?;
    }
    Ok(())
}

async fn set(seat: &Seat<'_>, guild: &str, code: &str, gate: Gate) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    let code = code.split('#').next().unwrap_or_default().to_owned();
    let done = match gate {
        Gate::Closed => "paused",
        Gate::Open => "open",
    };
    govern(seat, guild, Act::SetInvite { code, gate }, done).await
}

async fn joins(seat: &Seat<'_>, guild: &str) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    let Told::Joins { joins } = ask(seat, guild, Question::Joins).await? else {
        return Err(Failure::other("The engine answered another question."));
    };
    for join in joins {
        let here = if join.here { "" } else { "  left since" };
        seat.print.line(
            &json!(join),
            format_args!(
                "{}  {}  {}{here}",
                moment(join.at),
                printable(&join.username),
                join.code
            ),
        )?;
    }
    Ok(())
}

async fn end(seat: &Seat<'_>, guild: &str, code: &str) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    let code = code.split('#').next().unwrap_or_default().to_owned();
    let object = json!({"code": code, "state": "ended"});
    seat.done(Command::EndInvite { guild, code }).await?;
    seat.print.line(&object, "ended")
}
