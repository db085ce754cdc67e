//! Refresh tokens: 64 random bytes, stored as a keyed hash, each good for one use.
//!
//! The token that replaces a used one is kept for a moment, sealed with the used one, so that a
//! client whose answer was lost gets the same answer again. Whoever has the database alone can
//! open neither.

use aes_gcm::{Aes256Gcm, KeyInit, Nonce, aead::Aead};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cloister_wire::{Hash, SessionId};
use zeroize::Zeroizing;

use super::keyring::Keyring;
use crate::{Error, Result, env::Env};

/// Tells secret scanners what they found.
const PREFIX: &str = "clr_";
const LENGTH: usize = 64;

/// A refresh token, on its way to or from a client.
pub struct RefreshToken(Zeroizing<[u8; LENGTH]>);

impl RefreshToken {
    pub fn draw(env: &Env) -> Self {
        Self(Zeroizing::new(env.bytes()))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// As the client keeps it.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// What the database keeps.
    pub fn hash(&self, keys: &Keyring) -> Hash {
        keys.hash_secret("refresh", self.0.as_slice())
    }

    /// Seals the token that replaces this one.
    pub fn seal_successor(&self, keys: &Keyring, successor: &Self) -> Result<Vec<u8>> {
        self.cipher(keys)
            .encrypt(&Nonce::default(), successor.0.as_slice())
            .map_err(|_| Error::internal("a refresh token could not be sealed"))
    }

    /// Opens what `seal_successor` made.
    pub fn open_successor(&self, keys: &Keyring, sealed: &[u8]) -> Option<Self> {
        let bytes = self.cipher(keys).decrypt(&Nonce::default(), sealed).ok()?;
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    /// Every token seals one successor at most, so that its key is used with one nonce only.
    fn cipher(&self, keys: &Keyring) -> Aes256Gcm {
        Aes256Gcm::new(&keys.hash_secret("successor", self.0.as_slice()).0.into())
    }
}

/// What a browser sends in a header beside its cookie: other sites can't read it.
pub fn csrf_token(keys: &Keyring, session: SessionId) -> String {
    URL_SAFE_NO_PAD.encode(keys.hash_secret("csrf", session.as_bytes()).0)
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_opens_its_successor() {
        let env = Env::system();
        let keys = Keyring::fresh(&env);
        let (old, new) = (RefreshToken::draw(&env), RefreshToken::draw(&env));
        assert_eq!(
            RefreshToken::parse(&old.text()).unwrap().hash(&keys),
            old.hash(&keys)
        );
        let sealed = old.seal_successor(&keys, &new).unwrap();
        assert_eq!(
            old.open_successor(&keys, &sealed).unwrap().text(),
            new.text()
        );
        assert!(new.open_successor(&keys, &sealed).is_none());
        assert!(
            !sealed
                .windows(16)
                .any(|part| new.0.windows(16).any(|one| one == part))
        );
    }

    #[test]
    fn what_is_no_token_is_not_parsed() {
        for text in ["", "clr_", "clr_AAAA", "xyz_AAAA", "clr_!!!"] {
            assert!(RefreshToken::parse(text).is_none(), "{text}");
        }
    }
}
