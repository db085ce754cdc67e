//! Ciphertexts of an earlier build still open: Olm and Megolm, version 2 of both.

use cloister_e2ee::{OlmCiphertext, Primitives, vodozemac::Vodozemac};
use cloister_proof::Signer;
use cloister_wire::{Hash, Octets};
use serde_json::Value;

fn vectors() -> Value {
    let text = include_str!("olm.json");
    serde_json::from_str(text).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn hash(value: &Value) -> Hash {
    Octets(bytes(value).try_into().unwrap())
}

fn letter(value: &Value) -> OlmCiphertext {
    OlmCiphertext {
        kind: u8::try_from(value["kind"].as_u64().unwrap()).unwrap(),
        ct: bytes(&value["ciphertext"]),
    }
}

#[test]
fn a_kept_account_opens_the_session_it_was_sent_and_goes_on_in_it() {
    let all = vectors();
    let olm = &all["olm"];
    let mut account = Vodozemac::account_from_bytes(&bytes(&olm["account"])).unwrap();
    assert_eq!(account.public_key(), hash(&olm["signing_key"]));
    assert_eq!(Vodozemac::identity(&account), hash(&olm["identity_key"]));
    let letters = olm["letters"].as_array().unwrap();
    let sender = hash(&olm["sender_identity_key"]);
    let (mut session, plain) =
        Vodozemac::accept_session(&mut account, &sender, &letter(&letters[0])).unwrap();
    assert_eq!(plain, bytes(&letters[0]["plain"]));
    for one in &letters[1..] {
        assert_eq!(
            Vodozemac::decrypt(&mut session, &letter(one)).unwrap(),
            bytes(&one["plain"])
        );
    }
    // The one-time key is used up: the same letter opens nothing a second time.
    assert!(Vodozemac::accept_session(&mut account, &sender, &letter(&letters[0])).is_err());
}

#[test]
fn a_kept_group_key_opens_messages_from_its_index_on() {
    let all = vectors();
    let megolm = &all["megolm"];
    for key in megolm["keys"].as_array().unwrap() {
        let mut inbound = Vodozemac::inbound(&bytes(&key["key"])).unwrap();
        assert_eq!(Vodozemac::inbound_id(&inbound), hash(&megolm["session"]));
        let first = key["index"].as_u64().unwrap();
        for message in megolm["messages"].as_array().unwrap() {
            let index = message["index"].as_u64().unwrap();
            let opened = Vodozemac::inbound_decrypt(&mut inbound, &bytes(&message["ciphertext"]));
            if index >= first {
                assert_eq!(opened.unwrap(), (bytes(&message["plain"]), index as u32));
            } else {
                assert!(opened.is_err(), "index {index} with a key of {first}");
            }
        }
    }
}
