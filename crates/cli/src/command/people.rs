//! How you keep people: friends, muted and blocked ones; who may begin a conversation with you, and
//! who has asked to.

use clap::{Args, Subcommand, ValueEnum};
use cloister_client::view::{Command, CommandReply, DmSummary, Query, QueryReply, Told};
use cloister_wire::{
    guild::{DmRequest, RequestAnswer},
    moderation::{Contact, Relation},
};
use serde_json::json;

use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Keep {
    /// Keep somebody so; they are not told
    Add {
        /// @name or id
        person: String,
    },
    /// Keep somebody so no more
    Remove {
        /// @name or id
        person: String,
    },
    /// List whom you keep so
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Request {
    /// List who asks to write to you
    List,
    /// Take the conversation up
    Accept {
        /// @name
        person: String,
    },
    /// Decline it; they are not told
    Decline {
        /// @name
        person: String,
    },
}

/// Who may begin a conversation with you
#[derive(Debug, Args)]
pub(crate) struct MayContact {
    /// Without it, says who may
    #[arg(value_enum)]
    who: Option<Whoever>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Whoever {
    /// Whoever shares a guild with you
    Guilds,
    /// Whoever shares a guild may ask
    Requests,
    Friends,
    Nobody,
}

impl Keep {
    pub(crate) fn run(
        self,
        relation: Relation,
        global: &Global,
        print: &Print,
    ) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Self::Add { person } => keep(seat, &person, relation).await,
                Self::Remove { person } => keep(seat, &person, Relation::None).await,
                Self::List => list(seat, relation).await,
            }
        })
    }
}

impl Request {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| match self {
            Self::List => {
                seat.reach_if_possible().await?;
                for dm in requests(seat).await? {
                    seat.print.line(
                        &json!({"channel": dm.channel, "user": dm.peer, "username": dm.username}),
                        format_args!("@{}", printable(&dm.username)),
                    )?;
                }
                Ok(())
            }
            Self::Accept { person } => answer(seat, &person, RequestAnswer::Accept).await,
            Self::Decline { person } => answer(seat, &person, RequestAnswer::Decline).await,
        })
    }
}

impl MayContact {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            if let Some(who) = self.who {
                let who = match who {
                    Whoever::Guilds => Contact::Guilds,
                    Whoever::Requests => Contact::Requests,
                    Whoever::Friends => Contact::Friends,
                    Whoever::Nobody => Contact::Nobody,
                };
                seat.done(Command::SetContact { who }).await?;
            }
            let (_, contact) = told(seat).await?;
            let text = match contact {
                Contact::Guilds => "guilds",
                Contact::Requests => "requests",
                Contact::Friends => "friends",
                Contact::Nobody => "nobody",
            };
            seat.print.line(&json!({"contact": contact}), text)
        })
    }
}

async fn keep(seat: &Seat<'_>, person: &str, relation: Relation) -> Result<(), Failure> {
    let user = target::user(seat, person).await?;
    seat.done(Command::Relate { user, relation }).await?;
    let text = match relation {
        Relation::None => "removed",
        Relation::Friend => "friend",
        Relation::Muted => "muted",
        Relation::Blocked => "blocked",
    };
    seat.print
        .line(&json!({"user": user, "relation": relation}), text)
}

async fn list(seat: &Seat<'_>, relation: Relation) -> Result<(), Failure> {
    let (relations, _) = told(seat).await?;
    for one in relations.iter().filter(|one| one.relation == relation) {
        let names = format_args!(
            "@{}  {}",
            printable(&one.username),
            printable(&one.display_name)
        );
        seat.print.line(&json!(one), names)?;
    }
    Ok(())
}

async fn told(
    seat: &Seat<'_>,
) -> Result<(Vec<cloister_wire::moderation::RelationView>, Contact), Failure> {
    match seat.command(Command::Relations).await? {
        CommandReply::Told(Told::Relations { relations, contact }) => Ok((relations, contact)),
        other => Err(unexpected(&other)),
    }
}

async fn requests(seat: &Seat<'_>) -> Result<Vec<DmSummary>, Failure> {
    let asked = |dm: &DmSummary| dm.request == Some(DmRequest::Incoming);
    match seat.query(Query::Dms).await? {
        QueryReply::Dms { dms } => Ok(dms.into_iter().filter(asked).collect()),
        other => Err(unexpected(&other)),
    }
}

async fn answer(seat: &Seat<'_>, person: &str, answer: RequestAnswer) -> Result<(), Failure> {
    seat.reach().await?;
    let name = person.trim_start_matches('@');
    let asked = requests(seat).await?;
    let dm = asked.into_iter().find(|dm| dm.username == name);
    let channel = dm
        .ok_or_else(|| target::unknown("request", person))?
        .channel;
    seat.done(Command::AnswerRequest { channel, answer })
        .await?;
    let state = match answer {
        RequestAnswer::Accept => "accepted",
        RequestAnswer::Decline => "declined",
    };
    seat.print
        .line(&json!({"channel": channel, "state": state}), state)
}
