//! Who is there, and what others see of this person.

use std::collections::BTreeMap;

use clap::{Args, Subcommand, ValueEnum};
use cloister_client::view::{Command, Query, QueryReply};
use cloister_wire::{
    UserId,
    presence::{Availability, PresenceState},
};
use serde_json::json;

use crate::{
    arguments::{Global, duration_s},
    failure::Failure,
    print::{Print, printable},
    seat,
    target::unexpected,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Presence {
    /// Who of the people you share a small guild or a conversation with is there
    List,
    /// What others see of you, on all your devices
    Set(Set),
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    #[arg(value_enum)]
    availability: Choice,
    /// What you are up to, in one line that the server can read; without it there is none
    #[arg(long)]
    text: Option<String>,
    /// How long the text stands: 30m, 4h, 1d [default: until it is changed]
    #[arg(long = "for", value_name = "TIME", value_parser = duration_s, requires = "text")]
    lasting: Option<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Choice {
    /// Here or away, as it is
    Automatic,
    DoNotDisturb,
    /// To others you are not there
    Invisible,
}

impl Presence {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        match self {
            Self::List => list(global, print),
            Self::Set(set) => set.run(global, print),
        }
    }
}

fn list(global: &Global, print: &Print) -> Result<(), Failure> {
    seat::with_profile(global, print, async |seat| {
        seat.reach().await?;
        seat.done(Command::LoadPresences).await?;
        let view = match seat.query(Query::Presences).await? {
            QueryReply::Presences(view) => view,
            other => return Err(unexpected(&other)),
        };
        let names: BTreeMap<UserId, String> = match seat.query(Query::People).await? {
            QueryReply::People { people } => people
                .into_iter()
                .map(|one| (one.user, one.username))
                .collect(),
            other => return Err(unexpected(&other)),
        };
        for one in &view.people {
            let Some(name) = names.get(&one.user) else {
                continue;
            };
            let word = word(one.state);
            let line = match &one.text {
                Some(text) => format!("{}: {word}, {}", printable(name), printable(text)),
                None => format!("{}: {word}", printable(name)),
            };
            let object = json!({
                "user": one.user, "username": name, "state": one.state, "text": one.text,
            });
            print.line(&object, &line)?;
        }
        Ok(())
    })
}

const fn word(state: PresenceState) -> &'static str {
    match state {
        PresenceState::Online => "here",
        PresenceState::Idle => "away for a moment",
        PresenceState::DoNotDisturb => "not to be disturbed",
        PresenceState::Offline => "not here",
    }
}

impl Set {
    fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let command = Command::SetStatus {
            availability: match self.availability {
                Choice::Automatic => Availability::Automatic,
                Choice::DoNotDisturb => Availability::DoNotDisturb,
                Choice::Invisible => Availability::Invisible,
            },
            text: self.text,
            for_s: self.lasting.unwrap_or(0),
        };
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            seat.done(command).await?;
            let mine = match seat.query(Query::Presences).await? {
                QueryReply::Presences(view) => view.mine,
                other => return Err(unexpected(&other)),
            };
            let object = json!({
                "availability": mine.availability, "text": mine.text, "text_until": mine.text_until,
            });
            print.line(
                &object,
                "Your devices that are on say so now, the others when they come on.",
            )
        })
    }
}
