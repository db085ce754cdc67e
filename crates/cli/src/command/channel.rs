//! Channels of a guild.

mod history;
mod privacy;

use clap::Subcommand;
use cloister_client::view::{
    Act, ChannelSummary, Command, CommandReply, GuildView, Query, QueryReply,
};
use cloister_wire::{
    Permissions, UserId,
    guild::Writers,
    permission::{Place, Subject},
};
use serde_json::json;

use self::history::Earlier;
use super::role::right;
use crate::{
    arguments::{Days, Global, days},
    failure::Failure,
    print::{Print, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Who {
    All,
    Announcers,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Channel {
    /// Make a text channel, encrypted end to end
    Create {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Only for these members and the owner; repeat for each
        #[arg(long, value_name = "USER")]
        only: Vec<String>,
        /// The channel that goes on in the new one, because it is full
        #[arg(long, value_name = "CHANNEL")]
        continues: Option<String>,
        name: String,
    },
    /// What the server can see of a channel and its messages
    Privacy {
        /// GUILD/CHANNEL or @user, by names or ids
        target: String,
    },
    /// List who reads a channel that some members read
    Readers {
        /// GUILD/CHANNEL
        target: String,
        /// From now on these members and the owner; repeat for each
        #[arg(long, value_name = "USER")]
        set: Vec<String>,
    },
    /// Say whether those who come later read earlier messages, or ask for the keys of some
    History {
        /// GUILD/CHANNEL
        target: String,
        /// From now on
        #[arg(long, value_enum)]
        set: Option<Earlier>,
        /// Ask members for the keys of what was said before you came
        #[arg(long, conflicts_with = "set")]
        ask: bool,
    },
    /// List the channels
    List {
        /// Name or id of the guild; without it, of all
        #[arg(long)]
        guild: Option<String>,
    },
    /// Change name, topic or slow mode; what is not named stays
    Edit {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        channel: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        topic: Option<String>,
        /// One message of a person in so many seconds; 0 for none
        #[arg(long, value_name = "SECONDS")]
        slow_mode: Option<u32>,
        /// Who begins anything: `all`, or `announcers` with the right to
        #[arg(long, value_enum)]
        writers: Option<Who>,
    },
    /// Move a channel to a place, also in a category: 0 is the first
    Move {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        channel: String,
        position: u32,
        /// Name or id of a category; without it, above all of them
        #[arg(long)]
        category: Option<String>,
    },
    /// Say for how long a channel keeps messages
    Keep {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        channel: String,
        /// So many days (`30d`), or `forever`; the guild or the instance may say less
        #[arg(value_parser = days)]
        days: Days,
    },
    /// Delete a channel with everything that was said there
    Delete {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        channel: String,
    },
    /// Make a category
    Category {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        name: String,
    },
    /// Say what a channel gives and refuses somebody, beyond their roles
    Permit {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        channel: String,
        /// Name or id of a role; without role and member, everyone
        #[arg(long, conflicts_with = "member")]
        role: Option<String>,
        /// Name or id of a member
        #[arg(long)]
        member: Option<String>,
        /// Give this right here; may be repeated
        #[arg(long, value_name = "RIGHT", value_parser = right)]
        allow: Vec<Permissions>,
        /// Refuse this right here; may be repeated
        #[arg(long, value_name = "RIGHT", value_parser = right)]
        deny: Vec<Permissions>,
    },
}

impl Channel {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| match self {
            Channel::Create {
                guild,
                only,
                continues,
                name,
            } => create(seat, &guild, &only, continues, name).await,
            Channel::Readers { target, set } => readers(seat, &target, &set).await,
            Channel::History { target, set, ask } => history::run(seat, &target, set, ask).await,
            Channel::Privacy { target } => privacy::show(seat, &target).await,
            Channel::List { guild } => list(seat, guild.as_deref()).await,
            other => other.change(seat).await,
        })
    }
}

impl Channel {
    async fn change(self, seat: &Seat<'_>) -> Result<(), Failure> {
        seat.reach().await?;
        let (Channel::Edit { guild, .. }
        | Channel::Move { guild, .. }
        | Channel::Keep { guild, .. }
        | Channel::Delete { guild, .. }
        | Channel::Category { guild, .. }
        | Channel::Permit { guild, .. }) = &self
        else {
            return Ok(());
        };
        let guild = target::guild(seat, guild).await?.id;
        let view = target::guild_view(seat, guild).await?;
        let member = match &self {
            Channel::Permit {
                member: Some(wanted),
                ..
            } => Some(target::member(seat, guild, wanted).await?.user),
            _ => None,
        };
        let (act, state) = self.act(&view, member)?;
        match seat.command(Command::Govern { guild, act }).await? {
            CommandReply::Done => seat.print.line(&json!({"state": state}), state),
            CommandReply::Category { category } => {
                seat.print.line(&json!({"id": category}), category)
            }
            other => Err(unexpected(&other)),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each act")]
    /// `member`: whom the act names.
    fn act(self, view: &GuildView, member: Option<UserId>) -> Result<(Act, &'static str), Failure> {
        Ok(match self {
            Channel::Edit {
                channel,
                name,
                topic,
                slow_mode,
                writers,
                ..
            } => {
                let before = target::channel_of(view, &channel)?;
                let act = Act::EditChannel {
                    channel: before.id,
                    name: name.unwrap_or(before.name),
                    topic: topic.unwrap_or(before.topic),
                    slow_mode_s: slow_mode.unwrap_or(before.slow_mode_s),
                    writers: writers.map(|who| match who {
                        Who::All => Writers::All,
                        Who::Announcers => Writers::Announcers,
                    }),
                };
                (act, "changed")
            }
            Channel::Keep { channel, days, .. } => {
                let channel = Some(target::channel_of(view, &channel)?.id);
                let Days(days) = days;
                (Act::SetRetention { channel, days }, "set")
            }
            Channel::Move {
                channel,
                position,
                category,
                ..
            } => {
                let channel = target::channel_of(view, &channel)?.id;
                let category = category
                    .map(|wanted| target::category(view, &wanted))
                    .transpose()?;
                let act = Act::MoveChannel {
                    channel,
                    category,
                    position,
                };
                (act, "moved")
            }
            Channel::Delete { channel, .. } => {
                let channel = target::channel_of(view, &channel)?.id;
                (Act::DeleteChannel { channel }, "deleted")
            }
            Channel::Permit {
                channel,
                role,
                allow,
                deny,
                ..
            } => {
                let channel = target::channel_of(view, &channel)?.id;
                let subject = match (role, member) {
                    (Some(role), _) => Subject::Role {
                        role: target::role(view, &role)?.id,
                    },
                    (_, Some(user)) => Subject::Member { user },
                    _ => Subject::Everyone,
                };
                let sum = |bits: Vec<Permissions>| {
                    bits.into_iter().fold(Permissions::NONE, Permissions::union)
                };
                let act = Act::SetOverwrite {
                    place: Place::Channel { channel },
                    subject,
                    allow: sum(allow),
                    deny: sum(deny),
                };
                (act, "set")
            }
            Channel::Category { name, .. } => (Act::CreateCategory { name }, "made"),
            Channel::Create { .. }
            | Channel::History { .. }
            | Channel::List { .. }
            | Channel::Privacy { .. }
            | Channel::Readers { .. } => {
                return Err(Failure::usage("Nothing to change."));
            }
        })
    }
}

async fn create(
    seat: &Seat<'_>,
    guild: &str,
    only: &[String],
    continues: Option<String>,
    name: String,
) -> Result<(), Failure> {
    seat.reach().await?;
    let guild = target::guild(seat, guild).await?.id;
    let shown = name.clone();
    let readers = match only {
        [] => None,
        names => Some(people(seat, names).await?),
    };
    let continues = match continues {
        Some(old) => {
            let view = target::guild_view(seat, guild).await?;
            Some(target::channel_of(&view, &old)?.id)
        }
        None => None,
    };
    let command = Command::CreateChannel {
        guild,
        name,
        readers,
        continues,
    };
    match seat.command(command).await? {
        CommandReply::Channel { channel } => seat.print.line(
            &json!({"id": channel, "guild": guild, "name": shown}),
            channel,
        ),
        other => Err(unexpected(&other)),
    }
}

async fn people(seat: &Seat<'_>, names: &[String]) -> Result<Vec<UserId>, Failure> {
    let mut users = Vec::new();
    for name in names {
        users.push(target::person(seat, name).await?);
    }
    Ok(users)
}

async fn readers(seat: &Seat<'_>, wanted: &str, set: &[String]) -> Result<(), Failure> {
    seat.reach_if_possible().await?;
    let channel = target::channel(seat, wanted).await?;
    if !set.is_empty() {
        let users = people(seat, set).await?;
        seat.command(Command::SetReaders { channel, users }).await?;
    }
    let QueryReply::Channel {
        channel: Some(view),
    } = seat.query(Query::Channel { channel }).await?
    else {
        return Err(Failure::other("The engine did not answer the question."));
    };
    for one in view.people {
        let vouched = if one.vouched { "" } else { "  not vouched for" };
        seat.print.line(
            &json!({
                "user": one.user, "username": one.username, "right": one.right,
                "vouched": one.vouched, "me": one.me,
            }),
            format_args!("{}  {}{vouched}", one.user, printable(&one.username)),
        )?;
    }
    Ok(())
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
                    "guild_name": guild.name, "private": channel.private, "unread": channel.unread, "last_seq": channel.last_seq,
                    "waiting": channel.waiting, "waits": channel.waits, "continues": channel.continues,
                }),
                format_args!(
                    "{}  {}/{}{}",
                    channel.id,
                    printable(&guild.name),
                    printable(&channel.name),
                    full(&channel)
                ),
            )?;
        }
    }
    Ok(())
}

/// What is to be said of a channel that is full.
fn full(channel: &ChannelSummary) -> String {
    match (channel.waits, channel.waiting) {
        (true, _) => "  full: you wait for a place".to_owned(),
        (false, 0) => String::new(),
        (false, 1) => "  full: 1 member waits".to_owned(),
        (false, many) => format!("  full: {many} members wait"),
    }
}
