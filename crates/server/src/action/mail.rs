//! Letters: what was noted down becomes one when its turn comes, sealed until it has gone.

use cloister_wire::{UserId, security::SecurityEventKind};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{email, link, password};
use crate::{
    Error, Result,
    access::{Permit, System},
    app::Parts,
    limit::Window,
    mail::{
        EmailAddress, Letter,
        letter::{Done, House},
    },
    store::{
        self,
        account::Account,
        db::Tx,
        mail::{End, What},
        one_time::Purpose,
    },
    visitor::Visitor,
};

/// What the password of the mail server's account is sealed for.
pub const PASSWORD: &[u8] = b"mail password";
const LETTER: &[u8] = b"letter";
const FORGOT: &[u8] = b"forgot";
const DAY_MS: u64 = 24 * 60 * 60_000;
/// How long it is tried to hand a letter on.
const LETTER_MS: u64 = 2 * DAY_MS;
/// How long a link that undoes something is good.
pub(super) const UNDO_MS: u64 = 7 * DAY_MS;
/// Links to a new password that one person gets in an hour, whoever asks for them.
const RESETS: std::num::NonZero<u32> = std::num::NonZero::new(3).unwrap();
/// Letters about one kind of happening in an hour: whoever guesses does not fill a mailbox.
const NOTICES: std::num::NonZero<u32> = std::num::NonZero::new(2).unwrap();
const HOUR_MINUTES: u64 = 60;

/// What somebody typed who forgot their password, and from where.
#[derive(Serialize, Deserialize)]
struct Forgot {
    who: String,
    place: String,
    user_agent: String,
}

/// From which instance letters come.
pub fn house(parts: &Parts) -> House<'_> {
    let address = parts.config.public_url.as_deref().unwrap_or_default();
    House {
        name: &parts.config.name,
        address: address.trim_end_matches('/'),
    }
}

/// Puts a letter among those that wait.
pub(super) fn post<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    letter: &Letter,
) -> Result<()> {
    let sealed = seal(parts, LETTER, letter)?;
    store::mail::insert_letter(tx, permit, &sealed, LETTER_MS)
}

/// Notes down that somebody forgot their password: it takes as long whoever that is.
pub(super) fn note_forgotten<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    (who, visitor): (&str, &Visitor),
) -> Result<()> {
    let forgot = Forgot {
        who: who.to_owned(),
        place: place_of(&crate::visitor::place_text(&visitor.place())),
        user_agent: visitor.user_agent.clone(),
    };
    let sealed = seal(parts, FORGOT, &forgot)?;
    store::mail::insert_forgot(tx, permit, &sealed, password::RESET_MS)
}

/// Writes the next letter, or finds that there is nobody to write to. False when all are written.
pub fn write_next(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, System>) -> Result<bool> {
    let Some(errand) = store::mail::get_errand(tx, permit)? else {
        return Ok(false);
    };
    let written = match &errand.what {
        What::Notice { user, event } => {
            let told = store::mail::get_event(tx, permit, *event)?;
            match told {
                Some(told) => notice(tx, parts, permit, (*user, &told))?,
                None => None,
            }
            .map(|letter| (letter, LETTER_MS))
        }
        What::Forgot { sealed } => {
            let forgot: Forgot = open_as(parts, FORGOT, sealed)?;
            reset(tx, parts, permit, &forgot)?.map(|letter| (letter, password::RESET_MS))
        }
    };
    match written {
        Some((letter, lives_ms)) => {
            let sealed = seal(parts, LETTER, &letter)?;
            store::mail::update_written(tx, permit, errand.id, &sealed, lives_ms)?;
        }
        None => store::mail::update_ended(tx, permit, errand.id, (End::Nobody, None))?,
    }
    Ok(true)
}

/// A letter that was written.
pub fn open(parts: &Parts, sealed: &[u8]) -> Result<Letter> {
    open_as(parts, LETTER, sealed)
}

fn notice(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    (user, told): (UserId, &store::mail::Told),
) -> Result<Option<Letter>> {
    let Some(to) = email::proved(tx, parts, permit, user)? else {
        return Ok(None);
    };
    let key = format!("{user}\0{:?}", told.kind);
    if told.kind != SecurityEventKind::PasswordReset
        && !fits(tx, parts, permit, ("notice", &key), NOTICES)?
    {
        return Ok(None);
    }
    let username = store::account::get_username(tx, permit, user)?;
    let token = link::draw(tx, parts, permit, (user, Purpose::Alarm), UNDO_MS)?;
    let place = place_of(&told.place);
    let done = Done {
        at: told.at,
        place: &place,
        user_agent: &told.user_agent,
    };
    let of = (username.as_str(), token.as_str());
    Ok(Some(house(parts).notice(&to, of, (told.kind, done))))
}

/// The link to a new password, if there is somebody who can be written to.
fn reset(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    forgot: &Forgot,
) -> Result<Option<Letter>> {
    let Some(account) = find(tx, parts, permit, &forgot.who)? else {
        return Ok(None);
    };
    let Some(to) = email::proved(tx, parts, permit, account.id)? else {
        return Ok(None);
    };
    let key = account.id.to_string();
    if account.disabled_at.is_some() || !fits(tx, parts, permit, ("forgot", &key), RESETS)? {
        return Ok(None);
    }
    let token = password::offer_reset(tx, parts, permit, account.id)?;
    let asked = Done {
        at: tx.now(),
        place: &forgot.place,
        user_agent: &forgot.user_agent,
    };
    let of = (account.username.as_str(), token.as_str());
    Ok(Some(house(parts).reset(&to, of, Some(asked))))
}

/// By user name or by proved address.
fn find(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    who: &str,
) -> Result<Option<Account>> {
    if !who.contains('@') {
        return store::account::find(tx, permit, who.trim());
    }
    let Ok(address) = EmailAddress::parse(who) else {
        return Ok(None);
    };
    let hash = email::hash(parts, &address);
    match store::email::get_user(tx, permit, &hash)? {
        Some(user) => store::account::find_by_id(tx, permit, user),
        None => Ok(None),
    }
}

/// Is there room for one more in the last hour?
fn fits(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, System>,
    (kind, key): (&str, &str),
    most: std::num::NonZero<u32>,
) -> Result<bool> {
    let key = parts.keys.hash_secret(kind, key.as_bytes());
    let window = Window::per_minutes(most, HOUR_MINUTES);
    Ok(store::attempt::spend(tx, permit, &key, window)?
        .wait_ms
        .is_none())
}

/// Where something was done, in a letter's words.
fn place_of(place: &str) -> String {
    if place.contains('/') {
        format!("network {place}")
    } else {
        format!("the {}", place.replace("this machine", "server's machine"))
    }
}

fn seal(parts: &Parts, about: &[u8], what: &impl Serialize) -> Result<Vec<u8>> {
    let plain = Zeroizing::new(serde_json::to_vec(what).map_err(Error::internal)?);
    parts.keys.seal(&parts.env, about, &plain)
}

fn open_as<T: for<'de> Deserialize<'de>>(parts: &Parts, about: &[u8], sealed: &[u8]) -> Result<T> {
    let plain = parts.keys.open_sealed(about, sealed)?;
    serde_json::from_slice(&plain).map_err(Error::internal)
}
