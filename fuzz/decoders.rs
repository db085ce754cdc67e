//! Everything that reads bytes or text which a stranger chose, by name. Whatever comes in, a
//! decoder says yes or no; it never panics, and what it took has no second form.

use cloister_e2ee::{
    DeviceMessage, Plain,
    backup::BackupRecord,
    content::MessageContent,
    record::PersonRecord,
    recovery::RecoveryKey,
    seed::{Link, Seed},
    vault::AccountSecrets,
};
use cloister_proof::{
    AuditCheckpoint, AuditEntry, ChannelPolicy, Context, DeviceCert, DeviceLog, DeviceOffer,
    EpochRecord, GuildLog, InviteCert, LogEntry, Op, Prekey, Purpose, Roster, Signed,
    devlog::Entry, fingerprint, guild_log::Position,
};
use cloister_wire::{
    Bytes, DeviceId, Hash, Octets, UserId, account, audit, channel, gateway, guild, key,
    moderation, role,
};
use serde::{Serialize, de::DeserializeOwned};

/// A decoder and what it is called.
pub type Decoder = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Decoder; 7] = [
    ("proof_structures", proof_structures),
    ("proof_verifiers", proof_verifiers),
    ("sealed_contents", sealed_contents),
    ("olm_and_megolm", olm_and_megolm),
    ("wire_cbor", wire_cbor),
    ("wire_json", wire_json),
    ("texts", texts),
];

/// What is decoded encodes to the very bytes it came from.
fn canonical<T>(bytes: &[u8])
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
{
    if let Ok(value) = cloister_proof::decode::<T>(bytes) {
        assert_eq!(cloister_proof::encode(&value), bytes);
    }
}

pub fn proof_structures(bytes: &[u8]) {
    canonical::<Signed>(bytes);
    canonical::<Entry>(bytes);
    canonical::<DeviceCert>(bytes);
    canonical::<DeviceOffer>(bytes);
    canonical::<DeviceLog>(bytes);
    canonical::<Prekey>(bytes);
    canonical::<Op>(bytes);
    canonical::<LogEntry>(bytes);
    canonical::<GuildLog>(bytes);
    canonical::<InviteCert>(bytes);
    canonical::<ChannelPolicy>(bytes);
    canonical::<EpochRecord>(bytes);
    canonical::<Context>(bytes);
    canonical::<Position>(bytes);
    canonical::<AuditCheckpoint>(bytes);
    canonical::<AuditEntry>(bytes);
    if let Ok(roster) = Roster::parse(bytes) {
        assert_eq!(roster.to_bytes(), bytes);
    }
    if let Ok(signed) = Signed::parse(bytes) {
        assert_eq!(signed.to_bytes(), bytes);
    }
}

fn cert() -> DeviceCert {
    DeviceCert {
        user: UserId::from_bytes([1; 16]),
        device: DeviceId::from_bytes([2; 16]),
        reg_id: 1,
        signing: Octets([3; 32]),
        identity: Octets([4; 32]),
        calls: Octets([5; 32]),
        platform: "cli".to_owned(),
        created_ms: 1,
    }
}

/// Nothing that a key did not sign passes, whatever its form.
pub fn proof_verifiers(bytes: &[u8]) {
    const KEY: Hash = Octets([3; 32]);
    assert!(Prekey::verify(bytes, &cert()).is_err());
    assert!(InviteCert::verify_link(bytes, &KEY).is_err());
    let _ = DeviceLog::begin(bytes);
    let _ = DeviceOffer::verify(bytes);
    let nobody = std::collections::BTreeMap::<UserId, DeviceLog>::new();
    let mut log = GuildLog::empty(cloister_wire::GuildId::from_bytes([6; 16]));
    assert!(log.check(bytes, &nobody).is_err());
    assert!(log.append(bytes, &KEY, &nobody).is_err());
    let proof = channel::EpochProof {
        record: Bytes(bytes.to_vec()),
        path: bytes
            .chunks_exact(32)
            .map(|one| one.try_into().unwrap())
            .collect(),
        index: u32::from(bytes.first().copied().unwrap_or(0)),
        leaves: u32::from(bytes.last().copied().unwrap_or(0)),
        signature: Octets([7; 64]),
    };
    assert!(EpochRecord::verify(&proof, 1, &KEY).is_err());
    if let Some((signature, payload)) = bytes.split_first_chunk::<64>() {
        assert!(
            Purpose::Head
                .verify(&KEY, payload, &Octets(*signature))
                .is_err()
        );
    }
}

pub fn sealed_contents(bytes: &[u8]) {
    const HASH: Hash = Octets([9; 32]);
    let context = Context {
        channel: cloister_wire::ChannelId::from_bytes([1; 16]),
        epoch: 1,
        roster_hash: Octets([2; 32]),
        sender_user: UserId::from_bytes([1; 16]),
        sender_device: DeviceId::from_bytes([2; 16]),
        txn: cloister_wire::Txn::from_bytes([3; 16]),
        suite: 1,
        class: 0,
        target: None,
        thread: None,
        notify_users: vec![],
        notify_everyone: 0,
        ttl_s: None,
    };
    assert!(Plain::open(bytes, &context, &HASH).is_err());
    assert!(DeviceMessage::open(bytes, &cert(), &cert(), &HASH).is_err());
    assert!(cloister_e2ee::direct::open(&HASH, &context, bytes).is_err());
    assert!(cloister_e2ee::sealed::open(&HASH.0, bytes, b"context").is_err());
    canonical::<Plain>(bytes);
    canonical::<DeviceMessage>(bytes);
    canonical::<MessageContent>(bytes);
    canonical::<BackupRecord>(bytes);
    canonical::<PersonRecord>(bytes);
    canonical::<AccountSecrets>(bytes);
    if let Some(key) = RecoveryKey::from_text("0") {
        let user = UserId::from_bytes([1; 16]);
        let digest = cloister_proof::hash(&[bytes]);
        if let Ok(vault) = cloister_e2ee::vault::Vault::read(bytes, user, &digest) {
            assert!(vault.open(&key.slot()).is_err());
        }
    }
}

pub fn olm_and_megolm(bytes: &[u8]) {
    use cloister_e2ee::{OlmCiphertext, Primitives, vodozemac::Vodozemac};
    for kind in [0, 1, 2] {
        let message = OlmCiphertext {
            kind,
            ct: bytes.to_vec(),
        };
        let _ = Vodozemac::opened_session_id(&message);
    }
    if let Some(mut session) = Vodozemac::inbound(bytes) {
        let _ = Vodozemac::inbound_decrypt(&mut session, bytes);
    }
    let _ = Vodozemac::account_from_bytes(bytes);
    let _ = Vodozemac::session_from_bytes(bytes);
    let _ = Vodozemac::inbound_from_bytes(bytes);
    let _ = Vodozemac::outbound_from_bytes(bytes);
}

/// What a body says, it says again after it was written by us.
fn again<T: Serialize + DeserializeOwned>(
    read: &impl Fn(&[u8]) -> Option<T>,
    write: &impl Fn(&T) -> Vec<u8>,
    bytes: &[u8],
) {
    if let Some(value) = read(bytes) {
        let written = write(&value);
        let value = read(&written).expect("what we write, we read");
        assert_eq!(write(&value), written);
    }
}

fn cbor<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let write = |value: &T| {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).expect("writing to memory does not fail");
        bytes
    };
    again::<T>(&|bytes| ciborium::from_reader(bytes).ok(), &write, bytes);
}

fn json<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let write = |value: &T| serde_json::to_vec(value).expect("writing to memory does not fail");
    again::<T>(&|bytes| serde_json::from_slice(bytes).ok(), &write, bytes);
}

macro_rules! each_body {
    ($read:ident, $bytes:expr) => {{
        $read::<gateway::ClientFrame>($bytes);
        $read::<gateway::ServerFrame>($bytes);
        $read::<account::Register>($bytes);
        $read::<account::SignIn>($bytes);
        $read::<channel::Send>($bytes);
        $read::<channel::Share>($bytes);
        $read::<channel::EpochView>($bytes);
        $read::<channel::History>($bytes);
        $read::<guild::CreateGuild>($bytes);
        $read::<guild::Join>($bytes);
        $read::<key::UploadKeys>($bytes);
        $read::<key::AckToDevice>($bytes);
        $read::<key::QueuePage>($bytes);
        $read::<role::CreateRole>($bytes);
        $read::<role::SetOverwrite>($bytes);
        $read::<moderation::Ban>($bytes);
        $read::<moderation::SetGate>($bytes);
        $read::<audit::AuditPage>($bytes);
        $read::<guild::Guild>($bytes);
    }};
}

pub fn wire_cbor(bytes: &[u8]) {
    each_body!(cbor, bytes);
}

pub fn wire_json(bytes: &[u8]) {
    each_body!(json, bytes);
}

/// What people type or open.
pub fn texts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(key) = RecoveryKey::from_text(text) {
        assert!(RecoveryKey::from_text(&key.to_text()).is_some());
    }
    if let Some(seed) = Seed::from_text(text) {
        assert_eq!(Seed::from_text(&seed.to_text()), Some(seed));
    }
    let code = fingerprint::normalise(text);
    assert_eq!(fingerprint::normalise(&code), code);
    if let Some(bytes) = fingerprint::from_base32(text) {
        assert_eq!(fingerprint::base32(&bytes), text);
    }
    if let Some(link) = Link::parse(text) {
        let seed = link
            .seed
            .as_ref()
            .map(|seed| format!("#{}", seed.to_text()));
        let short = format!("{}{}", link.code, seed.unwrap_or_default());
        assert_eq!(Link::parse(&short), Some(link));
    }
    let _ = text.parse::<UserId>();
}
