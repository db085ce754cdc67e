//! Stories of what a channel keeps at hand.

use cloister_client::{
    Symbolic, Vodozemac,
    view::{Command, Content, PinnedView, Query, QueryReply},
};
use cloister_testkit::cast::Pair;
use cloister_wire::ErrorCode;

fn pins<P: cloister_e2ee::Primitives>(two: &Pair<P>, who: usize) -> Vec<PinnedView> {
    let query = Query::Pins {
        channel: two.general,
    };
    match two.stage.world.clients[who].query(&query) {
        QueryReply::Pins { pins } => pins,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_owner_pins_everybody_finds_and_jumps_to() {
    let mut two = Pair::<Vodozemac>::new(1);
    two.stage
        .says(two.alice, two.general, "the key is under the stone");
    let message = two.id(two.alice, "the key is under the stone");
    let refused = two.stage.asks(two.bob, Command::Pin { message });
    assert_eq!(refused.unwrap_err().code, ErrorCode::Forbidden);
    two.does(two.alice, Command::Pin { message });
    for who in [two.alice, two.bob] {
        let listed = pins(&two, who);
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].by_name, "alice");
        let shown = listed[0].shown.as_ref().expect("it is on this device");
        assert!(
            matches!(&shown.content, Content::Text { body } if body == "the key is under the stone")
        );
        let row = two.shown(who, "the key is under the stone");
        assert!(row.pinned);
        assert_eq!(row.can_pin, who == two.alice);
    }
    two.does(two.alice, Command::Unpin { message });
    for who in [two.alice, two.bob] {
        assert!(pins(&two, who).is_empty());
        assert!(!two.shown(who, "the key is under the stone").pinned);
    }
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn who_was_away_finds_the_pins_of_that_time_and_a_deleted_message_is_none() {
    let mut two = Pair::<Symbolic>::new(2);
    two.stage.says(two.alice, two.general, "first");
    two.stage.says(two.alice, two.general, "second");
    two.stage.world.kill(two.bob);
    for text in ["first", "second"] {
        let message = two.id(two.alice, text);
        two.does(two.alice, Command::Pin { message });
    }
    two.stage.world.revive(two.bob);
    two.stage.settle();
    assert_eq!(pins(&two, two.bob).len(), 2);
    let gone = two.id(two.alice, "first");
    let messages = vec![gone];
    two.does(two.alice, Command::Delete { messages });
    for who in [two.alice, two.bob] {
        let listed = pins(&two, who);
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_ne!(listed[0].message, gone);
    }
    assert_eq!(two.stage.world.broken, None);
}
