//! Second factors: codes of an authenticator, backup codes.

use cloister_wire::{
    DeviceId, ErrorCode, UserId,
    security::{BACKUP_CODES, BackupCodes, Factors, SecondFactor, SecurityEventKind, TotpOffer},
};
use zeroize::Zeroizing;

use super::{policy, security, term};
use crate::{
    Error, Result,
    access::{Anyone, Own, Permit, Proved, Runs},
    app::Parts,
    config::Required,
    limit::Window,
    seal::totp::TotpSecret,
    store::{
        self,
        db::Tx,
        one_time::{self, Purpose},
    },
    visitor::Visitor,
};

/// An offered secret that nobody takes up is forgotten after so long.
pub const OFFER_MS: u64 = 10 * 60_000;
/// How long what stands for a second factor is good for.
const PASS_MS: u64 = 5 * 60_000;
const CODE_MINUTES: u64 = 5;
/// Letters of a backup code: 13 of 32 kinds are 65 bits.
const CODE_LETTERS: usize = 13;
/// Crockford's base 32: no letter that is taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What a second factor that was given, or not, is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// The account has none.
    NotNeeded,
    Passed,
    Missing,
    Wrong,
}

pub(super) fn required() -> Error {
    Error::refuse(
        ErrorCode::SecondFactorRequired,
        "Give a code of your authenticator, or one of your backup codes.",
    )
}

pub(super) fn wrong() -> Error {
    Error::refuse(
        ErrorCode::SecondFactorWrong,
        "This code is wrong or was used before. Wait for the next one.",
    )
}

/// Looks at a second factor and uses it up. A wrong one is counted and noted, which must be
/// committed.
pub(super) fn check<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    of: (UserId, Option<DeviceId>),
    second: Option<&SecondFactor>,
    visitor: &Visitor,
) -> Result<Checked> {
    let (user, _) = of;
    let Some(totp) =
        store::factor::get_totp(tx, permit, user)?.filter(|totp| totp.activated_at.is_some())
    else {
        return Ok(Checked::NotNeeded);
    };
    let Some(second) = second else {
        return Ok(Checked::Missing);
    };
    // Counted for the account, wherever the guesses come from.
    let key = parts.keys.hash_secret("second factor", user.as_bytes());
    let window = Window::per_minutes(parts.config.limits.codes_per_account, CODE_MINUTES);
    store::attempt::spend(tx, permit, &key, window)?.allowed()?;
    let passed = match second {
        SecondFactor::Code { code } => {
            let code: String = code.chars().filter(|one| !one.is_whitespace()).collect();
            let now = tx.now();
            match open(parts, user, &totp.sealed)?.step_of(&code, now)? {
                Some(step) if step > totp.last_step => {
                    store::factor::update_step(tx, permit, user, step)?;
                    true
                }
                Some(_) => false,
                None => take_backup_code(tx, parts, permit, of, &code, visitor)?,
            }
        }
        SecondFactor::Pass { pass } => {
            let hash = parts.keys.hash_secret("pass", pass.as_bytes());
            one_time::take(tx, permit, Purpose::Pass, &hash)? == Some(user)
        }
    };
    if passed {
        store::attempt::delete(tx, permit, &key)?;
        return Ok(Checked::Passed);
    }
    security::note(
        tx,
        permit,
        of,
        SecurityEventKind::SecondFactorFailed,
        visitor,
    )?;
    Ok(Checked::Wrong)
}

fn take_backup_code<R>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    of: (UserId, Option<DeviceId>),
    code: &str,
    visitor: &Visitor,
) -> Result<bool> {
    let hash = parts
        .keys
        .hash_secret("backup code", &about(of.0, &plain(code)));
    let taken = store::factor::take_code(tx, permit, of.0, &hash)?;
    if taken {
        security::note(tx, permit, of, SecurityEventKind::BackupCodeUsed, visitor)?;
    }
    Ok(taken)
}

/// What stands for a second factor that was just passed, in the sign-in that follows.
pub(super) fn pass(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    user: UserId,
) -> Result<String> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let pass = format!("clp_{}", URL_SAFE_NO_PAD.encode(tx.random::<32>()));
    let hash = parts.keys.hash_secret("pass", pass.as_bytes());
    one_time::insert(tx, permit, (user, Purpose::Pass), &hash, PASS_MS)?;
    Ok(pass)
}

pub fn show(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, Own>) -> Result<Factors> {
    Ok(Factors {
        totp_at: store::factor::get_totp_at(tx, permit, permit.user)?,
        backup_codes_left: store::factor::count_codes(tx, permit, permit.user)?,
        required: is_required(tx, parts, permit)?,
    })
}

/// Must somebody like this have a second factor?
fn is_required(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, Own>) -> Result<bool> {
    Ok(match policy::in_force(tx, parts, permit)?.second_factor {
        Required::Nobody => false,
        Required::Staff => permit.operator_at.is_some(),
        Required::All => true,
    })
}

/// Draws a secret for an authenticator. It opens nothing before a code of it was given.
pub fn offer(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, Proved>) -> Result<TotpOffer> {
    if store::factor::get_totp_at(tx, permit, permit.user)?.is_some() {
        return Err(Error::invalid(
            "An authenticator is set up already. Turn it off first.",
        ));
    }
    let secret = TotpSecret::draw(&parts.env);
    let about = about(permit.user, "totp");
    let sealed = parts.keys.seal(&parts.env, &about, secret.as_bytes())?;
    store::factor::insert_totp(tx, permit, permit.user, &sealed)?;
    let username = store::account::get_username(tx, permit, permit.user)?;
    let url = secret.url(&parts.config.name, &username)?;
    Ok(TotpOffer {
        secret: secret.text(),
        qr: picture(&url)?,
        url,
        expires_at: tx.now() + OFFER_MS,
    })
}

/// Takes the offered secret up: from here on its codes are asked for. The inner refusal is
/// committed.
pub fn activate(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Proved>,
    code: &str,
    visitor: &Visitor,
) -> Result<Result<BackupCodes>> {
    let now = tx.now();
    let offered = store::factor::get_totp(tx, permit, permit.user)?
        .filter(|totp| totp.activated_at.is_none() && now < totp.created_at + OFFER_MS)
        .ok_or_else(|| Error::invalid("This took too long. Begin again with a new picture."))?;
    let key = parts
        .keys
        .hash_secret("second factor", permit.user.as_bytes());
    let window = Window::per_minutes(parts.config.limits.codes_per_account, CODE_MINUTES);
    store::attempt::spend(tx, permit, &key, window)?.allowed()?;
    let secret = open(parts, permit.user, &offered.sealed)?;
    let Some(step) = secret.step_of(code.trim(), now)? else {
        return Ok(Err(wrong()));
    };
    store::attempt::delete(tx, permit, &key)?;
    store::factor::update_step(tx, permit, permit.user, step)?;
    store::factor::update_activated(tx, permit, permit.user)?;
    term::factor_changed(tx, permit, permit.user)?;
    let of = (permit.user, Some(permit.device));
    security::note(tx, permit, of, SecurityEventKind::TotpEnabled, visitor)?;
    draw_codes(tx, parts, permit).map(Ok)
}

/// New backup codes; those before open nothing any more.
pub fn renew_codes(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Proved>,
    visitor: &Visitor,
) -> Result<BackupCodes> {
    if store::factor::get_totp_at(tx, permit, permit.user)?.is_none() {
        return Err(Error::invalid(
            "Backup codes stand beside an authenticator. Set one up first.",
        ));
    }
    let of = (permit.user, Some(permit.device));
    security::note(
        tx,
        permit,
        of,
        SecurityEventKind::BackupCodesRenewed,
        visitor,
    )?;
    draw_codes(tx, parts, permit)
}

/// Turns the authenticator off. The password was right. The inner refusal is committed.
pub fn disable(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Own>,
    second: &SecondFactor,
    visitor: &Visitor,
) -> Result<Result<()>> {
    if is_required(tx, parts, permit)? {
        return Err(Error::refuse(
            ErrorCode::SecondFactorNeeded,
            "The operator of this server wants you to keep a second factor.",
        ));
    }
    let of = (permit.user, Some(permit.device));
    match check(tx, parts, permit, of, Some(second), visitor)? {
        Checked::Passed => {}
        Checked::NotNeeded => return Err(Error::not_found()),
        Checked::Missing | Checked::Wrong => return Ok(Err(wrong())),
    }
    store::factor::delete_totp(tx, permit, permit.user)?;
    term::factor_changed(tx, permit, permit.user)?;
    security::note(tx, permit, of, SecurityEventKind::TotpDisabled, visitor)?;
    Ok(Ok(()))
}

/// Takes every second factor away, for somebody who lost them all: by the operator.
pub(super) fn remove<R: Runs>(tx: &mut Tx<'_>, permit: &Permit<'_, R>, user: UserId) -> Result<()> {
    store::factor::delete_totp(tx, permit, user)?;
    term::factor_changed(tx, permit, user)
}

fn draw_codes(tx: &mut Tx<'_>, parts: &Parts, permit: &Permit<'_, Proved>) -> Result<BackupCodes> {
    let codes: Vec<String> = (0..BACKUP_CODES)
        .map(|_| {
            let letters = tx.random::<CODE_LETTERS>();
            letters
                .iter()
                .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
                .collect()
        })
        .collect();
    let hashes: Vec<_> = codes
        .iter()
        .map(|code| {
            parts
                .keys
                .hash_secret("backup code", &about(permit.user, code))
        })
        .collect();
    store::factor::insert_codes(tx, permit, permit.user, &hashes)?;
    // In groups, as people read them; spaces and dashes mean nothing when they are typed.
    let codes = codes
        .iter()
        .map(|code| format!("{}-{}-{}", &code[..4], &code[4..8], &code[8..]))
        .collect();
    Ok(BackupCodes { codes })
}

/// A backup code as it was drawn, however it was typed.
fn plain(code: &str) -> String {
    code.to_ascii_uppercase()
        .chars()
        .filter(|one| *one != '-')
        .map(|one| match one {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

fn open(parts: &Parts, user: UserId, sealed: &[u8]) -> Result<TotpSecret> {
    let secret: Zeroizing<Vec<u8>> = parts.keys.open_sealed(&about(user, "totp"), sealed)?;
    Ok(TotpSecret::from_bytes(secret))
}

/// Whose secret it is, and which.
fn about(user: UserId, what: &str) -> Vec<u8> {
    [user.as_bytes().as_slice(), what.as_bytes()].concat()
}

/// Rows of a QR code, with the quiet border that readers need.
fn picture(text: &str) -> Result<Vec<String>> {
    use qrcode::{Color, QrCode};
    const BORDER: usize = 4;
    let code = QrCode::new(text).map_err(|error| Error::internal(format!("qr: {error}")))?;
    let width = code.width();
    let colors = code.to_colors();
    let light = "0".repeat(BORDER);
    let empty = "0".repeat(width + 2 * BORDER);
    let rows = colors.chunks(width).map(|row| {
        let dots: String = row
            .iter()
            .map(|color| if *color == Color::Dark { '1' } else { '0' })
            .collect();
        format!("{light}{dots}{light}")
    });
    let border = || std::iter::repeat_n(empty.clone(), BORDER);
    Ok(border().chain(rows).chain(border()).collect())
}
