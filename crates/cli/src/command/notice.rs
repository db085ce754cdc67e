//! What this person is told of.

use clap::{Args, Subcommand, ValueEnum};
use cloister_client::view::{Command, NoticeLevel, NoticePlace, NoticeView, Query, QueryReply};
use serde_json::json;

use crate::{
    arguments::{Global, duration_s},
    failure::Failure,
    print::{Print, moment},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Notice {
    /// How it is set for a channel, a conversation or a guild
    Show(Place),
    /// Choose which messages you are told of, on all your devices
    Set(Set),
    /// Be told of nothing for a while
    Mute(Mute),
    /// End that
    Unmute(Place),
    /// Words that count as your name when somebody writes them; none shows them
    Words(Words),
}

#[derive(Debug, Args)]
pub(crate) struct Place {
    /// GUILD/CHANNEL, @user or a guild, by names or ids
    target: String,
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    #[command(flatten)]
    place: Place,
    #[arg(value_enum)]
    level: Level,
}

#[derive(Debug, Args)]
pub(crate) struct Mute {
    #[command(flatten)]
    place: Place,
    /// 15m, 8h, 1d [default: until you end it]
    #[arg(long = "for", value_name = "TIME", value_parser = duration_s)]
    lasting: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Words {
    words: Vec<String>,
    /// Listen for none any more
    #[arg(long, conflicts_with = "words")]
    none: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    All,
    Mentions,
    Nothing,
    /// As the guild says, or else each device
    Usual,
}

impl Notice {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Self::Show(place) => show(seat, place.find(seat).await?).await,
                Self::Set(Set { place, level }) => {
                    let about = place.find(seat).await?;
                    let level = match level {
                        Level::All => Some(NoticeLevel::All),
                        Level::Mentions => Some(NoticeLevel::Mentions),
                        Level::Nothing => Some(NoticeLevel::Nothing),
                        Level::Usual => None,
                    };
                    seat.done(Command::SetNotice { about, level }).await?;
                    show(seat, about).await
                }
                Self::Mute(Mute { place, lasting }) => {
                    let about = place.find(seat).await?;
                    let for_s = Some(lasting.unwrap_or(0));
                    seat.done(Command::Mute { about, for_s }).await?;
                    show(seat, about).await
                }
                Self::Unmute(place) => {
                    let about = place.find(seat).await?;
                    seat.done(Command::Mute { about, for_s: None }).await?;
                    show(seat, about).await
                }
                Self::Words(Words { words, none }) => {
                    if none || !words.is_empty() {
                        seat.done(Command::SetKeywords { words }).await?;
                    }
                    list(seat).await
                }
            }
        })
    }
}

impl Place {
    async fn find(&self, seat: &Seat<'_>) -> Result<NoticePlace, Failure> {
        let channel = self.target.contains('/') || self.target.starts_with('@');
        if channel {
            let channel = target::channel(seat, &self.target).await?;
            return Ok(NoticePlace::Channel { channel });
        }
        let guild = target::guild(seat, &self.target).await?;
        Ok(NoticePlace::Guild { guild: guild.id })
    }
}

async fn show(seat: &Seat<'_>, about: NoticePlace) -> Result<(), Failure> {
    let view = match seat.query(Query::Notice { about }).await? {
        QueryReply::Notice(view) => view,
        other => return Err(unexpected(&other)),
    };
    let NoticeView {
        level,
        effective,
        muted_until,
        muted,
    } = view;
    let told = match effective {
        Some(NoticeLevel::All) => "told of all messages",
        Some(NoticeLevel::Mentions) => "told of mentions",
        Some(NoticeLevel::Nothing) => "told of nothing",
        None => "told as each device is set",
    };
    let line = match muted_until {
        Some(0) => format!("{told}; muted"),
        Some(until) => format!("{told}; muted until {}", moment(until)),
        None if muted => format!("{told}; muted with its guild"),
        None => told.to_owned(),
    };
    let object = json!({
        "level": level, "effective": effective, "muted": muted, "muted_until": muted_until,
    });
    seat.print.line(&object, &line)
}

async fn list(seat: &Seat<'_>) -> Result<(), Failure> {
    match seat.query(Query::Keywords).await? {
        QueryReply::Keywords { words } => words
            .iter()
            .try_for_each(|word| seat.print.line(&json!({"word": word}), word)),
        other => Err(unexpected(&other)),
    }
}
