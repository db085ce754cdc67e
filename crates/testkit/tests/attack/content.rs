//! A8, A11, A19: what is inside a ciphertext counts only for whom, where and as what it was made.

use cloister_e2ee::{DeviceContent, DeviceMessage, OpenError, Plain, content::MessageContent};
use cloister_proof::{Context, DeviceCert, frank};
use cloister_wire::{Bytes, ChannelId, DeviceId, Octets, Txn, UserId, channel::SignedHead};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

fn cert(of: u8) -> DeviceCert {
    DeviceCert {
        user: UserId::from_bytes([of; 16]),
        device: DeviceId::from_bytes([of + 1; 16]),
        reg_id: 1,
        signing: Octets([of + 2; 32]),
        identity: Octets([of + 3; 32]),
        calls: Octets([of + 4; 32]),
        platform: "cli".to_owned(),
        created_ms: 1,
    }
}

fn room_key() -> DeviceMessage {
    let (sender, recipient) = (cert(0x10), cert(0x20));
    DeviceMessage {
        v: 1,
        content: DeviceContent::RoomKey {
            channel: ChannelId::from_bytes([0x91; 16]),
            session: Octets([0x98; 32]),
            key: Bytes(vec![0x99; 64]),
            created_epoch: 1,
            shared_history: 0,
            suite: 1,
        },
        sender_user: sender.user,
        sender_device: sender.device,
        sender_signing: sender.signing,
        sender_log_version: 1,
        sender_log_head: Octets([0x9d; 32]),
        recipient_user: recipient.user,
        recipient_device: recipient.device,
        recipient_signing: recipient.signing,
        dedupe_id: Octets([0x9e; 32]),
    }
}

fn opened(message: &DeviceMessage) -> Result<DeviceMessage, OpenError> {
    let (sender, recipient) = (cert(0x10), cert(0x20));
    DeviceMessage::open(
        &message.to_bytes(),
        &sender,
        &recipient,
        &Octets([0x9e; 32]),
    )
}

#[test]
fn a11_a_key_counts_only_from_the_device_that_it_names() {
    assert!(opened(&room_key()).is_ok());
    let changes: [fn(&mut DeviceMessage); 4] = [
        |one| one.sender_user = UserId::from_bytes([0x66; 16]),
        |one| one.sender_device = DeviceId::from_bytes([0x66; 16]),
        |one| one.sender_signing = Octets([0x66; 32]),
        |one| one.v = 2,
    ];
    for change in changes {
        let mut message = room_key();
        change(&mut message);
        assert_eq!(opened(&message), Err(OpenError::Mismatch));
    }
}

#[test]
fn a11_a_key_counts_only_for_the_device_that_it_names_and_in_its_own_item() {
    let changes: [fn(&mut DeviceMessage); 4] = [
        |one| one.recipient_user = UserId::from_bytes([0x66; 16]),
        |one| one.recipient_device = DeviceId::from_bytes([0x66; 16]),
        |one| one.recipient_signing = Octets([0x66; 32]),
        |one| one.dedupe_id = Octets([0x66; 32]),
    ];
    for change in changes {
        let mut message = room_key();
        change(&mut message);
        assert_eq!(opened(&message), Err(OpenError::Mismatch));
    }
}

fn context() -> Context {
    Context {
        channel: ChannelId::from_bytes([0x91; 16]),
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

fn plain() -> Plain {
    let seen = SignedHead {
        seq: 0,
        head: Octets([0; 32]),
        signature: Octets([0; 64]),
    };
    let content = MessageContent::text("said once");
    let mut chance = ChaCha20Rng::from_seed([7; 32]);
    Plain::new(context(), 1, content, &seen, &mut chance)
}

#[test]
fn a8_a_key_inside_a_channels_message_is_no_key_and_no_message() {
    let body = room_key().to_bytes();
    let mut padded = (body.len() as u32).to_be_bytes().to_vec();
    padded.extend(body);
    padded.resize(512, 0);
    let c2 = Octets([0; 32]);
    assert_eq!(
        Plain::open(&padded, &context(), &c2),
        Err(OpenError::Corrupt)
    );
    // And the other way: a channel's plaintext is nothing between devices.
    let (sender, recipient) = (cert(0x10), cert(0x20));
    let letter = cloister_proof::encode(&plain());
    let read = DeviceMessage::open(&letter, &sender, &recipient, &Octets([0x9e; 32]));
    assert_eq!(read, Err(OpenError::Corrupt));
}

#[test]
fn a13_every_field_around_a_message_is_bound_into_it() {
    let plain = plain();
    let (padded, c2) = (plain.to_padded(), plain.commitment());
    assert!(Plain::open(&padded, &context(), &c2).is_ok());
    let changes: [fn(&mut Context); 13] = [
        |one| one.channel = ChannelId::from_bytes([0x66; 16]),
        |one| one.epoch += 1,
        |one| one.roster_hash = Octets([0x66; 32]),
        |one| one.sender_user = UserId::from_bytes([0x66; 16]),
        |one| one.sender_device = DeviceId::from_bytes([0x66; 16]),
        |one| one.txn = Txn::from_bytes([0x66; 16]),
        |one| one.suite = 2,
        |one| one.class = 1,
        |one| one.target = Some(cloister_wire::MessageId::from_bytes([0x66; 16])),
        |one| one.thread = Some(cloister_wire::MessageId::from_bytes([0x66; 16])),
        |one| one.notify_users.push(UserId::from_bytes([0x66; 16])),
        |one| one.notify_everyone = 1,
        |one| one.ttl_s = Some(1),
    ];
    for change in changes {
        let mut other = context();
        change(&mut other);
        assert_eq!(Plain::open(&padded, &other, &c2), Err(OpenError::Mismatch));
    }
}

#[test]
fn a19_a_commitment_opens_to_one_content_in_one_place_only() {
    let plain = plain();
    let content = cloister_proof::encode(&plain.content);
    let c2 = plain.commitment();
    assert!(frank::opens(&c2, &plain.frank_key, &context(), &content));
    let mut key = plain.frank_key;
    key.0[0] ^= 1;
    assert!(!frank::opens(&c2, &key, &context(), &content));
    assert!(!frank::opens(
        &c2,
        &plain.frank_key,
        &context(),
        b"said by nobody"
    ));
    let mut elsewhere = context();
    elsewhere.channel = ChannelId::from_bytes([0x66; 16]);
    assert!(!frank::opens(&c2, &plain.frank_key, &elsewhere, &content));
}

#[test]
fn a19_the_servers_tag_is_for_one_message_only() {
    let tagged = frank::Tagged {
        c2: Octets([1; 32]),
        message: cloister_wire::MessageId::from_bytes([2; 16]),
        channel: ChannelId::from_bytes([3; 16]),
        sender_user: UserId::from_bytes([4; 16]),
        sender_device: DeviceId::from_bytes([5; 16]),
        seq: 6,
        at: 7,
        epoch: 8,
    };
    let key = [9; 32];
    let tag = frank::tag(&key, 1, &tagged);
    assert!(frank::tag_verifies(&key, 1, &tagged, &tag));
    assert!(!frank::tag_verifies(&key, 2, &tagged, &tag));
    let changes: [fn(&mut frank::Tagged); 8] = [
        |one| one.c2.0[0] ^= 1,
        |one| one.message = cloister_wire::MessageId::from_bytes([0x66; 16]),
        |one| one.channel = ChannelId::from_bytes([0x66; 16]),
        |one| one.sender_user = UserId::from_bytes([0x66; 16]),
        |one| one.sender_device = DeviceId::from_bytes([0x66; 16]),
        |one| one.seq += 1,
        |one| one.at += 1,
        |one| one.epoch += 1,
    ];
    for change in changes {
        let mut other = tagged;
        change(&mut other);
        assert!(!frank::tag_verifies(&key, 1, &other, &tag));
    }
}
