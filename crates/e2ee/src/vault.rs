//! The vault: what all devices of a person share, sealed for every way in which the person can
//! open it without a device (recovery key, passkey, passphrase).
//!
//! A device seals the vault anew without knowing any of these secrets: each slot has a public
//! key. The person's device log names the hash of the vault as it is, so that a server can
//! neither make one up nor bring back an old one.

use cloister_proof::{Signer as _, decode, encode, hash};
use cloister_wire::{Bytes, Hash, Octets, UserId};
use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    OpenError,
    backup::BackupKey,
    letterbox::{self, LetterKey},
    passphrase::Stretch,
    sealed,
};

const SLOT: &str = "cloister/vault/slot/v1";
const BODY: &[u8] = b"cloister/vault/body/v1";
/// Ways to open a vault.
pub const SLOTS_MAX: usize = 12;

/// What opens one slot: from the recovery key, a passkey or a passphrase.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SlotSecret([u8; 32]);

impl std::fmt::Debug for SlotSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlotSecret")
    }
}

impl SlotSecret {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn letter_key(&self) -> LetterKey {
        LetterKey::from_seed(&sealed::derive(&self.0, "cloister/slot/seal/v1"))
    }

    /// May add a device to the device log, once the log names it.
    pub fn opener(&self) -> SigningKey {
        SigningKey::from_bytes(&sealed::derive(&self.0, "cloister/slot/sign/v1"))
    }

    /// A slot for this secret.
    pub fn slot(&self, id: [u8; 16], kind: SlotKind, added_ms: u64) -> Slot {
        let opener = (kind != SlotKind::Recovery).then(|| self.opener().public_key());
        Slot {
            id: Octets(id),
            kind,
            public: self.letter_key().public,
            opener,
            added_ms,
        }
    }
}

/// One way to open the vault; nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Slot {
    #[n(0)]
    pub id: Octets<16>,
    #[n(1)]
    pub kind: SlotKind,
    /// X25519: the vault's key is sealed for it.
    #[n(2)]
    pub public: Hash,
    /// Ed25519: signs the entry that adds a device. The recovery key has its own.
    #[n(3)]
    pub opener: Option<Hash>,
    #[n(4)]
    pub added_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum SlotKind {
    #[n(0)]
    Recovery,
    /// The output of a passkey's pseudo-random function.
    #[n(1)]
    Passkey {
        #[n(0)]
        credential: Bytes,
    },
    /// Words that were drawn by chance.
    #[n(2)]
    Passphrase {
        #[n(0)]
        stretch: Stretch,
    },
}

/// What all active devices of a person know.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AccountSecrets {
    /// Rises whenever the vault is sealed anew.
    #[n(0)]
    pub generation: u64,
    /// Seals names of devices.
    #[n(1)]
    pub account_key: Hash,
    /// Oldest first; the last one is in use.
    #[n(2)]
    pub backup: Vec<BackupKey>,
    #[n(3)]
    pub slots: Vec<NamedSlot>,
}

impl std::fmt::Debug for AccountSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccountSecrets({})", self.generation)
    }
}

/// A slot, and what its person calls it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NamedSlot {
    #[n(0)]
    pub slot: Slot,
    #[n(1)]
    pub name: String,
}

impl AccountSecrets {
    /// The secrets of a new account, whose vault its recovery key opens.
    pub fn begin(recovery: Slot, chance: &mut dyn CryptoRng) -> Self {
        let mut account_key = [0; 32];
        chance.fill_bytes(&mut account_key);
        Self {
            generation: 1,
            account_key: Octets(account_key),
            backup: vec![BackupKey::draw(1, chance)],
            slots: vec![NamedSlot {
                slot: recovery,
                name: String::new(),
            }],
        }
    }

    /// The backup key in use.
    pub fn backup_key(&self) -> Option<&BackupKey> {
        self.backup.last()
    }

    /// Keys of slots that may add a device, as the device log lists them.
    pub fn openers(&self) -> Vec<Hash> {
        self.slots
            .iter()
            .filter_map(|named| named.slot.opener)
            .collect()
    }

    /// Seals the vault for every slot, under a key drawn for it.
    pub fn seal(&self, user: UserId, chance: &mut dyn CryptoRng) -> Option<Vec<u8>> {
        let mut key = zeroize::Zeroizing::new([0; 32]);
        chance.fill_bytes(key.as_mut());
        let mut slots = Vec::with_capacity(self.slots.len());
        for NamedSlot { slot, .. } in &self.slots {
            let context = context(user, self.generation, Some(slot));
            let ct = letterbox::seal(&slot.public, SLOT, &context, key.as_ref(), chance)?;
            slots.push(SealedSlot {
                slot: slot.clone(),
                key: Bytes(ct),
            });
        }
        let context = context(user, self.generation, None);
        let body = sealed::seal(&key, &encode(self), &context, chance);
        Some(encode(&Vault {
            v: 1,
            user,
            generation: self.generation,
            slots,
            body: Bytes(body),
        }))
    }
}

/// The vault as the server keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Vault {
    #[n(0)]
    v: u8,
    #[n(1)]
    user: UserId,
    #[n(2)]
    generation: u64,
    #[n(3)]
    slots: Vec<SealedSlot>,
    #[n(4)]
    body: Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct SealedSlot {
    #[n(0)]
    slot: Slot,
    /// The vault's key, sealed for the slot.
    #[n(1)]
    key: Bytes,
}

impl Vault {
    /// Reads exactly the vault that the device log names.
    pub fn read(bytes: &[u8], user: UserId, digest: &Hash) -> Result<Self, OpenError> {
        if hash(&[bytes]) != *digest {
            return Err(OpenError::Mismatch);
        }
        let vault: Self = decode(bytes).map_err(|_| OpenError::Corrupt)?;
        if vault.v != 1 || vault.user != user || vault.slots.len() > SLOTS_MAX {
            return Err(OpenError::Mismatch);
        }
        Ok(vault)
    }

    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().map(|sealed| &sealed.slot)
    }

    /// Opens it with the secret of whichever slot it belongs to.
    pub fn open(&self, secret: &SlotSecret) -> Result<AccountSecrets, OpenError> {
        let key = secret.letter_key();
        let sealed = self
            .slots
            .iter()
            .find(|sealed| sealed.slot.public == key.public)
            .ok_or(OpenError::NoKey)?;
        let about = context(self.user, self.generation, Some(&sealed.slot));
        let vault_key = key.open(SLOT, &about, sealed.key.as_ref())?;
        let vault_key: [u8; 32] = vault_key.try_into().map_err(|_| OpenError::Corrupt)?;
        let about = context(self.user, self.generation, None);
        let body = sealed::open(&vault_key, self.body.as_ref(), &about)?;
        let secrets: AccountSecrets = decode(&body).map_err(|_| OpenError::Corrupt)?;
        if secrets.generation == self.generation {
            Ok(secrets)
        } else {
            Err(OpenError::Mismatch)
        }
    }
}

fn context(user: UserId, generation: u64, slot: Option<&Slot>) -> Vec<u8> {
    let slot = slot.map(encode).unwrap_or_default();
    [
        BODY,
        user.as_bytes().as_slice(),
        &generation.to_be_bytes(),
        &slot,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;
    use crate::recovery::RecoveryKey;

    fn scene() -> (ChaCha20Rng, UserId, RecoveryKey, AccountSecrets) {
        let mut chance = ChaCha20Rng::seed_from_u64(2);
        let recovery = RecoveryKey::draw(&mut chance);
        let slot = recovery.slot().slot([1; 16], SlotKind::Recovery, 5);
        let secrets = AccountSecrets::begin(slot, &mut chance);
        (chance, UserId::from_bytes([7; 16]), recovery, secrets)
    }

    #[test]
    fn each_slot_opens_the_vault_and_nothing_else_does() {
        let (mut chance, user, recovery, mut secrets) = scene();
        let passkey = SlotSecret::from_bytes([9; 32]);
        let kind = SlotKind::Passkey {
            credential: Bytes(vec![3; 16]),
        };
        secrets.slots.push(NamedSlot {
            slot: passkey.slot([2; 16], kind, 6),
            name: "Laptop".to_owned(),
        });
        let bytes = secrets.seal(user, &mut chance).unwrap();
        let vault = Vault::read(&bytes, user, &hash(&[&bytes])).unwrap();
        assert_eq!(vault.open(&recovery.slot()).unwrap(), secrets);
        assert_eq!(vault.open(&passkey).unwrap(), secrets);
        let stranger = SlotSecret::from_bytes([8; 32]);
        assert_eq!(vault.open(&stranger), Err(OpenError::NoKey));
        assert_eq!(secrets.openers(), [passkey.opener().public_key()]);
    }

    #[test]
    fn only_the_vault_that_the_log_names_is_read() {
        let (mut chance, user, _, secrets) = scene();
        let old = secrets.seal(user, &mut chance).unwrap();
        let new = secrets.seal(user, &mut chance).unwrap();
        let digest = hash(&[&new]);
        assert_eq!(Vault::read(&old, user, &digest), Err(OpenError::Mismatch));
        let other = UserId::from_bytes([8; 16]);
        assert_eq!(Vault::read(&new, other, &digest), Err(OpenError::Mismatch));
    }

    #[test]
    fn parameters_of_a_slot_can_not_be_changed() {
        let (mut chance, user, recovery, secrets) = scene();
        let bytes = secrets.seal(user, &mut chance).unwrap();
        let mut vault: Vault = decode(&bytes).unwrap();
        vault.slots[0].slot.added_ms += 1;
        assert_eq!(vault.open(&recovery.slot()), Err(OpenError::Corrupt));
    }
}
