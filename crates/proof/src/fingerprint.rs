//! What people compare: codes of devices that ask to be added, and fingerprints of persons.

use cloister_wire::{Hash, UserId};

use crate::{DeviceOffer, encode, hash};

/// Digits and letters without I, L, O, U (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `H("cloister/fp/v1" || user || genesis)`: stays the same when devices come and go.
pub fn person(user: UserId, genesis: &Hash) -> Hash {
    hash(&[b"cloister/fp/v1", user.as_bytes(), &genesis.0])
}

/// The code of a device that waits for approval: 80 bits over its keys and over the account it
/// believes to be joining, as `XXXX-XXXX-XXXX-XXXX`. A server that showed the new device another
/// account, or the old one other keys, cannot make the two codes meet.
pub fn device_code(offer: &DeviceOffer) -> String {
    let digest = hash(&[b"cloister/device-code/v1", &encode(offer)]);
    groups(&base32(&digest.0[..10]))
}

/// A code as somebody typed it: case, spaces, dashes and look-alikes do not matter.
pub fn normalise(code: &str) -> String {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    groups(&plain)
}

/// Base 32, most significant bit first, without padding.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut count) = (0u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(ALPHABET[(bits >> count & 31) as usize]));
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - count) & 31) as usize]));
    }
    text
}

/// The bytes of base-32 text, or none if it holds anything else. Left-over bits must be zero.
pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0u32, 0);
    for c in text.bytes() {
        let value = ALPHABET.iter().position(|one| *one == c)? as u32;
        bits = bits << 5 | value;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0 && count < 5).then_some(bytes)
}

/// Groups of four with dashes between.
pub fn groups(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars
        .chunks(4)
        .map(|chunk| chunk.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_comes_back_as_it_went() {
        for length in 0..40u8 {
            let bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(37)).collect();
            assert_eq!(from_base32(&base32(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn a_typed_code_is_read_generously() {
        assert_eq!(normalise(" o1il-abcd wxyz 2345 "), "0111-ABCD-WXYZ-2345");
    }
}
