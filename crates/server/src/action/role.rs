//! Roles, what everyone has, overwrites, and who holds what. Each change raises the version of the
//! guild's rights and begins new epochs where it changed an audience, in the same transaction.

use std::collections::BTreeSet;

use cloister_proof::{epoch::EpochCause, guild_log::Change};
use cloister_wire::{
    ChannelId, ErrorCode, Permissions, RoleId, UserId,
    gateway::Event,
    guild::Member,
    limits,
    permission::{Overwrite, Place, Rank, Subject},
    role::{
        CreateRole, EditEveryone, EditRole, MoveRole, PlacedOverwrite, Role, SetOverwrite, SetRoles,
    },
};
use serde_json::{Value, json};

use super::{
    audit, epoch,
    guild::guild_name,
    guild_log::{LogOf, take_back},
    term,
};
use crate::{
    Error, Result,
    access::{self, Permit, guild::InGuild},
    app::Parts,
    gateway::bus::{Audience, Notice},
    store::{self, db::Tx},
};

type May<'tx> = Permit<'tx, InGuild>;

/// Makes a role, below all others.
pub fn create(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    request: &CreateRole,
) -> Result<Role> {
    let roles = store::role::page(tx, permit.guild)?;
    if roles.len() >= limits::ROLES_PER_GUILD as usize {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "A server has at most 250 roles.",
        ));
    }
    let role = Role {
        id: request.role,
        name: guild_name(&request.name)?,
        position: 1,
        color: color(request.color.as_deref())?,
        hoisted: request.hoisted,
        mentionable: request.mentionable,
        permissions: known(request.permissions)?,
    };
    permit.check_holds(role.permissions)?;
    store::role::shift(tx, permit, 1..=limits::ROLES_PER_GUILD, 1)?;
    if role.id.0.get_version_num() != 7 || !store::role::insert(tx, permit, &role)? {
        return Err(Error::invalid(
            "This role's id can't be used. Draw another one.",
        ));
    }
    let act = audit::Act::new(audit::ROLE_CREATE, audit::role(role.id));
    audit::note(tx, permit, act.after(&facts(&role)))?;
    changed(tx, parts, permit)?;
    Ok(role)
}

/// Changes name, looks and permissions of a role.
pub fn edit(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    role: RoleId,
    request: &EditRole,
) -> Result<Role> {
    let before = find(tx, permit, role)?;
    let after = Role {
        name: guild_name(&request.name)?,
        color: color(request.color.as_deref())?,
        hoisted: request.hoisted,
        mentionable: request.mentionable,
        permissions: known(request.permissions)?,
        ..before.clone()
    };
    permit.check_holds(after.permissions.without(before.permissions))?;
    if store::term::automatic(tx, permit, role)?.is_some() {
        weak(after.permissions)?;
    }
    store::role::update(tx, permit, &after)?;
    let act = audit::Act::new(audit::ROLE_EDIT, audit::role(role));
    let act = act.before(&facts(&before)).after(&facts(&after));
    audit::note(tx, permit, act)?;
    changed(tx, parts, permit)?;
    Ok(after)
}

/// Moves a role; those in between make room.
pub fn reorder(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    role: RoleId,
    request: &MoveRole,
) -> Result<()> {
    let roles = store::role::page(tx, permit.guild)?;
    let before = find(tx, permit, role)?;
    let (from, to) = (before.position, request.position);
    if to == 0 || to as usize > roles.len() {
        return Err(Error::invalid("There is no such place among the roles."));
    }
    permit.check_above(Rank::Role(to))?;
    match from.cmp(&to) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => store::role::shift(tx, permit, from + 1..=to, -1)?,
        std::cmp::Ordering::Greater => store::role::shift(tx, permit, to..=from - 1, 1)?,
    }
    store::role::update_position(tx, permit, role, to)?;
    let act = audit::Act::new(audit::ROLE_MOVE, audit::role(role));
    let act = act.before(&json!({"position": from}));
    audit::note(tx, permit, act.after(&json!({"position": to})))?;
    changed(tx, parts, permit)
}

pub fn delete(tx: &mut Tx<'_>, parts: &Parts, permit: &May<'_>, role: RoleId) -> Result<()> {
    let before = find(tx, permit, role)?;
    store::role::delete(tx, permit, role)?;
    let above = before.position + 1..=limits::ROLES_PER_GUILD;
    store::role::shift(tx, permit, above, -1)?;
    take_back(
        tx,
        &parts.authority,
        LogOf::now(permit),
        Change::RoleEnd { role },
    )?;
    let act = audit::Act::new(audit::ROLE_DELETE, audit::role(role));
    audit::note(tx, permit, act.before(&facts(&before)))?;
    changed(tx, parts, permit)
}

/// Changes what every member may do.
pub fn edit_everyone(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    request: &EditEveryone,
) -> Result<()> {
    let after = harmless(known(request.permissions)?)?;
    let before = permit.everyone;
    permit.check_holds(after.without(before))?;
    store::role::update_everyone(tx, permit, after)?;
    let act = audit::Act::new(audit::GUILD_EVERYONE, audit::guild(permit.guild));
    let act = act.before(&json!({"permissions": before}));
    audit::note(tx, permit, act.after(&json!({"permissions": after})))?;
    changed(tx, parts, permit)
}

/// Gives a member exactly these roles.
pub fn set_roles(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    user: UserId,
    request: &SetRoles,
) -> Result<Member> {
    let guild = permit.guild;
    let of = store::guild::get(tx, guild, user)?.filter(|stored| stored.joined_at.is_some());
    let of = of.ok_or_else(Error::not_found)?;
    let roles = store::role::page(tx, guild)?;
    let before: BTreeSet<RoleId> = of.role_ids().into_iter().collect();
    let after: BTreeSet<RoleId> = request.roles.iter().copied().collect();
    if user != permit.user {
        permit.check_above(access::guild::rank_of(&of, user))?;
    }
    for id in before.symmetric_difference(&after) {
        let role = roles.iter().find(|role| role.id == *id);
        let role = role.ok_or_else(|| Error::invalid("There is no such role in this server."))?;
        permit.check_above(Rank::Role(role.position))?;
        if after.contains(id) {
            permit.check_holds(role.permissions)?;
            store::role::give(tx, permit, user, *id)?;
        } else {
            store::role::take(tx, permit, user, *id)?;
            let change = Change::Ungrant { user, role: *id };
            take_back(tx, &parts.authority, LogOf::now(permit), change)?;
        }
    }
    if !after.is_subset(&before) {
        term::check_exclusions(tx, guild, &after)?;
    }
    if before != after {
        if !after.is_empty() {
            store::guild::make_lasting(tx, permit, user)?;
        }
        let act = audit::Act::new(audit::MEMBER_ROLES, audit::member(user))
            .before(&json!({"roles": before}))
            .after(&json!({"roles": after}))
            .because(audit::reason(request.reason.as_deref())?);
        audit::note(tx, permit, act)?;
        member_changed(tx, permit, user)?;
        epoch::bump_guild(tx, &parts.authority, guild, EpochCause::Rights)?;
    }
    store::guild::get_member(tx, guild, user)?.ok_or_else(Error::not_found)
}

/// Replaces what a category or channel gives and refuses somebody.
pub fn set_overwrite(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &May<'_>,
    request: &SetOverwrite,
) -> Result<()> {
    let SetOverwrite {
        place,
        subject,
        allow,
        deny,
    } = request;
    let after = Overwrite {
        allow: known(*allow)?,
        deny: known(*deny)?,
    };
    let said = after.allow.union(after.deny);
    if !after.allow.intersection(after.deny).is_empty() {
        return Err(Error::invalid("A right is either given or refused."));
    }
    if said.contains(Permissions::ADMINISTRATOR) {
        return Err(Error::invalid(
            "An overwrite can't make anybody an administrator.",
        ));
    }
    check_subject(tx, permit, *subject)?;
    if *subject == Subject::Everyone {
        harmless(after.allow)?;
    }
    if let Subject::Role { role } = subject
        && store::term::automatic(tx, permit, *role)?.is_some()
    {
        weak(after.allow)?;
    }
    let (rights, before) = look(tx, permit, *place, *subject)?;
    let moved = Permissions((before.allow.0 ^ after.allow.0) | (before.deny.0 ^ after.deny.0));
    if !rights.contains(moved) {
        return Err(Error::refuse(
            ErrorCode::RightNotYours,
            "You can't give or refuse a right here that you don't have here.",
        ));
    }
    let new = before == Overwrite::default();
    if new && store::role::count_at(tx, permit, *place)? >= limits::OVERWRITES_PER_PLACE {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "A channel has at most 100 overwrites.",
        ));
    }
    store::role::put_overwrite(tx, permit, *place, *subject, after)?;
    let target = match place {
        Place::Category { category } => audit::category(*category),
        Place::Channel { channel } => audit::channel(*channel),
    };
    let says = |one: Overwrite| json!({"subject": subject, "allow": one.allow, "deny": one.deny});
    let act = audit::Act::new(audit::OVERWRITE_SET, target);
    let act = act.before(&says(before)).after(&says(after));
    audit::note(tx, permit, act)?;
    changed(tx, parts, permit)
}

/// What categories and channels give and refuse, where the person may see them.
pub fn overwrites(tx: &mut Tx<'_>, permit: &May<'_>) -> Result<Vec<PlacedOverwrite>> {
    let stored = access::guild::own(tx, permit)?;
    let rules = access::guild::rules(tx, &stored)?;
    let roles = stored.role_ids();
    let holder = stored.holder(permit.user, &roles);
    let mut shown = Vec::new();
    for one in store::role::overwrites(tx, permit.guild)? {
        let (there, rights) = match one.place {
            Place::Category { category } => (true, rules.in_category(&holder, category)),
            Place::Channel { channel } => {
                let there = is_shown(tx, permit, channel)?;
                (there, rules.in_channel(&holder, channel))
            }
        };
        if there && rights.contains(Permissions::VIEW_CHANNEL) {
            shown.push(one);
        }
    }
    Ok(shown)
}

/// Tells every open connection that rights changed, and changes the audiences that follow.
pub(super) fn changed(tx: &mut Tx<'_>, parts: &Parts, permit: &May<'_>) -> Result<()> {
    announce(tx, permit)?;
    epoch::bump_guild(tx, &parts.authority, permit.guild, EpochCause::Rights)
}

/// The same for what changes nobody's rights.
pub(super) fn announce(tx: &mut Tx<'_>, permit: &May<'_>) -> Result<()> {
    let guild = permit.guild;
    let access_version = store::guild::update_access(tx, permit, guild, 0)?;
    let audience = Audience::Guild {
        guild,
        access_version,
    };
    let event = Event::GuildChanged {
        guild,
        access_version,
    };
    tx.emit(Notice::event(audience, event));
    Ok(())
}

/// Tells everybody that a member's roles, or their being on hold, are others now.
pub(super) fn member_changed(tx: &mut Tx<'_>, permit: &May<'_>, user: UserId) -> Result<()> {
    let guild = permit.guild;
    let access_version = store::guild::update_access(tx, permit, guild, 0)?;
    let member = store::guild::get_member(tx, guild, user)?.ok_or_else(Error::not_found)?;
    let audience = Audience::Guild {
        guild,
        access_version,
    };
    let event = Event::MemberChanged {
        guild,
        member,
        access_version,
    };
    tx.emit(Notice::event(audience, event));
    Ok(())
}

/// The role, if the person stands above it.
pub(super) fn find(tx: &mut Tx<'_>, permit: &May<'_>, role: RoleId) -> Result<Role> {
    let roles = store::role::page(tx, permit.guild)?;
    let found = roles.into_iter().find(|one| one.id == role);
    let found = found.ok_or_else(Error::not_found)?;
    permit.check_above(Rank::Role(found.position))?;
    Ok(found)
}

fn check_subject(tx: &mut Tx<'_>, permit: &May<'_>, subject: Subject) -> Result<()> {
    match subject {
        Subject::Everyone => Ok(()),
        Subject::Role { role } => find(tx, permit, role).map(|_| ()),
        Subject::Member { user } => {
            let of = store::guild::get(tx, permit.guild, user)?;
            let of = of.filter(|stored| stored.joined_at.is_some());
            let of = of.ok_or_else(Error::not_found)?;
            permit.check_above(access::guild::rank_of(&of, user))
        }
    }
}

/// What the person may do in a place that they may know of, and what it says so far.
fn look(
    tx: &mut Tx<'_>,
    permit: &May<'_>,
    place: Place,
    subject: Subject,
) -> Result<(Permissions, Overwrite)> {
    let stored = access::guild::own(tx, permit)?;
    let rules = access::guild::rules(tx, &stored)?;
    let roles = stored.role_ids();
    let holder = stored.holder(permit.user, &roles);
    let (there, rights) = match place {
        Place::Category { category } => {
            let all = store::category::page(tx, permit.guild)?;
            let there = all.iter().any(|one| one.id == category);
            (there, rules.in_category(&holder, category))
        }
        Place::Channel { channel } => {
            let there = is_shown(tx, permit, channel)?;
            (there, rules.in_channel(&holder, channel))
        }
    };
    if !there || !rights.contains(Permissions::VIEW_CHANNEL) {
        return Err(Error::not_found());
    }
    let at = rules.overwrites.get(&place);
    let before = at.and_then(|all| all.get(&subject)).copied();
    Ok((rights, before.unwrap_or_default()))
}

/// Whether a channel is one of this guild and of those whose list does not keep the person out.
fn is_shown(tx: &mut Tx<'_>, permit: &May<'_>, channel: ChannelId) -> Result<bool> {
    match store::channel::state(tx, channel)? {
        Some(state) if state.guild == Some(permit.guild) => {
            access::guild::is_reader(tx, &state, permit.user)
        }
        _ => Ok(false),
    }
}

fn known(permissions: Permissions) -> Result<Permissions> {
    if Permissions::KNOWN.contains(permissions) {
        Ok(permissions)
    } else {
        Err(Error::invalid("There is no such right."))
    }
}

/// What everyone may hold.
fn harmless(permissions: Permissions) -> Result<Permissions> {
    if permissions.intersection(Permissions::DANGEROUS).is_empty() {
        return Ok(permissions);
    }
    Err(Error::refuse(
        ErrorCode::DangerousForEveryone,
        "Everyone can't have a right that could take the server apart. Give it to a role.",
    ))
}

/// What a role may give that the server gives by itself.
pub(super) fn weak(permissions: Permissions) -> Result<()> {
    if permissions.intersection(Permissions::DANGEROUS).is_empty() {
        return Ok(());
    }
    Err(Error::refuse(
        ErrorCode::AutomaticTooStrong,
        "A role that is given by itself can't have a right that could take the server apart.",
    ))
}

/// `#rrggbb` in small letters.
fn color(text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let color = text.to_ascii_lowercase();
    let hex =
        |digits: &str| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if color.strip_prefix('#').is_some_and(hex) {
        Ok(Some(color))
    } else {
        Err(Error::invalid("A colour looks like #4a7c59."))
    }
}

fn facts(role: &Role) -> Value {
    json!({
        "name": role.name, "color": role.color, "hoisted": role.hoisted,
        "mentionable": role.mentionable, "permissions": role.permissions,
        "position": role.position,
    })
}
