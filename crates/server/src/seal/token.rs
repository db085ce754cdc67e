//! Access tokens: Ed25519 JWTs of type `at+jwt` (RFC 9068) that live for minutes. They say which
//! sign-in asks; whether it still lives is asked of the database with every request.

use std::{
    net::IpAddr,
    num::NonZero,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cloister_wire::{DeviceId, SessionId, UserId};
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use lru::LruCache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{Error, Result};

const TYPE: &str = "at+jwt";
/// Issuer and audience: an instance's tokens are for itself.
const HERE: &str = "cloister";
/// PKCS#8 of an Ed25519 key is this, followed by its 32 bytes (RFC 8410).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Tokens whose signature is remembered, so that a device in use costs one verification in the
/// life of a token and not one with each request.
const REMEMBERED: NonZero<usize> = NonZero::new(4_096).unwrap();

/// Makes access tokens with one key, and reads those of it and of the one before it.
pub struct AccessTokens {
    kid: String,
    encoding: EncodingKey,
    /// By key id.
    decoding: Vec<(String, DecodingKey)>,
    /// What was signed, by the hash of the token. Whether its time has come or run out is asked
    /// each time.
    verified: Mutex<LruCache<[u8; 32], Said>>,
}

/// What a valid access token says, and from where it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    pub user: UserId,
    pub device: DeviceId,
    pub session: SessionId,
    pub address: Option<IpAddr>,
}

impl Claims {
    #[must_use]
    pub const fn shown_from(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }
}

/// What a token that we signed says, with its times in seconds.
#[derive(Clone, Copy)]
struct Said {
    claims: Claims,
    iat: u64,
    exp: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    did: DeviceId,
    /// Seconds, as JWTs count.
    iat: u64,
    exp: u64,
}

impl AccessTokens {
    /// Signs with `key`; tokens that `before` signed are read too, as long as they live.
    pub(super) fn new(key: &[u8; 32], before: Option<&[u8; 32]>) -> Self {
        let pkcs8 = Zeroizing::new([PKCS8.as_slice(), key].concat());
        let readers = [Some(key), before].into_iter().flatten();
        let decoding = readers.map(|key| {
            let public = SigningKey::from_bytes(key).verifying_key().to_bytes();
            (kid(key), DecodingKey::from_ed_der(&public))
        });
        Self {
            kid: kid(key),
            encoding: EncodingKey::from_ed_der(&pkcs8),
            decoding: decoding.collect(),
            verified: Mutex::new(LruCache::new(REMEMBERED)),
        }
    }

    /// A token that is valid until `expires_at` (ms UTC, rounded down to a second).
    pub fn issue(&self, claims: Claims, now: u64, expires_at: u64) -> Result<String> {
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let body = Body {
            iss: HERE.to_owned(),
            aud: HERE.to_owned(),
            sub: claims.user,
            sid: claims.session,
            did: claims.device,
            iat: now / 1_000,
            exp: expires_at / 1_000,
        };
        jsonwebtoken::encode(&header, &body, &self.encoding).map_err(Error::internal)
    }

    /// What a token says, if we signed it and its time has not run out.
    pub fn read(&self, token: &str, now: u64) -> Option<Claims> {
        self.read_with_expiry(token, now).map(|(claims, _)| claims)
    }

    /// The same, with the time (ms UTC) at which it runs out.
    pub fn read_with_expiry(&self, token: &str, now: u64) -> Option<(Claims, u64)> {
        let said = self.said(token)?;
        let now_s = now / 1_000;
        // A clock that was set back must not make tokens from the future valid for longer.
        if now_s >= said.exp || said.iat > now_s + 60 {
            return None;
        }
        Some((said.claims, said.exp * 1_000))
    }

    /// What a token says that we signed, as was found out now or with an earlier request.
    fn said(&self, token: &str) -> Option<Said> {
        let hash = Sha256::digest(token).into();
        let verified = || self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = verified().get(&hash) {
            return Some(*said);
        }
        let said = self.verify(token)?;
        verified().put(hash, said);
        Some(said)
    }

    fn verify(&self, token: &str) -> Option<Said> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) {
            return None;
        }
        let (_, key) = self
            .decoding
            .iter()
            .find(|(kid, _)| header.kid.as_ref() == Some(kid))?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[HERE]);
        validation.set_audience(&[HERE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would ask the system's clock; ours is the one below.
        validation.validate_exp = false;
        let body = jsonwebtoken::decode::<Body>(token, key, &validation)
            .ok()?
            .claims;
        let claims = Claims {
            user: body.sub,
            device: body.did,
            session: body.sid,
            address: None,
        };
        Some(Said {
            claims,
            iat: body.iat,
            exp: body.exp,
        })
    }
}

/// Names a key without telling it.
pub(super) fn kid(key: &[u8; 32]) -> String {
    let public = SigningKey::from_bytes(key).verifying_key().to_bytes();
    URL_SAFE_NO_PAD.encode(&Sha256::digest(public)[..8])
}

impl std::fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessTokens({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    use uuid::Uuid;

    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    fn claims() -> Claims {
        let id = Uuid::from_u128(7);
        Claims {
            user: UserId(id),
            device: DeviceId(id),
            session: SessionId(id),
            address: None,
        }
    }

    fn tokens(key: u8) -> AccessTokens {
        AccessTokens::new(&[key; 32], None)
    }

    #[test]
    fn a_token_is_read_until_its_time_runs_out() {
        let token = tokens(1).issue(claims(), NOW, NOW + 60_000).unwrap();
        assert_eq!(tokens(1).read(&token, NOW), Some(claims()));
        assert_eq!(tokens(1).read(&token, NOW + 59_000), Some(claims()));
        assert_eq!(tokens(1).read(&token, NOW + 60_000), None);
    }

    #[test]
    fn a_remembered_token_still_ends() {
        let tokens = tokens(1);
        let token = tokens.issue(claims(), NOW, NOW + 60_000).unwrap();
        assert_eq!(tokens.read(&token, NOW), Some(claims()));
        assert_eq!(tokens.read(&token, NOW + 59_000), Some(claims()));
        assert_eq!(tokens.read(&token, NOW + 60_000), None);
        assert_eq!(tokens.read(&token, NOW - 120_000), None);
        // One bit of the signature more or less is another token.
        let mut forged = token.into_bytes();
        let last = forged.len() - 3;
        forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert_eq!(tokens.read(&forged, NOW), None);
        assert_eq!(tokens.read(&forged, NOW), None);
    }

    #[test]
    fn tokens_of_the_key_before_are_read_until_it_is_forgotten() {
        let token = tokens(1).issue(claims(), NOW, NOW + 60_000).unwrap();
        let rotated = AccessTokens::new(&[2; 32], Some(&[1; 32]));
        assert_eq!(rotated.read(&token, NOW), Some(claims()));
        let new = rotated.issue(claims(), NOW, NOW + 60_000).unwrap();
        assert_eq!(tokens(2).read(&new, NOW), Some(claims()));
        assert_eq!(tokens(2).read(&token, NOW), None);
    }

    #[test]
    fn another_servers_token_is_refused() {
        let token = tokens(2).issue(claims(), NOW, NOW + 60_000).unwrap();
        assert_eq!(tokens(1).read(&token, NOW), None);
    }

    #[test]
    fn tokens_that_choose_their_own_algorithm_type_or_key_are_refused() {
        let tokens = tokens(1);
        let good = tokens.issue(claims(), NOW, NOW + 60_000).unwrap();
        let mut parts = good.split('.');
        let (header, body, signature) = (
            parts.next().unwrap(),
            parts.next().unwrap(),
            parts.next().unwrap(),
        );
        let kid = &tokens.kid;
        for forged in [
            format!(r#"{{"alg":"none","typ":"at+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{kid}"}}"#),
            r#"{"alg":"EdDSA","typ":"at+jwt","kid":"../../etc/passwd"}"#.to_owned(),
        ] {
            let forged = format!("{}.{body}.{signature}", BASE64.encode(forged));
            assert_eq!(tokens.read(&forged, NOW), None);
        }
        assert_eq!(tokens.read(&format!("{header}.{body}."), NOW), None);
        assert_eq!(tokens.read("", NOW), None);
    }

    #[test]
    fn a_signed_token_of_another_kind_is_refused() {
        let tokens = tokens(1);
        let header = Header {
            typ: Some("refresh".to_owned()),
            kid: Some(tokens.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let body = serde_json::json!({"iss": HERE, "aud": HERE, "exp": NOW / 1_000 + 60});
        let token = jsonwebtoken::encode(&header, &body, &tokens.encoding).unwrap();
        assert_eq!(tokens.read(&token, NOW), None);
    }
}
