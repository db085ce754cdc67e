//! Who is kept out of a guild.

use clap::Subcommand;
use cloister_client::view::{Act, Question, Told};
use cloister_wire::UserId;
use serde_json::json;

use super::role::{ask, govern};
use crate::{
    arguments::{Global, duration_s},
    failure::Failure,
    print::{Print, moment, printable},
    seat::{self, Seat},
    target,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Ban {
    /// Take members out and keep them out: all whom you name, or none
    Add {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Name of a member, or the id of anybody
        #[arg(required = true, num_args = 1..=100, value_name = "MEMBER")]
        members: Vec<String>,
        /// For so long: 15m, 12h, 7d [default: until it is lifted]
        #[arg(long = "for", value_name = "TIME", value_parser = duration_s)]
        lasts: Option<u32>,
        /// Remove what they said within this time, at most 7d
        #[arg(long = "delete", value_name = "TIME", value_parser = duration_s)]
        deletes: Option<u32>,
        /// Why, for the audit log
        #[arg(long)]
        reason: Option<String>,
    },
    /// List who is kept out
    List {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
    },
    /// Let somebody in again
    Lift {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Name or id of the person
        person: String,
        /// Why, for the audit log
        #[arg(long)]
        reason: Option<String>,
    },
}

impl Ban {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Ban::Add {
                    guild,
                    members,
                    lasts,
                    deletes,
                    reason,
                } => {
                    let guild = target::guild(seat, &guild).await?.id;
                    let mut users = Vec::new();
                    for member in &members {
                        users.push(match member.parse::<UserId>() {
                            Ok(user) => user,
                            Err(_) => target::member(seat, guild, member).await?.user,
                        });
                    }
                    let act = Act::BanMany {
                        users,
                        reason,
                        for_s: lasts.unwrap_or(0),
                        delete_s: deletes.unwrap_or(0),
                    };
                    govern(seat, guild, act, "banned").await
                }
                Ban::List { guild } => list(seat, &guild).await,
                Ban::Lift {
                    guild,
                    person,
                    reason,
                } => lift(seat, &guild, &person, reason).await,
            }
        })
    }
}

async fn list(seat: &Seat<'_>, guild: &str) -> Result<(), Failure> {
    let guild = target::guild(seat, guild).await?.id;
    let mut after = None;
    loop {
        let Told::Bans { bans, end } = ask(seat, guild, Question::Bans { after }).await? else {
            return Err(Failure::other("The engine answered another question."));
        };
        after = bans.last().map(|ban| ban.user);
        for ban in bans {
            let until = ban
                .until
                .map_or_else(String::new, |until| format!("  until {}", moment(until)));
            let reason = ban.reason.as_deref().unwrap_or_default();
            seat.print.line(
                &json!(ban),
                format_args!(
                    "{}  {}{until}  {}",
                    ban.user,
                    printable(&ban.username),
                    printable(reason)
                ),
            )?;
        }
        if end || after.is_none() {
            return Ok(());
        }
    }
}

async fn lift(
    seat: &Seat<'_>,
    guild: &str,
    person: &str,
    reason: Option<String>,
) -> Result<(), Failure> {
    let guild = target::guild(seat, guild).await?.id;
    let user = match person.parse::<UserId>() {
        Ok(user) => user,
        Err(_) => {
            let after = None;
            let Told::Bans { bans, .. } = ask(seat, guild, Question::Bans { after }).await? else {
                return Err(Failure::other("The engine answered another question."));
            };
            let wanted = person.trim_start_matches('@');
            let found = bans.into_iter().find(|ban| ban.username == wanted);
            found
                .ok_or_else(|| target::unknown("banned person", person))?
                .user
        }
    };
    govern(seat, guild, Act::LiftBan { user, reason }, "lifted").await
}
