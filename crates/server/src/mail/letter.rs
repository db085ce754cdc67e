//! What mails say, as text and as a page. Whatever people or their programs said is escaped; no
//! picture and nothing else is loaded from anywhere.

use std::fmt::Write;

use cloister_wire::security::SecurityEventKind;
use serde::{Deserialize, Serialize};

use super::EmailAddress;

/// A letter that is written. It may hold a secret link, so it is kept sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter")
    }
}

/// From which instance a letter comes.
#[derive(Debug, Clone, Copy)]
pub struct House<'a> {
    pub name: &'a str,
    /// `https://chat.example.org`.
    pub address: &'a str,
}

/// Where and when something was done, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub struct Done<'a> {
    pub at: u64,
    pub place: &'a str,
    pub user_agent: &'a str,
}

/// A link of a letter, with the words that stand on it.
struct Link<'a> {
    words: &'a str,
    url: String,
}

struct Draft<'a> {
    subject: String,
    title: &'a str,
    says: Vec<String>,
    link: Option<Link<'a>>,
    ends: Vec<&'a str>,
}

impl House<'_> {
    /// Proves that somebody reads mail at the address that they gave.
    pub fn verify(self, to: &EmailAddress, username: &str, token: &str) -> Letter {
        self.write(
            to,
            &Draft {
                subject: format!("Confirm your e-mail address for {}", self.name),
                title: "Confirm your e-mail address",
                says: vec![format!(
                    "{username} on {} wants mail to come to this address.",
                    self.name
                )],
                link: Some(self.link("Confirm this address", "verify", token)),
                ends: vec![
                    "The link works once, for 24 hours.",
                    "If you don't know what this is about, do nothing: nothing more will come.",
                ],
            },
        )
    }

    /// Somebody gave an address that is another account's.
    pub fn taken(self, to: &EmailAddress) -> Letter {
        self.write(to, &Draft {
            subject: format!("Your e-mail address on {}", self.name),
            title: "This address has an account already",
            says: vec![format!(
                "Somebody on {} wanted to use your e-mail address for another account. It stays \
                 with yours.",
                self.name
            )],
            link: None,
            ends: vec!["If that was you, remove it from the first account, then add it again."],
        })
    }

    /// The link to a new password.
    pub fn reset(
        self,
        to: &EmailAddress,
        (username, token): (&str, &str),
        asked: Option<Done<'_>>,
    ) -> Letter {
        let mut says = vec![format!(
            "With this link you choose a new password for {username} on {}. Every device is \
             signed out by it.",
            self.name
        )];
        says.extend(asked.map(|asked| format!("It was asked for {}.", where_of(asked))));
        self.write(
            to,
            &Draft {
                subject: format!("A new password for {}", self.name),
                title: "Choose a new password",
                says,
                link: Some(self.link("Choose a new password", "reset", token)),
                ends: vec![
                    "The link works once, for one hour.",
                    "A second factor stays, and what is encrypted opens with your devices or your \
                 recovery key only.",
                    "If you did not ask for this, do nothing: your password stays.",
                ],
            },
        )
    }

    /// Something happened to the account.
    pub fn notice(
        self,
        to: &EmailAddress,
        (username, token): (&str, &str),
        (kind, done): (SecurityEventKind, Done<'_>),
    ) -> Letter {
        let what = happened(kind);
        self.write(to, &Draft {
            subject: format!("{}: {}", self.name, what.0),
            title: what.0,
            says: vec![
                format!("{} This is about {username} on {}.", what.1, self.name),
                format!("It was done {}.", where_of(done)),
            ],
            link: Some(self.link("This wasn't me", "not-me", token)),
            ends: vec![
                "If it was you, there is nothing to do.",
                "If not, the link signs every device out and mails you a link to a new password. \
                 It works for a week.",
            ],
        })
    }

    /// To the address that was the account's until now.
    pub fn moved(self, to: &EmailAddress, (username, token): (&str, &str)) -> Letter {
        self.write(to, &Draft {
            subject: format!("Your e-mail address on {} was changed", self.name),
            title: "Your e-mail address was changed",
            says: vec![format!(
                "Mail for {username} on {} does not come to this address any more.",
                self.name
            )],
            link: Some(self.link("This wasn't me", "not-me", token)),
            ends: vec![
                "If it was you, there is nothing to do.",
                "If not, the link brings this address back, signs every device out and mails you \
                 a link to a new password. It works for a week.",
            ],
        })
    }

    /// Nothing is left of the account; the last letter.
    pub fn deleted(self, to: &EmailAddress, username: &str) -> Letter {
        self.write(
            to,
            &Draft {
                subject: format!("Your account on {} is deleted", self.name),
                title: "Your account is deleted",
                says: vec![format!(
                    "As was asked for, {username} on {} is gone, with everything that was stored \
                     for it. What you said is being removed.",
                    self.name
                )],
                link: None,
                ends: vec![
                    "What others keep on their own devices is not ours to delete.",
                    "This is the last letter about it.",
                ],
            },
        )
    }

    /// Somebody who applied is let in.
    pub fn approved(self, to: &EmailAddress, username: &str, fragment: &str) -> Letter {
        self.write(
            to,
            &Draft {
                subject: format!("Welcome to {}", self.name),
                title: "You're in",
                says: vec![format!(
                    "Your application for {username} on {} was approved. With this link you make \
                     the account and choose a password.",
                    self.name
                )],
                link: Some(self.link("Make the account", "activate", fragment)),
                ends: vec![
                    "The link works once, for three days.",
                    "If you never applied, do nothing: no account is made.",
                ],
            },
        )
    }

    /// Somebody who applied is turned away.
    pub fn rejected(self, to: &EmailAddress, username: &str, reason: &str) -> Letter {
        let mut says = vec![format!(
            "Your application for {username} on {} was not approved.",
            self.name
        )];
        if !reason.is_empty() {
            says.push(format!("The reason: {reason}"));
        }
        self.write(
            to,
            &Draft {
                subject: format!("Your application on {}", self.name),
                title: "Your application was not approved",
                says,
                link: None,
                ends: vec!["If you never applied, there is nothing to do."],
            },
        )
    }

    /// That mail arrives.
    pub fn test(self, to: &EmailAddress) -> Letter {
        self.write(
            to,
            &Draft {
                subject: format!("{} can send mail", self.name),
                title: "Mail works",
                says: vec![format!(
                    "{} at {} has handed this to your mail server, and here it is.",
                    self.name, self.address
                )],
                link: None,
                ends: vec!["Whoever runs the server asked for it."],
            },
        )
    }

    fn link<'w>(self, words: &'w str, page: &str, token: &str) -> Link<'w> {
        // Behind the # it is in no server's log.
        let url = format!("{}/{page}#{token}", self.address);
        Link { words, url }
    }

    fn write(self, to: &EmailAddress, draft: &Draft<'_>) -> Letter {
        Letter {
            to: to.as_str().to_owned(),
            text: self.text(draft),
            html: self.html(draft),
            subject: one_line(&draft.subject),
        }
    }

    fn text(self, draft: &Draft<'_>) -> String {
        let mut text = format!("{}\n", draft.title);
        for said in &draft.says {
            let _ = write!(text, "\n{said}\n");
        }
        if let Some(link) = &draft.link {
            let _ = write!(text, "\n{}:\n{}\n", link.words, link.url);
        }
        for end in &draft.ends {
            let _ = write!(text, "\n{end}\n");
        }
        let _ = write!(text, "\n-- \n{}\n{}\n", self.name, self.address);
        text
    }

    fn html(self, draft: &Draft<'_>) -> String {
        let mut body = String::new();
        for said in &draft.says {
            let _ = write!(body, "<p style=\"margin:0 0 14px\">{}</p>", escape(said));
        }
        if let Some(link) = &draft.link {
            let (url, words) = (escape(&link.url), escape(link.words));
            let _ = write!(
                body,
                "<p style=\"margin:22px 0\"><a href=\"{url}\" style=\"{BUTTON}\">{words}</a></p>\
                 <p style=\"margin:0 0 14px;{SMALL}\">Or open this address:<br>\
                 <span style=\"word-break:break-all\">{url}</span></p>"
            );
        }
        for end in &draft.ends {
            let _ = write!(
                body,
                "<p style=\"margin:0 0 8px;{SMALL}\">{}</p>",
                escape(end)
            );
        }
        let (name, title) = (escape(self.name), escape(draft.title));
        let address = escape(self.address);
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title></head>\
             <body style=\"margin:0;padding:0;background:#f4f1ec\">\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
             style=\"background:#f4f1ec\"><tr><td align=\"center\" style=\"padding:32px 16px\">\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
             style=\"max-width:520px;background:#fdfcfa;border:1px solid #dcd7ce;\
             border-radius:10px\"><tr><td style=\"padding:28px 28px 24px;{TYPE}\">\
             <p style=\"margin:0 0 18px;{SMALL}\">{name}</p>\
             <h1 style=\"margin:0 0 16px;font:600 22px/1.3 Georgia,serif;color:#1f2430\">{title}\
             </h1>{body}</td></tr></table>\
             <p style=\"margin:16px 0 0;{SMALL}\">{name}, {address}</p>\
             </td></tr></table></body></html>"
        )
    }
}

const TYPE: &str = "font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;\
                    color:#1f2430";
const SMALL: &str = "font:13px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;\
                     color:#5d6270";
const BUTTON: &str = "display:inline-block;padding:11px 20px;border-radius:6px;\
                      background:#256b49;color:#ffffff;text-decoration:none;font-weight:600";

/// What happened, as a title and a sentence.
const fn happened(kind: SecurityEventKind) -> (&'static str, &'static str) {
    use SecurityEventKind as Kind;
    match kind {
        Kind::SignedInNewDevice => (
            "A new device signed in",
            "Somebody gave your password on a device that the account did not have.",
        ),
        Kind::SignedInNewPlace => (
            "Signed in from a new place",
            "One of your devices signed in from a network that we had not seen with it.",
        ),
        Kind::LockedOut => (
            "Too many wrong passwords",
            "Somebody keeps guessing your password. Unknown devices are kept out for a while.",
        ),
        Kind::RefreshReused => (
            "A sign-in was copied",
            "One of your sign-ins was used from two places, so it was ended.",
        ),
        Kind::PasswordChanged => ("Password changed", "Your password was changed."),
        Kind::PasswordReset => (
            "Password set anew",
            "Your password was set anew with a link, and every device was signed out.",
        ),
        Kind::TotpEnabled => ("Second factor turned on", "A second factor was turned on."),
        Kind::TotpDisabled => (
            "Second factor turned off",
            "The second factor was turned off.",
        ),
        Kind::BackupCodeUsed => ("Backup code used", "One of your backup codes was used."),
        Kind::BackupCodesRenewed => (
            "New backup codes",
            "New backup codes were made; the old ones open nothing any more.",
        ),
        Kind::SecondFactorFailed => (
            "Right password, wrong code",
            "Somebody gave your right password and then a wrong code. They may know it.",
        ),
        Kind::SecondFactorsRemoved => (
            "Second factor removed",
            "Whoever runs the server removed your second factor.",
        ),
        Kind::Disabled => (
            "Account disabled",
            "Whoever runs the server disabled your account.",
        ),
        Kind::ResetLinkMade => (
            "A link to a new password was made",
            "Whoever runs the server made a link to a new password for your account. If you did \
             not ask for it, tell them.",
        ),
        Kind::DeletionAsked => (
            "Your account is about to be deleted",
            "Somebody asked for the end of your account. Until it comes you can sign in and keep \
             it.",
        ),
        Kind::DeletionCancelled => (
            "Your account stays",
            "Your account is not deleted: it was kept.",
        ),
        _ => ("Something happened", "Something happened to your account."),
    }
}

/// `on 21 November 2026 at 22:05 UTC, from network 203.0.0.0/16, by Firefox`.
fn where_of(done: Done<'_>) -> String {
    let seconds = i64::try_from(done.at / 1_000).unwrap_or_default();
    let at = time::OffsetDateTime::from_unix_timestamp(seconds)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let mut said = format!(
        "on {} {} {} at {:02}:{:02} UTC",
        at.day(),
        at.month(),
        at.year(),
        at.hour(),
        at.minute()
    );
    if !done.place.is_empty() {
        let _ = write!(said, ", from {}", done.place);
    }
    if !done.user_agent.is_empty() {
        let _ = write!(said, ", by “{}”", done.user_agent);
    }
    said
}

/// A subject is a line.
fn one_line(text: &str) -> String {
    let spaced = text
        .chars()
        .map(|one| if one.is_control() { ' ' } else { one });
    spaced.collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: House<'_> = House {
        name: "Rowing <b>club</b>\r\nBcc: eve@example.org",
        address: "https://chat.example.org",
    };

    fn bob() -> EmailAddress {
        EmailAddress::parse("bob@example.org").unwrap()
    }

    #[test]
    fn whatever_a_program_says_of_itself_is_text() {
        let done = Done {
            at: 1_800_000_000_000,
            place: "network 203.0.0.0/16",
            user_agent: "<img src=x onerror=alert(1)>",
        };
        let kind = SecurityEventKind::SignedInNewDevice;
        let letter = HOUSE.notice(&bob(), ("bob", "clw_AAAA"), (kind, done));
        assert!(!letter.html.contains("<img"), "{}", letter.html);
        assert!(!letter.html.contains("<b>"));
        assert!(letter.html.contains("&lt;img src=x"));
        assert!(
            letter
                .text
                .contains("https://chat.example.org/not-me#clw_AAAA")
        );
        assert!(
            letter.text.contains("on 15 January 2027 at 08:00 UTC"),
            "{}",
            letter.text
        );
        assert!(!letter.subject.contains(['\r', '\n']));
    }

    #[test]
    fn a_letter_about_a_password_says_what_it_does_not_open() {
        let house = House {
            name: "Rowing club",
            address: "https://chat.example.org",
        };
        let letter = house.reset(&bob(), ("bob", "clw_AAAA"), None);
        insta::assert_snapshot!(letter.text);
    }
}
