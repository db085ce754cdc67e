//! Direct conversations.

use cloister_wire::{
    ChannelId, UserId,
    guild::{Dm, DmRequest},
};

use super::{
    channel,
    db::{Row, Tx},
};
use crate::{
    Error, Result,
    access::{Act, Permit, channel::DIRECT},
    params, sql,
};
sql! {
    PAIR = "SELECT low_id, high_id FROM dm WHERE channel_id = $1";
    PAIR_HERE = "SELECT low_id, high_id, gone_at FROM dm WHERE channel_id = $1";
    FIND = "SELECT channel_id FROM dm WHERE low_id = $1 AND high_id = $2";
    INSERT = "INSERT INTO dm (channel_id, low_id, high_id, waits_for) VALUES ($1, $2, $3, $4)";
    WAITS = "SELECT waits_for, declined_at, gone_at FROM dm WHERE channel_id = $1";
    TAKE_UP = "UPDATE dm SET waits_for = NULL, declined_at = NULL WHERE channel_id = $1";
    DECLINE = "UPDATE dm SET declined_at = $2 WHERE channel_id = $1";
    OF_PERSON = "SELECT d.channel_id, a.id, a.username, a.display_name FROM dm d \
                 JOIN account a ON a.id = CASE WHEN d.low_id = $1 THEN d.high_id ELSE d.low_id END \
                 WHERE d.low_id = $1 OR d.high_id = $1 ORDER BY d.channel_id";
    NAMES = "SELECT id, username, display_name FROM account WHERE id = $1";
    SHARED_GUILD = "SELECT 1 FROM member a JOIN member b ON b.guild_id = a.guild_id \
                    WHERE a.user_id = $1 AND b.user_id = $2 LIMIT 1";
    LOCK_PERSON = "SELECT id FROM account WHERE id = $1 FOR UPDATE";
}

/// Somebody, as their names say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub user: UserId,
    pub username: String,
    pub display_name: String,
}

/// The two people of a conversation.
pub fn pair(tx: &mut Tx<'_>, channel: ChannelId) -> Result<Option<[UserId; 2]>> {
    tx.maybe(PAIR, params![channel], |row| Ok([row.get(0)?, row.get(1)?]))
}

/// The same, with when one of the two was gone.
pub fn pair_here(
    tx: &mut Tx<'_>,
    channel: ChannelId,
) -> Result<Option<([UserId; 2], Option<u64>)>> {
    tx.maybe(PAIR_HERE, params![channel], |row| {
        Ok(([row.get(0)?, row.get(1)?], row.get(2)?))
    })
}

pub fn find(tx: &mut Tx<'_>, pair: [UserId; 2]) -> Result<Option<ChannelId>> {
    let [low, high] = ordered(pair);
    tx.maybe(FIND, params![low, high], |row| row.get(0))
}

/// `waits_for`: who has yet to take it up.
pub fn insert(
    tx: &mut Tx<'_>,
    channel: ChannelId,
    pair: [UserId; 2],
    waits_for: Option<UserId>,
) -> Result<()> {
    let [low, high] = ordered(pair);
    tx.execute(INSERT, params![channel, low, high, waits_for])?;
    Ok(())
}

/// Who has yet to take a conversation up.
pub fn waits_for(tx: &mut Tx<'_>, channel: ChannelId) -> Result<Option<UserId>> {
    Ok(tx
        .maybe(WAITS, params![channel], |row| row.get(0))?
        .flatten())
}

pub fn update_taken_up(tx: &mut Tx<'_>, channel: ChannelId) -> Result<()> {
    tx.execute(TAKE_UP, params![channel]).map(|_| ())
}

pub fn update_declined(tx: &mut Tx<'_>, channel: ChannelId) -> Result<()> {
    let now = tx.now();
    tx.execute(DECLINE, params![channel, now]).map(|_| ())
}

/// How a conversation stands for one of its two.
fn request(tx: &mut Tx<'_>, channel: ChannelId, user: UserId) -> Result<Option<DmRequest>> {
    type Found = (Option<UserId>, Option<u64>, Option<u64>);
    let found: Option<Found> = tx.maybe(WAITS, params![channel], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    Ok(match found {
        Some((_, _, Some(_))) => Some(DmRequest::Gone),
        Some((Some(who), declined, None)) if who == user => Some(match declined {
            Some(_) => DmRequest::Declined,
            None => DmRequest::Incoming,
        }),
        Some((Some(_), _, None)) => Some(DmRequest::Outgoing),
        _ => None,
    })
}

/// A person's conversations, each with whom.
fn of_person(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<(ChannelId, Person)>> {
    tx.query(OF_PERSON, params![user], |row| {
        let person = Person {
            user: row.get("id")?,
            username: row.get("username")?,
            display_name: row.get("display_name")?,
        };
        Ok((row.get("channel_id")?, person))
    })
}

/// The conversation with `peer` as `user` sees it.
pub fn view(tx: &mut Tx<'_>, channel: ChannelId, user: UserId, peer: UserId) -> Result<Dm> {
    let person = person(tx, peer)?.ok_or_else(Error::not_found)?;
    let request = request(tx, channel, user)?;
    let view = channel::view(tx, channel, user)?;
    Ok(assemble(view, person, request))
}

/// Every conversation of the person, as they see it.
pub fn views(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Vec<Dm>> {
    views_of(tx, permit.user)
}

pub(super) fn views_of(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Dm>> {
    of_person(tx, user)?
        .into_iter()
        .map(|(id, peer)| {
            let request = request(tx, id, user)?;
            Ok(assemble(channel::view(tx, id, user)?, peer, request))
        })
        .collect()
}

fn assemble(view: channel::View, peer: Person, request: Option<DmRequest>) -> Dm {
    let last_at = view.last_at;
    Dm {
        channel: view.into_wire(DIRECT),
        peer: peer.user,
        username: peer.username,
        display_name: peer.display_name,
        last_at,
        request,
    }
}

pub fn person(tx: &mut Tx<'_>, user: UserId) -> Result<Option<Person>> {
    tx.maybe(NAMES, params![user], read_person)
}

/// Two people who open the same conversation at once go one after the other.
pub fn lock_pair(tx: &mut Tx<'_>, pair: [UserId; 2]) -> Result<()> {
    for user in ordered(pair) {
        tx.maybe(LOCK_PERSON, params![user], |row| row.get::<UserId>(0))?;
    }
    Ok(())
}

pub fn share_a_guild(tx: &mut Tx<'_>, pair: [UserId; 2]) -> Result<bool> {
    let [one, other] = pair;
    Ok(tx
        .maybe(SHARED_GUILD, params![one, other], |row| row.get::<i64>(0))?
        .is_some())
}

/// May they write to each other's devices: do they share a guild or a conversation?
pub fn may_reach(tx: &mut Tx<'_>, pair: [UserId; 2]) -> Result<bool> {
    Ok(share_a_guild(tx, pair)? || find(tx, pair)?.is_some())
}

fn ordered(mut pair: [UserId; 2]) -> [UserId; 2] {
    pair.sort();
    pair
}

fn read_person(row: Row<'_>) -> Result<Person> {
    Ok(Person {
        user: row.get("id")?,
        username: row.get("username")?,
        display_name: row.get("display_name")?,
    })
}
