//! Who may see a channel of a guild, from its members, roles and overwrites, said once more and
//! apart from the rule that server and clients share.

use std::collections::{BTreeMap, BTreeSet};

use cloister_wire::{ChannelId, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Read, id16};

const VIEW: i64 = 1;
const ADMINISTRATOR: i64 = i64::MIN;

/// What a place gives and refuses to one subject.
struct Said {
    subject: String,
    id: [u8; 16],
    allow: i64,
    deny: i64,
}

/// Members who may see the channel; without a guild, the two of the conversation.
pub fn people(db: &Connection, channel: ChannelId) -> Read<BTreeSet<UserId>> {
    let of = db
        .prepare_cached(
            "SELECT c.guild_id, c.category_id, c.readers, g.owner_id, g.everyone
             FROM channel c JOIN guild g ON g.id = c.guild_id WHERE c.id = ?1",
        )?
        .query_row([channel.as_bytes()], |row| {
            let guild = id16(row, 0)?;
            let category: Option<[u8; 16]> = row.get(1)?;
            let readers: String = row.get(2)?;
            let (owner, everyone) = (id16(row, 3)?, row.get::<_, i64>(4)?);
            Ok((guild, category, readers, owner, everyone))
        })
        .optional()?;
    let Some((guild, category, readers, owner, everyone)) = of else {
        return pair(db, channel);
    };
    let mut members: BTreeMap<[u8; 16], Vec<[u8; 16]>> = BTreeMap::new();
    let mut rows = db.prepare_cached(
        "SELECT m.user_id, r.role_id FROM member m LEFT JOIN member_role r
             ON r.guild_id = m.guild_id AND r.user_id = m.user_id
         WHERE m.guild_id = ?1",
    )?;
    let mut rows = rows.query([guild])?;
    while let Some(row) = rows.next()? {
        let role: Option<[u8; 16]> = row.get(1)?;
        members.entry(id16(row, 0)?).or_default().extend(role);
    }
    let roles: BTreeMap<[u8; 16], i64> = db
        .prepare_cached("SELECT id, permissions FROM role WHERE guild_id = ?1")?
        .query_map([guild], |row| Ok((id16(row, 0)?, row.get(1)?)))?
        .collect::<Read<_>>()?;
    let mut places = Vec::new();
    for place in category.into_iter().chain([*channel.as_bytes()]) {
        places.push(said(db, place)?);
    }
    let listed: BTreeSet<[u8; 16]> = db
        .prepare_cached("SELECT user_id FROM channel_reader WHERE channel_id = ?1")?
        .query_map([channel.as_bytes()], |row| id16(row, 0))?
        .collect::<Read<_>>()?;
    let waiting: BTreeSet<[u8; 16]> = db
        .prepare_cached("SELECT user_id FROM channel_waiting WHERE channel_id = ?1")?
        .query_map([channel.as_bytes()], |row| id16(row, 0))?
        .collect::<Read<_>>()?;
    let sees = |(user, held): &(&[u8; 16], &Vec<[u8; 16]>)| {
        let mut rights = held.iter().filter_map(|role| roles.get(role));
        let base = rights.by_ref().fold(everyone, |sum, one| sum | one);
        let outright = **user == owner || base & ADMINISTRATOR != 0;
        let named = readers == "everyone" || listed.contains(*user);
        // Whoever waits for a place in a full audience reads nothing.
        named && !waiting.contains(*user) && (outright || overwritten(base, &places, user, held))
    };
    let seeing = members.iter().filter(sees);
    Ok(seeing.map(|(user, _)| UserId::from_bytes(*user)).collect())
}

/// Whether a place is seen after what it and the place around it say, one after the other.
fn overwritten(base: i64, places: &[Vec<Said>], user: &[u8; 16], held: &[[u8; 16]]) -> bool {
    let mut sees = base & VIEW != 0;
    for place in places {
        for step in ["everyone", "role", "member"] {
            let about = place.iter().filter(|said| {
                said.subject == step
                    && match step {
                        "everyone" => true,
                        "role" => held.contains(&said.id),
                        _ => said.id == *user,
                    }
            });
            let (allow, deny) = about.fold((0, 0), |(allow, deny), said| {
                (allow | said.allow, deny | said.deny)
            });
            sees = (sees && deny & VIEW == 0) || allow & VIEW != 0;
        }
    }
    sees
}

fn said(db: &Connection, place: [u8; 16]) -> Read<Vec<Said>> {
    db.prepare_cached("SELECT subject, subject_id, allow, deny FROM overwrite WHERE place_id = ?1")?
        .query_map([place], |row| {
            Ok(Said {
                subject: row.get(0)?,
                id: id16(row, 1)?,
                allow: row.get(2)?,
                deny: row.get(3)?,
            })
        })?
        .collect()
}

fn pair(db: &Connection, channel: ChannelId) -> Read<BTreeSet<UserId>> {
    let pair = db
        .prepare_cached("SELECT low_id, high_id FROM dm WHERE channel_id = ?1")?
        .query_row(params![channel.as_bytes()], |row| {
            Ok([id16(row, 0)?, id16(row, 1)?])
        })
        .optional()?;
    Ok(pair.into_iter().flatten().map(UserId::from_bytes).collect())
}
