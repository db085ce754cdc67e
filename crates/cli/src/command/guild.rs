//! Guilds: make, list, join, leave.

use clap::{Args, Subcommand};
use cloister_client::view::{
    Act, Command, CommandReply, GuildTemplate, Query, QueryReply, Question, Refusal, Told,
};
use cloister_wire::{Bytes, ErrorCode, GuildId, moderation::Gate, picture::PictureUse};
use serde_json::json;

use super::role::{ask, govern};
use crate::{
    arguments::{Days, Global, days, duration_s},
    failure::Failure,
    print::{Print, printable},
    seat::{self, SETTLE, Seat},
    secret::{self, Typed},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Guild {
    /// Make a guild; you become its owner
    Create {
        name: String,
        /// Begin with the channels and roles of a template
        #[arg(long, value_enum)]
        template: Option<Template>,
    },
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
    /// Give a guild an icon or a banner, or take it away
    Picture {
        /// Name or id
        guild: String,
        /// Which of its pictures
        #[arg(value_enum)]
        which: Which,
        /// PNG, JPEG or WebP: an icon up to 64 KiB and 512 pixels, a banner up to 160 KiB and 1600
        #[arg(required_unless_present = "remove", conflicts_with = "remove")]
        file: Option<std::path::PathBuf>,
        /// Have none from now on
        #[arg(long)]
        remove: bool,
    },
    /// Show a guild's rules, agree to them, or give it others
    Rules {
        /// Name or id
        guild: String,
        /// Agree to them
        #[arg(long, conflicts_with_all = ["set", "none"])]
        accept: bool,
        /// File with the new rules (`-`: stdin); everybody agrees anew
        #[arg(long, value_name = "FILE", conflicts_with = "none")]
        set: Option<std::path::PathBuf>,
        /// Have none from now on
        #[arg(long)]
        none: bool,
    },
    /// Say for how long a guild keeps messages
    Keep {
        /// Name or id
        guild: String,
        /// So many days (`30d`), or `forever`; a channel or the instance may say less
        #[arg(value_parser = days)]
        days: Days,
    },
    /// Show or set what whoever wants to join is asked
    Questions {
        /// Name or id
        guild: String,
        /// A question, up to five times: joining takes an application from now on
        #[arg(long = "ask", value_name = "QUESTION", num_args = 1)]
        asks: Vec<String>,
        /// Ask nothing: whoever has an invite just joins
        #[arg(long, conflicts_with = "asks")]
        none: bool,
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
        /// Links of new members are text for others for so long: 1d, 7d
        #[arg(long, value_name = "TIME", value_parser = duration_s)]
        links_wait: Option<u32>,
        /// New members mention nobody for so long: 1d, 7d
        #[arg(long, value_name = "TIME", value_parser = duration_s)]
        mentions_wait: Option<u32>,
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

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Template {
    /// A few channels for people who know each other
    Friends,
    /// Announcements, introductions, talk, and moderators
    Club,
    /// Announcements, projects and questions
    Team,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Which {
    Icon,
    Banner,
}

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// The invite: CODE, CODE#SEED or the whole link
    code: String,
    /// The answer to each question of a guild that is joined by application, in their order
    #[arg(long = "answer", value_name = "TEXT", num_args = 1)]
    answers: Vec<String>,
}

impl Guild {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| match self {
            Guild::Create { name, template } => create(seat, name, template).await,
            Guild::List => list(seat).await,
            Guild::Leave { guild } => leave(seat, &guild).await,
            Guild::Rename { guild, name } => {
                seat.reach().await?;
                let guild = target::guild(seat, &guild).await?.id;
                govern(seat, guild, Act::Rename { name }, "renamed").await
            }
            Guild::Picture {
                guild, which, file, ..
            } => picture(seat, &guild, which, file.as_deref()).await,
            Guild::Rules {
                guild,
                accept,
                set,
                none,
            } => rules(seat, &guild, accept, set.as_deref(), none).await,
            Guild::Keep { guild, days } => {
                seat.reach().await?;
                let guild = target::guild(seat, &guild).await?.id;
                let Days(days) = days;
                let act = Act::SetRetention {
                    channel: None,
                    days,
                };
                govern(seat, guild, act, "set").await
            }
            Guild::Questions { guild, asks, none } => questions(seat, &guild, asks, none).await,
            Guild::Gate {
                guild,
                close,
                open,
                newcomers_wait,
                links_wait,
                mentions_wait,
                reason,
            } => {
                let wanted = match (close, open) {
                    (true, _) => Some(Gate::Closed),
                    (_, true) => Some(Gate::Open),
                    _ => None,
                };
                let waits = [newcomers_wait, links_wait, mentions_wait];
                gate(seat, &guild, wanted, waits, reason).await
            }
            Guild::Transfer {
                guild,
                member,
                password_file,
            } => {
                seat.reach().await?;
                let guild = target::guild(seat, &guild).await?.id;
                let to = target::member(seat, guild, &member).await?.user;
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
            if !self.answers.is_empty() {
                let answers = self.answers;
                seat.done(Command::Apply { invite, answers }).await?;
                return seat.print.line(&json!({"state": "applied"}), "applied");
            }
            let before = target::guilds(seat).await?;
            let guild = the_guild(seat.command(Command::JoinGuild { invite }).await?)?;
            if let Some(known) = before.iter().find(|known| known.id == guild) {
                return Err(already_in(&known.name));
            }
            show(seat, guild).await
        })
    }
}

async fn create(seat: &Seat<'_>, name: String, template: Option<Template>) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = the_guild(seat.command(Command::CreateGuild { name }).await?)?;
    if let Some(template) = template {
        let template = match template {
            Template::Friends => GuildTemplate::Friends,
            Template::Club => GuildTemplate::Club,
            Template::Team => GuildTemplate::Team,
        };
        let act = Act::Furnish { template };
        seat.done(Command::Govern { guild, act }).await?;
    }
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

async fn picture(
    seat: &Seat<'_>,
    guild: &str,
    which: Which,
    file: Option<&std::path::Path>,
) -> Result<(), Failure> {
    let picture = file.map(std::fs::read).transpose();
    let picture =
        picture.map_err(|why| Failure::other(format!("Couldn't read the file: {why}")))?;
    let state = if picture.is_some() { "set" } else { "removed" };
    let act = Act::SetPicture {
        of: match which {
            Which::Icon => PictureUse::Icon,
            Which::Banner => PictureUse::Banner,
        },
        picture: picture.and_then(|bytes| json!(Bytes(bytes)).as_str().map(str::to_owned)),
    };
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    govern(seat, guild, act, state).await
}

async fn rules(
    seat: &Seat<'_>,
    guild: &str,
    accept: bool,
    set: Option<&std::path::Path>,
    none: bool,
) -> Result<(), Failure> {
    let text = match set {
        Some(path) if path.as_os_str() == "-" => Some(std::io::read_to_string(std::io::stdin())),
        Some(path) => Some(std::fs::read_to_string(path)),
        None => None,
    };
    let text = text.transpose();
    let text = text.map_err(|why| Failure::other(format!("Couldn't read the rules: {why}")))?;
    if text.is_some() || none {
        seat.reach().await?;
        let guild = target::guild(seat, guild).await?.id;
        return govern(seat, guild, Act::SetRules { rules: text }, "set").await;
    }
    seat.reach_if_possible().await?;
    let guild = target::guild(seat, guild).await?.id;
    let view = target::guild_view(seat, guild).await?;
    if accept {
        seat.reach().await?;
        let rules = view.rules.unwrap_or_default();
        return govern(seat, guild, Act::AcceptRules { rules }, "accepted").await;
    }
    let text = view.rules.as_deref().unwrap_or_default();
    seat.print.line(
        &json!({"rules": view.rules, "accepted": !view.rules_wait}),
        printable(text),
    )
}

async fn questions(
    seat: &Seat<'_>,
    guild: &str,
    asks: Vec<String>,
    none: bool,
) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    if none || !asks.is_empty() {
        let act = Act::SetQuestions { questions: asks };
        return govern(seat, guild, act, "set").await;
    }
    for question in target::guild_view(seat, guild).await?.questions {
        seat.print
            .line(&json!({"question": question}), printable(&question))?;
    }
    Ok(())
}

async fn gate(
    seat: &Seat<'_>,
    guild: &str,
    wanted: Option<Gate>,
    [newcomer_s, links_s, mentions_s]: [Option<u32>; 3],
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
    after.links_s = links_s.unwrap_or(before.links_s);
    after.mentions_s = mentions_s.unwrap_or(before.mentions_s);
    if after != before {
        let act = Act::SetGate {
            joins: after.joins,
            invites: after.invites,
            newcomer_s: after.newcomer_s,
            links_s: after.links_s,
            mentions_s: after.mentions_s,
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
