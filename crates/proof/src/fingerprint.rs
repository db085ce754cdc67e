//! What people compare: codes of devices that ask to be added, and fingerprints of persons.

use cloister_wire::{DeviceId, Hash, Octets, UserId};

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
    groups(&base32(&offer_hash(offer).0[..10]))
}

/// What a code of a waiting device is made from: its keys and the account that it was shown.
pub fn offer_hash(offer: &DeviceOffer) -> Hash {
    hash(&[b"cloister/device-code/v1", &encode(offer)])
}

/// What two people read to each other: 60 digits in groups of five, the same on both sides.
/// Thirty digits come from each of the two fingerprints, the smaller fingerprint first.
pub fn safety_number(one: &Hash, other: &Hash) -> String {
    let mut both = [one, other];
    both.sort();
    both.into_iter()
        .flat_map(|fingerprint| fingerprint.0.chunks_exact(5).take(6))
        .map(|bytes| {
            let number = bytes
                .iter()
                .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
            format!("{:05}", number % 100_000)
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a person's QR code says: who shows it, whom they take the reader for, and a secret that
/// only somebody who saw it can send back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonCode {
    pub user: UserId,
    pub fingerprint: Hash,
    pub reader: UserId,
    pub reader_fingerprint: Hash,
    pub secret: Octets<16>,
}

const PERSON_CODE: &str = "CLOISTER:PERSON:1";
const DEVICE_CODE: &str = "CLOISTER:DEVICE:1";

impl PersonCode {
    /// Capital letters, digits and colons only: a QR code packs those densely.
    pub fn to_text(&self) -> String {
        [
            PERSON_CODE.to_owned(),
            base32(self.user.as_bytes()),
            base32(&self.fingerprint.0),
            base32(self.reader.as_bytes()),
            base32(&self.reader_fingerprint.0),
            base32(&self.secret.0),
        ]
        .join(":")
    }

    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = parts_after(text, PERSON_CODE)?;
        let code = Self {
            user: UserId::from_bytes(bytes(parts.next())?),
            fingerprint: Octets(bytes(parts.next())?),
            reader: UserId::from_bytes(bytes(parts.next())?),
            reader_fingerprint: Octets(bytes(parts.next())?),
            secret: Octets(bytes(parts.next())?),
        };
        parts.next().is_none().then_some(code)
    }
}

/// What the QR code of a waiting device says: which device, and the whole hash of its offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceCode {
    pub device: DeviceId,
    pub offer: Hash,
}

impl DeviceCode {
    pub fn of(offer: &DeviceOffer) -> Self {
        Self {
            device: offer.cert.device,
            offer: offer_hash(offer),
        }
    }

    pub fn to_text(self) -> String {
        let (device, offer) = (base32(self.device.as_bytes()), base32(&self.offer.0));
        format!("{DEVICE_CODE}:{device}:{offer}")
    }

    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = parts_after(text, DEVICE_CODE)?;
        let code = Self {
            device: DeviceId::from_bytes(bytes(parts.next())?),
            offer: Octets(bytes(parts.next())?),
        };
        parts.next().is_none().then_some(code)
    }
}

fn parts_after<'a>(text: &'a str, kind: &str) -> Option<std::str::Split<'a, char>> {
    let text = text.trim();
    let rest = text.strip_prefix(kind)?.strip_prefix(':')?;
    (text.len() < 512).then(|| rest.split(':'))
}

fn bytes<const N: usize>(text: Option<&str>) -> Option<[u8; N]> {
    from_base32(text?)?.try_into().ok()
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

    fn fingerprint(byte: u8) -> Hash {
        person(UserId::from_bytes([byte; 16]), &Octets([byte; 32]))
    }

    #[test]
    fn a_safety_number_is_the_same_for_both_and_another_for_anybody_else() {
        let (alice, bob, eve) = (fingerprint(1), fingerprint(2), fingerprint(3));
        let number = safety_number(&alice, &bob);
        assert_eq!(number, safety_number(&bob, &alice));
        assert_ne!(number, safety_number(&alice, &eve));
        assert_eq!(number.split(' ').count(), 12);
        assert_eq!(
            number.chars().filter(char::is_ascii_digit).count(),
            60,
            "{number}"
        );
    }

    #[test]
    fn the_same_genesis_of_another_person_has_another_fingerprint() {
        let genesis = Octets([7; 32]);
        assert_ne!(
            person(UserId::from_bytes([1; 16]), &genesis),
            person(UserId::from_bytes([2; 16]), &genesis)
        );
    }

    #[test]
    fn a_persons_code_comes_back_as_it_went_and_nothing_else_does() {
        let code = PersonCode {
            user: UserId::from_bytes([1; 16]),
            fingerprint: fingerprint(1),
            reader: UserId::from_bytes([2; 16]),
            reader_fingerprint: fingerprint(2),
            secret: Octets([9; 16]),
        };
        let text = code.to_text();
        assert_eq!(PersonCode::parse(&format!(" {text}\n")), Some(code));
        let cut = &text[..text.len() - 1];
        for wrong in [
            cut.to_owned(),
            format!("{text}:X"),
            text.replace("PERSON", "DEVICE"),
        ] {
            assert_eq!(PersonCode::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_devices_code_comes_back_as_it_went() {
        let code = DeviceCode {
            device: DeviceId::from_bytes([3; 16]),
            offer: Octets([4; 32]),
        };
        assert_eq!(DeviceCode::parse(&code.to_text()), Some(code));
        assert_eq!(DeviceCode::parse("7QKM-2XPD-V49T-HB3C"), None);
    }
}
