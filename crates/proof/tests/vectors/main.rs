//! Known answers of everything public that is signed or hashed. A difference is a change of the
//! protocol; `CLOISTER_WRITE_VECTORS=1 cargo test -p cloister-proof --test vectors` freezes one
//! that is meant.

mod book;
mod channel;
mod guild;
mod people;

use book::Vector;
use cloister_proof::{DeviceCert, Purpose, Signed, Signer, decode, encode};
use cloister_wire::{DeviceId, Octets, UserId};
use ed25519_dalek::SigningKey;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");

/// The Ed25519 key of the seed that is this byte 32 times.
fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn user(byte: u8) -> UserId {
    UserId::from_bytes([byte; 16])
}

fn device(byte: u8) -> DeviceId {
    DeviceId::from_bytes([byte; 16])
}

/// A device whose signing key is `key(byte)`.
fn cert(of: u8, byte: u8) -> DeviceCert {
    DeviceCert {
        user: user(of),
        device: device(byte),
        reg_id: 1,
        signing: key(byte).public_key(),
        identity: Octets([byte + 1; 32]),
        calls: Octets([byte + 2; 32]),
        platform: "cli".to_owned(),
        created_ms: 1_800_000_000_000,
    }
}

/// A signed structure with the seeds of its signers, the bytes that each signs and the hash by
/// which other structures name it.
fn signed<T>(name: &str, purpose: Purpose, value: &T, seeds: &[u8]) -> (Vector, Signed)
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + std::fmt::Debug,
{
    let keys: Vec<SigningKey> = seeds.iter().map(|seed| key(*seed)).collect();
    let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
    let signed = Signed::seal(purpose, value, &signers);
    let bytes = signed.to_bytes();
    let read = Signed::parse(&bytes).unwrap();
    assert_eq!(&read.open::<T>().unwrap(), value);
    for key in &keys {
        assert_eq!(read.verify(purpose, &key.public_key()), Ok(()));
    }
    let seeds: Vec<[u8; 32]> = seeds.iter().map(|seed| [*seed; 32]).collect();
    let vector = Vector::new(name)
        .text("purpose", purpose.text())
        .text("value", &format!("{value:?}"))
        .list("seeds", &seeds)
        .bytes("payload", signed.payload.as_ref())
        .bytes("message", &purpose.message(signed.payload.as_ref()))
        .bytes("signed", &bytes)
        .bytes("payload_hash", &signed.payload_hash().0);
    (vector, signed)
}

/// A structure that is encoded and not signed.
fn plain<T>(name: &str, value: &T) -> Vector
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + std::fmt::Debug,
{
    let bytes = encode(value);
    assert_eq!(&decode::<T>(&bytes).unwrap(), value);
    Vector::new(name)
        .text("value", &format!("{value:?}"))
        .bytes("bytes", &bytes)
}
