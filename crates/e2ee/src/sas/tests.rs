//! Attacks on a comparison: a third who stands between, swaps, repeats and confuses.

use super::*;

fn side(byte: u8) -> Side {
    Side {
        user: UserId::from_bytes([byte; 16]),
        device: DeviceId::from_bytes([byte + 100; 16]),
        signing: Octets([byte + 1; 32]),
        identity: Octets([byte + 2; 32]),
        genesis: Octets([byte + 3; 32]),
    }
}

fn frame(txn: u8) -> Frame {
    Frame {
        about: About::Person,
        txn: Octets([txn; 16]),
        starter: side(10),
        answerer: side(20),
    }
}

/// Both sides up to the emoji, each with its own idea of the frame.
#[expect(
    clippy::large_types_passed_by_value,
    reason = "each side keeps its frame"
)]
fn compare(starter: Frame, answerer: Frame) -> Result<(Comparison, Comparison), SasError> {
    let mut alice = Comparison::start(starter);
    let (mut bob, promise) = Comparison::answer(answerer);
    let key = alice.take(&promise)?.unwrap();
    let answer = bob.take(&key)?.unwrap();
    assert_eq!(alice.take(&answer)?, None);
    Ok((alice, bob))
}

#[test]
fn two_who_mean_the_same_see_the_same_and_are_done_when_both_say_so() {
    let (mut alice, mut bob) = compare(frame(1), frame(1)).unwrap();
    assert_eq!(alice.emoji(), bob.emoji());
    assert!(alice.emoji().is_some());
    let (from_alice, from_bob) = (alice.same().unwrap(), bob.same().unwrap());
    assert!(!alice.is_done() && !bob.is_done());
    assert_eq!(alice.take(&from_bob), Ok(None));
    assert_eq!(bob.take(&from_alice), Ok(None));
    assert!(alice.is_done() && bob.is_done());
    assert_eq!(alice.other(), &side(20));
}

#[test]
fn whatever_differs_in_the_frame_shows_in_the_emoji_and_breaks_the_proof() {
    let mut others = vec![frame(2)];
    for change in [
        |frame: &mut Frame| frame.about = About::Device,
        |frame: &mut Frame| frame.starter.genesis = Octets([99; 32]),
        |frame: &mut Frame| frame.answerer.genesis = Octets([99; 32]),
        |frame: &mut Frame| frame.answerer.signing = Octets([99; 32]),
        |frame: &mut Frame| frame.answerer.identity = Octets([99; 32]),
        |frame: &mut Frame| frame.starter.user = UserId::from_bytes([99; 16]),
        |frame: &mut Frame| frame.starter.device = DeviceId::from_bytes([99; 16]),
        // The two swap their roles.
        |frame: &mut Frame| std::mem::swap(&mut frame.starter, &mut frame.answerer),
    ] {
        let mut other = frame(1);
        change(&mut other);
        others.push(other);
    }
    for other in others {
        // The promise covers the frame: two who do not mean the same get no further.
        assert_eq!(
            compare(frame(1), other).err(),
            Some(SasError::BrokenPromise)
        );
        // Were it not so, the emoji would still differ, and the proof would not check.
        let (alice, bob) = forced(frame(1), other);
        assert_ne!(alice.emoji(), bob.emoji(), "{other:?}");
        let (mut alice, mut bob) = (alice, bob);
        let proof = bob.same().unwrap();
        assert_eq!(alice.take(&proof), Err(SasError::Mismatch), "{other:?}");
    }
}

/// The same without the check of the promise.
#[expect(
    clippy::large_types_passed_by_value,
    reason = "each side keeps its frame"
)]
fn forced(starter: Frame, answerer: Frame) -> (Comparison, Comparison) {
    let mut alice = Comparison::start(starter);
    let (mut bob, _) = Comparison::answer(answerer);
    let State::Promised(sas) = &bob.state else {
        panic!("an answerer waits for a key");
    };
    let commitment = starter.commitment(&octets(sas.public_key()));
    let key = alice.take(&Step::Commit { commitment }).unwrap().unwrap();
    let answer = bob.take(&key).unwrap().unwrap();
    assert_eq!(alice.take(&answer), Ok(None));
    (alice, bob)
}

#[test]
fn a_third_who_stands_between_makes_the_emoji_differ() {
    // Mallory talks to each side in the other's name, with keys of her own.
    let (to_alice, to_bob) = (frame(1), frame(1));
    let mut alice = Comparison::start(frame(1));
    let (mut bob, bobs_promise) = Comparison::answer(frame(1));
    let (mut fake_bob, promise) = Comparison::answer(to_alice);
    let mut fake_alice = Comparison::start(to_bob);
    let key = alice.take(&promise).unwrap().unwrap();
    let answer = fake_bob.take(&key).unwrap().unwrap();
    alice.take(&answer).unwrap();
    let key = fake_alice.take(&bobs_promise).unwrap().unwrap();
    let answer = bob.take(&key).unwrap().unwrap();
    fake_alice.take(&answer).unwrap();
    assert_ne!(alice.emoji(), bob.emoji());
    // Passing on what a side says does not help either.
    let proof = bob.same().unwrap();
    assert_eq!(alice.take(&proof), Err(SasError::Mismatch));
}

#[test]
fn a_key_that_was_not_promised_is_refused() {
    let mut alice = Comparison::start(frame(1));
    let (_, promise) = Comparison::answer(frame(1));
    let (mut other, _) = Comparison::answer(frame(1));
    let key = alice.take(&promise).unwrap().unwrap();
    let answer = other.take(&key).unwrap().unwrap();
    assert_eq!(alice.take(&answer), Err(SasError::BrokenPromise));
    assert_eq!(alice.emoji(), None);
}

#[test]
fn improper_keys_and_ones_own_key_back_are_refused() {
    let (mut bob, _) = Comparison::answer(frame(1));
    let zero = Step::StarterKey {
        key: Octets([0; 32]),
    };
    assert_eq!(bob.take(&zero), Err(SasError::BadKey));
    let (mut bob, _) = Comparison::answer(frame(1));
    let State::Promised(sas) = &bob.state else {
        panic!("an answerer waits for a key");
    };
    let own = Step::StarterKey {
        key: octets(sas.public_key()),
    };
    assert_eq!(bob.take(&own), Err(SasError::BadKey));
}

#[test]
fn a_proof_of_another_comparison_or_ones_own_is_worth_nothing() {
    let (mut alice, mut bob) = compare(frame(1), frame(1)).unwrap();
    let (_, mut earlier) = compare(frame(1), frame(1)).unwrap();
    let replayed = earlier.same().unwrap();
    assert_eq!(alice.take(&replayed), Err(SasError::Mismatch));
    let reflected = bob.same().unwrap();
    assert_eq!(bob.take(&reflected), Err(SasError::Mismatch));
    assert!(!alice.is_done() && !bob.is_done());
}

#[test]
fn a_proof_for_one_kind_of_key_is_none_for_another() {
    let (mut alice, mut bob) = compare(frame(1), frame(1)).unwrap();
    let Step::Same {
        genesis,
        signing,
        identity,
    } = bob.same().unwrap()
    else {
        panic!("a proof is a proof");
    };
    let swapped = Step::Same {
        genesis,
        signing: identity,
        identity: signing,
    };
    assert_eq!(alice.take(&swapped), Err(SasError::Mismatch));
}

#[test]
fn a_device_id_that_looks_like_a_key_is_still_a_device_id() {
    // A device whose id was chosen so that it reads like the start of somebody's key.
    let mut odd = frame(1);
    odd.answerer.device = DeviceId::from_bytes(odd.starter.identity.0[..16].try_into().unwrap());
    let (mut alice, mut bob) = compare(odd, odd).unwrap();
    let proof = bob.same().unwrap();
    assert_eq!(alice.take(&proof), Ok(None));
    // What was proved is the key under that id, and the id in its own place.
    let infos: std::collections::BTreeSet<String> = named(&odd.answerer, [&Octets([0; 32]); 3])
        .iter()
        .map(|(kind, id, _, _)| alice.mac_info(Role::Answerer, kind, id))
        .collect();
    assert_eq!(infos.len(), 3);
}

#[test]
fn steps_out_of_turn_end_it() {
    let (mut alice, mut bob) = compare(frame(1), frame(1)).unwrap();
    let proof = bob.same().unwrap();
    assert_eq!(alice.take(&proof), Ok(None));
    assert_eq!(alice.take(&proof), Err(SasError::OutOfTurn));
    let mut early = Comparison::start(frame(1));
    assert_eq!(early.same(), Err(SasError::OutOfTurn));
    assert_eq!(early.take(&proof), Err(SasError::OutOfTurn));
    let again = Step::Commit {
        commitment: Octets([0; 32]),
    };
    assert_eq!(early.take(&again), Err(SasError::OutOfTurn));
}

#[test]
fn letters_come_back_as_they_went() {
    let letter = Letter::new(
        Octets([5; 16]),
        Step::Ask {
            about: About::Device,
        },
    );
    assert_eq!(Letter::parse(&letter.to_bytes()), Some(letter));
    assert_eq!(Letter::parse(b"nothing"), None);
}
