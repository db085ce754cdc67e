//! Rotating the key that signs access tokens, beside a running server, which takes the new key
//! within a second.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    keyring::{OLD_TOKEN_KEY, TOKEN_KEY, at, key_folder, private_file, read_key},
    token::kid,
};
use crate::{Result, env::Env};

/// How a key is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Tokens of the old key are read until they have run out: nobody notices.
    Usual,
    /// The old key may be in other hands: its tokens are worth nothing from now on.
    Emergency,
}

/// A key that signs tokens, or signed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenKey {
    pub name: &'static str,
    pub kid: String,
    /// Ms UTC.
    pub since: u64,
}

/// The key that signs, and the one before it.
pub fn list(data: &Path) -> Result<Vec<TokenKey>> {
    let folder = key_folder(data);
    let mut keys = Vec::new();
    for name in [TOKEN_KEY, OLD_TOKEN_KEY] {
        let path = folder.join(name);
        if let Some(key) = read_key(&path)? {
            keys.push(TokenKey {
                name,
                kid: kid(&key),
                since: changed_at(&path)?,
            });
        }
    }
    Ok(keys)
}

/// Puts a new key in the place of the one that signs. Whoever reads the files meanwhile finds
/// the old key or the new one, never none.
pub fn rotate(data: &Path, env: &Env, urgency: Urgency) -> Result<()> {
    let folder = key_folder(data);
    let (current, old) = (folder.join(TOKEN_KEY), folder.join(OLD_TOKEN_KEY));
    match urgency {
        Urgency::Usual => {
            if let Some(key) = read_key(&current)? {
                replace(&old, key.as_slice())?;
            }
        }
        Urgency::Emergency => forget_old(data)?,
    }
    replace(&current, &env.bytes::<32>())
}

/// Forgets the key before, whose tokens have all run out.
pub fn forget_old(data: &Path) -> Result<()> {
    let old = key_folder(data).join(OLD_TOKEN_KEY);
    match fs::remove_file(&old) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(&old, &error)),
        _ => Ok(()),
    }
}

/// When the keys were last rotated, to notice that another program did it.
pub fn rotated_at(data: &Path) -> Result<u64> {
    changed_at(&key_folder(data).join(TOKEN_KEY))
}

fn replace(path: &Path, key: &[u8]) -> Result<()> {
    let new: PathBuf = path.with_extension("new");
    if new.exists() {
        fs::remove_file(&new).map_err(|error| at(&new, &error))?;
    }
    private_file(&new, key)?;
    fs::rename(&new, path).map_err(|error| at(path, &error))
}

fn changed_at(path: &Path) -> Result<u64> {
    let changed = fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .map_err(|error| at(path, &error))?;
    Ok(changed
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64))
}

#[cfg(test)]
mod tests {
    use cloister_wire::{DeviceId, SessionId, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::seal::{keyring::Keyring, token::Claims};

    const NOW: u64 = 1_800_000_000_000;

    #[test]
    fn a_rotation_keeps_living_tokens_and_an_emergency_ends_them() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env::system();
        let keys = Keyring::open(folder.path(), &env).unwrap();
        let id = Uuid::from_u128(7);
        let claims = Claims {
            user: UserId(id),
            device: DeviceId(id),
            session: SessionId(id),
            address: None,
        };
        let token = keys.tokens().issue(claims, NOW, NOW + 60_000).unwrap();
        rotate(folder.path(), &env, Urgency::Usual).unwrap();
        keys.reload_tokens(folder.path()).unwrap();
        assert_eq!(keys.tokens().read(&token, NOW), Some(claims));
        let listed = list(folder.path()).unwrap();
        assert_eq!(listed.len(), 2);
        assert_ne!(listed[0].kid, listed[1].kid);
        rotate(folder.path(), &env, Urgency::Emergency).unwrap();
        keys.reload_tokens(folder.path()).unwrap();
        assert_eq!(keys.tokens().read(&token, NOW), None);
        assert_eq!(list(folder.path()).unwrap().len(), 1);
        let again = Keyring::open(folder.path(), &env).unwrap();
        let fresh = keys.tokens().issue(claims, NOW, NOW + 60_000).unwrap();
        assert_eq!(again.tokens().read(&fresh, NOW), Some(claims));
    }
}
