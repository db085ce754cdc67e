//! Becoming somebody on this instance.

use cloister_proof::{DeviceCert, DeviceLog};
use cloister_wire::{
    Bytes, ErrorCode, UserId,
    account::{Admission, DeviceStanding, Register, Registration},
    key::UploadKeys,
    limits,
    security::SecurityEventKind,
};

use unicode_normalization::UnicodeNormalization;

use super::{account_application, link, policy, prekey, security, session};
use crate::{
    Error, Result,
    access::{Actor, Anyone, Permit},
    app::Parts,
    limit::Window,
    store::{
        self,
        account::{NewAccount, name_key},
        db::Tx,
        device::NewDevice,
    },
    visitor::Visitor,
};

/// A name that people sign in with: 3 to 32 small letters, digits and underscores, and none that
/// speaks for the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

/// Names that people would take for the server itself, for its staff, or for everybody.
const RESERVED: [&str; 24] = [
    "admin",
    "administrator",
    "all",
    "bot",
    "channel",
    "cloister",
    "deleted",
    "everyone",
    "guild",
    "help",
    "here",
    "me",
    "mod",
    "moderator",
    "nobody",
    "operator",
    "owner",
    "root",
    "security",
    "server",
    "staff",
    "support",
    "system",
    "unknown",
];

impl Username {
    pub fn parse(text: &str) -> Result<Self> {
        let length_fits = (limits::USERNAME_MIN..=limits::USERNAME_MAX).contains(&text.len());
        let letters = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !length_fits || !letters {
            return Err(Error::refuse(
                ErrorCode::UsernameInvalid,
                "A user name has 3 to 32 small letters, digits or underscores.",
            ));
        }
        // `adm1n` is read as `admin`, and so is `_admin_`.
        let read_as = name_key(text.trim_matches('_'));
        let of_nobody = read_as.starts_with(&name_key("deleted_"));
        if of_nobody || RESERVED.iter().any(|name| name_key(name) == read_as) {
            return Err(Error::refuse(
                ErrorCode::UsernameInvalid,
                "This name would be taken for somebody who runs the place. Choose another one.",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name to be shown: 1 to 48 characters in their composed form, none of them invisible or
/// able to turn the direction of what stands around it.
pub fn display_name(text: &str) -> Result<String> {
    let name: String = text.trim().nfc().collect();
    let length = name.chars().count();
    if length == 0 || length > limits::DISPLAY_NAME_CHARS || name.chars().any(is_invisible) {
        return Err(Error::invalid(
            "A display name has 1 to 48 characters, all of which can be seen.",
        ));
    }
    Ok(name)
}

/// Controls, marks of direction, and characters without width. The joiner within emoji and the
/// selectors of their form are not among them.
fn is_invisible(one: char) -> bool {
    one.is_control()
        || matches!(
            one,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// What a person and their first device bring.
#[derive(Debug, Clone, Copy)]
pub struct First<'a> {
    pub user: UserId,
    pub genesis: &'a Bytes,
    pub keys: &'a UploadKeys,
    pub vault: &'a Bytes,
    pub name_ct: &'a Bytes,
}

/// Minutes of the window in which registrations of an address are counted.
const REGISTER_MINUTES: u64 = 5;

/// Largest vault: it holds a few keys.
const VAULT_BYTES: usize = 64 * 1024;

pub(super) fn check_vault(vault: &Bytes) -> Result<()> {
    if vault.0.len() > VAULT_BYTES {
        return Err(Error::invalid("The vault is too large."));
    }
    Ok(())
}

/// Makes the account with its device log, first device and keys, and signs it in.
pub fn register(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    (request, password_hash): (&Register, &str),
    visitor: &Visitor,
) -> Result<session::Granted> {
    let username = Username::parse(&request.username)?;
    let operator_at = admit(tx, parts, permit, request, visitor)?;
    let account = NewAccount {
        id: request.user,
        username: username.as_str().to_owned(),
        display_name: display_name(&request.display_name)?,
        password_hash: password_hash.to_owned(),
        operator_at,
    };
    if !store::account::insert(tx, permit, &account)? {
        return Err(name_taken());
    }
    let first = First {
        user: request.user,
        genesis: &request.genesis,
        keys: &request.keys,
        vault: &request.vault,
        name_ct: &request.name_ct,
    };
    let device = begin(tx, permit, &first)?;
    if let Admission::Activation { code } = &request.admission {
        let of = (code.as_str(), Some(username.as_str()));
        let found = account_application::of_code(tx, parts, permit, of)?;
        let found = found.ok_or_else(link::invalid)?;
        account_application::activate(tx, parts, permit, (&found, request.user))?;
    } else if store::account_application::is_reserved(tx, permit, username.as_str())? {
        return Err(name_taken());
    }
    let actor = Actor {
        user: request.user,
        device: device.device,
        session: tx.id(cloister_wire::SessionId::new),
        standing: DeviceStanding::Active,
        operator_at,
        address: Some(visitor.address),
    };
    let of = (request.user, Some(actor.device));
    security::note(tx, permit, of, SecurityEventKind::Registered, visitor)?;
    session::grant(tx, parts, permit, actor, (request.client, visitor))
}

pub(super) fn name_taken() -> Error {
    Error::refuse(
        ErrorCode::UsernameTaken,
        "This name, or one that reads like it, is taken. Choose another one.",
    )
}

/// Begins a device log with its first device.
pub fn begin(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Anyone>,
    first: &First<'_>,
) -> Result<DeviceCert> {
    let log = DeviceLog::begin(first.genesis.as_ref())
        .map_err(|_| Error::bad_signature("The account's first log entry does not check."))?;
    let record = log
        .active()
        .next()
        .ok_or_else(|| Error::internal("a genesis without a device"))?;
    if log.user != first.user {
        return Err(Error::bad_signature(
            "The account's first log entry names somebody else.",
        ));
    }
    check_version(first.user.0)?;
    check_vault(first.vault)?;
    if cloister_proof::hash(&[first.vault.as_ref()]) != log.vault {
        return Err(Error::bad_signature(
            "The account's first log entry names another vault.",
        ));
    }
    let cert = record.cert.clone();
    begin_device(tx, permit, &log, &cert, first)?;
    store::device::update_verified(tx, cert.device)?;
    Ok(cert)
}

/// The device that a genesis names, with the log as the genesis leaves it.
pub(super) fn begin_device(
    tx: &mut Tx<'_>,
    permit: &Permit<'_, Anyone>,
    log: &DeviceLog,
    cert: &DeviceCert,
    first: &First<'_>,
) -> Result<()> {
    check_version(cert.device.0)?;
    check_device_name(first.name_ct)?;
    let now = tx.now();
    let signed = &Bytes(cloister_proof::encode(cert));
    let device = NewDevice {
        cert,
        signed,
        name_ct: first.name_ct,
        active_at: Some(now),
    };
    if !store::device::insert(tx, permit, &device)? {
        return Err(Error::invalid(
            "This device's id was used before. Draw another one.",
        ));
    }
    store::device::begin_log(tx, permit, log, first.genesis)?;
    store::account::insert_vault(tx, permit, first.user, first.vault)?;
    prekey::take_in(tx, &holder(cert), first.keys)?;
    Ok(())
}

pub fn check_device_name(name_ct: &Bytes) -> Result<()> {
    if name_ct.0.len() > limits::DEVICE_NAME_BYTES {
        return Err(Error::invalid("The device's name is too long."));
    }
    Ok(())
}

pub fn holder(cert: &DeviceCert) -> prekey::Holder {
    prekey::Holder {
        user: cert.user,
        device: cert.device,
        signing_key: cert.signing,
    }
}

/// Ids are sortable by the time of their birth.
fn check_version(id: uuid::Uuid) -> Result<()> {
    if id.get_version_num() == 7 {
        Ok(())
    } else {
        Err(Error::invalid(
            "Ids of people and devices are UUIDs of version 7.",
        ))
    }
}

/// Is there a door to come in by? Nothing is used up; a code that leads nowhere is counted for
/// its address. The inner refusal is committed.
pub fn knock(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    admission: &Admission,
    visitor: &Visitor,
) -> Result<Result<()>> {
    let registration = policy::in_force(tx, parts, permit)?.registration;
    let open = match (admission, registration) {
        (Admission::SetUp { token }, _) => {
            let given = parts.keys.hash_secret("set-up", token.as_bytes());
            let expected = store::instance::get_set_up_hash(tx, permit)?;
            // Who is too late is told so when they are let in.
            expected == Some(given) || store::instance::count_operators(tx, permit)? > 0
        }
        (
            Admission::Invite { code },
            Registration::Open | Registration::Invite | Registration::Application,
        ) => {
            let hash = parts.keys.hash_secret("invite", code.as_bytes());
            let now = tx.now();
            let invite = store::invite::lock(tx, permit, &hash)?;
            invite.is_some_and(|invite| invite.is_live(now))
        }
        (Admission::Activation { code }, _) => {
            account_application::of_code(tx, parts, permit, (code, None))?.is_some()
        }
        (Admission::Open {}, Registration::Open) => true,
        (Admission::Invite { .. } | Admission::Open {}, _) => return Ok(Err(closed())),
    };
    if open {
        return Ok(Ok(()));
    }
    let network = visitor.network();
    let key = parts.keys.hash_secret("wrong door", network.as_bytes());
    let most = parts.config.limits.registrations_per_address;
    let window = Window::per_minutes(most, REGISTER_MINUTES);
    if let Err(limited) = store::attempt::spend(tx, permit, &key, window)?.allowed() {
        return Ok(Err(limited));
    }
    Ok(Err(match admission {
        Admission::SetUp { .. } => {
            invite_invalid("This set-up link is not the one that the server printed.")
        }
        Admission::Activation { .. } => link::invalid(),
        _ => invite_invalid("This invitation does not exist or has run out."),
    }))
}

fn closed() -> Error {
    Error::refuse(
        ErrorCode::RegistrationClosed,
        "This server takes no new accounts this way. Ask somebody there for an invitation.",
    )
}

/// Opens the door, or not. Says since when the person operates the instance, if they will.
fn admit(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    request: &Register,
    visitor: &Visitor,
) -> Result<Option<u64>> {
    let registration = policy::in_force(tx, parts, permit)?.registration;
    match &request.admission {
        Admission::Activation { code } => {
            let of = (code.as_str(), Some(request.username.as_str()));
            let found = account_application::of_code(tx, parts, permit, of)?;
            found.map(|_| None).ok_or_else(link::invalid)
        }
        Admission::SetUp { token } => {
            // Reading the hash locks it: of two who use the link at once, one is first.
            let expected = store::instance::get_set_up_hash(tx, permit)?;
            if store::instance::count_operators(tx, permit)? > 0 {
                let done = "This server is set up already. Ask its operator for an invitation.";
                return Err(Error::refuse(ErrorCode::SetUpDone, done));
            }
            let given = parts.keys.hash_secret("set-up", token.as_bytes());
            if expected != Some(given) {
                return Err(invite_invalid(
                    "This set-up link is not the one that the server printed.",
                ));
            }
            store::instance::update_set_up_hash(tx, permit, None)?;
            Ok(Some(tx.now()))
        }
        Admission::Invite { code } if registration != Registration::Closed => {
            // An invitation spends its own budget, so that a whole class can come from one
            // address.
            spend_invite(tx, parts, permit, code)?;
            Ok(None)
        }
        Admission::Open {} if registration == Registration::Open => {
            let key = parts
                .keys
                .hash_secret("register", visitor.network().as_bytes());
            let most = parts.config.limits.registrations_per_address;
            let window = Window::per_minutes(most, REGISTER_MINUTES);
            store::attempt::spend(tx, permit, &key, window)?.allowed()?;
            Ok(None)
        }
        Admission::Invite { .. } | Admission::Open {} => Err(closed()),
    }
}

fn spend_invite(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, Anyone>,
    code: &str,
) -> Result<()> {
    let hash = parts.keys.hash_secret("invite", code.as_bytes());
    let now = tx.now();
    let invite = store::invite::lock(tx, permit, &hash)?
        .filter(|invite| invite.is_live(now))
        .ok_or_else(|| invite_invalid("This invitation does not exist or has run out."))?;
    invite.check_open()?;
    let places = store::invite::update_registered(tx, permit, &hash)?;
    // Joining a guild is counted when the person joins; an account alone is all that an
    // invitation to the instance is for.
    let used = invite.guild.is_some() || store::invite::update_used(tx, permit, &hash)?;
    if places && used {
        return Ok(());
    }
    Err(Error::refuse(
        ErrorCode::InviteUsedUp,
        "This invitation has been used up. Ask for another one.",
    ))
}

pub(super) fn invite_invalid(sentence: &'static str) -> Error {
    Error::refuse(ErrorCode::InviteInvalid, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_small_letters_digits_and_underscores() {
        for name in ["bob", "bob_smith", "a1b", "x_y_z9", &"b".repeat(32)] {
            assert_eq!(Username::parse(name).unwrap().as_str(), name);
        }
        for name in [
            "bo",
            "Bob",
            "bob.smith",
            "bob-x",
            "b b",
            "böb",
            "аdmin",
            "bob\u{202e}x",
            &"b".repeat(33),
            "",
        ] {
            let refused = Username::parse(name).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::UsernameInvalid, "{name}");
        }
    }

    #[test]
    fn nobody_takes_a_name_that_speaks_for_the_place() {
        for name in [
            "admin", "adm1n", "_admin_", "system", "everyone", "0perator", "cl01ster",
        ] {
            let refused = Username::parse(name).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::UsernameInvalid, "{name}");
        }
        Username::parse("administer").unwrap();
    }

    #[test]
    fn display_names_show_no_controls() {
        assert_eq!(display_name("  Zoë 🦊 ").unwrap(), "Zoë 🦊");
        assert_eq!(display_name("Zoe\u{308}").unwrap(), "Zoë");
        assert_eq!(display_name("👩\u{200d}🚀").unwrap(), "👩\u{200d}🚀");
        for hidden in [
            "a\u{202e}b",
            "a\u{200b}b",
            "\u{feff}a",
            "a\u{2066}b",
            "a\u{ad}b",
        ] {
            assert!(display_name(hidden).is_err(), "{hidden:?}");
        }
        assert!(display_name("a\u{7}b").is_err());
        assert!(display_name("  ").is_err());
        assert!(display_name(&"x".repeat(49)).is_err());
    }
}
