//! Guilds: making, joining, leaving and deleting one.

use cloister_proof::{GuildLog, Op, epoch::EpochCause, guild_log::RemoveCause};
use cloister_wire::{
    Bytes, ErrorCode, GuildId, Hash, Permissions, UserId,
    gateway::Event,
    guild::{Appended, CreateGuild, Guild, GuildKind, Join, Joined, Membership},
    limits,
};

use super::{
    account::invite_invalid,
    application, audit, channel, deletion, epoch,
    guild_log::{self, LogOf},
    moderation, term,
};
use crate::{
    Error, Result,
    access::{self, Act, Actor, Permit, System, guild::InGuild},
    app::Parts,
    gateway::bus::{Audience, Notice},
    store::{self, channel::ReadsFrom, db::Tx, guild::NewGuild},
};

/// Makes a guild with its first channel; whoever makes it owns it.
pub fn create(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Act>,
    request: &CreateGuild,
) -> Result<Joined> {
    let name = guild_name(&request.name)?;
    store::account::lock(tx, permit.user)?;
    deletion::check_stays(tx, permit.user)?;
    check_place(tx, permit, permit.user)?;
    let guild = request.guild;
    let new = NewGuild {
        id: guild,
        kind: GuildKind::Guild,
        name,
        everyone: Permissions::EVERYONE,
    };
    if guild.0.get_version_num() != 7 || !store::guild::insert(tx, permit, &new)? {
        return Err(Error::invalid(
            "This server's id can't be used. Draw another one.",
        ));
    }
    let of = LogOf {
        guild,
        access_version: 1,
    };
    guild_log::begin(tx, &parts.authority, of, &request.create, permit)?;
    channel::make(tx, &parts.authority, of, &request.channel, permit)?;
    let made = audit::Act::new(audit::GUILD_CREATE, audit::guild(guild))
        .after(&serde_json::json!({"name": request.name.trim()}));
    audit::append(tx, guild, Some(permit), made)?;
    store::channel::enter_guild(tx, guild, permit.user, ReadsFrom::Now)?;
    let view = view(tx, guild, permit.user)?;
    let log = appended(tx, guild)?;
    let joined = Event::GuildJoined {
        guild: Box::new(view.clone()),
    };
    tx.emit(Notice::event(Audience::User(permit.user), joined));
    Ok(Joined { guild: view, log })
}

/// Joins a guild by an invitation.
pub fn join(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Act>,
    code: &str,
    request: &Join,
) -> Result<Joined> {
    store::account::lock(tx, permit.user)?;
    let used = find_invite(tx, parts, permit, code)?;
    let (guild, invited_by) = (used.guild, used.by);
    application::check_none_needed(tx, permit, guild)?;
    if !store::invite::update_used(tx, permit, &used.hash)? {
        return Err(used_up());
    }
    check_place(tx, permit, permit.user)?;
    store::guild::insert_member(tx, permit, guild, used.membership)?;
    store::moderation::insert_join(tx, permit, (guild, permit.user), code, invited_by)?;
    let access_version = store::guild::update_access(tx, permit, guild, 1)?;
    let of = LogOf {
        guild,
        access_version,
    };
    let (op, log) = arrive(tx, parts, of, permit.user, (&request.op, permit))?;
    if !matches!(op.body, cloister_proof::guild_log::OpBody::Join { .. }) {
        return Err(Error::refuse(
            ErrorCode::OpInvalid,
            "Joining takes a signed join.",
        ));
    }
    store::application::delete(tx, permit, guild, permit.user)?;
    term::give_due(tx, parts, permit, guild, Some(permit.user))?;
    let came = audit::Act::new(audit::MEMBER_JOIN, audit::member(permit.user))
        .after(&serde_json::json!({"invite": code, "invited_by": invited_by}));
    audit::append(tx, guild, Some(permit), came)?;
    // With the epochs that the new member reads in.
    Ok(Joined {
        guild: self::view(tx, guild, permit.user)?,
        log: guild_log::appended(&log),
    })
}

/// Somebody is a member from now on: the log takes what was signed for that, and everybody hears.
pub(super) fn arrive(
    tx: &mut Tx<'_>,
    parts: &Parts,
    of: LogOf,
    user: UserId,
    (op, actor): (&Bytes, &Actor),
) -> Result<(Op, GuildLog)> {
    let LogOf {
        guild,
        access_version,
    } = of;
    let (op, log, logged) = guild_log::append_quietly(tx, &parts.authority, of, op, actor)?;
    store::channel::enter_guild(tx, guild, user, ReadsFrom::of(&log, user))?;
    // The new member's own devices hear of it first: from then on they follow the guild.
    let view = Box::new(view(tx, guild, user)?);
    let joined = Event::GuildJoined { guild: view };
    tx.emit(Notice::event(Audience::User(user), joined));
    let member = store::guild::get_member(tx, guild, user)?.ok_or_else(Error::not_found)?;
    let audience = Audience::Guild {
        guild,
        access_version,
    };
    let came = Event::MemberJoined {
        guild,
        member,
        access_version,
    };
    tx.emit(Notice::event(audience, came));
    tx.emit(logged);
    guild_log::follow_readers(tx, of, &log)?;
    epoch::bump_guild(tx, &parts.authority, guild, EpochCause::Joined)?;
    Ok((op, log))
}

/// What an invitation that somebody comes by says.
pub(super) struct Found {
    hash: Hash,
    pub guild: GuildId,
    pub by: Option<UserId>,
    membership: Membership,
}

/// To which guild an invitation leads somebody who may come in. Guild and invitation are locked.
pub(super) fn find_invite(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Act>,
    code: &str,
) -> Result<Found> {
    let no_such = || invite_invalid("This invitation does not exist or has run out.");
    let hash = parts.keys.hash_secret("invite", code.as_bytes());
    let now = tx.now();
    let found = store::invite::get(tx, permit, &hash)?.and_then(|invite| invite.guild);
    let guild = found.ok_or_else(no_such)?;
    store::guild::lock(tx, guild)?;
    let live = store::invite::lock(tx, permit, &hash)?.filter(|invite| invite.is_live(now));
    let live = live.ok_or_else(no_such)?;
    live.check_open()?;
    let stored = store::guild::get(tx, guild, permit.user)?.ok_or_else(no_such)?;
    if stored.joined_at.is_some() {
        return Err(Error::refuse(
            ErrorCode::AlreadyMember,
            "You are a member already.",
        ));
    }
    moderation::check_gate(tx, permit, guild)?;
    if live.uses > 0 && live.used >= live.uses {
        return Err(used_up());
    }
    Ok(Found {
        hash,
        guild,
        by: live.created_by,
        membership: live.membership,
    })
}

fn used_up() -> Error {
    Error::refuse(
        ErrorCode::InviteUsedUp,
        "This invitation has been used up. Ask for another one.",
    )
}

/// Leaves a guild.
pub fn leave(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, InGuild>) -> Result<()> {
    let (guild, user) = (permit.guild, permit.user);
    audit::note(
        tx,
        permit,
        audit::Act::new(audit::MEMBER_LEAVE, audit::member(user)),
    )?;
    take_out_all(tx, parts, permit, guild, &[user], RemoveCause::Left)?;
    epoch::bump_guild(tx, &parts.authority, guild, EpochCause::Left)
}

/// The last connection of somebody who came for as long as it lasts is over.
pub fn end_temporary(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    guild: GuildId,
    user: UserId,
) -> Result<()> {
    store::account::lock(tx, user)?;
    store::guild::lock(tx, guild)?;
    let member = store::guild::get_member(tx, guild, user)?;
    if member.is_none_or(|member| member.membership == Membership::Lasting) {
        return Ok(());
    }
    let act = audit::Act::new(audit::MEMBER_LEAVE, audit::member(user));
    let says = serde_json::json!({"membership": Membership::Temporary});
    audit::append(tx, guild, None, act.after(&says))?;
    take_out_all(tx, parts, permit, guild, &[user], RemoveCause::Left)?;
    epoch::bump_guild(tx, &parts.authority, guild, EpochCause::Left)
}

/// The owner takes somebody out of a conversation of several people.
pub fn take_out_of_group(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, InGuild>,
    user: UserId,
) -> Result<()> {
    if user == permit.user {
        return Err(Error::invalid("Leave the conversation instead."));
    }
    let guild = permit.guild;
    take_out_all(tx, parts, permit, guild, &[user], RemoveCause::Removed)?;
    epoch::bump_guild(tx, &parts.authority, guild, EpochCause::Removed)
}

/// Takes members out, with whatever they were given.
pub(super) fn take_out_all<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    guild: GuildId,
    users: &[UserId],
    cause: RemoveCause,
) -> Result<()> {
    let mut access_version = 0;
    for user in users {
        access_version = take_out(tx, permit, guild, *user)?;
    }
    let of = LogOf {
        guild,
        access_version,
    };
    guild_log::remove(tx, &parts.authority, of, users, cause)
}

fn take_out<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    guild: GuildId,
    user: UserId,
) -> Result<u64> {
    if !store::guild::delete_member(tx, permit, guild, user)? {
        return Err(Error::not_found());
    }
    let access_version = store::guild::update_access(tx, permit, guild, -1)?;
    store::channel::leave_guild(tx, guild, user)?;
    store::role::forget_allows(tx, permit, guild, user)?;
    store::history::forget(tx, guild, user)?;
    tx.emit(Notice::event(
        Audience::User(user),
        Event::GuildLeft { guild },
    ));
    tx.emit(Notice::event(
        Audience::Guild {
            guild,
            access_version,
        },
        Event::MemberLeft {
            guild,
            user,
            access_version,
        },
    ));
    Ok(access_version)
}

/// Deletes a guild with everything in it.
pub fn delete(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<()> {
    let InGuild {
        guild,
        access_version,
        ..
    } = **permit;
    tx.emit(Notice::event(
        Audience::Guild {
            guild,
            access_version,
        },
        Event::GuildLeft { guild },
    ));
    store::guild::delete(tx, permit)
}

/// A guild as one member sees it.
pub fn show(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<Guild> {
    let stored = access::guild::own(tx, permit)?;
    store::guild_view::get(tx, stored, permit.user)
}

pub(super) fn view(tx: &mut Tx<'_>, guild: GuildId, user: UserId) -> Result<Guild> {
    let stored = store::guild::get(tx, guild, user)?.ok_or_else(Error::not_found)?;
    store::guild_view::get(tx, stored, user)
}

/// Every guild of a person, as they see it.
pub fn list(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Vec<Guild>> {
    store::guild_view::page_of_user(tx, permit)
}

/// The newest entry of the log of the guild that an invitation leads to.
pub fn log_of<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, guild: GuildId) -> Result<Appended> {
    appended(tx, guild)
}

pub(super) fn appended(tx: &mut Tx<'_>, guild: GuildId) -> Result<Appended> {
    let position = store::guild_log::position(tx, guild)?;
    Ok(Appended {
        seq: position.seq,
        head: position.head,
    })
}

pub(super) fn check_place<R>(tx: &mut Tx<'_>, permit: &Permit<'_, R>, user: UserId) -> Result<()> {
    if store::guild::count_of_user(tx, permit, user, GuildKind::Guild)? >= limits::GUILDS_PER_USER {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "Nobody is in more than 200 servers.",
        ));
    }
    Ok(())
}

pub(super) fn guild_name(text: &str) -> Result<String> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > limits::NAME_CHARS || name.chars().any(char::is_control) {
        return Err(Error::invalid("A server's name has 1 to 80 characters."));
    }
    Ok(name.to_owned())
}
