//! Removing messages. The content goes at once and everywhere; a tombstone keeps the place.

use std::{collections::BTreeSet, ops::Deref};

use cloister_wire::{
    ErrorCode, MessageId, Permissions, UserId,
    channel::{MessageClass, ScrubMessages, Scrubbed},
    gateway::Event,
    guild::GuildKind,
    limits::SCRUBS_PER_REQUEST,
};

use serde_json::json;

use super::audit;
use crate::{
    Error, Result,
    access::{
        Permit,
        channel::{Kind, Place, Remove},
    },
    gateway::bus::Notice,
    store::{self, db::Tx, message::Target},
};

/// Removes all of these messages or, if one of them is not for this person to remove, none.
pub fn scrub(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Remove>,
    request: &ScrubMessages,
) -> Result<Scrubbed> {
    if request.messages.is_empty() || request.messages.len() > SCRUBS_PER_REQUEST {
        return Err(Error::invalid("Name 1 to 100 messages."));
    }
    let wanted: BTreeSet<MessageId> = request.messages.iter().copied().collect();
    let mut live = Vec::new();
    let mut others = Vec::new();
    for message in wanted {
        let target = find(tx, permit, message)?;
        if target.scrubbed_at.is_some() {
            continue;
        }
        live.push(message);
        if target.sender != permit.user() {
            others.push((message, target.sender));
        }
    }
    let at = tx.now();
    let mut scrubs = Vec::with_capacity(live.len());
    for message in live {
        store::scrub::scrub(tx, permit, message, at)?;
        scrubs.push(store::scrub::append(tx, permit, message, at)?);
    }
    let count = scrubs.len() as u32;
    if count > 0 {
        let channel = permit.channel();
        let event = Event::MessagesScrubbed { channel, scrubs };
        tx.emit(Notice::event(permit.audience(), event));
    }
    note(tx, permit, &others)?;
    Ok(Scrubbed { count })
}

/// What a moderator removes of others stands in the guild's log, without what it said.
fn note(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Remove>,
    others: &[(MessageId, UserId)],
) -> Result<()> {
    let Kind::Guild { guild, .. } = permit.kind else {
        return Ok(());
    };
    let kind = store::guild::get(tx, guild, permit.user())?.map(|stored| stored.kind);
    if others.is_empty() || kind != Some(GuildKind::Guild) {
        return Ok(());
    }
    let authors: BTreeSet<UserId> = others.iter().map(|(_, author)| *author).collect();
    let messages: Vec<MessageId> = others.iter().map(|(message, _)| *message).collect();
    let act = audit::Act::new(audit::MESSAGE_DELETE, audit::channel(permit.channel()))
        .after(&json!({"authors": authors, "messages": messages}));
    audit::append(tx, guild, Some(&permit.actor), act)
}

/// What is to be removed; refuses who may not.
fn find(tx: &mut Tx<'_>, permit: &Permit<'_, Remove>, message: MessageId) -> Result<Target> {
    let target = store::message::target(tx, permit, message)?
        .filter(|target| target.class == MessageClass::Message)
        .ok_or_else(Error::not_found)?;
    let own = target.sender == permit.user();
    if !own && !permit.rights().contains(Permissions::MANAGE_MESSAGES) {
        let refused = Error::forbidden();
        return Err(match permit.kind {
            Kind::Guild { guild, .. } => refused.denied(&permit.actor, guild),
            Kind::Direct { .. } => refused,
        });
    }
    Ok(target)
}

/// What an author takes back goes in the transaction that accepts the deletion.
pub(super) fn by_author<R: Deref<Target = Place>>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    target: Option<MessageId>,
    at: u64,
) -> Result<()> {
    let target = target.ok_or_else(|| {
        Error::refuse(
            ErrorCode::TargetGone,
            "The message that this is about is gone.",
        )
    })?;
    store::scrub::scrub(tx, permit, target, at)
}
