//! A passphrase that opens the vault. It is drawn, not thought up: what people think of is
//! guessed by whoever has the vault and time.

use argon2::{Algorithm, Argon2, Params, Version};
use cloister_wire::Octets;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{OpenError, vault::SlotSecret};

/// Words of a passphrase: 66 bits, and each guess costs what [`Stretch`] says.
pub const WORDS: usize = 6;
/// What every device that shows or reads a passphrase can spare, a phone too: 64 MiB.
const MEMORY_KIB: u32 = 64 * 1_024;
const PASSES: u32 = 3;
/// More than anybody asks of a device; a vault that asks for more was made to stop it.
const MEMORY_KIB_MAX: u32 = 1_024 * 1_024;
const PASSES_MAX: u32 = 16;

/// How a passphrase is made into a secret (Argon2id). It stands in the slot, so the vault's hash
/// in the device log covers it: nobody can weaken it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Stretch {
    #[n(0)]
    pub salt: Octets<16>,
    #[n(1)]
    pub memory_kib: u32,
    #[n(2)]
    pub passes: u32,
}

impl Stretch {
    pub fn draw(chance: &mut dyn CryptoRng) -> Self {
        let mut salt = [0; 16];
        chance.fill_bytes(&mut salt);
        Self {
            salt: Octets(salt),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
        }
    }

    /// The secret that these words stand for.
    pub fn secret(&self, words: &str) -> Result<SlotSecret, OpenError> {
        if self.memory_kib > MEMORY_KIB_MAX || self.passes > PASSES_MAX {
            return Err(OpenError::Corrupt);
        }
        let params = Params::new(self.memory_kib, self.passes, 1, Some(32))
            .map_err(|_| OpenError::Corrupt)?;
        let mut secret = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(normal(words).as_bytes(), &self.salt.0, secret.as_mut())
            .map_err(|_| OpenError::Corrupt)?;
        Ok(SlotSecret::from_bytes(*secret))
    }
}

/// Six words, by chance.
pub fn draw(chance: &mut dyn CryptoRng) -> String {
    let list = bip39::Language::English.word_list();
    let mut words = Vec::with_capacity(WORDS);
    for _ in 0..WORDS {
        let mut bytes = [0; 2];
        chance.fill_bytes(&mut bytes);
        // The list has 2,048 words, so no word is likelier than another.
        words.push(list[usize::from(u16::from_be_bytes(bytes)) % list.len()]);
    }
    words.join(" ")
}

/// The same words, however they were typed.
fn normal(words: &str) -> Zeroizing<String> {
    let words: Vec<String> = words
        .split(|one: char| !one.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    Zeroizing::new(words.join(" "))
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;
    use crate::vault::SlotKind;

    #[test]
    fn words_survive_being_typed_and_other_words_open_nothing() {
        let mut chance = ChaCha20Rng::seed_from_u64(3);
        let words = draw(&mut chance);
        assert_eq!(words.split(' ').count(), WORDS);
        let stretch = Stretch {
            memory_kib: 64,
            passes: 1,
            ..Stretch::draw(&mut chance)
        };
        let public = |words: &str| {
            let secret = stretch.secret(words).unwrap();
            secret
                .slot([0; 16], SlotKind::Passphrase { stretch }, 0)
                .public
        };
        let typed = format!(" {} ", words.to_uppercase().replace(' ', " - "));
        assert_eq!(public(&words), public(&typed));
        let other = draw(&mut chance);
        assert_ne!(public(&words), public(&other));
    }

    #[test]
    fn a_vault_cannot_ask_for_more_memory_than_a_device_has() {
        let mut chance = ChaCha20Rng::seed_from_u64(4);
        let mut stretch = Stretch::draw(&mut chance);
        stretch.memory_kib = u32::MAX;
        assert!(stretch.secret("six words").is_err());
    }
}
