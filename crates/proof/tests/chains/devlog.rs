//! Device logs.

use cloister_proof::{
    DeviceLog, DeviceOffer, ProofError, Purpose, Signed, Signer as _,
    devlog::{Body, Enrolment, RevokeReason},
    fingerprint,
};
use cloister_wire::{Bytes, DeviceId, Octets};

use crate::cast::{Person, cert, key};

#[test]
fn a_device_added_by_another_may_sign_until_it_is_revoked() {
    let mut alice = Person::new(1);
    let second = key(9);
    let offer = alice.offer(9, &second, alice.log().genesis);
    alice.entries.push(alice.add(offer, &[&alice.key]));
    let body = Body::Revoke {
        device: DeviceId::from_bytes([9; 16]),
        reason: RevokeReason::Lost,
        also: vec![],
    };
    alice.entries.push(alice.entry(body, &[&second]));
    let log = alice.log();
    assert_eq!(log.active().count(), 1);
    let second = DeviceId::from_bytes([9; 16]);
    assert!(log.signer_at(second, 1).is_none());
    assert!(log.signer_at(second, 2).is_some());
    assert!(log.signer_at(second, 3).is_none());
}

#[test]
fn nobody_adds_a_device_but_a_device_or_the_recovery_key() {
    let alice = Person::new(1);
    let (second, mallory) = (key(9), key(50));
    let offer = alice.offer(9, &second, alice.log().genesis);
    let forged = alice.add(offer.clone(), &[&mallory]);
    assert_eq!(alice.log().append(&forged), Err(ProofError::BadSignature));
    let body = Body::AddDevice {
        offer,
        how: Enrolment::Recovery,
        approver: None,
    };
    let by_paper = alice.entry(body, &[&alice.recovery]);
    assert!(alice.log().append(&by_paper).is_ok());
}

#[test]
fn a_device_that_was_shown_another_account_cannot_be_added() {
    let alice = Person::new(1);
    let offer = alice.offer(9, &key(9), Octets([7; 32]));
    assert_eq!(
        alice.log().append(&alice.add(offer, &[&alice.key])),
        Err(ProofError::Mismatch)
    );
}

#[test]
fn a_device_without_its_own_consent_cannot_be_added() {
    let alice = Person::new(1);
    let mallory = key(50);
    let offer = DeviceOffer {
        cert: cert(alice.user, 9, &key(9)),
        genesis: alice.log().genesis,
    };
    let offer = Bytes(Signed::seal(Purpose::DeviceOffer, &offer, &[&mallory]).to_bytes());
    assert_eq!(
        alice.log().append(&alice.add(offer, &[&alice.key])),
        Err(ProofError::BadSignature)
    );
}

#[test]
fn a_log_that_leaves_out_or_repeats_an_entry_is_refused() {
    let mut alice = Person::new(1);
    for device in [9, 10] {
        let offer = alice.offer(device, &key(device), alice.log().genesis);
        alice.entries.push(alice.add(offer, &[&alice.key]));
    }
    let entries = alice.entries.clone();
    assert_eq!(
        DeviceLog::replay(&[&entries[0], &entries[2]]),
        Err(ProofError::Broken)
    );
    assert_eq!(
        DeviceLog::replay(&[&entries[0], &entries[1], &entries[1]]),
        Err(ProofError::Broken)
    );
}

#[test]
fn the_code_of_a_device_changes_with_its_keys_and_with_the_account() {
    let alice = Person::new(1);
    let offer = |device, genesis| DeviceOffer {
        cert: cert(alice.user, device, &key(device)),
        genesis,
    };
    let code = fingerprint::device_code(&offer(9, alice.log().genesis));
    assert_eq!(code.len(), 19);
    assert_eq!(
        code,
        fingerprint::device_code(&offer(9, alice.log().genesis))
    );
    assert_ne!(
        code,
        fingerprint::device_code(&offer(8, alice.log().genesis))
    );
    assert_ne!(code, fingerprint::device_code(&offer(9, Octets([0; 32]))));
}

#[test]
fn a_slot_of_the_vault_adds_devices_only_while_the_log_lists_it() {
    let mut alice = Person::new(1);
    let opener = key(60);
    let set = |openers| Body::SetVault {
        digest: Octets([8; 32]),
        openers,
    };
    let add = |alice: &Person, device: u8| Body::AddDevice {
        offer: alice.offer(device, &key(device), alice.log().genesis),
        how: Enrolment::Recovery,
        approver: None,
    };
    let early = alice.entry(add(&alice, 9), &[&opener]);
    assert_eq!(alice.log().append(&early), Err(ProofError::NotAllowed));
    let forged = alice.entry(set(vec![opener.public_key()]), &[&opener]);
    assert_eq!(alice.log().append(&forged), Err(ProofError::NotAllowed));
    let entry = alice.entry(set(vec![opener.public_key()]), &[&alice.key]);
    alice.entries.push(entry);
    assert_eq!(alice.log().vault, Octets([8; 32]));
    let entry = alice.entry(add(&alice, 9), &[&opener]);
    alice.entries.push(entry);
    assert_eq!(alice.log().devices.len(), 2);
    let revoke = Body::Revoke {
        device: alice.device,
        reason: RevokeReason::Lost,
        also: Vec::new(),
    };
    let revoke = alice.entry(revoke, &[&opener]);
    assert_eq!(alice.log().append(&revoke), Err(ProofError::NotAllowed));
    let entry = alice.entry(set(Vec::new()), &[&alice.key]);
    alice.entries.push(entry);
    let late = alice.entry(add(&alice, 10), &[&opener]);
    assert_eq!(alice.log().append(&late), Err(ProofError::NotAllowed));
}
