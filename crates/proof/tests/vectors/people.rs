//! Who people and their devices are.

use cloister_proof::{
    DeviceLog, DeviceOffer, Prekey, Purpose, Signer,
    devlog::{Body, Enrolment, Entry, RevokeReason},
    fingerprint,
    prekey::PrekeyKind,
    signed::challenge_payload,
};
use cloister_wire::{Bytes, Hash, Octets};

use super::{FOLDER, Vector, book::frozen, cert, device, key, signed, user};

const ALICE: u8 = 0x11;
const PHONE: u8 = 0x21;
const LAPTOP: u8 = 0x31;
const TABLET: u8 = 0x41;
const RECOVERY: u8 = 0x51;
const OPENER: u8 = 0x61;

/// A log that grows, and a vector of each entry.
struct Story {
    log: Option<DeviceLog>,
    vectors: Vec<Vector>,
}

impl Story {
    fn tells(&mut self, name: &str, body: Body, seeds: &[u8]) {
        let version = self.log.as_ref().map_or(1, |log| log.version + 1);
        let entry = Entry {
            v: 1,
            user: user(ALICE),
            version,
            prev: self.log.as_ref().map(|log| log.head),
            at_ms: 1_800_000_000_000 + version,
            body,
        };
        let (vector, signed) = signed(name, Purpose::Devlog, &entry, seeds);
        let bytes = signed.to_bytes();
        let log = match self.log.take() {
            None => DeviceLog::begin(&bytes).unwrap(),
            Some(log) => log.appended(&bytes).unwrap(),
        };
        let active: Vec<[u8; 16]> = log
            .active()
            .map(|one| *one.cert.device.as_bytes())
            .collect();
        self.vectors.push(vector.list("active_devices", &active));
        self.log = Some(log);
    }
}

fn offer(device: u8, genesis: Hash) -> (Vector, Bytes) {
    let offer = DeviceOffer {
        cert: cert(ALICE, device),
        genesis,
    };
    let (vector, signed) = signed("offer", Purpose::DeviceOffer, &offer, &[device]);
    let bytes = signed.to_bytes();
    assert_eq!(DeviceOffer::verify(&bytes).as_ref(), Ok(&offer));
    let vector = vector.text("device_code", &fingerprint::device_code(&offer));
    (vector, Bytes(bytes))
}

#[test]
#[expect(clippy::too_many_lines, reason = "one entry of a log after the other")]
fn device_logs_are_as_frozen() {
    let mut story = Story {
        log: None,
        vectors: Vec::new(),
    };
    story.tells(
        "genesis",
        Body::Genesis {
            device: cert(ALICE, PHONE),
            recovery_key: key(RECOVERY).public_key(),
            vault: Octets([7; 32]),
            reset_of: None,
        },
        &[PHONE, RECOVERY],
    );
    let genesis = story.log.as_ref().unwrap().genesis;
    for (name, new, how, approver, signer) in [
        (
            "add by a device",
            LAPTOP,
            Enrolment::Code,
            Some(device(PHONE)),
            PHONE,
        ),
        (
            "add by the recovery key",
            TABLET,
            Enrolment::Recovery,
            None,
            RECOVERY,
        ),
    ] {
        let (vector, offer) = offer(new, genesis);
        story.vectors.push(vector);
        let body = Body::AddDevice {
            offer,
            how,
            approver,
        };
        story.tells(name, body, &[signer]);
    }
    let renew = Body::Renew {
        device: device(LAPTOP),
        reg_id: 2,
    };
    story.tells("renew", renew, &[LAPTOP]);
    let set_vault = Body::SetVault {
        digest: Octets([8; 32]),
        openers: vec![key(OPENER).public_key()],
    };
    story.tells("set the vault", set_vault, &[PHONE]);
    for (name, gone, reason, also) in [
        (
            "revoke with another",
            LAPTOP,
            RevokeReason::Compromised,
            vec![device(TABLET)],
        ),
        ("revoke itself", PHONE, RevokeReason::SignedOut, vec![]),
    ] {
        let body = Body::Revoke {
            device: device(gone),
            reason,
            also,
        };
        story.tells(name, body, &[PHONE]);
    }
    frozen(
        FOLDER,
        "device-log.json",
        "One device log from its genesis on, in order, with the offers that its entries carry. \
         Each seed makes an Ed25519 key that signs `message`.",
        story.vectors,
    );
}

#[test]
fn prekeys_and_challenges_are_as_frozen() {
    let prekey = |kind, key_id| Prekey {
        user: user(ALICE),
        device: device(PHONE),
        key_id,
        key: Octets([0x61; 32]),
        kind,
        created_ms: 1_800_000_000_000,
    };
    let mut vectors = Vec::new();
    for (name, value) in [
        ("one-time key", prekey(PrekeyKind::OneTime, 7)),
        ("fallback key", prekey(PrekeyKind::Fallback, 70_000)),
    ] {
        let (vector, signed) = signed(name, Purpose::Prekey, &value, &[PHONE]);
        let read = Prekey::verify(&signed.to_bytes(), &cert(ALICE, PHONE));
        assert_eq!(read, Ok(value));
        vectors.push(vector);
    }
    let nonce = Octets([0x71; 32]);
    let payload = challenge_payload(device(PHONE), &nonce);
    let signature = key(PHONE).sign_for(Purpose::Challenge, &payload);
    vectors.push(
        Vector::new("challenge")
            .bytes("seed", &[PHONE; 32])
            .bytes("nonce", &nonce.0)
            .bytes("device", device(PHONE).as_bytes())
            .bytes("message", &Purpose::Challenge.message(&payload))
            .bytes("signature", &signature.0),
    );
    frozen(
        FOLDER,
        "prekey.json",
        "Signed prekeys, and the proof that a device holds its signing key.",
        vectors,
    );
}

#[test]
fn codes_and_fingerprints_are_as_frozen() {
    let genesis = Octets([0x81; 32]);
    let mut vectors = vec![
        Vector::new("fingerprint of a person")
            .bytes("user", user(ALICE).as_bytes())
            .bytes("genesis", &genesis.0)
            .bytes("fingerprint", &fingerprint::person(user(ALICE), &genesis).0),
    ];
    for length in [0usize, 1, 5, 10, 16, 20, 32] {
        let bytes: Vec<u8> = (0..length as u8).map(|at| at.wrapping_mul(37)).collect();
        let text = fingerprint::base32(&bytes);
        assert_eq!(fingerprint::from_base32(&text).as_ref(), Some(&bytes));
        vectors.push(
            Vector::new(&format!("base 32 of {length} bytes"))
                .bytes("bytes", &bytes)
                .text("text", &text)
                .text("groups", &fingerprint::groups(&text)),
        );
    }
    for typed in ["o1il-abcd wxyz 2345", "  AAAA BBBB  ", "zz.zz-0"] {
        vectors.push(
            Vector::new("a code as typed")
                .text("typed", typed)
                .text("read", &fingerprint::normalise(typed)),
        );
    }
    frozen(
        FOLDER,
        "fingerprint.json",
        "What people compare and type. Codes of devices stand with their offers in device-log.json.",
        vectors,
    );
}
