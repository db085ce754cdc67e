//! E-mail addresses that are valid.

use std::fmt;

use cloister_wire::{ErrorCode, email::ADDRESS_BYTES};

use crate::{Error, Result};

/// Bytes before the @ (RFC 5321, 4.5.3.1.1).
const LOCAL_BYTES: usize = 64;

/// An address that mail can be sent to: its domain in the form that DNS knows, with a dot.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(lettre::Address);

impl EmailAddress {
    pub fn parse(text: &str) -> Result<Self> {
        read(text).map(Self).ok_or_else(|| {
            Error::refuse(
                ErrorCode::EmailInvalid,
                "This is not an e-mail address such as name@example.org.",
            )
        })
    }

    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// What two ways to write it have in common.
    pub fn key(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }

    pub(super) fn to_lettre(&self) -> lettre::Address {
        self.0.clone()
    }
}

/// Addresses are not for logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress")
    }
}

fn read(text: &str) -> Option<lettre::Address> {
    let text = text.trim();
    if text.len() > ADDRESS_BYTES {
        return None;
    }
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |one: u8| one.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&one);
    if local.len() > LOCAL_BYTES || !local.bytes().all(plain) {
        return None;
    }
    let domain = idna::domain_to_ascii_strict(domain).ok()?;
    let (_, top) = domain.rsplit_once('.')?;
    if top.bytes().all(|one| one.is_ascii_digit()) {
        return None;
    }
    lettre::Address::new(local, domain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_one_way_or_not_at_all() {
        for (text, read) in [
            ("bob@example.org", "bob@example.org"),
            (" Bob.Smith+chat@Example.ORG ", "Bob.Smith+chat@example.org"),
            ("o'neil@sub.example.co.uk", "o'neil@sub.example.co.uk"),
            ("zoë@example.org", ""),
            ("zoe@bücher.example", "zoe@xn--bcher-kva.example"),
            ("a@b", ""),
            ("a@1.2.3.4", ""),
            ("a@[127.0.0.1]", ""),
            ("a@example.org.", ""),
            ("a b@example.org", ""),
            ("a@example.org\r\nBcc: eve@example.org", ""),
            ("\"a\"@example.org", ""),
            (".a@example.org", ""),
            ("a@-example.org", ""),
            ("a@@example.org", ""),
            ("@example.org", ""),
            ("a@", ""),
            ("", ""),
        ] {
            let parsed = EmailAddress::parse(text);
            assert_eq!(
                parsed.as_ref().map_or("", EmailAddress::as_str),
                read,
                "{text:?}"
            );
        }
        assert!(EmailAddress::parse(&format!("{}@example.org", "a".repeat(65))).is_err());
        assert!(EmailAddress::parse(&format!("{}.org", "a@a.".repeat(25_000))).is_err());
    }

    #[test]
    fn an_address_is_in_no_log() {
        let address = EmailAddress::parse("bob@example.org").unwrap();
        assert!(!format!("{address:?}").contains("bob"));
    }
}
