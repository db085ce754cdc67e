//! Emoji that a guild makes itself.

use std::path::PathBuf;

use clap::Subcommand;
use cloister_client::view::{Act, GuildView, OwnEmoji};
use cloister_wire::Bytes;
use serde_json::json;

use super::role::govern;
use crate::{
    arguments::Global,
    failure::Failure,
    print::Print,
    seat::{self, Seat},
    target,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Emoji {
    /// List a guild's own emoji
    List {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
    },
    /// Make one of a small picture (PNG, JPEG or WebP of up to 128 by 128 points)
    Add {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// 2 to 20 small letters, digits or low lines
        name: String,
        picture: PathBuf,
    },
    /// Give one another name
    Rename {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        name: String,
        new_name: String,
    },
    /// Delete one; where it was used its name is shown
    Remove {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        name: String,
    },
}

impl Emoji {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            match self {
                Emoji::List { guild } => list(seat, &guild).await,
                Emoji::Add {
                    guild,
                    name,
                    picture,
                } => {
                    let bytes = std::fs::read(&picture)
                        .map_err(|why| Failure::other(format!("Couldn't read the file: {why}")))?;
                    let guild = target::guild(seat, &guild).await?.id;
                    let picture = json!(Bytes(bytes)).as_str().map(str::to_owned);
                    let act = Act::CreateEmoji {
                        name,
                        picture: picture.unwrap_or_default(),
                    };
                    govern(seat, guild, act, "made").await
                }
                Emoji::Rename {
                    guild,
                    name,
                    new_name,
                } => {
                    let (view, emoji) = find(seat, &guild, &name).await?;
                    let act = Act::RenameEmoji {
                        emoji: emoji.id,
                        name: new_name,
                    };
                    govern(seat, view.id, act, "renamed").await
                }
                Emoji::Remove { guild, name } => {
                    let (view, emoji) = find(seat, &guild, &name).await?;
                    let act = Act::DeleteEmoji { emoji: emoji.id };
                    govern(seat, view.id, act, "deleted").await
                }
            }
        })
    }
}

async fn view(seat: &Seat<'_>, guild: &str) -> Result<GuildView, Failure> {
    let guild = target::guild(seat, guild).await?;
    target::guild_view(seat, guild.id).await
}

async fn list(seat: &Seat<'_>, guild: &str) -> Result<(), Failure> {
    for one in view(seat, guild).await?.emoji {
        seat.print.line(
            &json!({"id": one.id, "name": one.name}),
            format_args!(":{}:", one.name),
        )?;
    }
    Ok(())
}

async fn find(seat: &Seat<'_>, guild: &str, name: &str) -> Result<(GuildView, OwnEmoji), Failure> {
    let view = view(seat, guild).await?;
    let emoji = target::emoji(&view, name)?;
    Ok((view, emoji))
}
