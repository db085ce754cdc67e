//! Device logs when the recovery key changes hands, and when somebody starts over.

use cloister_proof::{
    DeviceCert, DeviceLog, DeviceOffer, ProofError, Purpose, Signed, Signer,
    devlog::{Body, Enrolment, Entry, RECOVERY_WAIT_MS, RevokeReason},
};
use cloister_wire::{Bytes, DeviceId, Octets, UserId};
use ed25519_dalek::SigningKey;

const START_MS: u64 = 1_000_000;
const RIPE_MS: u64 = START_MS + RECOVERY_WAIT_MS;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn user() -> UserId {
    UserId::from_bytes([1; 16])
}

fn device(byte: u8) -> DeviceId {
    DeviceId::from_bytes([byte; 16])
}

fn cert(byte: u8) -> DeviceCert {
    DeviceCert {
        user: user(),
        device: device(byte),
        reg_id: 1,
        signing: key(byte).public_key(),
        identity: Octets([byte; 32]),
        calls: Octets([byte; 32]),
        platform: "test".to_owned(),
        created_ms: 1,
    }
}

fn sealed(log: Option<&DeviceLog>, at_ms: u64, body: Body, signers: &[&SigningKey]) -> Vec<u8> {
    let starts = matches!(body, Body::Genesis { .. });
    let entry = Entry {
        v: 1,
        user: user(),
        version: log.map_or(1, |log| log.version + 1),
        prev: log.filter(|_| !starts).map(|log| log.head),
        at_ms,
        body,
    };
    let signers: Vec<&dyn Signer> = signers.iter().map(|one| *one as &dyn Signer).collect();
    Signed::seal(Purpose::Devlog, &entry, &signers).to_bytes()
}

/// A person with the devices 1 and 2, and the recovery key 100.
fn log() -> DeviceLog {
    let body = Body::Genesis {
        device: cert(1),
        recovery_key: key(100).public_key(),
        vault: Octets([7; 32]),
        reset_of: None,
    };
    let log = DeviceLog::begin(&sealed(None, 1, body, &[&key(1), &key(100)])).unwrap();
    let offer = DeviceOffer {
        cert: cert(2),
        genesis: log.genesis,
    };
    let body = Body::AddDevice {
        offer: Bytes(Signed::seal(Purpose::DeviceOffer, &offer, &[&key(2)]).to_bytes()),
        how: Enrolment::Qr,
        approver: Some(device(1)),
    };
    let entry = sealed(Some(&log), 2, body, &[&key(1)]);
    log.appended(&entry).unwrap()
}

fn after(
    log: &DeviceLog,
    at_ms: u64,
    body: Body,
    signer: &SigningKey,
) -> Result<DeviceLog, ProofError> {
    log.clone()
        .appended(&sealed(Some(log), at_ms, body, &[signer]))
}

fn propose(log: &DeviceLog, new: u8, signer: u8) -> Result<DeviceLog, ProofError> {
    let recovery_key = key(new).public_key();
    after(
        log,
        START_MS,
        Body::ProposeRecovery {
            recovery_key,
            slot: Octets([new; 32]),
        },
        &key(signer),
    )
}

fn set(new: u8, proposal: Option<u64>) -> Body {
    Body::SetRecovery {
        recovery_key: key(new).public_key(),
        proposal,
        digest: Octets([new; 32]),
        openers: vec![key(200).public_key()],
    }
}

fn start_over(log: &DeviceLog) -> Body {
    Body::Genesis {
        device: cert(3),
        recovery_key: key(101).public_key(),
        vault: Octets([7; 32]),
        reset_of: Some(log.head),
    }
}

#[test]
fn a_proposed_recovery_key_is_set_after_three_days_and_not_before() {
    let log = propose(&log(), 101, 1).unwrap();
    let version = log.proposal.unwrap().version;
    let early = after(&log, RIPE_MS - 1, set(101, Some(version)), &key(1));
    assert_eq!(early.unwrap_err(), ProofError::NotAllowed);
    let late = after(&log, RIPE_MS, set(101, Some(version)), &key(2)).unwrap();
    assert_eq!(late.recovery_key, key(101).public_key());
    assert_eq!(late.proposal, None);
    // The vault that the new key opens comes with it.
    assert_eq!(late.vault, Octets([101; 32]));
    assert_eq!(late.openers, [key(200).public_key()]);
}

#[test]
fn another_key_than_the_proposed_one_cannot_be_set() {
    let log = propose(&log(), 101, 1).unwrap();
    let version = log.proposal.unwrap().version;
    let other = after(&log, RIPE_MS, set(102, Some(version)), &key(1));
    assert_eq!(other.unwrap_err(), ProofError::Mismatch);
    let none = after(&log, RIPE_MS, set(101, Some(version + 1)), &key(1));
    assert_eq!(none.unwrap_err(), ProofError::Mismatch);
}

#[test]
fn a_device_cannot_set_a_recovery_key_at_once_but_the_old_one_can() {
    let log = log();
    let by_device = after(&log, 3, set(101, None), &key(1));
    assert_eq!(by_device.unwrap_err(), ProofError::BadSignature);
    let by_key = after(&log, 3, set(101, None), &key(100)).unwrap();
    assert_eq!(by_key.recovery_key, key(101).public_key());
    // From then on the old one is paper.
    let again = after(&by_key, 4, set(100, None), &key(100));
    assert_eq!(again.unwrap_err(), ProofError::BadSignature);
}

#[test]
fn a_thief_who_revokes_every_other_device_does_not_get_the_recovery_key() {
    // Device 2 is stolen: it proposes a key of its own and throws device 1 out.
    let stolen = propose(&log(), 101, 2).unwrap();
    let version = stolen.proposal.unwrap().version;
    let revoke = Body::Revoke {
        device: device(1),
        reason: RevokeReason::Lost,
        also: Vec::new(),
    };
    let stolen = after(&stolen, START_MS + 1, revoke, &key(2)).unwrap();
    let cancel = Body::CancelRecovery { proposal: version };
    for rightful in [1, 100] {
        let saved = after(&stolen, START_MS + 2, cancel.clone(), &key(rightful)).unwrap();
        let set = after(&saved, RIPE_MS, set(101, Some(version)), &key(2));
        assert_eq!(set.unwrap_err(), ProofError::Mismatch);
    }
}

#[test]
fn whoever_was_no_device_at_the_proposal_cannot_cancel_it() {
    let log = log();
    let revoke = Body::Revoke {
        device: device(2),
        reason: RevokeReason::Lost,
        also: Vec::new(),
    };
    let log = after(&log, 3, revoke, &key(1)).unwrap();
    let log = propose(&log, 101, 1).unwrap();
    let cancel = Body::CancelRecovery {
        proposal: log.proposal.unwrap().version,
    };
    for stranger in [2, 77, 101] {
        let refused = after(&log, START_MS + 1, cancel.clone(), &key(stranger));
        assert_eq!(refused.unwrap_err(), ProofError::NotAllowed);
    }
}

#[test]
fn there_is_one_proposal_at_a_time_and_the_recovery_key_ends_it() {
    let log = propose(&log(), 101, 1).unwrap();
    assert_eq!(propose(&log, 102, 2).unwrap_err(), ProofError::Broken);
    let rotated = after(&log, START_MS + 1, set(103, None), &key(100)).unwrap();
    assert_eq!(rotated.proposal, None);
    assert!(propose(&rotated, 102, 2).is_ok());
}

#[test]
fn somebody_who_starts_over_is_somebody_else_with_nothing_from_before() {
    let before = propose(&log(), 102, 1).unwrap();
    let entry = sealed(
        Some(&before),
        START_MS + 5,
        start_over(&before),
        &[&key(3), &key(101)],
    );
    let log = before.clone().appended(&entry).unwrap();
    assert_ne!(log.genesis, before.genesis);
    assert_eq!(log.genesis_at(before.version), Some(before.genesis));
    assert_eq!(log.genesis_at(log.version), Some(log.genesis));
    assert_eq!(log.started_over_at(), Some(START_MS + 5));
    assert_eq!(before.started_over_at(), None);
    assert_eq!(log.proposal, None);
    let active: Vec<_> = log.active().map(|one| one.cert.device).collect();
    assert_eq!(active, [device(3)]);
    // What the old devices signed before still verifies; now they sign nothing.
    assert!(log.signer_at(device(1), before.version).is_some());
    assert!(log.signer_at(device(1), log.version).is_none());
    let refused = after(&log, START_MS + 6, set(100, None), &key(100));
    assert_eq!(refused.unwrap_err(), ProofError::BadSignature);
}

#[test]
fn starting_over_continues_exactly_this_log_and_takes_nothing_along() {
    let log = log();
    let sign = |log: &DeviceLog, body| sealed(Some(log), 9, body, &[&key(3), &key(101)]);
    let mut elsewhere = log.clone();
    elsewhere.head = Octets([9; 32]);
    let refused = log.clone().appended(&sign(&log, start_over(&elsewhere)));
    assert_eq!(refused.unwrap_err(), ProofError::Broken);
    // A device or recovery key of before is no beginning.
    let known = Body::Genesis {
        device: cert(2),
        recovery_key: key(101).public_key(),
        vault: Octets([7; 32]),
        reset_of: Some(log.head),
    };
    let entry = sealed(Some(&log), 9, known, &[&key(2), &key(101)]);
    assert_eq!(
        log.clone().appended(&entry).unwrap_err(),
        ProofError::Mismatch
    );
    let same_key = Body::Genesis {
        device: cert(3),
        recovery_key: key(100).public_key(),
        vault: Octets([7; 32]),
        reset_of: Some(log.head),
    };
    let entry = sealed(Some(&log), 9, same_key, &[&key(3), &key(100)]);
    assert_eq!(
        log.clone().appended(&entry).unwrap_err(),
        ProofError::Mismatch
    );
    // Nor does a log begin in the middle.
    let entry = sign(&log, start_over(&log));
    assert_eq!(DeviceLog::begin(&entry).unwrap_err(), ProofError::Broken);
    // And both new keys must want it.
    let half = sealed(Some(&log), 9, start_over(&log), &[&key(3)]);
    assert_eq!(log.appended(&half).unwrap_err(), ProofError::BadSignature);
}
