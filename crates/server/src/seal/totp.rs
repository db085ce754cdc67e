//! Codes of an authenticator (RFC 6238): SHA-1, six digits, thirty seconds, which is what every
//! such program can.

use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use crate::{Error, Result, env::Env};

/// 160 bits, as RFC 4226 advises.
const SECRET_BYTES: usize = 20;
/// Time steps that a clock may be off, each way.
const DRIFT: u16 = 1;
const STEP_S: u64 = 30;

/// A secret shared with an authenticator. Prints nothing.
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    pub fn draw(env: &Env) -> Self {
        Self(Zeroizing::new(env.bytes::<SECRET_BYTES>().to_vec()))
    }

    pub fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// For typing: base32, as authenticators take it.
    pub fn text(&self) -> String {
        totp_rs::Secret::from(self.0.as_slice()).to_base32()
    }

    /// `otpauth://totp/…` for an authenticator that reads it from a picture.
    pub fn url(&self, instance: &str, username: &str) -> Result<String> {
        self.totp(instance, username)?.to_url().map_err(of_library)
    }

    /// The time step of a code that is right now, or one step before or after.
    pub fn step_of(&self, code: &str, now_ms: u64) -> Result<Option<u64>> {
        let digits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            return Ok(None);
        }
        Ok(self.totp("Cloister", "user")?.check(code, now_ms / 1_000))
    }

    /// The code of a moment: what an authenticator would show.
    #[cfg(test)]
    fn code(&self, now_ms: u64) -> String {
        let totp = self.totp("Cloister", "user").unwrap();
        totp.generate(now_ms / 1_000).to_string()
    }

    fn totp(&self, instance: &str, username: &str) -> Result<Totp> {
        // A colon parts issuer and name in the address.
        let issuer = instance.replace(':', " ");
        Builder::new()
            .with_secret(self.0.to_vec())
            .with_skew(DRIFT)
            .with_step_duration(STEP_S)
            .with_account_name(username)
            .with_issuer(Some(issuer))
            .build()
            .map_err(of_library)
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret")
    }
}

fn of_library(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("totp: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_the_standard() -> TotpSecret {
        TotpSecret::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B: the last six of its eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(of_the_standard().code(seconds * 1_000), code);
            let step = of_the_standard().step_of(code, seconds * 1_000).unwrap();
            assert_eq!(step, Some(seconds / 30));
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step_and_not_by_two() {
        let secret = of_the_standard();
        let now: u64 = 1_800_000_000_000;
        let step = now / 30_000;
        for (off, right) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let then = now.checked_add_signed(off * 30_000).unwrap();
            let found = secret.step_of(&secret.code(then), now).unwrap();
            let expected = right.then(|| step.checked_add_signed(off).unwrap());
            assert_eq!(found, expected, "{off}");
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        for text in ["", "28708", "2870822", "28708a", "２８７０８２", "287 82"] {
            assert_eq!(of_the_standard().step_of(text, 59_000).unwrap(), None);
        }
    }

    #[test]
    fn the_address_names_instance_and_person() {
        let url = of_the_standard().url("Rowing: club", "ada").unwrap();
        assert!(url.starts_with("otpauth://totp/Rowing"), "{url}");
        assert!(
            url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            "{url}"
        );
        assert_eq!(of_the_standard().text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
