//! Stories of what a person keeps on all their devices.

use cloister_client::{
    Symbolic, Vodozemac,
    view::{Command, Query, QueryReply},
};
use cloister_e2ee::Primitives;
use cloister_testkit::cast::Pair;
use cloister_wire::presence::Availability;

fn draft<P: Primitives>(two: &Pair<P>, who: usize) -> String {
    let query = Query::Channel {
        channel: two.general,
    };
    match two.stage.world.clients[who].query(&query) {
        QueryReply::Channel {
            channel: Some(view),
        } => view.draft,
        other => panic!("{other:?}"),
    }
}

/// Alice's next device, approved on her first.
fn second_device<P: Primitives>(two: &mut Pair<P>) -> usize {
    let (next, _) = two.stage.signs_in("alice", None);
    let code = two.stage.world.clients[next].session().pending_code;
    let code = code.expect("a pending device shows its code");
    two.does(two.alice, Command::ApproveDevice { code });
    next
}

fn status<P: Primitives>(two: &Pair<P>, who: usize) -> (Availability, Option<String>) {
    match two.stage.world.clients[who].query(&Query::Presences) {
        QueryReply::Presences(view) => (view.mine.availability, view.mine.text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unfinished_text_goes_on_on_ones_other_device_and_ends_when_it_is_sent() {
    let mut two = Pair::<Vodozemac>::new(1);
    let tablet = second_device(&mut two);
    let body = "half a thou".to_owned();
    let channel = two.general;
    two.does(two.alice, Command::SaveDraft { channel, body });
    assert_eq!(draft(&two, tablet), "half a thou");
    assert_eq!(draft(&two, two.bob), "", "nobody else's");
    two.does(
        tablet,
        Command::Send {
            channel,
            body: "half a thought, and the other half".to_owned(),
        },
    );
    for who in [two.alice, tablet] {
        assert_eq!(draft(&two, who), "");
    }
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_device_that_comes_later_finds_what_was_kept_before() {
    let mut two = Pair::<Symbolic>::new(2);
    let channel = two.general;
    two.does(
        two.alice,
        Command::SetStatus {
            availability: Availability::DoNotDisturb,
            text: Some("  rowing  ".to_owned()),
            for_s: 0,
        },
    );
    let body = "begun at home".to_owned();
    two.does(two.alice, Command::SaveDraft { channel, body });
    let phone = second_device(&mut two);
    assert_eq!(
        status(&two, phone),
        (Availability::DoNotDisturb, Some("rowing".to_owned()))
    );
    assert_eq!(draft(&two, phone), "begun at home");
    let long = Some("x".repeat(101));
    let refused = two.stage.asks(
        two.alice,
        Command::SetStatus {
            availability: Availability::Automatic,
            text: long,
            for_s: 0,
        },
    );
    assert!(refused.is_err());
    assert_eq!(two.stage.world.broken, None);
}
