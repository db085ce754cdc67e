//! Passwords: Argon2id, in a bounded number of threads.
//!
//! Hashing takes memory and time on purpose, so that only so many run at once and only so many
//! wait; the next one is asked to come back. A name that nobody has costs the same time.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::{Error, Result, config::Passwords, env::Env};

/// A password on its way to its hash: neither printed nor kept.
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Hashes passwords.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    running: Arc<Semaphore>,
    /// Those that run and those that wait.
    places: Arc<Semaphore>,
    env: Env,
    /// What a password is compared with when there is no account.
    nobody: Arc<str>,
}

impl Hasher {
    pub fn new(cost: &Passwords, env: Env) -> Result<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|error| Error::internal(format!("passwords: {error}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, b"", &env.bytes::<16>())?;
        let places = cost.at_once.get() + cost.waiting;
        Ok(Self {
            argon2,
            running: Arc::new(Semaphore::new(cost.at_once.get())),
            places: Arc::new(Semaphore::new(places)),
            env,
            nobody: nobody.into(),
        })
    }

    /// The hash to store, in the PHC string format.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let (argon2, salt) = (self.argon2.clone(), self.env.bytes::<16>());
        self.compute(move || hash(&argon2, password.as_str().as_bytes(), &salt))
            .await
    }

    /// Is it the password of `stored`? Without a stored hash the answer is no, after as long.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let argon2 = self.argon2.clone();
        let right = self
            .compute(move || {
                let stored = PasswordHash::new(&stored).map_err(argon2_error)?;
                Ok(argon2
                    .verify_password(password.as_str().as_bytes(), &stored)
                    .is_ok())
            })
            .await?;
        Ok(right && exists)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        const RETRY_MS: u64 = 2_000;
        let _place = self
            .places
            .try_acquire()
            .map_err(|_| Error::busy(RETRY_MS))?;
        let _running = self.running.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(Error::internal)?
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Result<String> {
    let hash = argon2
        .hash_password_with_salt(password, salt)
        .map_err(argon2_error)?;
    Ok(hash.to_string())
}

fn argon2_error(error: impl fmt::Display) -> Error {
    Error::internal(format!("argon2: {error}"))
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use cloister_wire::ErrorCode;

    use super::*;

    fn hasher(waiting: usize) -> Hasher {
        let cost = Passwords {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
            at_once: NonZero::<usize>::MIN,
            waiting,
        };
        Hasher::new(&cost, Env::system()).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let hasher = hasher(4);
        let stored = hasher.hash(password("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert!(
            hasher
                .verify(password("correct horse"), Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(password("correct horsf"), Some(stored))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn nobody_has_no_password_not_even_the_empty_one() {
        assert!(!hasher(4).verify(password(""), None).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_finds_the_queue_full_is_asked_to_come_back() {
        let hasher = hasher(0);
        let _all = hasher.places.acquire().await.unwrap();
        let refused = hasher.hash(password("x")).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Unavailable);
        assert!(refused.body().retry_after_ms.is_some());
    }
}
