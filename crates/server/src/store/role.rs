//! Roles, who holds them, and overwrites.

use std::collections::BTreeMap;

use cloister_wire::{
    ChannelId, GuildId, Permissions, RoleId, UserId,
    permission::{Overwrite, Place, RoleRule, Rules, Subject},
    role::{PlacedOverwrite, Role},
};
use uuid::Uuid;

use super::db::{Row, Tx, Value};
use crate::{
    Error, Result,
    access::{Permit, guild::InGuild},
    params, sql,
};

sql! {
    PAGE = "SELECT id, name, position, color, hoisted_at, mentionable_at, permissions FROM role
        WHERE guild_id = $1 ORDER BY position DESC, id";
    HELD = "SELECT r.id, r.position, r.permissions, c.* FROM member_role AS m
        JOIN role AS r ON r.id = m.role_id LEFT JOIN role_constraint AS c ON c.role_id = r.id
        WHERE m.guild_id = $1 AND m.user_id = $2 ORDER BY r.id";
    RULES = "SELECT r.id, r.position, r.permissions, c.* FROM role AS r
        LEFT JOIN role_constraint AS c ON c.role_id = r.id WHERE r.guild_id = $1";
    HOLDERS = "SELECT user_id, role_id FROM member_role WHERE guild_id = $1
        ORDER BY user_id, role_id";
    INSERT = "INSERT INTO role (id, guild_id, name, position, color, hoisted_at, mentionable_at,
        permissions, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING";
    UPDATE = "UPDATE role SET name = $3, color = $4, hoisted_at = $5, mentionable_at = $6,
        permissions = $7 WHERE guild_id = $1 AND id = $2";
    SHIFT = "UPDATE role SET position = position + $2 WHERE guild_id = $1
        AND position BETWEEN $3 AND $4";
    PLACE = "UPDATE role SET position = $3 WHERE guild_id = $1 AND id = $2";
    DELETE = "DELETE FROM role WHERE guild_id = $1 AND id = $2";
    EVERYONE = "UPDATE guild SET everyone = $2 WHERE id = $1";
    GIVE = "INSERT INTO member_role (guild_id, user_id, role_id) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    TAKE = "DELETE FROM member_role WHERE guild_id = $1 AND user_id = $2 AND role_id = $3";
    OVERWRITES = "SELECT place, place_id, subject, subject_id, allow, deny FROM overwrite
        WHERE guild_id = $1 ORDER BY place_id, subject, subject_id";
    OVERWRITES_AT = "SELECT place, place_id, subject, subject_id, allow, deny FROM overwrite
        WHERE place_id IN ($1, (SELECT category_id FROM channel WHERE id = $1))";
    COUNT_AT = "SELECT count(*) FROM overwrite WHERE place_id = $1";
    PUT_OVERWRITE = "INSERT INTO overwrite (guild_id, place_id, place, subject, subject_id, allow,
        deny) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (place_id, subject_id)
        DO UPDATE SET allow = excluded.allow, deny = excluded.deny";
    DELETE_OVERWRITE = "DELETE FROM overwrite WHERE place_id = $1 AND subject_id = $2";
    DELETE_AT = "DELETE FROM overwrite WHERE guild_id = $1 AND place_id = $2";
    DELETE_OF = "DELETE FROM overwrite WHERE guild_id = $1 AND subject_id = $2";
    FORGET_ALLOWS = "UPDATE overwrite SET allow = 0 WHERE guild_id = $1 AND subject_id = $2";
    IN_CATEGORIES = "SELECT id, category_id FROM channel WHERE guild_id = $1
        AND category_id IS NOT NULL";
}

/// A role that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub id: RoleId,
    pub rule: RoleRule,
}

/// Every role of a guild, the highest first.
pub fn page(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<Role>> {
    tx.query(PAGE, params![guild], |row| {
        let since = |column| row.get::<Option<u64>>(column).map(|at| at.is_some());
        Ok(Role {
            id: row.get("id")?,
            name: row.get("name")?,
            position: row.get("position")?,
            color: row.get("color")?,
            hoisted: since("hoisted_at")?,
            mentionable: since("mentionable_at")?,
            permissions: row.get("permissions")?,
        })
    })
}

/// The roles of one member.
pub fn held(tx: &mut Tx<'_>, guild: GuildId, user: UserId) -> Result<Vec<Held>> {
    tx.query(HELD, params![guild, user], read_held)
}

fn read_held(row: Row<'_>) -> Result<Held> {
    Ok(Held {
        id: row.get("id")?,
        rule: RoleRule {
            position: row.get("position")?,
            permissions: row.get("permissions")?,
            constraints: super::term::read_constraints(row)?.map(Box::new),
        },
    })
}

/// The roles of every member who has any.
pub fn holders(tx: &mut Tx<'_>, guild: GuildId) -> Result<BTreeMap<UserId, Vec<RoleId>>> {
    let mut all: BTreeMap<UserId, Vec<RoleId>> = BTreeMap::new();
    for (user, role) in tx.query(HOLDERS, params![guild], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })? {
        all.entry(user).or_default().push(role);
    }
    Ok(all)
}

/// Everything that decides rights in a guild.
pub fn rules(
    tx: &mut Tx<'_>,
    guild: GuildId,
    owner: UserId,
    everyone: Permissions,
) -> Result<Rules> {
    let mut rules = Rules::new(owner, everyone);
    let roles = tx.query(RULES, params![guild], read_held)?;
    rules.roles = roles.into_iter().map(|one| (one.id, one.rule)).collect();
    let places = tx.query(IN_CATEGORIES, params![guild], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    rules.categories = places.into_iter().collect();
    for one in overwrites(tx, guild)? {
        note(&mut rules, &one);
    }
    Ok(rules)
}

/// Adds what decides in one channel to rules that know the roles of whoever is asked about.
pub fn add_channel(tx: &mut Tx<'_>, rules: &mut Rules, channel: ChannelId) -> Result<()> {
    for one in tx.query(OVERWRITES_AT, params![channel], read)? {
        if let Place::Category { category } = one.place {
            rules.categories.insert(channel, category);
        }
        note(rules, &one);
    }
    Ok(())
}

pub fn overwrites(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<PlacedOverwrite>> {
    tx.query(OVERWRITES, params![guild], read)
}

#[must_use = "the id may have been used"]
pub fn insert(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, role: &Role) -> Result<bool> {
    let now = tx.now();
    let inserted = tx.execute(
        INSERT,
        params![
            role.id,
            permit.guild,
            &role.name,
            role.position,
            role.color.as_ref(),
            role.hoisted.then_some(now),
            role.mentionable.then_some(now),
            role.permissions,
            now
        ],
    )?;
    Ok(inserted == 1)
}

/// Everything of a role but its position.
pub fn update(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, role: &Role) -> Result<()> {
    let now = tx.now();
    tx.execute(
        UPDATE,
        params![
            permit.guild,
            role.id,
            &role.name,
            role.color.as_ref(),
            role.hoisted.then_some(now),
            role.mentionable.then_some(now),
            role.permissions
        ],
    )
    .map(|_| ())
}

/// Moves the roles at these positions up or down by one or more.
pub fn shift(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    positions: std::ops::RangeInclusive<u32>,
    by: i64,
) -> Result<()> {
    let (from, to) = positions.into_inner();
    tx.execute(SHIFT, params![permit.guild, by, from, to])
        .map(|_| ())
}

pub fn update_position(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    role: RoleId,
    position: u32,
) -> Result<()> {
    tx.execute(PLACE, params![permit.guild, role, position])
        .map(|_| ())
}

/// Deletes a role with its overwrites; nobody holds it any more.
pub fn delete(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>, role: RoleId) -> Result<()> {
    tx.execute(DELETE_OF, params![permit.guild, role])?;
    tx.execute(DELETE, params![permit.guild, role]).map(|_| ())
}

pub fn update_everyone(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    permissions: Permissions,
) -> Result<()> {
    tx.execute(EVERYONE, params![permit.guild, permissions])
        .map(|_| ())
}

pub fn give(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    user: UserId,
    role: RoleId,
) -> Result<()> {
    tx.execute(GIVE, params![permit.guild, user, role])
        .map(|_| ())
}

pub fn take(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    user: UserId,
    role: RoleId,
) -> Result<()> {
    tx.execute(TAKE, params![permit.guild, user, role])
        .map(|_| ())
}

pub fn count_at(tx: &mut Tx<'_>, _: &Permit<'_, InGuild>, place: Place) -> Result<u32> {
    tx.one(COUNT_AT, params![place_id(place)], |row| row.get(0))
}

/// Replaces one overwrite; one that says nothing is deleted.
pub fn put_overwrite(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    place: Place,
    subject: Subject,
    overwrite: Overwrite,
) -> Result<()> {
    let (kind, id) = match subject {
        Subject::Everyone => ("everyone", permit.guild.0),
        Subject::Role { role } => ("role", role.0),
        Subject::Member { user } => ("member", user.0),
    };
    if overwrite == Overwrite::default() {
        return tx
            .execute(DELETE_OVERWRITE, params![place_id(place), id])
            .map(|_| ());
    }
    let at = match place {
        Place::Category { .. } => "category",
        Place::Channel { .. } => "channel",
    };
    let row: &[Value<'_>] = params![
        permit.guild,
        place_id(place),
        at,
        kind,
        id,
        overwrite.allow,
        overwrite.deny
    ];
    tx.execute(PUT_OVERWRITE, row).map(|_| ())
}

/// What a category or channel gave and refused goes with it.
pub fn delete_overwrites(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    place: Place,
) -> Result<()> {
    tx.execute(DELETE_AT, params![permit.guild, place_id(place)])
        .map(|_| ())
}

/// Whoever comes back gets nothing by an overwrite from before, and escapes none.
pub fn forget_allows<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    guild: GuildId,
    user: UserId,
) -> Result<()> {
    tx.execute(FORGET_ALLOWS, params![guild, user]).map(|_| ())
}

fn place_id(place: Place) -> Uuid {
    match place {
        Place::Category { category } => category.0,
        Place::Channel { channel } => channel.0,
    }
}

fn note(rules: &mut Rules, one: &PlacedOverwrite) {
    let overwrite = Overwrite {
        allow: one.allow,
        deny: one.deny,
    };
    let there = rules.overwrites.entry(one.place).or_default();
    there.insert(one.subject, overwrite);
}

fn read(row: Row<'_>) -> Result<PlacedOverwrite> {
    let place = match row.get::<String>("place")?.as_str() {
        "category" => Place::Category {
            category: row.get("place_id")?,
        },
        _ => Place::Channel {
            channel: row.get("place_id")?,
        },
    };
    let subject = match row.get::<String>("subject")?.as_str() {
        "everyone" => Subject::Everyone,
        "role" => Subject::Role {
            role: row.get("subject_id")?,
        },
        "member" => Subject::Member {
            user: row.get("subject_id")?,
        },
        other => return Err(Error::internal(format!("an overwrite of {other}"))),
    };
    Ok(PlacedOverwrite {
        place,
        subject,
        allow: row.get("allow")?,
        deny: row.get("deny")?,
    })
}
