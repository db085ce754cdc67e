//! Which passwords are accepted, and changing one's own.

use cloister_wire::{
    ErrorCode, UserId, limits,
    security::{SecondFactor, SecurityEventKind},
};
use zxcvbn::{Score, feedback::Warning};

use super::{
    attempt, ending,
    factor::{self, Checked},
    link, security, session,
};
use crate::{
    Error, Result,
    access::{Anyone, Own, Permit, Runs},
    app::Parts,
    config::PasswordProfile,
    store::{
        self,
        account::Account,
        db::Tx,
        one_time::{self, Purpose},
    },
    visitor::Visitor,
};

/// What stands beside a password at sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    Nothing,
    SecondFactor,
}

/// How long a link to a new password is good.
pub const RESET_MS: u64 = 60 * 60_000;
const STRONG_ENOUGH: Score = Score::Three;
/// Where the password is all that guards an account (NIST SP 800-63B-4, 3.1.1.1).
const ALONE_MIN: usize = 15;
const LEGACY_MIN: usize = 6;
/// A part of a password that is as short says nothing.
const NAME_MIN: usize = 4;

/// Refuses passwords that are guessed soon: too short, common, or made of names that anybody
/// knows of the person and the place.
pub(crate) fn check(
    profile: PasswordProfile,
    beside: Beside,
    password: &str,
    names: &[&str],
) -> Result<()> {
    let least = match (profile, beside) {
        (PasswordProfile::Nist, Beside::Nothing) => ALONE_MIN,
        (PasswordProfile::Legacy6, _) => LEGACY_MIN,
        _ => limits::PASSWORD_MIN,
    };
    let length = password.chars().count();
    if length < least {
        return Err(too_weak(format!(
            "A password has at least {least} characters."
        )));
    }
    if length > limits::PASSWORD_MAX {
        return Err(too_weak(format!(
            "A password has at most {} characters.",
            limits::PASSWORD_MAX
        )));
    }
    let guessed = zxcvbn::zxcvbn(password, names);
    let warning = guessed
        .feedback()
        .and_then(zxcvbn::feedback::Feedback::warning);
    if matches!(
        warning,
        Some(
            Warning::ThisIsATop10Password
                | Warning::ThisIsATop100Password
                | Warning::ThisIsACommonPassword
        )
    ) {
        return Err(too_weak(
            "This is one of the passwords that are tried first.",
        ));
    }
    let strong = match profile {
        PasswordProfile::Usual | PasswordProfile::Nist => guessed.score() >= STRONG_ENOUGH,
        PasswordProfile::Classic => {
            let has = |kind: fn(&char) -> bool| password.chars().any(|one| kind(&one));
            if !(has(|one| one.is_lowercase())
                && has(|one| one.is_uppercase())
                && has(|one| one.is_numeric()))
            {
                return Err(too_weak(
                    "A password has a small letter, a capital letter and a digit.",
                ));
            }
            true
        }
        PasswordProfile::Legacy6 => true,
    };
    if strong && !is_a_name(password, names) {
        return Ok(());
    }
    Err(too_weak(
        "This password would be guessed soon. Use a longer one, such as a few unrelated words.",
    ))
}

/// Is it little more than one of the names, with digits and signs around it?
fn is_a_name(password: &str, names: &[&str]) -> bool {
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(|one| one.is_alphabetic());
        letters.flat_map(char::to_lowercase).collect()
    };
    let password = letters(password);
    let length = password.chars().count();
    names.iter().map(|name| letters(name)).any(|name| {
        let of_name = name.chars().count();
        of_name >= NAME_MIN && length < of_name + NAME_MIN && password.contains(&name)
    })
}

fn too_weak(sentence: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::refuse(ErrorCode::PasswordTooWeak, sentence)
}

/// Words that anybody knows of a person here, which a password must not be made of.
pub(crate) fn names<'a>(parts: &'a Parts, username: &'a str, shown: &'a str) -> Vec<&'a str> {
    let host = parts.config.public_url.as_deref().unwrap_or_default();
    let host = host.split_once("://").map_or(host, |(_, rest)| rest);
    let mut names = vec![
        username,
        shown,
        parts.config.name.as_str(),
        host,
        "cloister",
    ];
    names.extend(parts.config.name.split_whitespace());
    names.extend(shown.split_whitespace());
    names.extend(host.split('.'));
    names.retain(|name| !name.is_empty());
    names
}

/// Puts a new password in the place of the current one, which was right, and ends every other
/// sign-in of the person. Where a second factor guards the account, it is asked for, unless it
/// was given here a moment ago. The inner refusal is committed.
pub fn change(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Own>,
    (account, new_hash): (&Account, &str),
    (second, visitor): (Option<&SecondFactor>, &Visitor),
) -> Result<Result<()>> {
    let of = (account.id, Some(permit.device));
    match factor::check(tx, parts, permit, of, second, visitor)? {
        Checked::Missing if !session::is_proved(tx, permit, permit.session)? => {
            return Ok(Err(factor::required()));
        }
        Checked::Wrong => return Ok(Err(factor::wrong())),
        Checked::Missing | Checked::NotNeeded | Checked::Passed => {}
    }
    store::account::update_password(tx, permit, account.id, new_hash)?;
    one_time::delete(tx, permit, account.id, Purpose::Reset)?;
    attempt::forget(tx, parts, permit, &account.username)?;
    ending::end_others(tx, permit, permit, "password changed")?;
    let kind = SecurityEventKind::PasswordChanged;
    security::note(tx, permit, of, kind, visitor)?;
    Ok(Ok(()))
}

/// Draws the token of a link with which somebody sets a new password.
pub(super) fn offer_reset<R: Runs>(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, R>,
    user: UserId,
) -> Result<String> {
    link::draw(tx, parts, permit, (user, Purpose::Reset), RESET_MS)
}

/// Whose link it is.
pub fn of_link(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    token: &str,
    visitor: &Visitor,
) -> Result<Account> {
    link::count(tx, parts, permit, visitor)?;
    let user = link::whose(tx, parts, permit, (Purpose::Reset, token))?;
    let user = user.ok_or_else(link::invalid)?;
    store::account::get(tx, permit, user)?.ok_or_else(link::invalid)
}

/// Uses the link up: the new password stands, every sign-in of the person is over, and a shut
/// door is open. Second factors stay, and so does what is encrypted.
pub fn reset(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (token, new_hash): (&str, &str),
    visitor: &Visitor,
) -> Result<()> {
    let user = link::take(tx, parts, permit, (Purpose::Reset, token))?;
    let user = user.ok_or_else(link::invalid)?;
    store::account::update_password(tx, permit, user, new_hash)?;
    let username = store::account::get_username(tx, permit, user)?;
    attempt::forget(tx, parts, permit, &username)?;
    ending::end_all(tx, permit, user, "password reset")?;
    let kind = SecurityEventKind::PasswordReset;
    security::note(tx, permit, (user, None), kind, visitor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(profile: PasswordProfile, password: &str) -> bool {
        let names = ["barbarossa", "Rowing club", "rowing"];
        check(profile, Beside::Nothing, password, &names).is_err()
    }

    #[test]
    fn passwords_that_are_guessed_soon_are_refused() {
        for password in [
            "short",
            "1234567",
            "password123",
            "Password12345678",
            "aaaaaaaaaaaa",
            "barbarossa",
            "rowing2026!!!!",
            "qwertyuiop",
        ] {
            assert!(refused(PasswordProfile::Usual, password), "{password}");
        }
        assert!(!refused(PasswordProfile::Usual, "vivid otter climbs nine"));
        assert!(!refused(
            PasswordProfile::Usual,
            "correct horse battery staple"
        ));
    }

    #[test]
    fn length_counts_characters_up_to_128_and_nothing_is_cut() {
        let long = "vivid otter climbs nine".repeat(6);
        let exact: String = long.chars().take(128).collect();
        assert!(!refused(PasswordProfile::Usual, &exact));
        assert!(refused(PasswordProfile::Usual, &format!("{exact}x")));
        assert!(!refused(PasswordProfile::Usual, "ж🦊ßçλ漢字ñ✓"));
    }

    #[test]
    fn alone_a_password_is_longer_than_beside_a_second_factor() {
        let password = "vivid otter 9z";
        let nist = PasswordProfile::Nist;
        assert!(check(nist, Beside::Nothing, password, &[]).is_err());
        check(nist, Beside::SecondFactor, password, &[]).unwrap();
        check(nist, Beside::Nothing, "vivid otter 9zq", &[]).unwrap();
    }

    #[test]
    fn the_classic_profile_asks_for_three_kinds_of_characters() {
        for password in [
            "alllower123",
            "ALLUPPER123",
            "NoDigitsHere",
            "Abc1",
            "Password1",
        ] {
            assert!(refused(PasswordProfile::Classic, password), "{password}");
        }
        assert!(!refused(PasswordProfile::Classic, "Kelbrun7"));
    }

    #[test]
    fn six_characters_are_enough_only_where_the_operator_says_so() {
        let legacy = PasswordProfile::Legacy6;
        assert!(!refused(legacy, "kx7q2m"));
        assert!(refused(legacy, "kx7q2"));
        assert!(refused(legacy, "123456"));
        assert!(refused(legacy, "Rowing1"));
        assert!(refused(PasswordProfile::Usual, "kx7q2m"));
    }
}
