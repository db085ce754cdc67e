//! Known answers of what devices seal. A difference is a change of the protocol;
//! `CLOISTER_WRITE_VECTORS=1 cargo test -p cloister-e2ee --test vectors` freezes one that is
//! meant. `olm.json` is older than the code that reads it and is never written again: it was
//! made with vodozemac 0.11.1.

#[path = "../../../proof/tests/vectors/book.rs"]
mod book;
mod olm;

use book::{Vector, frozen};
use cloister_e2ee::{
    DeviceContent, DeviceMessage, Plain,
    content::MessageContent,
    direct,
    recovery::RecoveryKey,
    sealed,
    seed::Seed,
    vault::{AccountSecrets, SlotKind, Vault},
};
use cloister_proof::{Context, DeviceCert, Signer};
use cloister_wire::{Bytes, ChannelId, DeviceId, Octets, Txn, UserId, channel::SignedHead};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::Rng;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
const CHANNEL: ChannelId = ChannelId::from_bytes([0x91; 16]);

fn chance(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// What `chance(seed)` draws first.
fn drawn<const N: usize>(seed: u8) -> [u8; N] {
    let mut bytes = [0; N];
    chance(seed).fill_bytes(&mut bytes);
    bytes
}

fn cert(of: u8) -> DeviceCert {
    DeviceCert {
        user: UserId::from_bytes([of; 16]),
        device: DeviceId::from_bytes([of + 1; 16]),
        reg_id: 1,
        signing: Octets([of + 2; 32]),
        identity: Octets([of + 3; 32]),
        calls: Octets([of + 4; 32]),
        platform: "cli".to_owned(),
        created_ms: 1_800_000_000_000,
    }
}

fn context() -> Context {
    Context {
        channel: CHANNEL,
        epoch: 7,
        roster_hash: Octets([0x92; 32]),
        sender_user: UserId::from_bytes([0x11; 16]),
        sender_device: DeviceId::from_bytes([0x12; 16]),
        txn: Txn::from_bytes([0x94; 16]),
        suite: 1,
        class: 0,
        target: None,
        thread: None,
        notify_users: vec![],
        notify_everyone: 0,
        ttl_s: None,
    }
}

#[test]
fn recovery_keys_and_vaults_are_as_frozen() {
    let mut vectors = Vec::new();
    for seed in 1..=3 {
        let key = RecoveryKey::draw(&mut chance(seed));
        let text = key.to_text();
        let read = RecoveryKey::from_text(&text.to_lowercase()).unwrap();
        let user = UserId::from_bytes([0x11; 16]);
        let slot = key
            .slot()
            .slot([0x71; 16], SlotKind::Recovery, 1_800_000_000_000);
        let secrets = AccountSecrets::begin(slot, &mut chance(seed + 100));
        let vault = secrets.seal(user, &mut chance(seed + 150)).unwrap();
        let digest = cloister_proof::hash(&[&vault]);
        let opened = Vault::read(&vault, user, &digest).unwrap();
        assert_eq!(opened.open(&read.slot()), Ok(secrets.clone()));
        vectors.push(
            Vector::new("recovery key")
                .bytes("secret", &drawn::<20>(seed))
                .text("text", &text)
                .bytes("signing_public_key", &key.signing_key().public_key().0)
                .bytes("secrets", &cloister_proof::encode(&secrets))
                .bytes("vault", &vault),
        );
    }
    frozen(
        FOLDER,
        "recovery.json",
        "Recovery keys as people write them, the signing key and the vault that come from them.",
        vectors,
    );
}

#[test]
fn invite_seeds_are_as_frozen() {
    let vectors = (1..=3).map(|seed| {
        let made = Seed::draw(&mut chance(seed));
        assert_eq!(Seed::from_text(&made.to_text()), Some(made.clone()));
        Vector::new("seed")
            .bytes("seed", &drawn::<16>(seed))
            .text("text", &made.to_text())
            .bytes("public_key", &made.signing_key().public_key().0)
    });
    frozen(
        FOLDER,
        "invite-seed.json",
        "Seeds as they stand behind # in a link, and the key that signs the invitation.",
        vectors.collect(),
    );
}

#[test]
fn labelled_keys_and_sealed_bytes_are_as_frozen() {
    let mut vectors = Vec::new();
    for label in [
        "cloister/dm/v1",
        "cloister/rsig/v1",
        "cloister/vault/v1",
        "cloister/invite/v1",
    ] {
        vectors.push(
            Vector::new("derived key")
                .bytes("secret", &[0x42; 32])
                .text("label", label)
                .bytes("key", sealed::derive(&[0x42; 32], label).as_ref()),
        );
    }
    let made = sealed::seal(&[0x43; 32], b"plain", b"context", &mut chance(9));
    assert_eq!(
        sealed::open(&[0x43; 32], &made, b"context").as_deref(),
        Ok(b"plain".as_slice())
    );
    vectors.push(
        Vector::new("sealed")
            .bytes("key", &[0x43; 32])
            .bytes("nonce", &drawn::<12>(9))
            .text("plain", "plain")
            .text("context", "context")
            .bytes("sealed", &made),
    );
    frozen(
        FOLDER,
        "sealed.json",
        "HKDF-SHA-256 without salt under a label; AES-256-GCM as nonce, ciphertext, tag.",
        vectors,
    );
}

#[test]
fn plaintexts_their_padding_and_direct_content_are_as_frozen() {
    let seen = SignedHead {
        seq: 4,
        head: Octets([0x95; 32]),
        signature: Octets([0x96; 64]),
    };
    let mut vectors = Vec::new();
    for (name, body) in [
        ("empty", String::new()),
        ("short", "hello".to_owned()),
        ("beyond ASCII", "žluťoučký 🐎".to_owned()),
        ("long", "0123456789".repeat(60)),
    ] {
        let content = MessageContent::text(body.clone());
        let plain = Plain::new(context(), 1_800_000_000_000, content, &seen, &mut chance(5));
        let (padded, c2) = (plain.to_padded(), plain.commitment());
        assert_eq!(Plain::open(&padded, &context(), &c2).as_ref(), Ok(&plain));
        let (key, sealed) = direct::seal(&context(), &padded, &mut chance(6));
        assert_eq!(
            direct::open(&key, &context(), &sealed).as_ref(),
            Ok(&padded)
        );
        vectors.push(
            Vector::new(name)
                .text("body", &body)
                .bytes("context", &context().to_bytes())
                .bytes("frank_key", &drawn::<32>(5))
                .bytes("c2", &c2.0)
                .bytes("padded", &padded)
                .number("padded_bytes", padded.len() as u64)
                .bytes("direct_key", &key.0)
                .bytes("direct_sealed", &sealed),
        );
    }
    frozen(
        FOLDER,
        "content.json",
        "Plaintexts of messages, padded, with their commitments; and the same as content of a \
         direct message. In groups `padded` is what Megolm encrypts.",
        vectors,
    );
}

#[test]
fn messages_between_devices_are_as_frozen() {
    let contents = [
        (
            "room key",
            DeviceContent::RoomKey {
                channel: CHANNEL,
                session: Octets([0x98; 32]),
                key: Bytes(vec![0x99; 229]),
                created_epoch: 6,
                shared_history: 1,
                suite: 1,
            },
        ),
        (
            "key of a direct message",
            DeviceContent::DmKey {
                channel: CHANNEL,
                txn: Txn::from_bytes([0x94; 16]),
                key: Octets([0x9a; 32]),
                ciphertext: Octets([0x9b; 32]),
            },
        ),
    ];
    let vectors = contents.map(|(name, content)| {
        let (sender, recipient) = (cert(0x11), cert(0x21));
        let message = DeviceMessage {
            v: 1,
            content,
            sender_user: sender.user,
            sender_device: sender.device,
            sender_signing: sender.signing,
            sender_log_version: 3,
            sender_log_head: Octets([0x9d; 32]),
            recipient_user: recipient.user,
            recipient_device: recipient.device,
            recipient_signing: recipient.signing,
            dedupe_id: Octets([0x9e; 32]),
        };
        let bytes = message.to_bytes();
        let read = DeviceMessage::open(&bytes, &sender, &recipient, &Octets([0x9e; 32]));
        assert_eq!(read.as_ref(), Ok(&message));
        Vector::new(name)
            .text("value", &format!("{message:?}"))
            .list("signing_keys", &[sender.signing.0, recipient.signing.0])
            .bytes("bytes", &bytes)
    });
    frozen(
        FOLDER,
        "device-message.json",
        "Plaintexts of Olm messages.",
        vectors.into(),
    );
}
