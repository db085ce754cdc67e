//! How people keep each other: friends, muted, blocked; and who may write to whom.

use cloister_wire::{
    UserId,
    moderation::{Contact, Relation, RelationView},
};

use super::db::Tx;
use crate::{
    Error, Result,
    access::{Act, Permit},
    params, sql,
};

sql! {
    PAGE = "SELECT r.other_id, a.username, a.display_name, r.relation, r.at FROM relation AS r
        JOIN account AS a ON a.id = r.other_id WHERE r.user_id = $1 ORDER BY r.at DESC, r.other_id";
    GET = "SELECT relation FROM relation WHERE user_id = $1 AND other_id = $2";
    PUT = "INSERT INTO relation (user_id, other_id, relation, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id, other_id) DO UPDATE
        SET relation = excluded.relation, at = excluded.at";
    DELETE = "DELETE FROM relation WHERE user_id = $1 AND other_id = $2";
    COUNT = "SELECT count(*) FROM relation WHERE user_id = $1";
    CONTACT = "SELECT who FROM contact WHERE user_id = $1";
    PUT_CONTACT = "INSERT INTO contact (user_id, who) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET who = excluded.who";
}

pub fn page(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Vec<RelationView>> {
    tx.query(PAGE, params![permit.user], |row| {
        Ok(RelationView {
            user: row.get("other_id")?,
            username: row.get("username")?,
            display_name: row.get("display_name")?,
            relation: parse(&row.get::<String>("relation")?)?,
            at: row.get("at")?,
        })
    })
}

/// How one person keeps another.
pub fn get(tx: &mut Tx<'_>, of: UserId, other: UserId) -> Result<Relation> {
    let found: Option<String> = tx.maybe(GET, params![of, other], |row| row.get(0))?;
    found.map_or(Ok(Relation::None), |text| parse(&text))
}

pub fn put(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    other: UserId,
    relation: Relation,
) -> Result<()> {
    let text = match relation {
        Relation::None => {
            return tx.execute(DELETE, params![permit.user, other]).map(|_| ());
        }
        Relation::Friend => "friend",
        Relation::Muted => "muted",
        Relation::Blocked => "blocked",
    };
    let now = tx.now();
    tx.execute(PUT, params![permit.user, other, text, now])
        .map(|_| ())
}

pub fn count(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<u32> {
    tx.one(COUNT, params![permit.user], |row| row.get(0))
}

/// Who may begin a conversation with somebody.
pub fn contact(tx: &mut Tx<'_>, user: UserId) -> Result<Contact> {
    let found: Option<String> = tx.maybe(CONTACT, params![user], |row| row.get(0))?;
    Ok(match found.as_deref() {
        Some("guilds") => Contact::Guilds,
        Some("friends") => Contact::Friends,
        Some("nobody") => Contact::Nobody,
        _ => Contact::Requests,
    })
}

pub fn put_contact(tx: &mut Tx<'_>, permit: &Permit<'_, Act>, who: Contact) -> Result<()> {
    let text = match who {
        Contact::Guilds => "guilds",
        Contact::Requests => "requests",
        Contact::Friends => "friends",
        Contact::Nobody => "nobody",
    };
    tx.execute(PUT_CONTACT, params![permit.user, text])
        .map(|_| ())
}

fn parse(text: &str) -> Result<Relation> {
    match text {
        "friend" => Ok(Relation::Friend),
        "muted" => Ok(Relation::Muted),
        "blocked" => Ok(Relation::Blocked),
        other => Err(Error::internal(format!("a relation {other}"))),
    }
}
