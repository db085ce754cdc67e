//! What whoever runs the instance does to people's accounts, from a client or on the machine. It
//! is written down where the person sees it.

use cloister_wire::{
    SecurityEventId, UserId,
    operate::{Deed, Everybody, HappenedPage, PEOPLE_PAGE, PeopleState, PersonSeen},
    security::SecurityEventKind,
};

use super::{attempt, deletion, ending, factor, password, security};
use crate::{
    Error, Result,
    access::{OperateProved, Permit, Runs},
    app::Parts,
    limit::Window,
    store::{
        self,
        account::{Account, Listed, name_key},
        db::Tx,
        security_event::Wanted,
    },
    visitor::Visitor,
};

/// Letters that try the mail server, in an hour.
const TESTS: std::num::NonZero<u32> = std::num::NonZero::new(10).unwrap();
const HOUR_MINUTES: u64 = 60;
/// Accounts that are read at once, and at most for one answer: who looks for a name among many
/// is answered in several pages.
const CHUNK: usize = 500;
const LOOKED_AT: usize = 20_000;

/// Whom the list is to show.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    /// A part of the user name or the shown name.
    pub with: String,
    pub state: PeopleState,
    /// Only those who come after this name.
    pub after: String,
}

impl Sought {
    fn fits(&self, one: &Listed) -> bool {
        let has = |name: &str| name.to_lowercase().contains(&self.with);
        let in_state = match self.state {
            PeopleState::Everybody => true,
            PeopleState::Operators => one.operator_at.is_some(),
            PeopleState::Disabled => one.disabled_at.is_some(),
            PeopleState::WithoutSecondFactor => one.totp_at.is_none(),
        };
        in_state && (has(&one.username) || has(&one.display_name))
    }
}

/// People by name, a page of them.
pub fn everybody<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    sought: &Sought,
) -> Result<Everybody> {
    let sought = Sought {
        with: sought.with.trim().to_lowercase(),
        ..sought.clone()
    };
    let mut after = name_key(&sought.after);
    let mut found: Vec<Listed> = Vec::new();
    let mut looked_at = 0;
    let mut next = None;
    'chunks: loop {
        let chunk = store::account::page_after(tx, permit, &after, CHUNK)?;
        let is_last = chunk.len() < CHUNK;
        looked_at += chunk.len();
        for one in chunk {
            let fits = sought.fits(&one);
            if fits && found.len() == PEOPLE_PAGE {
                next = found.last().map(|last| last.username.clone());
                break 'chunks;
            }
            after = name_key(&one.username);
            if fits {
                found.push(one);
            }
        }
        if is_last {
            break;
        }
        if looked_at >= LOOKED_AT {
            next = Some(after);
            break;
        }
    }
    let people = found.into_iter().map(|one| see(tx, parts, permit, one));
    Ok(Everybody {
        people: people.collect::<Result<_>>()?,
        next,
    })
}

fn see<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    one: Listed,
) -> Result<PersonSeen> {
    let (sign_ins, last_seen_at) = store::session::count_living(tx, permit, one.id)?;
    Ok(PersonSeen {
        user: one.id,
        mail: store::email::has_proved(tx, permit, one.id)?,
        locked_until: attempt::locked_until(tx, parts, permit, &one.username)?,
        username: one.username,
        display_name: one.display_name,
        created_at: one.created_at,
        operator: one.operator_at.is_some(),
        disabled_at: one.disabled_at,
        deletion_at: one.deletion_at,
        second_factor_at: one.totp_at,
        sign_ins,
        last_seen_at,
    })
}

/// Does something to an account. What an operator's own account needs they do as anybody.
pub fn look_after<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    (user, deed): (UserId, Deed),
    visitor: &Visitor,
) -> Result<()> {
    let account = find(tx, permit, user)?;
    if permit.operator() == Some(user) && deed != Deed::Unlock {
        return Err(Error::invalid(
            "This is your own account: look after it under Security.",
        ));
    }
    let kind = match deed {
        Deed::Disable => {
            let now = tx.now();
            store::account::update_disabled(tx, permit, user, Some(now))?;
            ending::end_all(tx, permit, user, "account disabled")?;
            SecurityEventKind::Disabled
        }
        Deed::Enable => {
            store::account::update_disabled(tx, permit, user, None)?;
            SecurityEventKind::Enabled
        }
        Deed::Unlock => {
            attempt::forget(tx, parts, permit, &account.username)?;
            SecurityEventKind::Unlocked
        }
        Deed::EndSessions => {
            ending::end_all(tx, permit, user, "ended by the operator")?;
            SecurityEventKind::AllSessionsEnded
        }
        Deed::RemoveFactors => {
            factor::remove(tx, permit, user)?;
            SecurityEventKind::SecondFactorsRemoved
        }
        Deed::Delete => {
            deletion::ask_by_operator(tx, parts, permit, user)?;
            SecurityEventKind::DeletionAsked
        }
        Deed::Keep => {
            deletion::stop(tx, permit, user)?;
            SecurityEventKind::DeletionCancelled
        }
    };
    security::note_by_operator(tx, permit, Some(user), (kind, ""), visitor)
}

/// Draws the token of a link to a new password for somebody. They are told.
pub fn offer_reset<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    user: UserId,
    visitor: &Visitor,
) -> Result<String> {
    find(tx, permit, user)?;
    let kind = SecurityEventKind::ResetLinkMade;
    security::note_by_operator(tx, permit, Some(user), (kind, ""), visitor)?;
    password::offer_reset(tx, parts, permit, user)
}

/// Counts a letter that tries the mail server.
pub fn count_test(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, OperateProved>,
) -> Result<()> {
    let key = parts.keys.hash_secret("mail test", permit.user.as_bytes());
    let window = Window::per_minutes(TESTS, HOUR_MINUTES);
    store::attempt::spend(tx, permit, &key, window)?.allowed()
}

/// Which of what happened is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub username: Option<String>,
    pub kind: Option<SecurityEventKind>,
    pub since: Option<u64>,
    pub until: Option<u64>,
    pub before: Option<SecurityEventId>,
}

/// What happened to everybody, or to one: at most `most`, newest first.
pub fn happened<R: Runs>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    asked: &Asked,
    most: u32,
) -> Result<HappenedPage> {
    let user = match &asked.username {
        None => None,
        Some(name) => match store::account::find(tx, permit, name)? {
            Some(account) => Some(account.id),
            None => {
                return Ok(HappenedPage {
                    events: Vec::new(),
                    end: true,
                });
            }
        },
    };
    let wanted = Wanted {
        user,
        kind: asked.kind,
        since: asked.since.unwrap_or(0),
        until: asked.until.unwrap_or(i64::MAX as u64),
        before: asked.before.unwrap_or(SecurityEventId(uuid::Uuid::max())),
        limit: most + 1,
    };
    let mut events = store::security_event::page_of_all(tx, permit, &wanted)?;
    let end = events.len() <= most as usize;
    events.truncate(most as usize);
    Ok(HappenedPage { events, end })
}

/// Writes down that somebody took what happened as a file.
pub fn note_export<R: Runs>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    count: usize,
    visitor: &Visitor,
) -> Result<()> {
    let about = format!("{count} entries");
    let kind = SecurityEventKind::EventsExported;
    security::note_by_operator(tx, permit, permit.operator(), (kind, &about), visitor)
}

fn find<R: Runs>(tx: &mut Tx<'_>, permit: &Permit<'_, R>, user: UserId) -> Result<Account> {
    store::account::find_by_id(tx, permit, user)?.ok_or_else(Error::not_found)
}
