//! Conversations of several people: guilds of one channel, whose members are let in by those who
//! are in, and whose name the server does not know.

use std::collections::BTreeSet;

use cloister_proof::{Op, Signed, epoch::EpochCause, guild_log::OpBody};
use cloister_wire::{
    Bytes, ErrorCode, GuildId, Permissions, UserId,
    gateway::Event,
    guild::{Appended, CreateGroup, GuildKind, Joined},
    limits,
};

use super::{
    channel, deletion, epoch, guild,
    guild_log::{self, LogOf},
    relation,
};
use crate::{
    Error, Result,
    access::{Act, Permit, guild::InGuild},
    app::Parts,
    gateway::bus::{Audience, Notice},
    seal::authority::Authority,
    store::{self, channel::ReadsFrom, db::Tx, guild::NewGuild},
};

/// What everybody in a group may do; its owner has all rights that a group knows.
const MEMBER: Permissions = Permissions::EVERYONE
    .without(Permissions::CREATE_INVITE)
    .union(Permissions::VOUCH_MEMBERS);

/// Makes a conversation of several people, each of whom the maker's device signed in.
pub fn create(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Act>,
    request: &CreateGroup,
) -> Result<Joined> {
    let group = request.guild;
    let others = others(&request.add, permit.user)?;
    if others.is_empty() || others.len() >= limits::GROUP_MEMBERS {
        return Err(too_many());
    }
    let everybody: BTreeSet<UserId> = others.iter().copied().chain([permit.user]).collect();
    for user in &everybody {
        store::account::lock(tx, *user)?;
    }
    deletion::check_stays(tx, permit.user)?;
    check_place(tx, permit, permit.user)?;
    for user in &others {
        check_reach(tx, permit.user, *user)?;
        check_place(tx, permit, *user)?;
    }
    let new = NewGuild {
        id: group,
        kind: GuildKind::Group,
        name: "Group".to_owned(),
        everyone: MEMBER,
    };
    if group.0.get_version_num() != 7 || !store::guild::insert(tx, permit, &new)? {
        return Err(Error::invalid(
            "This conversation's id can't be used. Draw another one.",
        ));
    }
    for user in &others {
        store::guild::insert_other(tx, permit, group, *user)?;
    }
    let access_version = store::guild::update_access(tx, permit, group, others.len() as i64)?;
    let of = LogOf {
        guild: group,
        access_version,
    };
    guild_log::begin(tx, &parts.authority, of, &request.create, permit)?;
    for op in &request.add {
        guild_log::append(tx, &parts.authority, of, op, permit)?;
    }
    channel::make_group(tx, &parts.authority, of, request, permit)?;
    for user in &everybody {
        store::channel::enter_guild(tx, group, *user, ReadsFrom::Now)?;
        tell(tx, group, *user)?;
    }
    Ok(Joined {
        guild: guild::view(tx, group, permit.user)?,
        log: guild::appended(tx, group)?,
    })
}

/// Lets somebody into a group whom a member has signed in.
pub(super) fn admit(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Permit<'_, InGuild>,
    user: UserId,
    op: &Bytes,
) -> Result<Appended> {
    let group = permit.guild;
    store::account::lock(tx, user)?;
    check_reach(tx, permit.user, user)?;
    check_place(tx, permit, user)?;
    let stored = store::guild::get(tx, group, user)?.ok_or_else(Error::not_found)?;
    if stored.member_count as usize >= limits::GROUP_MEMBERS {
        return Err(too_many());
    }
    store::guild::insert_other(tx, permit, group, user)?;
    let access_version = store::guild::update_access(tx, permit, group, 1)?;
    let of = LogOf {
        guild: group,
        access_version,
    };
    let (_, log, logged) = guild_log::append_quietly(tx, authority, of, op, &permit.actor)?;
    store::channel::enter_guild(tx, group, user, ReadsFrom::of(&log, user))?;
    tell(tx, group, user)?;
    let member = store::guild::get_member(tx, group, user)?.ok_or_else(Error::not_found)?;
    let audience = Audience::Guild {
        guild: group,
        access_version,
    };
    let event = Event::MemberJoined {
        guild: group,
        member,
        access_version,
    };
    tx.emit(Notice::event(audience, event));
    tx.emit(logged);
    epoch::bump_guild(tx, authority, group, EpochCause::Joined)?;
    Ok(guild_log::appended(&log))
}

/// Whom the operations let in, each once.
fn others(add: &[Bytes], me: UserId) -> Result<BTreeSet<UserId>> {
    let mut users = BTreeSet::new();
    for op in add {
        let body = Signed::parse(op.as_ref()).and_then(|signed| signed.open::<Op>());
        match body.map(|op| op.body) {
            Ok(OpBody::Add { user, .. }) if user != me && users.insert(user) => {}
            Ok(_) => {
                return Err(Error::refuse(
                    ErrorCode::OpInvalid,
                    "Each of the others is let in once, by a signed operation.",
                ));
            }
            Err(_) => return Err(Error::malformed("An operation can't be read.")),
        }
    }
    Ok(users)
}

/// Only people who could write to each other anyway meet in a group, and only those come in whom
/// the one who signs may contact.
fn check_reach(tx: &mut Tx<'_>, from: UserId, to: UserId) -> Result<()> {
    if store::dm::may_reach(tx, [from, to])? {
        relation::check_contact(tx, from, to).map(|_| ())
    } else {
        Err(Error::forbidden())
    }
}

fn check_place<R>(tx: &mut Tx<'_>, permit: &Permit<'_, R>, user: UserId) -> Result<()> {
    if store::guild::count_of_user(tx, permit, user, GuildKind::Group)? >= limits::GUILDS_PER_USER {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "Nobody is in more than 200 group conversations.",
        ));
    }
    Ok(())
}

fn too_many() -> Error {
    Error::refuse(
        ErrorCode::TooMany,
        "A group conversation is between 2 and 50 people.",
    )
}

/// A person's own devices hear that they are in a group now.
fn tell(tx: &mut Tx<'_>, group: GuildId, user: UserId) -> Result<()> {
    let view = Box::new(guild::view(tx, group, user)?);
    let joined = Event::GuildJoined { guild: view };
    tx.emit(Notice::event(Audience::User(user), joined));
    Ok(())
}
