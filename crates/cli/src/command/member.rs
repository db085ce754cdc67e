//! Members of a guild.

use clap::{Args, Subcommand};
use cloister_client::view::Act;
use serde_json::json;

use super::role::govern;
use crate::{
    arguments::{Global, duration_s},
    failure::Failure,
    print::{Print, printable},
    seat::{self, Seat},
    target,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Member {
    /// List the members, and who of them joined without a proof
    List {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
    },
    /// Take a member out; an invite lets them in again
    Kick(Somebody),
    /// Put a member on hold: they read, and do nothing else
    Timeout {
        #[command(flatten)]
        somebody: Somebody,
        /// For so long: 15m, 12h, 7d
        #[arg(long = "for", value_name = "TIME", value_parser = duration_s)]
        lasts: u32,
    },
    /// End a timeout
    Release(Somebody),
    /// Set a member apart: without roles, reading only what everybody reads
    Quarantine {
        #[command(flatten)]
        somebody: Somebody,
        /// End it
        #[arg(long)]
        lift: bool,
    },
    /// Count a member no longer as new: limits on newcomers end for them
    Settle(Somebody),
    /// Say what a member is called in the guild: yourself, or others where you may
    Nick {
        #[command(flatten)]
        somebody: Somebody,
        /// Without it they go by their own name again
        nickname: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Somebody {
    /// Name or id of the guild
    #[arg(long)]
    guild: String,
    /// Name or id of the member
    member: String,
    /// Why, for the audit log
    #[arg(long)]
    reason: Option<String>,
}

impl Member {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| match self {
            Member::List { guild } => list(seat, &guild).await,
            Member::Kick(somebody) => act(seat, somebody, Deed::Kick).await,
            Member::Timeout { somebody, lasts } => {
                act(seat, somebody, Deed::TimeOut { for_s: lasts }).await
            }
            Member::Nick { somebody, nickname } => {
                act(seat, somebody, Deed::Name { nickname }).await
            }
            Member::Quarantine { somebody, lift } => {
                act(seat, somebody, Deed::Quarantine { lift }).await
            }
            Member::Settle(somebody) => act(seat, somebody, Deed::Settle).await,
            Member::Release(somebody) => act(seat, somebody, Deed::TimeOut { for_s: 0 }).await,
        })
    }
}

enum Deed {
    Kick,
    TimeOut { for_s: u32 },
    Quarantine { lift: bool },
    Settle,
    Name { nickname: Option<String> },
}

async fn act(seat: &Seat<'_>, somebody: Somebody, deed: Deed) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, &somebody.guild).await?.id;
    let user = target::member(seat, guild, &somebody.member).await?.user;
    let reason = somebody.reason;
    match deed {
        Deed::Kick => govern(seat, guild, Act::Kick { user, reason }, "kicked").await,
        Deed::Name { nickname } => {
            let state = if nickname.is_some() {
                "named"
            } else {
                "unnamed"
            };
            let act = Act::SetNickname {
                user,
                nickname,
                reason,
            };
            govern(seat, guild, act, state).await
        }
        Deed::Quarantine { lift: false } => {
            govern(
                seat,
                guild,
                Act::Quarantine { user, reason },
                "in quarantine",
            )
            .await
        }
        Deed::Quarantine { lift: true } => {
            govern(
                seat,
                guild,
                Act::LiftQuarantine { user, reason },
                "released",
            )
            .await
        }
        Deed::Settle => govern(seat, guild, Act::Settle { user, reason }, "settled").await,
        Deed::TimeOut { for_s } => {
            let state = if for_s == 0 { "released" } else { "timed out" };
            let act = Act::TimeOut {
                user,
                reason,
                for_s,
            };
            govern(seat, guild, act, state).await
        }
    }
}

async fn list(seat: &Seat<'_>, guild: &str) -> Result<(), Failure> {
    seat.reach_if_possible().await?;
    let guild = target::guild(seat, guild).await?.id;
    let view = target::guild_view(seat, guild).await?;
    for member in target::members(seat, guild).await? {
        let owner = if member.owner { "  owner" } else { "" };
        let vouched = if member.vouched {
            ""
        } else {
            "  not vouched for"
        };
        let held = view
            .roles
            .iter()
            .filter(|role| member.roles.contains(&role.id));
        let roles: Vec<_> = held.map(|role| role.name.as_str()).collect();
        seat.print.line(
            &json!({
                "user": member.user, "username": member.username,
                "display_name": member.display_name, "nickname": member.nickname, "owner": member.owner,
                "vouched": member.vouched, "joined_at": member.joined_at,
                "me": member.me, "safety": member.safety, "roles": roles,
                "timed_out_until": member.timed_out_until, "new": member.is_new,
                "quarantined_at": member.quarantined_at,
            }),
            format_args!(
                "{}  {}{owner}{vouched}  {}",
                member.user,
                printable(&member.username),
                printable(&roles.join(", "))
            ),
        )?;
    }
    Ok(())
}
