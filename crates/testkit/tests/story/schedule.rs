//! Stories of messages that leave later.

use cloister_client::{
    Symbolic,
    view::{Command, CommandReply, Query, QueryReply, ScheduledView},
};
use cloister_testkit::cast::Pair;
use cloister_wire::ErrorCode;

type Two = Pair<Symbolic>;
const HOUR_MS: u64 = 3_600_000;

fn waiting(two: &Two, who: usize) -> Vec<ScheduledView> {
    match two.stage.world.clients[who].query(&Query::Scheduled { channel: None }) {
        QueryReply::Scheduled { entries } => entries,
        other => panic!("{other:?}"),
    }
}

fn schedule(two: &mut Two, body: &str, after_s: u32) -> String {
    let command = Command::Schedule {
        channel: two.general,
        body: body.to_owned(),
        after_s,
    };
    match two.stage.does(two.alice, command) {
        CommandReply::Queued { entry } => entry,
        other => panic!("{other:?}"),
    }
}

/// Lets time pass.
fn wait_until(two: &mut Two, at: u64) {
    while two.stage.world.now() < at && two.stage.world.step() {}
    two.stage.settle();
}

#[test]
fn a_message_leaves_once_when_its_time_has_come_even_over_a_crash() {
    let mut two = Two::new(1);
    let start = two.stage.world.now();
    schedule(&mut two, "good morning", 3_600);
    assert_eq!(waiting(&two, two.alice).len(), 1);
    assert!(two.stage.sees(two.bob, two.general).is_empty());
    two.stage.world.kill(two.alice);
    two.stage.world.revive(two.alice);
    wait_until(&mut two, start + HOUR_MS + 60_000);
    assert_eq!(two.stage.sees(two.bob, two.general), ["good morning"]);
    assert!(waiting(&two, two.alice).is_empty());
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn what_waits_can_be_changed_and_given_up() {
    let mut two = Two::new(2);
    let start = two.stage.world.now();
    let kept = schedule(&mut two, "draft", 3_600);
    let dropped = schedule(&mut two, "never mind", 3_600);
    let body = "final".to_owned();
    let entry = kept;
    let after_s = 7_200;
    two.stage.does(
        two.alice,
        Command::Reschedule {
            entry,
            body,
            after_s,
        },
    );
    let entry = dropped;
    match two.stage.does(two.alice, Command::Unschedule { entry }) {
        CommandReply::Dropped { body } => assert_eq!(body, "never mind"),
        other => panic!("{other:?}"),
    }
    wait_until(&mut two, start + HOUR_MS + 60_000);
    assert!(two.stage.sees(two.bob, two.general).is_empty());
    wait_until(&mut two, start + 2 * HOUR_MS + 120_000);
    assert_eq!(two.stage.sees(two.bob, two.general), ["final"]);
    let past = Command::Schedule {
        channel: two.general,
        body: "too late".to_owned(),
        after_s: 0,
    };
    let refused = two.stage.asks(two.alice, past);
    assert_eq!(refused.unwrap_err().code, ErrorCode::Invalid);
}
