//! Passwords: Argon2id, in a bounded number of threads.
//!
//! Hashing takes memory and time on purpose, so that only so many run at once and only so many
//! wait; the next one is asked to come back. A name that nobody has costs the same time.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
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
    params: Params,
    pepper: Arc<Zeroizing<[u8; 32]>>,
    running: Arc<Semaphore>,
    /// Those that run and those that wait.
    places: Arc<Semaphore>,
    env: Env,
    /// What a password is compared with when there is no account.
    nobody: Arc<str>,
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, and its hash is of an older kind or a lower cost: hash it anew.
    Outdated,
}

/// A hash that comes from another program: bcrypt of this cost at least.
const BCRYPT_COST_MIN: u32 = 12;

impl Hasher {
    pub fn new(cost: &Passwords, pepper: Zeroizing<[u8; 32]>, env: Env) -> Result<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|error| Error::internal(format!("passwords: {error}")))?;
        let nobody = nobodys(&params, &env);
        let places = cost.at_once.get() + cost.waiting;
        Ok(Self {
            params,
            pepper: Arc::new(pepper),
            running: Arc::new(Semaphore::new(cost.at_once.get())),
            places: Arc::new(Semaphore::new(places)),
            env,
            nobody: nobody.into(),
        })
    }

    /// The hash to store, in the PHC string format.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let (params, pepper) = (self.params.clone(), self.pepper.clone());
        let salt = self.env.bytes::<16>();
        self.compute(move || {
            hash(
                &params,
                pepper.as_slice(),
                password.as_str().as_bytes(),
                &salt,
            )
        })
        .await
    }

    /// A hash that no password has.
    pub fn of_nothing(&self) -> String {
        nobodys(&self.params, &self.env)
    }

    /// Is it the password of `stored`? Without a stored hash the answer is no, after as long.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<Verdict> {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.to_string());
        let (params, pepper) = (self.params.clone(), self.pepper.clone());
        let verdict = self
            .compute(move || compare(&params, pepper.as_slice(), password.as_str(), &stored))
            .await?;
        Ok(if exists { verdict } else { Verdict::Wrong })
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        const RETRY_MS: u64 = 2_000;
        let place = self
            .places
            .clone()
            .try_acquire_owned()
            .map_err(|_| Error::busy(RETRY_MS))?;
        let running = self.running.clone().acquire_owned().await;
        let held = (place, running.map_err(Error::internal)?);
        // Who asked may hang up; the memory is in use until the thread is done all the same.
        tokio::task::spawn_blocking(move || {
            let _held = held;
            work()
        })
        .await
        .map_err(Error::internal)?
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

/// A hash that an operator brings from another program: bcrypt, which is replaced at the next
/// sign-in.
pub fn check_imported(text: &str) -> Result<()> {
    let cost = text
        .split('$')
        .nth(2)
        .and_then(|cost| cost.parse::<u32>().ok());
    if text.parse::<bcrypt::HashParts>().is_ok() && cost >= Some(BCRYPT_COST_MIN) {
        return Ok(());
    }
    Err(Error::invalid(
        "A brought password hash is one of bcrypt, of cost 12 or more.",
    ))
}

fn argon2<'p>(params: &Params, pepper: &'p [u8]) -> Result<Argon2<'p>> {
    let (kind, version) = (Algorithm::Argon2id, Version::V0x13);
    Argon2::new_with_secret(pepper, kind, version, params.clone()).map_err(argon2_error)
}

fn hash(params: &Params, pepper: &[u8], password: &[u8], salt: &[u8]) -> Result<String> {
    let hash = argon2(params, pepper)?
        .hash_password_with_salt(password, salt)
        .map_err(argon2_error)?;
    Ok(hash.to_string())
}

/// A hash that no password has, as costly to compare with as any other.
fn nobodys(params: &Params, env: &Env) -> String {
    let (salt, hash) = (env.bytes::<16>(), env.bytes::<32>());
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
}

fn compare(params: &Params, pepper: &[u8], password: &str, stored: &str) -> Result<Verdict> {
    if stored.starts_with("$2") {
        let right = bcrypt::verify(password, stored).map_err(Error::internal)?;
        return Ok(if right {
            Verdict::Outdated
        } else {
            Verdict::Wrong
        });
    }
    let stored = PasswordHash::new(stored).map_err(argon2_error)?;
    // The cost is that of the stored hash, not today's.
    let right = argon2(params, pepper)?
        .verify_password(password.as_bytes(), &stored)
        .is_ok();
    if !right {
        return Ok(Verdict::Wrong);
    }
    let of_today = Params::try_from(&stored).is_ok_and(|then| {
        (then.m_cost(), then.t_cost(), then.p_cost())
            == (params.m_cost(), params.t_cost(), params.p_cost())
    });
    Ok(if of_today {
        Verdict::Right
    } else {
        Verdict::Outdated
    })
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
        costly(waiting, 1, 7)
    }

    fn costly(waiting: usize, passes: u32, pepper: u8) -> Hasher {
        let cost = Passwords {
            memory_kib: 64,
            passes,
            lanes: 1,
            at_once: NonZero::<usize>::MIN,
            waiting,
            ..Passwords::default()
        };
        Hasher::new(&cost, Zeroizing::new([pepper; 32]), Env::system()).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let hasher = hasher(4);
        let stored = hasher.hash(password("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        for (text, verdict) in [
            ("correct horse", Verdict::Right),
            ("correct horsf", Verdict::Wrong),
        ] {
            let found = hasher.verify(password(text), Some(stored.clone())).await;
            assert_eq!(found.unwrap(), verdict, "{text}");
        }
    }

    #[tokio::test]
    async fn a_hash_is_of_no_use_without_the_servers_pepper() {
        let stored = hasher(4).hash(password("correct horse")).await.unwrap();
        let thief = costly(4, 1, 8);
        let stolen = thief.verify(password("correct horse"), Some(stored));
        assert_eq!(stolen.await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_a_lower_cost_is_right_and_asks_to_be_made_anew() {
        let stored = hasher(4).hash(password("correct horse")).await.unwrap();
        let today = costly(4, 2, 7);
        let found = today.verify(password("correct horse"), Some(stored.clone()));
        assert_eq!(found.await.unwrap(), Verdict::Outdated);
        let wrong = today.verify(password("correct horsf"), Some(stored));
        assert_eq!(wrong.await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_bcrypt_hash_of_another_program_is_right_once() {
        let stored = bcrypt::hash("correct horse", 4).unwrap();
        for (text, verdict) in [
            ("correct horse", Verdict::Outdated),
            ("correct horsf", Verdict::Wrong),
        ] {
            let found = hasher(4).verify(password(text), Some(stored.clone())).await;
            assert_eq!(found.unwrap(), verdict, "{text}");
        }
        assert!(check_imported(&stored).is_err(), "its cost is too low");
        let costly = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
        check_imported(costly).unwrap();
        assert!(check_imported("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA").is_err());
    }

    #[tokio::test]
    async fn nobody_has_no_password_not_even_the_empty_one() {
        let found = hasher(4).verify(password(""), None).await.unwrap();
        assert_eq!(found, Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_nothing_is_compared_with_at_the_cost_of_today() {
        let hasher = hasher(1);
        let nothing = hasher.of_nothing();
        let usual = hasher.hash(password("vivid otter")).await.unwrap();
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(&nothing), cost(&usual));
        assert!(PasswordHash::new(&nothing).is_ok());
        assert_ne!(nothing, hasher.of_nothing());
        let verdict = hasher.verify(password("vivid otter"), Some(nothing)).await;
        assert_eq!(verdict.unwrap(), Verdict::Wrong);
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
