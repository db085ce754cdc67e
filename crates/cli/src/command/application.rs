//! Applications to join a guild.

use clap::Subcommand;
use cloister_client::view::{Act, Command, CommandReply, Question, Told};
use cloister_wire::UserId;
use serde_json::json;

use super::role::{ask, govern};
use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, moment, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Application {
    /// List applications that wait for a decision
    List {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
    },
    /// Let an applicant in: this device signs it
    Approve {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Name or id of the applicant
        person: String,
    },
    /// Decline an application
    Decline {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Name or id of the applicant
        person: String,
        /// Why: the applicant reads it
        #[arg(long)]
        reason: Option<String>,
    },
    /// List your own applications that wait or were declined
    Mine,
    /// Take your own application back
    Withdraw {
        /// Name or id of the guild
        guild: String,
    },
}

impl Application {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Application::List { guild } => list(seat, &guild).await,
                Application::Approve { guild, person } => {
                    let guild = target::guild(seat, &guild).await?.id;
                    let user = applicant(seat, guild, &person).await?;
                    govern(seat, guild, Act::Approve { user }, "approved").await
                }
                Application::Decline {
                    guild,
                    person,
                    reason,
                } => {
                    let guild = target::guild(seat, &guild).await?.id;
                    let user = applicant(seat, guild, &person).await?;
                    govern(seat, guild, Act::Decline { user, reason }, "declined").await
                }
                Application::Mine => mine(seat).await,
                Application::Withdraw { guild } => withdraw(seat, &guild).await,
            }
        })
    }
}

async fn waiting(
    seat: &Seat<'_>,
    guild: cloister_wire::GuildId,
) -> Result<Vec<cloister_wire::application::Application>, Failure> {
    let mut all = Vec::new();
    loop {
        let after = all
            .last()
            .map(|one: &cloister_wire::application::Application| one.user);
        let told = ask(seat, guild, Question::Applications { after }).await?;
        let Told::Applications { applications, end } = told else {
            return Err(Failure::other("The engine answered another question."));
        };
        let none = applications.is_empty();
        all.extend(applications);
        if end || none {
            return Ok(all);
        }
    }
}

async fn applicant(
    seat: &Seat<'_>,
    guild: cloister_wire::GuildId,
    person: &str,
) -> Result<UserId, Failure> {
    if let Ok(user) = person.parse() {
        return Ok(user);
    }
    let wanted = person.trim_start_matches('@');
    let all = waiting(seat, guild).await?;
    let found = all.into_iter().find(|one| one.username == wanted);
    Ok(found
        .ok_or_else(|| target::unknown("applicant", person))?
        .user)
}

async fn list(seat: &Seat<'_>, guild: &str) -> Result<(), Failure> {
    let guild = target::guild(seat, guild).await?.id;
    for one in waiting(seat, guild).await? {
        let answers = one.answers.iter().map(|answer| {
            let (question, said) = (printable(&answer.question), printable(&answer.answer));
            format!("\n    {question}\n      {said}")
        });
        let answers: Vec<String> = answers.collect();
        let text = format!(
            "{}  {}  {}{}",
            one.user,
            printable(&one.username),
            moment(one.at),
            answers.concat()
        );
        seat.print.line(&json!(one), text)?;
    }
    Ok(())
}

async fn own(seat: &Seat<'_>) -> Result<Vec<cloister_wire::application::OwnApplication>, Failure> {
    match seat.command(Command::Applications).await? {
        CommandReply::Told(Told::OwnApplications { applications }) => Ok(applications),
        other => Err(unexpected(&other)),
    }
}

async fn mine(seat: &Seat<'_>) -> Result<(), Failure> {
    for one in own(seat).await? {
        let state = match (one.declined_at, &one.reason) {
            (None, _) => "waits".to_owned(),
            (Some(_), Some(reason)) => format!("declined: {}", printable(reason)),
            (Some(_), None) => "declined".to_owned(),
        };
        seat.print.line(
            &json!(one),
            format_args!("{}  {}  {state}", one.guild, printable(&one.guild_name)),
        )?;
    }
    Ok(())
}

async fn withdraw(seat: &Seat<'_>, guild: &str) -> Result<(), Failure> {
    let known = own(seat).await?;
    let found = known
        .into_iter()
        .find(|one| one.guild.to_string() == guild || one.guild_name == guild);
    let guild = found
        .ok_or_else(|| target::unknown("application", guild))?
        .guild;
    seat.done(Command::Withdraw { guild }).await?;
    seat.print.line(&json!({"state": "withdrawn"}), "withdrawn")
}
