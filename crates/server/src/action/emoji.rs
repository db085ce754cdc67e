//! Emoji that a guild makes itself: instance content like its icon. Who uses which one stands in
//! what people encrypt.

use cloister_wire::{
    EmojiId, ErrorCode,
    emoji::{CreateEmoji, EditEmoji, Emoji, is_name},
    limits,
    picture::PictureUse,
};
use serde_json::json;

use super::{audit, picture, role::announce};
use crate::{
    Error, Result,
    access::{Permit, guild::InGuild},
    store::{self, db::Tx},
};

type May<'tx> = Permit<'tx, InGuild>;

pub fn create(tx: &mut Tx<'_>, permit: &May<'_>, request: &CreateEmoji) -> Result<Emoji> {
    let known = store::emoji::list(tx, permit)?;
    if known.len() >= limits::EMOJI_PER_GUILD as usize {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "A server has at most 100 emoji of its own.",
        ));
    }
    check_name(tx, permit, &request.name, None)?;
    let hash = picture::keep(tx, permit, PictureUse::Emoji, &request.picture)?;
    let fits = request.emoji.0.get_version_num() == 7;
    if !fits || !store::emoji::insert(tx, permit, request.emoji, &request.name, &hash)? {
        return Err(Error::invalid(
            "This emoji's id can't be used. Draw another one.",
        ));
    }
    let act = audit::Act::new(audit::EMOJI_CREATE, audit::emoji(request.emoji));
    let act = act.after(&json!({"name": request.name, "picture": hash}));
    audit::note(tx, permit, act)?;
    announce(tx, permit)?;
    Ok(Emoji {
        id: request.emoji,
        name: request.name.clone(),
        picture: hash,
    })
}

pub fn edit(tx: &mut Tx<'_>, permit: &May<'_>, emoji: EmojiId, request: &EditEmoji) -> Result<()> {
    let before = store::emoji::get(tx, permit, emoji)?.ok_or_else(Error::not_found)?;
    if before.name == request.name {
        return Ok(());
    }
    check_name(tx, permit, &request.name, Some(emoji))?;
    store::emoji::update(tx, permit, emoji, &request.name)?;
    let act = audit::Act::new(audit::EMOJI_EDIT, audit::emoji(emoji));
    let act = act.before(&json!({"name": before.name}));
    audit::note(tx, permit, act.after(&json!({"name": request.name})))?;
    announce(tx, permit)
}

pub fn delete(tx: &mut Tx<'_>, permit: &May<'_>, emoji: EmojiId) -> Result<()> {
    let before = store::emoji::get(tx, permit, emoji)?.ok_or_else(Error::not_found)?;
    store::emoji::delete(tx, permit, emoji)?;
    store::picture::delete_unused(tx, permit)?;
    let act = audit::Act::new(audit::EMOJI_DELETE, audit::emoji(emoji));
    let act = act.before(&json!({"name": before.name, "picture": before.picture}));
    audit::note(tx, permit, act)?;
    announce(tx, permit)
}

fn check_name(tx: &mut Tx<'_>, permit: &May<'_>, name: &str, of: Option<EmojiId>) -> Result<()> {
    if !is_name(name) {
        return Err(Error::invalid(
            "An emoji's name has 2 to 20 small letters, digits or low lines.",
        ));
    }
    let known = store::emoji::named(tx, permit, name)?;
    if known.is_some_and(|known| Some(known.id) != of) {
        return Err(Error::refuse(
            ErrorCode::NameTaken,
            "Another emoji of this server has this name.",
        ));
    }
    Ok(())
}
