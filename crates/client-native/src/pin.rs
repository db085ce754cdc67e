//! The name of a server's key: `sha256:` and the hash of its SubjectPublicKeyInfo.
//!
//! It is what `cloister serve` prints. It names the key and not the certificate, so a renewed
//! certificate for the same key is still the same server.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

const PREFIX: &str = "sha256:";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a certificate's fingerprint is `sha256:` and 64 hexadecimal digits")]
pub struct NotAPin;

impl Pin {
    /// The pin of a certificate in DER, or nothing if it is not one.
    pub fn of_certificate(der: &[u8]) -> Option<Pin> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        Some(Pin(Sha256::digest(
            certificate.tbs_certificate.subject_pki.raw,
        )
        .into()))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Pin {
    type Err = NotAPin;

    /// Colons between the digits and capitals are accepted: other tools print them so.
    fn from_str(text: &str) -> Result<Pin, NotAPin> {
        let digits: Vec<u8> = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(NotAPin)?
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16).map(|digit| digit as u8).ok_or(NotAPin))
            .collect::<Result<_, _>>()?;
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return Err(NotAPin);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Pin(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_back_as_it_was_written() {
        let text = format!("sha256:{}", "0123456789abcdef".repeat(4));
        assert_eq!(text.parse::<Pin>().unwrap().to_string(), text);
        let with_colons = format!("sha256:{}AB", "AB:".repeat(31));
        assert_eq!(
            with_colons.parse::<Pin>().unwrap().to_string(),
            format!("sha256:{}", "ab".repeat(32))
        );
    }

    #[test]
    fn what_is_not_a_sha_256_of_a_key_is_refused() {
        for text in ["", "sha256:", "sha256:zz", "sha1:00", &"0".repeat(64)] {
            assert_eq!(text.parse::<Pin>(), Err(NotAPin), "{text}");
        }
        assert_eq!(
            format!("sha256:{}", "00".repeat(33)).parse::<Pin>(),
            Err(NotAPin)
        );
    }
}
