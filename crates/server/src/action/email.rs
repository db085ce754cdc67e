//! A person's e-mail address: proved by a link that was mailed there, changed with a notice to
//! the one before, and good for a new password.

use cloister_wire::{ErrorCode, Hash, UserId, email::Email, security::SecurityEventKind};

use super::{
    deletion, ending, link,
    mail::{self, UNDO_MS, house},
    security,
};
use crate::{
    Error, Result,
    access::{Anyone, Own, Permit, Proved},
    app::Parts,
    limit::Window,
    mail::EmailAddress,
    store::{
        self,
        db::Tx,
        email::StoredEmail,
        one_time::{self, Purpose},
    },
    visitor::Visitor,
};

/// How long the link that proves an address is good.
const VERIFY_MS: u64 = 24 * 60 * 60_000;
/// Minutes of the windows in which mails are counted.
const MAIL_MINUTES: u64 = 60;
/// What people type who forgot their password is a name or an address.
const WHO_BYTES: usize = 254;

pub fn show(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, Own>) -> Result<Email> {
    let stored = store::email::get(tx, permit, permit.user)?;
    let open = |sealed: &[u8]| open(parts, permit.user, sealed);
    let proved = stored.proved.as_ref().map(|(sealed, _)| open(sealed));
    let wanted = stored.wanted.as_deref().map(open);
    Ok(Email {
        address: proved.transpose()?.map(|one| one.as_str().to_owned()),
        wanted: wanted.transpose()?.map(|one| one.as_str().to_owned()),
        mail: parts.config.mail.is_on(),
    })
}

/// Mails a link to an address. Whether it is another account's is told to nobody but who reads
/// mail there.
pub fn set(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Proved>,
    address: &EmailAddress,
) -> Result<()> {
    must_be_on(parts)?;
    let user = permit.user;
    let window = Window::per_minutes(parts.config.limits.mails_per_account, MAIL_MINUTES);
    let of_user = parts.keys.hash_secret("mails", user.as_bytes());
    store::attempt::spend(tx, permit, &of_user, window)?.allowed()?;
    let of_address = parts.keys.hash_secret("mails to", address.key().as_bytes());
    let there = store::attempt::spend(tx, permit, &of_address, window)?;
    let sealed = seal(parts, user, address)?;
    store::email::insert_wanted(tx, permit, user, &sealed)?;
    if there.wait_ms.is_some() {
        // Others have had enough sent there: nobody's mailbox is filled from here.
        return Ok(());
    }
    let owner = store::email::get_user(tx, permit, &hash(parts, address))?;
    let letter = if owner.is_some_and(|owner| owner != user) {
        one_time::delete(tx, permit, user, Purpose::Verify)?;
        house(parts).taken(address)
    } else {
        let token = link::draw(tx, parts, permit, (user, Purpose::Verify), VERIFY_MS)?;
        let username = store::account::get_username(tx, permit, user)?;
        house(parts).verify(address, &username, &token)
    };
    mail::post(tx, parts, permit, &letter)
}

/// Makes the address that waits the person's own, by the link that was mailed there. The one
/// before hears of it, and can undo it for a week.
pub fn verify(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    token: &str,
    visitor: &Visitor,
) -> Result<()> {
    link::count(tx, parts, permit, visitor)?;
    let user = link::take(tx, parts, permit, (Purpose::Verify, token))?;
    let user = user.ok_or_else(link::invalid)?;
    let stored = store::email::get(tx, permit, user)?;
    let sealed = stored.wanted.clone().ok_or_else(link::invalid)?;
    let found = hash(parts, &open(parts, user, &sealed)?);
    let owner = store::email::get_user(tx, permit, &found)?;
    if owner.is_some_and(|owner| owner != user) {
        return Err(link::invalid());
    }
    let now = StoredEmail {
        proved: Some((sealed, found)),
        wanted: None,
        former: former(tx, &stored),
    };
    store::email::update(tx, permit, user, &now)?;
    if let Some((before, other)) = &stored.proved
        && *other != found
    {
        tell_former(tx, parts, permit, (user, before))?;
    }
    let kind = SecurityEventKind::EmailChanged;
    security::note(tx, permit, (user, None), kind, visitor)
}

/// Takes the address away, and tells it so.
pub fn remove(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Proved>,
    visitor: &Visitor,
) -> Result<()> {
    let user = permit.user;
    let stored = store::email::get(tx, permit, user)?;
    if stored.proved.is_none() && stored.wanted.is_none() {
        return Ok(());
    }
    let gone = StoredEmail {
        former: former(tx, &stored),
        ..StoredEmail::default()
    };
    store::email::update(tx, permit, user, &gone)?;
    for purpose in [Purpose::Verify, Purpose::Reset] {
        one_time::delete(tx, permit, user, purpose)?;
    }
    if let Some((before, _)) = &stored.proved {
        tell_former(tx, parts, permit, (user, before))?;
        let kind = SecurityEventKind::EmailRemoved;
        security::note(tx, permit, (user, Some(permit.device)), kind, visitor)?;
    }
    Ok(())
}

/// Somebody came by a link that was mailed to an address alone: it is theirs, unless it is another
/// account's already.
pub(super) fn adopt(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    user: UserId,
    address: &EmailAddress,
) -> Result<()> {
    let found = hash(parts, address);
    if store::email::get_user(tx, permit, &found)?.is_some() {
        return Ok(());
    }
    let sealed = seal(parts, user, address)?;
    store::email::insert_wanted(tx, permit, user, &sealed)?;
    let now = StoredEmail {
        proved: Some((sealed, found)),
        ..StoredEmail::default()
    };
    store::email::update(tx, permit, user, &now)
}

/// Somebody forgot a password. Nothing here depends on whether they have an account.
pub fn forgot(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (who, visitor): (&str, &Visitor),
) -> Result<()> {
    must_be_on(parts)?;
    if who.trim().is_empty() || who.len() > WHO_BYTES {
        return Err(Error::invalid(
            "Give your user name or your e-mail address.",
        ));
    }
    let network = visitor.network();
    let key = parts.keys.hash_secret("forgot from", network.as_bytes());
    let window = Window::per_minutes(parts.config.limits.mails_per_address, MAIL_MINUTES);
    store::attempt::spend(tx, permit, &key, window)?.allowed()?;
    mail::note_forgotten(tx, parts, permit, (who, visitor))
}

/// Whoever reads the person's mail says that it was not the person: every sign-in is over, the
/// password opens nothing any more, and a link to a new one is on its way. Second factors stay.
pub fn not_me(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    token: &str,
    visitor: &Visitor,
) -> Result<()> {
    link::count(tx, parts, permit, visitor)?;
    let alarmed = link::take(tx, parts, permit, (Purpose::Alarm, token))?;
    let user = match alarmed {
        Some(user) => user,
        None => {
            let user = link::take(tx, parts, permit, (Purpose::Undo, token))?;
            let user = user.ok_or_else(link::invalid)?;
            go_back(tx, parts, permit, user)?;
            user
        }
    };
    for purpose in [
        Purpose::Alarm,
        Purpose::Undo,
        Purpose::Verify,
        Purpose::Reset,
        Purpose::Pass,
    ] {
        one_time::delete(tx, permit, user, purpose)?;
    }
    ending::end_all(tx, permit, user, "not the person")?;
    deletion::stop(tx, permit, user)?;
    // Somebody may know the password, and a device may be theirs.
    store::account::update_password(tx, permit, user, &parts.hasher.of_nothing())?;
    let username = store::account::get_username(tx, permit, user)?;
    security::note(tx, permit, (user, None), SecurityEventKind::NotMe, visitor)?;
    if parts.config.mail.is_on() {
        mail::note_forgotten(tx, parts, permit, (&username, visitor))?;
    }
    Ok(())
}

/// The address before is the person's again.
fn go_back(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    user: UserId,
) -> Result<()> {
    let stored = store::email::get(tx, permit, user)?;
    let Some((sealed, until)) = stored.former else {
        return Ok(());
    };
    let found = hash(parts, &open(parts, user, &sealed)?);
    let owner = store::email::get_user(tx, permit, &found)?;
    if until <= tx.now() || owner.is_some_and(|owner| owner != user) {
        return Ok(());
    }
    let back = StoredEmail {
        proved: Some((sealed, found)),
        ..StoredEmail::default()
    };
    store::email::update(tx, permit, user, &back)
}

/// To which address one may go back: of several changes in a week, the first one's.
fn former(tx: &Tx<'_>, stored: &StoredEmail) -> Option<(Vec<u8>, u64)> {
    let now = tx.now();
    let kept = stored.former.clone().filter(|(_, until)| *until > now);
    let proved = stored.proved.as_ref();
    kept.or_else(|| proved.map(|(sealed, _)| (sealed.clone(), now + UNDO_MS)))
}

fn tell_former<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    (user, before): (UserId, &[u8]),
) -> Result<()> {
    let to = open(parts, user, before)?;
    let token = link::draw(tx, parts, permit, (user, Purpose::Undo), UNDO_MS)?;
    let username = store::account::get_username(tx, permit, user)?;
    let letter = house(parts).moved(&to, (&username, &token));
    mail::post(tx, parts, permit, &letter)
}

/// The address at which somebody can be written to.
pub(super) fn proved<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    user: UserId,
) -> Result<Option<EmailAddress>> {
    let stored = store::email::get(tx, permit, user)?;
    let proved = stored.proved.map(|(sealed, _)| open(parts, user, &sealed));
    proved.transpose()
}

/// By which an address is found.
pub(super) fn hash(parts: &Parts, address: &EmailAddress) -> Hash {
    parts.keys.hash_secret("email", address.key().as_bytes())
}

fn seal(parts: &Parts, user: UserId, address: &EmailAddress) -> Result<Vec<u8>> {
    let text = address.as_str().as_bytes();
    parts.keys.seal(&parts.env, &about(user), text)
}

fn open(parts: &Parts, user: UserId, sealed: &[u8]) -> Result<EmailAddress> {
    let opened = parts.keys.open_sealed(&about(user), sealed)?;
    let text = std::str::from_utf8(&opened).map_err(Error::internal)?;
    EmailAddress::parse(text)
}

/// An address opens as nobody's but the person's.
fn about(user: UserId) -> Vec<u8> {
    [b"email".as_slice(), user.as_bytes()].concat()
}

pub(super) fn must_be_on(parts: &Parts) -> Result<()> {
    if parts.config.mail.is_on() {
        return Ok(());
    }
    Err(off())
}

/// Without a mail server the operator hands links out.
pub fn off() -> Error {
    Error::refuse(
        ErrorCode::MailOff,
        "This server sends no mail. Ask whoever runs it for a link to a new password.",
    )
}
