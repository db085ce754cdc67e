//! Applications to join a guild, and what their applicants are asked.

use cloister_wire::{
    GuildId, Permissions, UserId,
    application::{Answer, Application, OwnApplication},
};

use super::db::{Row, Tx};
use crate::{
    Error, Result,
    access::{Act, Permit, guild::InGuild},
    params, sql,
};

sql! {
    SET_QUESTIONS = "UPDATE guild SET questions = $2 WHERE id = $1";
    QUESTIONS = "SELECT questions FROM guild WHERE id = $1";
    PUT = "INSERT INTO application (guild_id, user_id, at, code, invited_by, answers)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (guild_id, user_id) DO UPDATE SET at = excluded.at, code = excluded.code,
        invited_by = excluded.invited_by, answers = excluded.answers, declined_at = NULL,
        reason = NULL";
    GET = "SELECT p.user_id, a.username, a.display_name, p.at, p.code, p.invited_by, p.answers,
        p.declined_at FROM application AS p JOIN account AS a ON a.id = p.user_id
        WHERE p.guild_id = $1 AND p.user_id = $2";
    PAGE = "SELECT p.user_id, a.username, a.display_name, p.at, p.code, p.invited_by, p.answers,
        p.declined_at FROM application AS p JOIN account AS a ON a.id = p.user_id
        WHERE p.guild_id = $1 AND p.user_id > $2 AND p.declined_at IS NULL
        ORDER BY p.user_id LIMIT $3";
    COUNT = "SELECT count(*) FROM application WHERE guild_id = $1 AND declined_at IS NULL";
    DECLINE = "UPDATE application SET declined_at = $3, reason = $4
        WHERE guild_id = $1 AND user_id = $2 AND declined_at IS NULL";
    DELETE = "DELETE FROM application WHERE guild_id = $1 AND user_id = $2";
    OWN = "SELECT p.guild_id, g.name, p.at, p.declined_at, p.reason FROM application AS p
        JOIN guild AS g ON g.id = p.guild_id WHERE p.user_id = $1 ORDER BY p.at DESC LIMIT 200";
    DECIDERS = "SELECT g.owner_id AS id FROM guild AS g WHERE g.id = $1 UNION
        SELECT m.user_id AS id FROM member_role AS m JOIN role AS r ON r.id = m.role_id
        WHERE m.guild_id = $1 AND (r.permissions & $2) <> 0";
}

/// An application as it stands.
#[derive(Debug, Clone)]
pub struct Stored {
    pub application: Application,
    pub declined_at: Option<u64>,
}

/// Whoever comes by an invitation may read them.
pub fn questions<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, guild: GuildId) -> Result<Vec<String>> {
    asked(tx, guild)
}

/// The same, for the view of a member.
pub(super) fn asked(tx: &mut Tx<'_>, guild: GuildId) -> Result<Vec<String>> {
    let text: Option<Option<String>> = tx.maybe(QUESTIONS, params![guild], |row| row.get(0))?;
    match text.flatten() {
        Some(text) => serde_json::from_str(&text).map_err(Error::internal),
        None => Ok(Vec::new()),
    }
}

pub fn update_questions(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    questions: &[String],
) -> Result<()> {
    let text = match questions {
        [] => None,
        some => Some(serde_json::to_string(some).map_err(Error::internal)?),
    };
    tx.execute(SET_QUESTIONS, params![permit.guild, text.as_deref()])
        .map(|_| ())
}

pub fn put(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Act>,
    guild: GuildId,
    (code, invited_by): (&str, Option<UserId>),
    answers: &[Answer],
) -> Result<()> {
    let now = tx.now();
    let answers = serde_json::to_string(answers).map_err(Error::internal)?;
    let row = params![guild, permit.user, now, code, invited_by, answers.as_str()];
    tx.execute(PUT, row).map(|_| ())
}

pub fn get<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    guild: GuildId,
    user: UserId,
) -> Result<Option<Stored>> {
    tx.maybe(GET, params![guild, user], read)?
        .map(parse)
        .transpose()
}

/// Those that wait, by user id.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    after: UserId,
    limit: u32,
) -> Result<Vec<Application>> {
    let rows = tx.query(PAGE, params![permit.guild, after, limit], read)?;
    let parsed = rows.into_iter().map(parse);
    parsed.map(|one| one.map(|one| one.application)).collect()
}

pub fn count<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, guild: GuildId) -> Result<u32> {
    tx.one(COUNT, params![guild], |row| row.get(0))
}

/// Says whether it was waiting.
pub fn decline(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, InGuild>,
    user: UserId,
    reason: Option<&str>,
) -> Result<bool> {
    let now = tx.now();
    Ok(tx.execute(DECLINE, params![permit.guild, user, now, reason])? == 1)
}

/// Says whether there was one.
pub fn delete<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, guild: GuildId, user: UserId) -> Result<bool> {
    Ok(tx.execute(DELETE, params![guild, user])? == 1)
}

/// The person's own.
pub fn page_own(tx: &mut Tx<'_>, permit: &Permit<'_, Act>) -> Result<Vec<OwnApplication>> {
    tx.query(OWN, params![permit.user], |row| {
        Ok(OwnApplication {
            guild: row.get("guild_id")?,
            guild_name: row.get("name")?,
            at: row.get("at")?,
            declined_at: row.get("declined_at")?,
            reason: row.get("reason")?,
        })
    })
}

/// Who is told of applications.
pub fn deciders<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, guild: GuildId) -> Result<Vec<UserId>> {
    let rights = Permissions(Permissions::VOUCH_MEMBERS.0 | Permissions::ADMINISTRATOR.0);
    tx.query(DECIDERS, params![guild, rights], |row| row.get("id"))
}

type Read = (Application, String, Option<u64>);

fn read(row: Row<'_>) -> Result<Read> {
    let application = Application {
        user: row.get("user_id")?,
        username: row.get("username")?,
        display_name: row.get("display_name")?,
        at: row.get("at")?,
        code: row.get("code")?,
        invited_by: row.get("invited_by")?,
        answers: Vec::new(),
    };
    Ok((application, row.get("answers")?, row.get("declined_at")?))
}

fn parse((mut application, answers, declined_at): Read) -> Result<Stored> {
    application.answers = serde_json::from_str(&answers).map_err(Error::internal)?;
    Ok(Stored {
        application,
        declined_at,
    })
}
