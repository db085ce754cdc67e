//! Every decoder under made-up bytes, and under the frozen vectors with a change in them. The
//! same functions stand under a coverage-guided fuzzer in `fuzz/`.

use cloister_client::{GenericEngine, Input, Options, Symbolic, view::Command};
use cloister_wire::account::ClientKind;
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::Value;

#[path = "../../../fuzz/decoders.rs"]
mod decoders;

const FILES: [&str; 8] = [
    include_str!("../../proof/tests/vectors/device-log.json"),
    include_str!("../../proof/tests/vectors/prekey.json"),
    include_str!("../../proof/tests/vectors/guild-log.json"),
    include_str!("../../proof/tests/vectors/epoch.json"),
    include_str!("../../proof/tests/vectors/message.json"),
    include_str!("../../e2ee/tests/vectors/content.json"),
    include_str!("../../e2ee/tests/vectors/device-message.json"),
    include_str!("../../e2ee/tests/vectors/olm.json"),
];

/// Every byte string of the frozen vectors.
fn seeds() -> Vec<Vec<u8>> {
    fn collect(value: &Value, into: &mut Vec<Vec<u8>>) {
        match value {
            Value::String(text) if text.len() % 2 == 0 => {
                let pairs = (0..text.len()).step_by(2);
                let bytes: Option<Vec<u8>> = pairs
                    .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
                    .collect();
                into.extend(bytes);
            }
            Value::Array(values) => values.iter().for_each(|one| collect(one, into)),
            Value::Object(fields) => fields.values().for_each(|one| collect(one, into)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    for file in FILES {
        collect(&serde_json::from_str(file).unwrap(), &mut all);
    }
    all
}

fn every_decoder(bytes: &[u8]) {
    for (_, decode) in decoders::ALL {
        decode(bytes);
    }
}

/// A frozen vector that was cut, grown or changed in a few places.
fn changed() -> impl Strategy<Value = Vec<u8>> {
    let places = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let tail = prop::collection::vec(any::<u8>(), 0..4);
    (
        prop::sample::select(seeds()),
        places,
        any::<Option<prop::sample::Index>>(),
        tail,
    )
        .prop_map(|(mut bytes, places, cut, tail)| {
            for (place, byte) in places {
                if !bytes.is_empty() {
                    let at = place.index(bytes.len());
                    bytes[at] = byte;
                }
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len() + 1));
            }
            bytes.extend(tail);
            bytes
        })
}

#[test]
fn the_vectors_themselves_are_read_in_one_form_only() {
    let seeds = seeds();
    assert!(seeds.len() > 200, "{} byte strings", seeds.len());
    for bytes in &seeds {
        every_decoder(bytes);
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(cloister_proof::Signed::parse(&longer).is_err());
        every_decoder(&longer);
    }
}

#[test]
fn an_integer_longer_than_it_need_be_and_a_field_that_nobody_knows_are_refused() {
    use cloister_proof::{decode, guild_log::Position};
    let good = cloister_proof::encode(&Position::START);
    assert!(decode::<Position>(&good).is_ok());
    // {0: 0, 1: h'00…'}: the 0 written in two bytes, then a third field.
    let long = [&[0xa2, 0x00, 0x18, 0x00], &good[3..]].concat();
    let field = [&[0xa3], &good[1..], &[0x02, 0x00]].concat();
    for bytes in [long, field] {
        assert!(decode::<Position>(&bytes).is_err(), "{bytes:02x?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_decoder_panics_over_made_up_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        every_decoder(&bytes);
    }

    #[test]
    fn no_decoder_panics_over_changed_vectors(bytes in changed()) {
        every_decoder(&bytes);
    }

    #[test]
    fn no_decoder_panics_over_made_up_text(
        text in "(https://[a-z.]{1,9}/invite/)?[A-Za-z0-9_/#-]{0,40}(#[0-9A-Za-z]{20,30})?",
        words in "\\PC{0,60}",
    ) {
        decoders::texts(text.as_bytes());
        decoders::texts(words.as_bytes());
    }
}

/// A new engine over an empty store.
fn engine() -> GenericEngine<Symbolic> {
    let options = Options {
        platform: "cli".to_owned(),
        client: ClientKind::Native,
        base_url: "https://localhost:8765".to_owned(),
    };
    let store = Connection::open_in_memory().unwrap();
    GenericEngine::open(store, options, [7; 32], 1_800_000_000_000).unwrap()
}

#[test]
fn an_engine_survives_whatever_comes_down_its_socket_and_in_its_commands() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(60));
    let frames = prop::collection::vec(
        prop_oneof![changed(), prop::collection::vec(any::<u8>(), 0..60)],
        1..6,
    );
    let done = runner.run(&(frames, "\\PC{0,60}"), |(frames, text)| {
        let mut engine = engine();
        let now = 1_800_000_000_000;
        engine.handle(Input::Start, now);
        engine.handle(Input::SocketOpened, now);
        for frame in frames {
            engine.handle(Input::SocketFrame(frame), now);
        }
        let command = Command::Preview { invite: Some(text) };
        engine.handle(Input::Command { id: 1, command }, now);
        Ok(())
    });
    done.unwrap();
}
