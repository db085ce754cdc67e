//! The server's own keys: made once at the first start, kept in files that only the server's
//! user may read.
//!
//! * `server.key`, Ed25519: signs epochs, guild logs and heads; clients pin it at first contact.
//! * `token.key`, Ed25519: signs access tokens; `token.old.key` is the one before it, whose tokens
//!   are read until they have run out. Rotated by [`super::rotation`].
//! * `frank.key`, 32 bytes: the server's tag on messages; `frank-2.key` and so on, where it was
//!   changed. Tags are made with the newest and checked with the one that they name.
//! * `pepper.key`, 32 bytes: keys the hashes of bearer secrets and passwords, so that a stolen
//!   database alone lets nobody in.
//! * `seal.key`, 32 bytes: seals the secrets that the server must be able to read again.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, Payload},
};
use cloister_proof::Signer;
use cloister_wire::{Hash, Octets};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::{authority::Authority, token::AccessTokens};
use crate::{Error, Result, env::Env};

const FOLDER: &str = "keys";
pub(super) const TOKEN_KEY: &str = "token.key";
pub(super) const OLD_TOKEN_KEY: &str = "token.old.key";

/// Prints and serialises nothing.
pub struct Keyring {
    server: SigningKey,
    tokens: RwLock<Arc<AccessTokens>>,
    frank: Vec<Zeroizing<[u8; 32]>>,
    pepper: Zeroizing<[u8; 32]>,
    seal: Zeroizing<[u8; 32]>,
}

/// First byte of what is sealed: which key and cipher.
const SEAL_VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

impl Keyring {
    /// Reads the keys in the data folder, making those that are not there.
    pub fn open(data: &Path, env: &Env) -> Result<Self> {
        let folder = key_folder(data);
        private_folder(&folder)?;
        let key = |name: &str| key_file(&folder.join(name), env);
        let server = key("server.key")?;
        key(TOKEN_KEY)?;
        Ok(Self::from_keys(
            &server,
            read_tokens(&folder)?,
            frank_keys(&folder, env)?,
            key("pepper.key")?,
            key("seal.key")?,
        ))
    }

    /// Keys that exist in memory only.
    pub fn fresh(env: &Env) -> Self {
        let key = || Zeroizing::new(env.bytes());
        Self::from_keys(
            &key(),
            AccessTokens::new(&key(), None),
            vec![key()],
            key(),
            key(),
        )
    }

    fn from_keys(
        server: &[u8; 32],
        tokens: AccessTokens,
        frank: Vec<Zeroizing<[u8; 32]>>,
        pepper: Zeroizing<[u8; 32]>,
        seal: Zeroizing<[u8; 32]>,
    ) -> Self {
        Self {
            server: SigningKey::from_bytes(server),
            tokens: RwLock::new(Arc::new(tokens)),
            frank,
            pepper,
            seal,
        }
    }

    /// Seals a secret at rest (AES-256-GCM). `about` is what the secret is and whose: it opens
    /// nowhere else.
    pub fn seal(&self, env: &Env, about: &[u8], secret: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = env.bytes();
        let payload = Payload {
            msg: secret,
            aad: about,
        };
        let sealed = Aes256Gcm::new((&*self.seal).into())
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| Error::internal("a secret could not be sealed"))?;
        Ok([&[SEAL_VERSION], nonce.as_slice(), &sealed].concat())
    }

    /// Opens what `seal` made for the same thing.
    pub fn open_sealed(&self, about: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let broken = || Error::internal("a sealed secret can't be opened with this server's keys");
        let (version, rest) = sealed.split_first().ok_or_else(broken)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(broken)?;
        if *version != SEAL_VERSION {
            return Err(broken());
        }
        let payload = Payload {
            msg: ciphertext,
            aad: about,
        };
        Aes256Gcm::new((&*self.seal).into())
            .decrypt(&Nonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| broken())
    }

    /// What passwords are hashed with beside their salt.
    pub fn password_pepper(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.hash_secret("password", &[]).0)
    }

    /// What the server's word is made with, in this life of the database.
    pub fn authority(&self, incarnation: u64) -> Authority {
        Authority::new(self.server.clone(), incarnation, self.frank.clone())
    }

    /// What clients pin.
    pub fn server_key(&self) -> Hash {
        self.server.public_key()
    }

    pub fn tokens(&self) -> Arc<AccessTokens> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&tokens)
    }

    /// Takes the keys of tokens from the data folder again, after another program rotated them.
    pub fn reload_tokens(&self, data: &Path) -> Result<()> {
        let tokens = Arc::new(read_tokens(&key_folder(data))?);
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        Ok(())
    }

    /// What is stored in place of a bearer secret. `kind` keeps secrets of different kinds apart.
    pub fn hash_secret(&self, kind: &str, secret: &[u8]) -> Hash {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.pepper.as_slice())
            .expect("HMAC takes keys of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(secret);
        Octets(mac.finalize().into_bytes().into())
    }
}

impl Keyring {
    /// How many keys for tags there are; the last makes them.
    pub const fn frank_generations(&self) -> u32 {
        self.frank.len() as u32
    }

    /// Makes a new key for tags, in force from the next start; its generation.
    pub fn rotate_frank(data: &Path, env: &Env) -> Result<u32> {
        let folder = data.join(FOLDER);
        let generation = frank_keys(&folder, env)?.len() as u32 + 1;
        private_file(&folder.join(frank_file(generation)), &env.bytes::<32>())?;
        Ok(generation)
    }
}

fn frank_file(generation: u32) -> String {
    match generation {
        1 => "frank.key".to_owned(),
        later => format!("frank-{later}.key"),
    }
}

/// Every key for tags, oldest first; the first is made if there is none.
fn frank_keys(folder: &Path, env: &Env) -> Result<Vec<Zeroizing<[u8; 32]>>> {
    let mut keys = vec![key_file(&folder.join(frank_file(1)), env)?];
    loop {
        let next = folder.join(frank_file(keys.len() as u32 + 1));
        if !next.exists() {
            return Ok(keys);
        }
        keys.push(key_file(&next, env)?);
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring")
    }
}

pub(super) fn key_folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

fn read_tokens(folder: &Path) -> Result<AccessTokens> {
    let path = folder.join(TOKEN_KEY);
    let key = read_key(&path)?;
    let key = key.ok_or_else(|| Error::internal(format!("{} is missing", path.display())))?;
    let before = read_key(&folder.join(OLD_TOKEN_KEY))?;
    Ok(AccessTokens::new(&key, before.as_deref()))
}

/// A folder that only its owner may enter.
pub(crate) fn private_folder(path: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| at(path, &error))
}

/// Writes a new file that only its owner may read. It is there whole, even after a crash, or not
/// at all.
pub(crate) fn private_file(path: &Path, content: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".unfinished");
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        if path.exists() {
            fs::remove_file(&unfinished)?;
            return Err(std::io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(&unfinished, path)?;
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => fs::File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    };
    write().map_err(|error| at(path, &error))
}

/// Reads a file that nobody else may read.
pub(crate) fn read_private(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path, &error)),
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(Error::internal(format!(
            "{} can be read by others: set its mode to 0600 and think of it as known to them",
            path.display()
        )));
    }
    fs::read(path)
        .map(|bytes| Some(Zeroizing::new(bytes)))
        .map_err(|error| at(path, &error))
}

pub(crate) fn at(path: &Path, error: &std::io::Error) -> Error {
    Error::internal(format!("{}: {error}", path.display()))
}

fn key_file(path: &Path, env: &Env) -> Result<Zeroizing<[u8; 32]>> {
    if let Some(key) = read_key(path)? {
        return Ok(key);
    }
    let key = Zeroizing::new(env.bytes());
    private_file(path, key.as_slice())?;
    Ok(key)
}

pub(super) fn read_key(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>> {
    let Some(mut bytes) = read_private(path)? else {
        return Ok(None);
    };
    let key = <[u8; 32]>::try_from(bytes.as_slice())
        .map_err(|_| Error::internal(format!("{} is not a key of 32 bytes", path.display())))?;
    bytes.zeroize();
    Ok(Some(Zeroizing::new(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_nobody_else_can_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keyring::open(folder.path(), &Env::system()).unwrap();
        let again = Keyring::open(folder.path(), &Env::system()).unwrap();
        assert_eq!(first.server_key(), again.server_key());
        assert_eq!(first.hash_secret("a", b"x"), again.hash_secret("a", b"x"));
        assert_ne!(first.hash_secret("a", b"x"), again.hash_secret("b", b"x"));
        let file = folder.path().join("keys/server.key");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_thing_and_with_the_same_keys_only() {
        let env = Env::system();
        let (keys, others) = (Keyring::fresh(&env), Keyring::fresh(&env));
        let sealed = keys.seal(&env, b"totp of ada", b"secret").unwrap();
        assert_eq!(
            keys.open_sealed(b"totp of ada", &sealed)
                .unwrap()
                .as_slice(),
            b"secret"
        );
        assert!(keys.open_sealed(b"totp of bob", &sealed).is_err());
        assert!(others.open_sealed(b"totp of ada", &sealed).is_err());
        assert!(keys.open_sealed(b"totp of ada", &sealed[..9]).is_err());
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(keys.seal(&env, b"totp of ada", b"secret").unwrap(), sealed);
    }

    #[test]
    fn tags_of_an_earlier_key_still_verify_and_are_of_their_own_generation() {
        use cloister_proof::frank::Tagged;
        use cloister_wire::{ChannelId, DeviceId, MessageId, UserId};
        let folder = tempfile::tempdir().unwrap();
        let env = Env::system();
        let open = || Keyring::open(folder.path(), &env).unwrap().authority(1);
        let tagged = Tagged {
            c2: Octets([1; 32]),
            message: MessageId::from_bytes([2; 16]),
            channel: ChannelId::from_bytes([3; 16]),
            sender_user: UserId::from_bytes([4; 16]),
            sender_device: DeviceId::from_bytes([5; 16]),
            seq: 6,
            at: 7,
            epoch: 8,
        };
        let old = open().tag(&tagged);
        assert_eq!(Keyring::rotate_frank(folder.path(), &env).unwrap(), 2);
        let authority = open();
        let new = authority.tag(&tagged);
        assert_ne!(old, new);
        assert!(authority.tag_verifies(&tagged, old.as_ref()));
        assert!(authority.tag_verifies(&tagged, new.as_ref()));
        // A tag says which key made it, and no other fits.
        let mut crossed = old.0.clone();
        crossed[3] = 2;
        assert!(!authority.tag_verifies(&tagged, &crossed));
        crossed[3] = 3;
        assert!(!authority.tag_verifies(&tagged, &crossed));
        for short in [&[][..], &[0, 0, 0], &[0, 0, 0, 0], &[0, 0, 0, 1]] {
            assert!(!authority.tag_verifies(&tagged, short));
        }
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::open(folder.path(), &Env::system()).unwrap();
        let file = folder.path().join("keys/pepper.key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = Keyring::open(folder.path(), &Env::system());
        assert!(refused.unwrap_err().to_string().contains("0600"));
    }
}
