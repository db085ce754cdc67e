//! Emoji that guilds made themselves, in texts and in reactions.

use cloister_e2ee::Primitives;
use cloister_wire::{
    GuildId,
    emoji::{self, Emoji},
};

use super::{Shown, picture};
use crate::{core::Core, view::OwnEmoji};

pub(super) fn own<P: Primitives>(core: &Core<P>, all: &[Emoji]) -> Shown<Vec<OwnEmoji>> {
    let shown = |one: &Emoji| {
        Ok(OwnEmoji {
            id: one.id,
            name: one.name.clone(),
            token: emoji::token(&one.name, one.id),
            picture: picture::shown(core, Some(one.picture))?,
        })
    };
    all.iter().map(shown).collect()
}

/// What a reaction is called, and the name of its picture if it has one.
pub(super) fn of_reaction<P: Primitives>(
    core: &Core<P>,
    guild: Option<GuildId>,
    text: &str,
) -> Shown<(String, Option<String>)> {
    let Some((_, name, id)) = emoji::token_at(text) else {
        return Ok((text.to_owned(), None));
    };
    let known = match guild {
        Some(guild) => core.store.guild(guild)?,
        None => None,
    };
    let known = known.and_then(|row| row.view.emoji.into_iter().find(|one| one.id == id));
    let picture = picture::shown(core, known.as_ref().map(|one| one.picture))?;
    let name = known.map_or_else(|| name.to_owned(), |one| one.name);
    Ok((format!(":{name}:"), picture))
}
