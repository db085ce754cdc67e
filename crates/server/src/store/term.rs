//! Terms of roles: when the server gives one by itself, and what must be so for it to count.

use std::collections::{BTreeMap, BTreeSet};

use cloister_wire::{
    GuildId, RoleId, UserId,
    permission::{Constraints, Hours},
    role::{Automatic, RoleTerms},
};

use super::db::{Row, Tx};
use crate::{
    Error, Result,
    access::{Permit, System, guild::InGuild},
    params, sql,
};

sql! {
    AUTOMATIC = "SELECT automatic, automatic_days FROM role
        WHERE guild_id = $1 AND id = $2 AND automatic IS NOT NULL";
    SET_AUTOMATIC = "UPDATE role SET automatic = $3, automatic_days = $4
        WHERE guild_id = $1 AND id = $2";
    PAGE = "SELECT r.id, r.automatic, r.automatic_days, c.* FROM role AS r
        LEFT JOIN role_constraint AS c ON c.role_id = r.id WHERE r.guild_id = $1
        ORDER BY r.position DESC, r.id";
    DUE_GUILDS = "SELECT DISTINCT r.guild_id FROM role AS r JOIN guild AS g ON g.id = r.guild_id
        JOIN member AS m ON m.guild_id = r.guild_id
        LEFT JOIN automatic_role AS a ON a.guild_id = m.guild_id AND a.user_id = m.user_id
            AND a.role_id = r.id
        WHERE a.role_id IS NULL AND (r.automatic = 'joined'
        OR (r.automatic = 'stayed' AND m.joined_at + r.automatic_days * 86400000 <= $1)
        OR (r.automatic = 'agreed' AND (g.rules IS NULL OR m.rules_n >= g.rules_n)))
        ORDER BY r.guild_id";
    DUE = "SELECT m.user_id, r.id FROM role AS r JOIN guild AS g ON g.id = r.guild_id
        JOIN member AS m ON m.guild_id = r.guild_id
        LEFT JOIN automatic_role AS a ON a.guild_id = m.guild_id AND a.user_id = m.user_id
            AND a.role_id = r.id
        WHERE r.guild_id = $1 AND a.role_id IS NULL AND (r.automatic = 'joined'
        OR (r.automatic = 'stayed' AND m.joined_at + r.automatic_days * 86400000 <= $2)
        OR (r.automatic = 'agreed' AND (g.rules IS NULL OR m.rules_n >= g.rules_n)))
        ORDER BY m.user_id, r.position DESC, r.id";
    GIVE = "INSERT INTO member_role (guild_id, user_id, role_id) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    NOTE = "INSERT INTO automatic_role (guild_id, user_id, role_id) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING";
    PUT = "INSERT INTO role_constraint (role_id, second_factor_at, verified_device_at, expires_at,
        days, from_min, until_min, offset_min, networks)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    DELETE = "DELETE FROM role_constraint WHERE role_id = $1";
    EXCLUSIONS = "SELECT e.low_id, e.high_id FROM role_exclusion AS e
        JOIN role AS r ON r.id = e.low_id WHERE r.guild_id = $1 ORDER BY e.low_id, e.high_id";
    DELETE_EXCLUSIONS = "DELETE FROM role_exclusion WHERE low_id = $1 OR high_id = $1";
    INSERT_EXCLUSION = "INSERT INTO role_exclusion (low_id, high_id) VALUES ($1, $2)";
    COUNT_BOTH = "SELECT count(*) FROM member_role AS a JOIN member_role AS b
        ON b.guild_id = a.guild_id AND b.user_id = a.user_id
        WHERE a.guild_id = $1 AND a.role_id = $2 AND b.role_id = $3";
    HAS_FACTOR = "SELECT count(*) FROM totp WHERE user_id = $1 AND activated_at IS NOT NULL";
    ASKED_FOR_FACTOR = "SELECT DISTINCT g.id, g.access_version FROM member_role AS m
        JOIN role_constraint AS c ON c.role_id = m.role_id JOIN guild AS g ON g.id = m.guild_id
        WHERE m.user_id = $1 AND c.second_factor_at IS NOT NULL";
    TIMED = "SELECT g.id, g.access_version, c.* FROM role_constraint AS c
        JOIN role AS r ON r.id = c.role_id JOIN guild AS g ON g.id = r.guild_id
        WHERE (c.expires_at > $1 AND c.expires_at <= $2) OR c.days IS NOT NULL";
}

/// When the server gives a role by itself, if it does.
pub fn automatic(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    role: RoleId,
) -> Result<Option<Automatic>> {
    let found = tx.maybe(AUTOMATIC, params![permit.guild, role], read_automatic)?;
    Ok(found.flatten())
}

pub fn update_automatic(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    role: RoleId,
    automatic: Option<Automatic>,
) -> Result<()> {
    let (when, days) = match automatic {
        None => (None, None),
        Some(Automatic::Joined) => (Some("joined"), None),
        Some(Automatic::Stayed { days }) => (Some("stayed"), Some(days)),
        Some(Automatic::Agreed) => (Some("agreed"), None),
    };
    tx.execute(SET_AUTOMATIC, params![permit.guild, role, when, days])
        .map(|_| ())
}

/// The terms of every role, the highest first.
pub fn page(tx: &mut Tx<'_>, permit: &Permit<'_, InGuild>) -> Result<Vec<RoleTerms>> {
    let mut terms = tx.query(PAGE, params![permit.guild], |row| {
        Ok(RoleTerms {
            role: row.get("id")?,
            automatic: read_automatic(row)?,
            constraints: read_constraints(row)?.unwrap_or_default(),
            excludes: Vec::new(),
        })
    })?;
    let pairs = exclusions(tx, permit.guild)?;
    for one in &mut terms {
        one.excludes = excluded_by(&pairs, one.role).into_iter().collect();
    }
    Ok(terms)
}

/// Guilds where somebody is due a role.
pub fn due_guilds(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<Vec<GuildId>> {
    let now = tx.now();
    tx.query(DUE_GUILDS, params![now], |row| row.get(0))
}

/// Who is due which role in a guild.
pub fn due<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, guild: GuildId) -> Result<Vec<(UserId, RoleId)>> {
    let now = tx.now();
    tx.query(DUE, params![guild, now], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// The server gives a role.
pub fn give<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    guild: GuildId,
    (user, role): (UserId, RoleId),
) -> Result<()> {
    tx.execute(GIVE, params![guild, user, role])?;
    note(tx, permit, guild, (user, role))
}

/// The server gave it, or need not: it is not given again.
pub fn note<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    guild: GuildId,
    (user, role): (UserId, RoleId),
) -> Result<()> {
    tx.execute(NOTE, params![guild, user, role]).map(|_| ())
}

/// Replaces the constraints of a role; none are deleted.
pub fn put_constraints(
    tx: &mut Tx<'_>,
    _: &Permit<'_, InGuild>,
    role: RoleId,
    constraints: &Constraints,
) -> Result<()> {
    tx.execute(DELETE, params![role])?;
    if constraints.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let hours = constraints.hours;
    let networks: Vec<String> = constraints
        .networks
        .iter()
        .map(ToString::to_string)
        .collect();
    let networks = (!networks.is_empty()).then(|| networks.join(" "));
    tx.execute(
        PUT,
        params![
            role,
            constraints.second_factor.then_some(now),
            constraints.verified_device.then_some(now),
            constraints.expires_at,
            hours.map(|hours| u32::from(hours.days)),
            hours.map(|hours| u32::from(hours.from_min)),
            hours.map(|hours| u32::from(hours.until_min)),
            hours.map(|hours| i64::from(hours.offset_min)),
            networks.as_ref()
        ],
    )
    .map(|_| ())
}

/// Pairs of roles that nobody holds both of; the lower id stands first.
pub fn exclusions(tx: &mut Tx<'_>, guild: GuildId) -> Result<BTreeSet<(RoleId, RoleId)>> {
    let pairs = tx.query(EXCLUSIONS, params![guild], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(pairs.into_iter().collect())
}

/// What a role excludes.
pub fn excluded_by(pairs: &BTreeSet<(RoleId, RoleId)>, role: RoleId) -> BTreeSet<RoleId> {
    let other = |(low, high): &(RoleId, RoleId)| match role {
        one if one == *low => Some(*high),
        one if one == *high => Some(*low),
        _ => None,
    };
    pairs.iter().filter_map(other).collect()
}

pub fn put_exclusions(
    tx: &mut Tx<'_>,
    _: &Permit<'_, InGuild>,
    role: RoleId,
    excludes: &BTreeSet<RoleId>,
) -> Result<()> {
    tx.execute(DELETE_EXCLUSIONS, params![role])?;
    for other in excludes {
        let pair = params![role.min(*other), role.max(*other)];
        tx.execute(INSERT_EXCLUSION, pair)?;
    }
    Ok(())
}

/// How many members hold both.
pub fn count_both(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    one: RoleId,
    other: RoleId,
) -> Result<u32> {
    tx.one(COUNT_BOTH, params![permit.guild, one, other], |row| {
        row.get(0)
    })
}

/// Whether codes of an authenticator are asked of somebody. Runs before there is a permit.
pub(super) fn has_factor(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    let count: u32 = tx.one(HAS_FACTOR, params![user], |row| row.get(0))?;
    Ok(count > 0)
}

/// Guilds, with the versions of their rights, where somebody holds a role that asks for a second
/// factor.
pub fn asked_for_factor<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    user: UserId,
) -> Result<Vec<(GuildId, u64)>> {
    tx.query(ASKED_FOR_FACTOR, params![user], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Guilds, with the versions of their rights, where time alone made a difference to a role.
pub fn turned(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    before: u64,
    now: u64,
) -> Result<BTreeMap<GuildId, u64>> {
    let timed = tx.query(TIMED, params![before, now], |row| {
        Ok((row.get(0)?, row.get(1)?, read_constraints(row)?))
    })?;
    let turned = timed
        .into_iter()
        .filter_map(|(guild, version, constraints)| {
            constraints?.turned(before, now).then_some((guild, version))
        });
    Ok(turned.collect())
}

fn read_automatic(row: Row<'_>) -> Result<Option<Automatic>> {
    let days: Option<u32> = row.get("automatic_days")?;
    Ok(match row.get::<Option<String>>("automatic")?.as_deref() {
        None => None,
        Some("joined") => Some(Automatic::Joined),
        Some("stayed") => Some(Automatic::Stayed {
            days: days.unwrap_or(1),
        }),
        Some("agreed") => Some(Automatic::Agreed),
        Some(other) => return Err(Error::internal(format!("a role is given when {other}"))),
    })
}

/// The constraints of a row that may have some.
pub(super) fn read_constraints(row: Row<'_>) -> Result<Option<Constraints>> {
    let role: Option<RoleId> = row.get("role_id")?;
    if role.is_none() {
        return Ok(None);
    }
    let small = |column| row.get::<Option<u32>>(column);
    let hours = match (small("days")?, small("from_min")?, small("until_min")?) {
        (Some(days), Some(from), Some(until)) => Some(Hours {
            days: days as u8,
            from_min: from as u16,
            until_min: until as u16,
            offset_min: row.get::<Option<i64>>("offset_min")?.unwrap_or(0) as i16,
        }),
        _ => None,
    };
    let since = |column| row.get::<Option<u64>>(column).map(|at| at.is_some());
    let networks: Option<String> = row.get("networks")?;
    let networks = networks.unwrap_or_default();
    let networks = networks.split_whitespace().map(str::parse);
    Ok(Some(Constraints {
        second_factor: since("second_factor_at")?,
        verified_device: since("verified_device_at")?,
        expires_at: row.get("expires_at")?,
        hours,
        networks: networks
            .collect::<Result<_, _>>()
            .map_err(Error::internal)?,
    }))
}
