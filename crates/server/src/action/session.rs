//! Signing in, going on, signing out.

use cloister_wire::{
    DeviceId, ErrorCode, SessionId, UserId,
    account::{
        Challenge, ClientKind, DeviceStanding, Prepared, SignIn, SignInDevice, SignedIn, Tokens,
    },
    gateway::Event,
    security::{PROOF_MS, SecondFactor, SecurityEventKind},
};

use super::{
    account::{First, begin},
    attempt::{self, Attempt, Door},
    device, ending,
    factor::{self, Checked},
    security, start_over,
};
use crate::{
    Error, Result,
    access::{Actor, Anyone, Claims, Own, Permit},
    app::Parts,
    gateway::bus::{Audience, Notice},
    seal::refresh::{RefreshToken, csrf_token},
    store::{
        self,
        account::Account,
        db::Tx,
        session::{NewSession, StoredToken},
    },
    visitor::Visitor,
};

const MINUTE_MS: u64 = 60_000;
/// How long a client may repeat a refresh whose answer it did not get: it waits 30 s for one.
const GRACE_MS: u64 = 60_000;
/// How long a device has to sign a challenge.
const CHALLENGE_MS: u64 = 2 * MINUTE_MS;

/// A sign-in with its refresh token, which goes into a cookie or the reply.
#[derive(Debug)]
pub struct Granted {
    pub signed_in: SignedIn,
    pub fresh: Fresh,
}

/// The tokens of a sign-in.
#[derive(Debug)]
pub struct Fresh {
    pub tokens: Tokens,
    /// For a browser: what its cookie holds, and until when.
    pub cookie: Option<(RefreshToken, u64)>,
}

/// Whose a name and password are; the password was right. The inner refusal is committed.
pub fn prepare(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (account, attempt): (&Account, &Attempt),
    second: Option<&SecondFactor>,
) -> Result<Result<Prepared>> {
    let pass = match admit(tx, parts, permit, (account, attempt), second)? {
        Err(refused) => return Ok(Err(refused)),
        Ok(Checked::Passed) => Some(factor::pass(tx, parts, permit, account.id)?),
        Ok(_) => None,
    };
    let devlog = store::device::page_entries(tx, permit, account.id)?;
    let start_over_at = start_over::ripe_at(tx, permit, account.id)?;
    Ok(Ok(Prepared {
        user: account.id,
        devlog,
        pass,
        start_over_at,
    }))
}

/// Asks for the second factor of somebody whose password was right.
fn admit(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (account, attempt): (&Account, &Attempt),
    second: Option<&SecondFactor>,
) -> Result<Result<Checked>> {
    let device = match attempt.door {
        Door::Known(device) => Some(device),
        _ => None,
    };
    let of = (account.id, device);
    match factor::check(tx, parts, permit, of, second, &attempt.visitor)? {
        Checked::Missing => {
            attempt::interrupt(tx, parts, permit, attempt)?;
            Ok(Err(factor::required()))
        }
        Checked::Wrong => Ok(Err(factor::wrong())),
        checked => {
            attempt::succeed(tx, parts, permit, attempt)?;
            Ok(Ok(checked))
        }
    }
}

/// A nonce for a device to sign. The same for devices that don't exist.
pub fn challenge(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Anyone>,
    device: DeviceId,
) -> Result<Challenge> {
    let nonce = cloister_wire::Octets(tx.random());
    let expires_at = tx.now() + CHALLENGE_MS;
    store::session::insert_challenge(tx, permit, &nonce, device, expires_at)?;
    Ok(Challenge { nonce, expires_at })
}

/// Signs somebody in whose password was right. The inner refusal is committed.
pub fn sign_in(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (account, attempt): (&Account, &Attempt),
    request: &SignIn,
) -> Result<Result<Granted>> {
    let second = request.second.as_ref();
    if let Err(refused) = admit(tx, parts, permit, (account, attempt), second)? {
        return Ok(Err(refused));
    }
    let visitor = &attempt.visitor;
    let Presented {
        user,
        device,
        standing,
        kind,
    } = present(tx, parts, permit, (account, visitor), &request.device)?;
    // A device has one sign-in: the new one ends the one before.
    ending::end_all_of(tx, permit, device, "signed in again")?;
    let session = tx.id(SessionId::new);
    let actor = Actor {
        user,
        device,
        session,
        standing,
        operator_at: account.operator_at,
        address: Some(visitor.address),
    };
    security::note(tx, permit, (user, Some(device)), kind, visitor)?;
    grant(tx, parts, permit, actor, (request.client, visitor)).map(Ok)
}

/// With which device somebody signs in, and what that is for the account.
struct Presented {
    user: UserId,
    device: DeviceId,
    standing: DeviceStanding,
    kind: SecurityEventKind,
}

fn present(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (account, visitor): (&Account, &Visitor),
    device: &SignInDevice,
) -> Result<Presented> {
    let mut user = account.id;
    let place_is_known = store::security_event::was_seen_at(tx, permit, user, visitor)?;
    let mut kind = SecurityEventKind::SignedIn;
    let (device, standing) = match device {
        SignInDevice::Known { device, .. } => {
            if !place_is_known {
                kind = SecurityEventKind::SignedInNewPlace;
            }
            (*device, known(tx, permit, user, *device)?)
        }
        SignInDevice::New {
            cert,
            keys,
            name_ct,
        } => {
            kind = SecurityEventKind::SignedInNewDevice;
            let device = device::enrol(tx, permit, account, cert, keys, name_ct)?;
            tx.emit(Notice::event(
                Audience::User(user),
                Event::DeviceWaiting { device },
            ));
            (device, DeviceStanding::Pending)
        }
        SignInDevice::First {
            user: drawn,
            genesis,
            keys,
            vault,
            name_ct,
        } => {
            if account.devlog_length > 0 || !store::account::adopt_id(tx, permit, user, *drawn)? {
                return Err(Error::invalid(
                    "This account has devices. Sign in as a new one.",
                ));
            }
            user = *drawn;
            let first = First {
                user,
                genesis,
                keys,
                vault,
                name_ct,
            };
            (begin(tx, permit, &first)?.device, DeviceStanding::Active)
        }
        SignInDevice::StartOver {
            genesis,
            keys,
            vault,
            name_ct,
        } => {
            kind = SecurityEventKind::StartedOver;
            let first = First {
                user,
                genesis,
                keys,
                vault,
                name_ct,
            };
            let cert = start_over::start_over(tx, parts, permit, &first)?;
            (cert.device, DeviceStanding::Active)
        }
    };
    Ok(Presented {
        user,
        device,
        standing,
        kind,
    })
}

/// A device that has proved that it holds its keys.
fn known(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Anyone>,
    user: UserId,
    device: DeviceId,
) -> Result<DeviceStanding> {
    let stored = store::device::get(tx, permit, device)?
        .filter(|stored| stored.user == user)
        .ok_or_else(wrong_credentials)?;
    if stored.cloned_at.is_some() {
        return Err(Error::device_cloned());
    }
    if stored.standing == DeviceStanding::Revoked {
        return Err(Error::device_revoked());
    }
    Ok(stored.standing)
}

/// Begins a sign-in and answers with everything that it brings.
pub(super) fn grant(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    actor: Actor,
    (client, visitor): (ClientKind, &Visitor),
) -> Result<Granted> {
    let expires_at = tx.now() + parts.config.sessions.lifetimes().absolute_ms;
    let Actor {
        user,
        device,
        session: id,
        ..
    } = actor;
    store::session::insert(
        tx,
        permit,
        &NewSession {
            id,
            user,
            device,
            client,
            expires_at,
            visitor,
        },
    )?;
    store::device::update_seen(tx, permit, device)?;
    let token = RefreshToken::draw(&parts.env);
    let fresh = keep(
        tx,
        parts,
        permit,
        &Going {
            actor: claims(&actor),
            client,
            expires_at,
        },
        token,
    )?;
    let signed_in = SignedIn {
        me: store::account::get_new_me(tx, permit, &actor)?,
        tokens: fresh.tokens.clone(),
        devlog: store::device::page_entries(tx, permit, user)?,
    };
    Ok(Granted { signed_in, fresh })
}

/// What became of a refresh. A token that was used twice ends its sign-in, and that must be
/// committed: it is no error of the transaction.
#[derive(Debug)]
pub enum Refreshed {
    Fresh(Box<Fresh>),
    Reused,
}

/// Replaces a refresh token. For a browser the caller has checked where the request came from;
/// `csrf` is the token of its header.
pub fn refresh(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (token, csrf): (&RefreshToken, Option<&str>),
    visitor: &Visitor,
) -> Result<Refreshed> {
    let hash = token.hash(&parts.keys);
    let now = tx.now();
    let stored = store::session::get_token(tx, permit, &hash)?
        .filter(|stored| stored.expires_at > now)
        .ok_or_else(Error::unauthenticated)?;
    check_client(parts, &stored, csrf)?;
    if stored.revoked_at.is_some() {
        return Err(Error::device_revoked());
    }
    if stored.ended_at.is_some() {
        return Err(Error::unauthenticated());
    }
    let living =
        store::session::get_living(tx, stored.session)?.ok_or_else(Error::unauthenticated)?;
    let going = Going {
        actor: claims(&living.actor),
        client: stored.client,
        expires_at: stored.session_expires_at,
    };
    let Some(used_at) = stored.used_at else {
        let successor = RefreshToken::draw(&parts.env);
        let sealed = token.seal_successor(&parts.keys, &successor)?;
        store::session::update_used(tx, permit, &hash, &sealed)?;
        store::session::update_seen(tx, permit, stored.session)?;
        store::session::update_place(tx, permit, stored.session, visitor)?;
        store::device::update_seen(tx, permit, stored.device)?;
        let fresh = keep(tx, parts, permit, &going, successor)?;
        return Ok(Refreshed::Fresh(Box::new(fresh)));
    };
    let successor = stored
        .successor
        .as_deref()
        .and_then(|sealed| token.open_successor(&parts.keys, sealed));
    if let Some(successor) = successor
        && now <= used_at + GRACE_MS
        && store::session::is_token_fresh(tx, permit, &successor.hash(&parts.keys))?
    {
        let expires_at = successor_expiry(parts, &going, used_at);
        return Ok(Refreshed::Fresh(Box::new(answer(
            parts, &going, successor, now, expires_at,
        )?)));
    }
    tracing::warn!(session = %stored.session, "a refresh token was used twice; the sign-in is over");
    ending::end(tx, permit, stored.session, "refresh token reused")?;
    let of = (stored.user, Some(stored.device));
    security::note(tx, permit, of, SecurityEventKind::RefreshReused, visitor)?;
    Ok(Refreshed::Reused)
}

/// A browser's token comes with proof that one of our pages sent it; a native one must not come
/// from a cookie.
fn check_client(parts: &Parts, stored: &StoredToken, csrf: Option<&str>) -> Result<()> {
    let expected = csrf_token(&parts.keys, stored.session);
    let right = match (stored.client, csrf) {
        (ClientKind::Native, None) => true,
        (ClientKind::Browser, Some(given)) => {
            subtle::ConstantTimeEq::ct_eq(given.as_bytes(), expected.as_bytes()).into()
        }
        _ => false,
    };
    if right {
        Ok(())
    } else {
        Err(Error::refuse(
            ErrorCode::CrossSite,
            "This request came from another site.",
        ))
    }
}

/// Were password and second factor given in this sign-in a moment ago?
pub(super) fn is_proved<R>(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, R>,
    session: SessionId,
) -> Result<bool> {
    let proved_at = store::session::get_proved_at(tx, permit, session)?;
    Ok(tx.now() < proved_at + PROOF_MS)
}

/// Password, which was right, and second factor are given once more: sensitive acts are open for
/// a while. The inner refusal is committed.
pub fn prove(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Own>,
    second: Option<&SecondFactor>,
    visitor: &Visitor,
) -> Result<Result<()>> {
    let of = (permit.user, Some(permit.device));
    match factor::check(tx, parts, permit, of, second, visitor)? {
        Checked::Missing => Ok(Err(factor::required())),
        Checked::Wrong => Ok(Err(factor::wrong())),
        Checked::Passed | Checked::NotNeeded => {
            store::session::update_proved(tx, permit)?;
            Ok(Ok(()))
        }
    }
}

/// A sign-in that goes on.
struct Going {
    actor: Claims,
    client: ClientKind,
    /// When it ends in any case.
    expires_at: u64,
}

const fn claims(actor: &Actor) -> Claims {
    Claims {
        user: actor.user,
        device: actor.device,
        session: actor.session,
        address: None,
    }
}

/// Keeps a new refresh token and makes the tokens of the answer.
fn keep(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    going: &Going,
    token: RefreshToken,
) -> Result<Fresh> {
    let now = tx.now();
    let expires_at = successor_expiry(parts, going, now);
    let hash = token.hash(&parts.keys);
    store::session::insert_token(tx, permit, &hash, going.actor.session, expires_at)?;
    answer(parts, going, token, now, expires_at)
}

/// Without a refresh for so long, a sign-in ends.
fn successor_expiry(parts: &Parts, going: &Going, now: u64) -> u64 {
    going
        .expires_at
        .min(now + parts.config.sessions.lifetimes().idle_ms)
}

fn answer(
    parts: &Parts,
    going: &Going,
    token: RefreshToken,
    now: u64,
    expires_at: u64,
) -> Result<Fresh> {
    let access = parts.config.sessions.lifetimes().access_ms;
    let access_expires_at = going.expires_at.min(now + access);
    let access_token = parts
        .keys
        .tokens()
        .issue(going.actor, now, access_expires_at)?;
    let session = going.actor.session;
    let browser = going.client == ClientKind::Browser;
    let tokens = Tokens {
        session,
        access_token,
        access_expires_at,
        refresh_token: (!browser).then(|| token.text()),
        csrf_token: browser.then(|| csrf_token(&parts.keys, session)),
    };
    Ok(Fresh {
        tokens,
        cookie: browser.then_some((token, expires_at)),
    })
}

/// The same for a wrong name, a wrong password and a wrong signature.
pub fn wrong_credentials() -> Error {
    Error::refuse(
        ErrorCode::WrongCredentials,
        "The name or the password is wrong.",
    )
}
