//! A3, A7: keys and logs that people did not sign.

use std::{cell::RefCell, rc::Rc};

use cloister_client::view::Command;
use cloister_e2ee::signing_key;
use cloister_proof::{
    DeviceCert, DeviceLog, DeviceOffer, Prekey, Purpose, Signed, Signer,
    devlog::{Body, Enrolment, Entry},
};
use cloister_testkit::judge::read;
use cloister_wire::{
    Bytes, DeviceId, ErrorCode, Octets,
    account::Devlogs,
    key::{ClaimedKey, ClaimedKeys},
};

use crate::cast::Cast;

#[test]
fn a3_a_log_with_an_entry_of_the_servers_own_is_refused_and_nothing_is_sent_to_it() {
    let mut cast: Cast = Cast::new(211);
    let (alice, general) = (cast.alice, cast.general);
    let link = cast.stage.link(alice, cast.guild);
    let evil = signing_key(&Octets([0x66; 32]));
    cast.stage
        .world
        .meddler
        .on_answers(move |_, client, request, answer| {
            if client != alice || request.path != "/api/v1/devlogs" {
                return;
            }
            let Some(mut logs) = read::<Devlogs>(&answer.body) else {
                return;
            };
            for log in &mut logs.logs {
                if let Ok(known) = DeviceLog::replay(&log.entries) {
                    log.entries.push(forged_entry(&known, &evil));
                }
            }
            answer.say(&logs);
        });
    // Dave is new to alice: she asks who his devices are.
    cast.stage.newcomer("dave", &link);
    cast.stage
        .says(alice, general, "for everybody's own devices");
    assert!(!cast.has_handed(alice, DeviceId::from_bytes([0x67; 16])));
    assert!(cast.alarm(alice).is_some(), "nobody noticed");
}

/// A device of the server's, in somebody's log.
fn forged_entry(log: &DeviceLog, evil: &dyn Signer) -> Bytes {
    let cert = DeviceCert {
        user: log.user,
        device: DeviceId::from_bytes([0x67; 16]),
        reg_id: 1,
        signing: evil.public_key(),
        identity: Octets([0x68; 32]),
        calls: Octets([0x69; 32]),
        platform: "cli".to_owned(),
        created_ms: 1,
    };
    let genesis = log.genesis;
    let offer = DeviceOffer { cert, genesis };
    let approver = log.active().next().map(|one| one.cert.device);
    let entry = Entry {
        v: 1,
        user: log.user,
        version: log.version + 1,
        prev: Some(log.head),
        at_ms: 1,
        body: Body::AddDevice {
            offer: Signed::seal(Purpose::DeviceOffer, &offer, &[evil])
                .to_bytes()
                .into(),
            how: Enrolment::Code,
            approver,
        },
    };
    Bytes(Signed::seal(Purpose::Devlog, &entry, &[evil]).to_bytes())
}

/// Changes every prekey that the server hands to alice.
fn with_prekeys(cast: &mut Cast, mut change: impl FnMut(&mut ClaimedKey) + 'static) {
    let alice = cast.alice;
    cast.stage
        .world
        .meddler
        .on_answers(move |_, client, request, answer| {
            if client == alice
                && request.path == "/api/v1/keys/claim"
                && let Some(mut claimed) = read::<ClaimedKeys>(&answer.body)
            {
                claimed.keys.iter_mut().for_each(&mut change);
                answer.say(&claimed);
            }
        });
}

#[test]
fn a7_a_prekey_that_the_device_did_not_sign_opens_no_session() {
    let mut cast: Cast = Cast::new(212);
    let (alice, bob) = (cast.alice, cast.bob);
    with_prekeys(&mut cast, |key| {
        let evil = signing_key(&Octets([0x66; 32]));
        let Some(bytes) = &key.key else { return };
        let signed = Signed::parse(bytes.as_ref()).unwrap();
        let mut prekey: Prekey = signed.open().unwrap();
        prekey.key = Octets([0x6a; 32]);
        let forged = Signed::seal(Purpose::Prekey, &prekey, &[&evil]);
        key.key = Some(Bytes(forged.to_bytes()));
    });
    let dm = cast.stage.dm(alice, bob);
    cast.stage.says(alice, dm, "to your real key");
    assert_eq!(cast.failure(alice), Some(ErrorCode::TrustViolation));
    assert_eq!(cast.accepted(dm), 0);
}

#[test]
fn a7_a_prekey_of_another_device_opens_no_session() {
    let mut cast: Cast = Cast::new(213);
    let (alice, bob) = (cast.alice, cast.bob);
    let (from, other) = (cast.device(bob), Rc::new(RefCell::new(None::<Bytes>)));
    // What carol's device signed is handed out as bob's.
    let carol = cast.device(cast.carol);
    let book = other.clone();
    with_prekeys(&mut cast, move |key| {
        if key.device == carol {
            book.borrow_mut().clone_from(&key.key);
        } else if key.device == from {
            key.key.clone_from(&book.borrow());
        }
    });
    let first = cast.stage.dm(alice, cast.carol);
    cast.stage.says(alice, first, "hello carol");
    assert!(other.borrow().is_some());
    let dm = cast.stage.dm(alice, bob);
    cast.stage.says(alice, dm, "to your own key");
    assert_eq!(cast.failure(alice), Some(ErrorCode::TrustViolation));
    assert_eq!(cast.accepted(dm), 0);
}

#[test]
fn a7_a_one_time_key_that_is_handed_out_twice_loses_nothing() {
    let mut cast: Cast = Cast::new(214);
    let (alice, bob, carol) = (cast.alice, cast.bob, cast.carol);
    let (target, first) = (cast.device(bob), Rc::new(RefCell::new(None::<Bytes>)));
    let mut left = 2;
    cast.stage
        .world
        .meddler
        .on_answers(move |_, _, request, answer| {
            if request.path != "/api/v1/keys/claim" || left == 0 {
                return;
            }
            let Some(mut claimed) = read::<ClaimedKeys>(&answer.body) else {
                return;
            };
            for key in claimed.keys.iter_mut().filter(|key| key.device == target) {
                left -= 1;
                let mut first = first.borrow_mut();
                match first.as_ref() {
                    None => first.clone_from(&key.key),
                    known => key.key = known.cloned(),
                }
            }
            answer.say(&claimed);
        });
    for (who, text) in [(alice, "from alice"), (carol, "from carol")] {
        let dm = cast.stage.dm(who, bob);
        cast.stage.says(who, dm, text);
        cast.stage.settle();
        assert_eq!(cast.stage.sees(bob, dm), [text]);
    }
}

#[test]
fn a7_a_server_without_prekeys_holds_a_message_up_and_does_not_weaken_it() {
    let mut cast: Cast = Cast::new(215);
    let (alice, bob) = (cast.alice, cast.bob);
    with_prekeys(&mut cast, |key| key.key = None);
    let dm = cast.stage.dm(alice, bob);
    cast.stage.says(alice, dm, "to nobody without a key");
    assert_eq!(cast.accepted(dm), 0);
}

#[test]
fn a9_a_code_for_another_device_than_it_shows_approves_nothing() {
    let mut cast: Cast = Cast::new(216);
    let (laptop, _) = cast.stage.signs_in("carol", None);
    let code = cast.stage.world.clients[laptop].session().pending_code;
    let wrong = code.unwrap().chars().rev().collect();
    let refused = cast
        .stage
        .asks(cast.carol, Command::ApproveDevice { code: wrong });
    assert_eq!(refused.unwrap_err().code, ErrorCode::CodeUnknown);
}
