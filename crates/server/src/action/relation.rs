//! How people keep each other. Nobody is told how they are kept, by no code and no event.

use cloister_wire::{
    ErrorCode, UserId,
    gateway::Event,
    limits,
    moderation::{Contact, Relation},
    presence::{Presence, PresenceState},
};

use crate::{
    Error, Result,
    access::{Act, Permit},
    gateway::bus::{Audience, Notice},
    store::{self, db::Tx},
};

/// Keeps somebody as a friend, mutes or blocks them, or none of these.
pub fn set(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    other: UserId,
    relation: Relation,
) -> Result<()> {
    if other == permit.user {
        return Err(Error::invalid("This is about other people."));
    }
    let before = store::relation::get(tx, permit.user, other)?;
    let kept = before != Relation::None;
    // Whom one has nothing to do with is answered for like nobody.
    if !kept && !store::dm::may_reach(tx, [permit.user, other])? {
        return Err(Error::not_found());
    }
    let new = !kept && relation != Relation::None;
    if new && store::relation::count(tx, permit)? >= limits::RELATIONS_PER_USER {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "You keep 1,000 people already. Let some go.",
        ));
    }
    store::relation::put(tx, permit, other, relation)?;
    if relation == Relation::Blocked {
        hide(tx, permit.user, other);
        hide(tx, other, permit.user);
    }
    told(tx, permit);
    Ok(())
}

/// To `from`, `who` is not there any more: the same as when somebody leaves.
fn hide(tx: &mut Tx<'_>, who: UserId, from: UserId) {
    let presence = Presence {
        user: who,
        state: PresenceState::Offline,
        text: None,
    };
    let event = Event::PresenceChanged { presence };
    tx.emit(Notice::event(Audience::User(from), event));
}

pub fn set_contact(tx: &mut Tx<'_>, permit: &Permit<'_, Act>, who: Contact) -> Result<()> {
    store::relation::put_contact(tx, permit, who)?;
    told(tx, permit);
    Ok(())
}

/// The person's other devices hear of it.
fn told(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) {
    let own = Audience::User(permit.user);
    tx.emit(Notice::event(own, Event::RelationsChanged {}));
}

pub fn contact(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Contact> {
    store::relation::contact(tx, permit.user)
}

/// How a conversation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Welcome {
    AtOnce,
    /// It waits until the other takes it up.
    OnRequest,
}

/// Whether somebody may begin a conversation with another. A refusal is the same as for a
/// stranger.
pub(super) fn check_contact(tx: &mut Tx<'_>, from: UserId, to: UserId) -> Result<Welcome> {
    let kept = store::relation::get(tx, to, from)?;
    match (kept, store::relation::contact(tx, to)?) {
        (Relation::Blocked, _) | (_, Contact::Nobody) => Err(Error::forbidden()),
        (Relation::Friend, _) | (_, Contact::Guilds) => Ok(Welcome::AtOnce),
        (_, Contact::Requests) => Ok(Welcome::OnRequest),
        (_, Contact::Friends) => Err(Error::forbidden()),
    }
}
