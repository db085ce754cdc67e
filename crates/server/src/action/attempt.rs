//! Attempts to sign in, counted where a restart does not forget them.
//!
//! Each is counted before the password is looked at: for its address, and for the name from that
//! address. Too many wrong ones in a row on a name shut its door for a while to everybody but
//! devices of the account, which prove themselves by a signature: whoever guesses locks nobody
//! out. A name that nobody has is counted alike, and an answer behind a shut door is that of a
//! wrong password.

use cloister_proof::{Purpose, signed::challenge_payload};
use cloister_wire::{DeviceId, Hash, account::SignInDevice, security::SecurityEventKind};

use super::security;
use crate::{
    Result,
    access::{Anyone, Own, Permit, Runs},
    app::Parts,
    config::LockoutMode,
    limit::Window,
    store::{self, account::Account, db::Tx},
    visitor::Visitor,
};

/// How long the door stays shut at first; twice as long after each further wrong guess.
const SHUT_MS: u64 = 15 * 60_000;
const SHUT_MS_MAX: u64 = 24 * 60 * 60_000;
/// After so many wrong ones in a row the password opens nothing until it is set anew (NIST SP
/// 800-63B-4, 3.2.2).
const GUESSES_MAX: u32 = 100;
/// Minutes of the windows.
const ADDRESS_MINUTES: u64 = 1;
const NAME_MINUTES: u64 = 5;

/// What stands in the way of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Open,
    /// A device of the account, by its signature.
    Known(DeviceId),
    /// The signature is wrong: whatever the password, this fails.
    Unproved,
    /// Too many wrong passwords.
    Shut,
}

/// An attempt that has been counted.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub account: Option<Account>,
    pub door: Door,
    pub visitor: Visitor,
    username: String,
}

impl Attempt {
    /// What the password is compared with; nothing where it could not help.
    pub fn stored(&self) -> Option<String> {
        let helps = matches!(self.door, Door::Open | Door::Known(_));
        let account = self.account.as_ref().filter(|_| helps)?;
        Some(account.password_hash.clone())
    }
}

/// Counts an attempt, before the password is looked at.
pub fn begin(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (username, device): (&str, Option<&SignInDevice>),
    visitor: &Visitor,
) -> Result<Attempt> {
    let account = store::account::get_by_name(tx, permit, username)?;
    let proof = prove(tx, permit, account.as_ref(), device)?;
    let attempt = Attempt {
        account,
        door: proof,
        visitor: visitor.clone(),
        username: username.to_owned(),
    };
    for (key, window) in windows(parts, &attempt) {
        store::attempt::spend(tx, permit, &key, window)?.allowed()?;
    }
    let exempt = matches!(proof, Door::Known(_))
        && parts.config.limits.lockout == LockoutMode::UnknownDevices;
    if !exempt && knock(tx, parts, permit, username)? {
        return Ok(Attempt {
            door: Door::Shut,
            ..attempt
        });
    }
    Ok(attempt)
}

/// The password was right, and all else: the guesses before are forgotten.
pub(super) fn succeed(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    attempt: &Attempt,
) -> Result<()> {
    refund(tx, parts, permit, attempt)?;
    forget(tx, parts, permit, &attempt.username)
}

/// The password was right, and a code is missing: this was no guess.
pub(super) fn interrupt(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    attempt: &Attempt,
) -> Result<()> {
    refund(tx, parts, permit, attempt)?;
    let key = name_key(parts, &attempt.username);
    let mut lockout = store::lockout::lock(tx, permit, &key)?;
    lockout.failures = lockout.failures.saturating_sub(1);
    if lockout.failures < parts.config.limits.wrong_passwords.get() {
        lockout.locked_until = None;
    }
    store::lockout::update(tx, permit, &key, lockout)
}

/// The password was wrong. Whose account it is hears of it.
pub fn fail(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    attempt: &Attempt,
) -> Result<()> {
    let Some(account) = &attempt.account else {
        // What was typed as a name may be a password: it goes into no log.
        tracing::info!(address = %attempt.visitor.address, "a sign-in failed");
        // As much is written as for a name that somebody has: the time tells no names.
        let key = parts
            .keys
            .hash_secret("nobody", attempt.username.as_bytes());
        let window = Window::per_minutes(parts.config.limits.wrong_passwords, NAME_MINUTES);
        store::attempt::spend(tx, permit, &key, window)?;
        return Ok(());
    };
    let (of, visitor) = ((account.id, None), &attempt.visitor);
    security::note(tx, permit, of, SecurityEventKind::SignInFailed, visitor)?;
    if attempt.door != Door::Open {
        return Ok(());
    }
    let key = name_key(parts, &attempt.username);
    if store::lockout::lock(tx, permit, &key)?.locked_until > Some(tx.now()) {
        security::note(tx, permit, of, SecurityEventKind::LockedOut, visitor)?;
    }
    Ok(())
}

/// Forgets the wrong guesses on a name, and opens its door.
pub(super) fn forget<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    username: &str,
) -> Result<()> {
    store::lockout::delete(tx, permit, &name_key(parts, username))
}

/// Until when unknown devices wait at the door of a name, if they do.
pub(super) fn locked_until<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    username: &str,
) -> Result<Option<u64>> {
    store::lockout::get_locked_until(tx, permit, &name_key(parts, username))
}

/// Counts a password that somebody who is signed in gives once more.
pub fn count_proof(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, Own>) -> Result<()> {
    let (key, window) = proof_window(parts, permit);
    store::attempt::spend(tx, permit, &key, window)?.allowed()
}

/// That password was right.
pub fn forgive_proof(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, Own>) -> Result<()> {
    let (key, _) = proof_window(parts, permit);
    store::attempt::delete(tx, permit, &key)
}

fn proof_window(parts: &Parts, permit: &Permit<'_, Own>) -> (Hash, Window) {
    let key = parts.keys.hash_secret("proof", permit.user.as_bytes());
    let most = parts.config.limits.sign_ins_per_account;
    (key, Window::per_minutes(most, NAME_MINUTES))
}

/// Is it a device of the account that asks? Uses its challenge up.
fn prove(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Anyone>,
    account: Option<&Account>,
    device: Option<&SignInDevice>,
) -> Result<Door> {
    let Some(SignInDevice::Known {
        device,
        nonce,
        signature,
    }) = device
    else {
        return Ok(Door::Open);
    };
    let taken = store::session::take_challenge(tx, permit, nonce, *device)?;
    let stored = store::device::get(tx, permit, *device)?
        .filter(|stored| taken && account.is_some_and(|account| account.id == stored.user));
    let payload = challenge_payload(*device, nonce);
    let proved = stored.is_some_and(|stored| {
        Purpose::Challenge
            .verify(&stored.signing_key, &payload, signature)
            .is_ok()
    });
    Ok(if proved {
        Door::Known(*device)
    } else {
        Door::Unproved
    })
}

/// Counts a guess at a name. Says whether its door was shut.
fn knock(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    username: &str,
) -> Result<bool> {
    let key = name_key(parts, username);
    let now = tx.now();
    let mut lockout = store::lockout::lock(tx, permit, &key)?;
    if lockout.failures >= GUESSES_MAX || lockout.locked_until > Some(now) {
        return Ok(true);
    }
    lockout.failures += 1;
    let most = parts.config.limits.wrong_passwords.get();
    if let Some(further) = lockout.failures.checked_sub(most) {
        let shut_ms = SHUT_MS
            .saturating_mul(1 << further.min(32))
            .min(SHUT_MS_MAX);
        lockout.locked_until = Some(now + shut_ms);
    }
    store::lockout::update(tx, permit, &key, lockout)?;
    Ok(false)
}

fn refund(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    attempt: &Attempt,
) -> Result<()> {
    let [(address, window), (name, _)] = windows(parts, attempt);
    store::attempt::refund(tx, permit, &address, window)?;
    store::attempt::delete(tx, permit, &name)
}

/// Of the address, and of the name from there or the device.
fn windows(parts: &Parts, attempt: &Attempt) -> [(Hash, Window); 2] {
    let limits = &parts.config.limits;
    let name = attempt.username.to_ascii_lowercase();
    let network = attempt.visitor.network();
    let key = |names: &[&str]| {
        parts
            .keys
            .hash_secret("attempt", names.join("\0").as_bytes())
    };
    let second = match attempt.door {
        Door::Known(device) => key(&["device", &device.to_string()]),
        _ => key(&["both", &name, &network]),
    };
    [
        (
            key(&["address", &network]),
            Window::per_minutes(limits.sign_ins_per_address, ADDRESS_MINUTES),
        ),
        (
            second,
            Window::per_minutes(limits.sign_ins_per_account, NAME_MINUTES),
        ),
    ]
}

fn name_key(parts: &Parts, username: &str) -> Hash {
    let name = username.to_ascii_lowercase();
    parts.keys.hash_secret("lockout", name.as_bytes())
}
