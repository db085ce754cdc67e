//! Mails that wait to be handed on, and what became of those that were.

use cloister_wire::{MailId, SecurityEventId, UserId, security::SecurityEventKind};

use super::{
    db::{Row, Tx},
    security_event::kind_of,
};
use crate::{
    Error, Result,
    access::{Permit, System},
    params, sql,
};

sql! {
    INSERT = "INSERT INTO mail
        (id, kind, user_id, event_id, sealed, created_at, expires_at, next_at, tries)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $6, 0)";
    NEXT_ERRAND = "SELECT id, kind, user_id, event_id, sealed FROM mail
        WHERE kind <> 'letter' AND ended_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";
    WRITE = "UPDATE mail SET kind = 'letter', sealed = $2, expires_at = $3 WHERE id = $1";
    DUE = "SELECT id, sealed, tries FROM mail WHERE kind = 'letter' AND ended_at IS NULL
        AND handed_at IS NULL AND next_at <= $1 ORDER BY next_at, id LIMIT $2";
    CLAIM = "UPDATE mail SET tries = $3, next_at = $4 WHERE id = $1 AND tries = $2
        AND ended_at IS NULL AND handed_at IS NULL";
    HAND = "UPDATE mail SET handed_at = $2 WHERE id = $1 AND handed_at IS NULL";
    TAKE_BACK = "UPDATE mail SET handed_at = NULL, said = $2 WHERE id = $1";
    END = "UPDATE mail SET ended_at = $2, ended_how = $3, said = $4, sealed = NULL
        WHERE id = $1 AND ended_at IS NULL";
    END_LOST = "UPDATE mail SET ended_at = $2, ended_how = 'unknown', sealed = NULL
        WHERE handed_at <= $1 AND ended_at IS NULL";
    END_EXPIRED = "UPDATE mail SET ended_at = $1, ended_how = 'expired', sealed = NULL
        WHERE expires_at <= $1 AND ended_at IS NULL AND handed_at IS NULL";
    DELETE_OLD = "DELETE FROM mail WHERE ended_at <= $1";
    COUNT_WAITING = "SELECT count(*) FROM mail WHERE ended_at IS NULL";
    COUNT_ENDED = "SELECT count(*) FROM mail WHERE ended_at > $1 AND ended_how = $2";
    LAST_SAID = "SELECT said FROM mail WHERE said IS NOT NULL ORDER BY id DESC LIMIT 1";
    GET_EVENT = "SELECT e.kind, e.at, e.place, e.user_agent FROM security_event e
        WHERE e.id = $1";
    GET_PASSWORD = "SELECT mail_password FROM instance";
    UPDATE_PASSWORD = "UPDATE instance SET mail_password = $1";
}

/// The most mails that wait; what comes on top is dropped.
const WAITING_MAX: u64 = 10_000;
/// How long a mail server's word is kept.
const SAID_CHARS: usize = 512;

/// What is to become a letter.
#[derive(Debug, Clone)]
pub struct Errand {
    pub id: MailId,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// Tell somebody of something that happened to their account.
    Notice {
        user: UserId,
        event: SecurityEventId,
    },
    /// Somebody forgot a password: sealed, who they say they are.
    Forgot { sealed: Vec<u8> },
}

/// A letter whose turn has come.
#[derive(Debug, Clone)]
pub struct Due {
    pub id: MailId,
    pub sealed: Vec<u8>,
    pub tries: u32,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Sent,
    Refused,
    /// There is nobody to write to.
    Nobody,
    /// The connection broke before the answer: it may have arrived, and is not sent twice.
    Unknown,
}

impl End {
    const fn text(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Nobody => "nobody",
            Self::Unknown => "unknown",
        }
    }
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub waiting: u64,
    /// In the last week.
    pub sent: u64,
    pub failed: u64,
    /// What the mail server said last when it did not take a mail.
    pub said: Option<String>,
}

/// What happened, for a letter about it.
#[derive(Debug, Clone)]
pub struct Told {
    pub kind: SecurityEventKind,
    pub at: u64,
    pub place: String,
    pub user_agent: String,
}

/// A letter that is written.
pub fn insert_letter<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    sealed: &[u8],
    lives_ms: u64,
) -> Result<()> {
    insert(tx, ("letter", None, None), Some(sealed), lives_ms)
}

/// Somebody forgot a password, whoever that is.
pub fn insert_forgot<R>(
    tx: &mut Tx<'_>,
    _: &Permit<'_, R>,
    sealed: &[u8],
    lives_ms: u64,
) -> Result<()> {
    insert(tx, ("forgot", None, None), Some(sealed), lives_ms)
}

/// Something happened to an account, whose owner can be written to or not.
pub(super) fn insert_notice(
    tx: &mut Tx<'_>,
    (user, event): (UserId, SecurityEventId),
    lives_ms: u64,
) -> Result<()> {
    if !super::email::is_proved(tx, user)? {
        return Ok(());
    }
    insert(tx, ("notice", Some(user), Some(event)), None, lives_ms)
}

fn insert(
    tx: &mut Tx<'_>,
    (kind, user, event): (&str, Option<UserId>, Option<SecurityEventId>),
    sealed: Option<&[u8]>,
    lives_ms: u64,
) -> Result<()> {
    let now = tx.now();
    let waiting: u64 = tx.one(COUNT_WAITING, &[], |row| row.get(0))?;
    if waiting >= WAITING_MAX {
        tracing::error!("more mails wait than there is room for: one was dropped");
        return Ok(());
    }
    let id = tx.id(MailId::new);
    tx.execute(
        INSERT,
        params![id, kind, user, event, sealed, now, now + lives_ms],
    )
    .map(|_| ())
}

/// The next one to write.
pub fn get_errand(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<Option<Errand>> {
    tx.maybe(NEXT_ERRAND, &[], |row| {
        let kind: String = row.get("kind")?;
        let sealed: Option<Vec<u8>> = row.get("sealed")?;
        let of: (Option<UserId>, Option<SecurityEventId>) =
            (row.get("user_id")?, row.get("event_id")?);
        let what = match (kind.as_str(), of, sealed) {
            ("notice", (Some(user), Some(event)), _) => What::Notice { user, event },
            ("forgot", _, Some(sealed)) => What::Forgot { sealed },
            _ => return Err(Error::internal("an errand without what it needs")),
        };
        Ok(Errand {
            id: row.get("id")?,
            what,
        })
    })
}

/// It is written now.
pub fn update_written(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    id: MailId,
    sealed: &[u8],
    lives_ms: u64,
) -> Result<()> {
    let until = tx.now() + lives_ms;
    tx.execute(WRITE, params![id, sealed, until]).map(|_| ())
}

/// Letters whose turn has come.
pub fn page_due(tx: &mut Tx<'_>, _: &Permit<'_, System>, most: u32) -> Result<Vec<Due>> {
    let now = tx.now();
    tx.query(DUE, params![now, most], |row: Row<'_>| {
        Ok(Due {
            id: row.get("id")?,
            sealed: row.get("sealed")?,
            tries: row.get("tries")?,
        })
    })
}

/// Takes a letter for a try; the next one comes after `wait_ms`, whatever happens to this one.
/// False where another program was first.
#[must_use = "another program may have it"]
pub fn claim(tx: &mut Tx<'_>, _: &Permit<'_, System>, due: &Due, wait_ms: u64) -> Result<bool> {
    let next = tx.now() + wait_ms;
    let claimed = tx.execute(CLAIM, params![due.id, due.tries, due.tries + 1, next])?;
    Ok(claimed == 1)
}

/// Its last byte is about to go out.
#[must_use = "it may have gone out before"]
pub fn update_handed(tx: &mut Tx<'_>, _: &Permit<'_, System>, id: MailId) -> Result<bool> {
    let now = tx.now();
    Ok(tx.execute(HAND, params![id, now])? == 1)
}

/// The mail server said that it does not have it, for now.
pub fn update_taken_back(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    id: MailId,
    said: &str,
) -> Result<()> {
    tx.execute(TAKE_BACK, params![id, &short(said)]).map(|_| ())
}

pub fn update_ended(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    id: MailId,
    (end, said): (End, Option<&str>),
) -> Result<()> {
    let now = tx.now();
    let said = said.map(short);
    tx.execute(END, params![id, now, end.text(), said.as_ref()])
        .map(|_| ())
}

/// Ends what has run out, and what was handed over before `lost` without an answer.
pub fn update_all_ended(tx: &mut Tx<'_>, _: &Permit<'_, System>, lost: u64) -> Result<()> {
    let now = tx.now();
    tx.execute(END_LOST, params![lost, now])?;
    tx.execute(END_EXPIRED, params![now]).map(|_| ())
}

pub fn delete_old(tx: &mut Tx<'_>, _: &Permit<'_, System>, before: u64) -> Result<u64> {
    tx.execute(DELETE_OLD, params![before])
}

/// How things stand, since `since`.
pub fn standing<R>(tx: &mut Tx<'_>, _: &Permit<'_, R>, since: u64) -> Result<Standing> {
    let mut count =
        |how: &str| -> Result<u64> { tx.one(COUNT_ENDED, params![since, how], |row| row.get(0)) };
    let sent = count("sent")?;
    let failed = count("refused")? + count("expired")? + count("unknown")?;
    Ok(Standing {
        waiting: tx.one(COUNT_WAITING, &[], |row| row.get(0))?,
        sent,
        failed,
        said: tx.maybe(LAST_SAID, &[], |row| row.get(0))?,
    })
}

/// What a notice is about.
pub fn get_event(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    event: SecurityEventId,
) -> Result<Option<Told>> {
    let found = tx.maybe(GET_EVENT, params![event], |row| {
        let kind: String = row.get("kind")?;
        let at: u64 = row.get("at")?;
        Ok((kind, at, row.get("place")?, row.get("user_agent")?))
    })?;
    Ok(found.and_then(|(kind, at, place, user_agent)| {
        kind_of(&kind).map(|kind| Told {
            kind,
            at,
            place,
            user_agent,
        })
    }))
}

/// The password of the mail server's account, sealed.
pub fn get_password(tx: &mut Tx<'_>, _: &Permit<'_, System>) -> Result<Option<Vec<u8>>> {
    Ok(tx.maybe(GET_PASSWORD, &[], |row| row.get(0))?.flatten())
}

pub fn update_password(
    tx: &mut Tx<'_>,
    _: &Permit<'_, System>,
    sealed: Option<&[u8]>,
) -> Result<()> {
    tx.execute(UPDATE_PASSWORD, params![sealed]).map(|_| ())
}

fn short(text: &str) -> String {
    let kept = text.chars().filter(|one| !one.is_control());
    kept.take(SAID_CHARS).collect()
}
