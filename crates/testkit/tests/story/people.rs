//! Stories of how people keep each other: requests, mutes, blocks.

use cloister_client::{
    Symbolic,
    view::{Command, DmSummary, Query, QueryReply},
};
use cloister_testkit::cast::{Pair, Who};
use cloister_wire::{
    ErrorCode,
    guild::{DmRequest, RequestAnswer},
    moderation::{Contact, Relation},
};

fn dms(two: &Pair<Symbolic>, who: Who) -> Vec<DmSummary> {
    match two.stage.world.clients[who].query(&Query::Dms) {
        QueryReply::Dms { dms } => dms,
        other => panic!("no conversations: {other:?}"),
    }
}

fn badges(two: &Pair<Symbolic>, who: Who) -> (u32, u32) {
    match two.stage.world.clients[who].query(&Query::Guilds) {
        QueryReply::Guilds { guilds } => (guilds[0].unread, guilds[0].mentions),
        other => panic!("no guilds: {other:?}"),
    }
}

fn keep(two: &mut Pair<Symbolic>, relation: Relation) {
    let user = two.stage.user(two.bob);
    two.does(two.alice, Command::Relate { user, relation });
    two.stage.settle();
}

#[test]
fn what_a_stranger_writes_waits_until_it_is_taken_up() {
    let mut two = Pair::<Symbolic>::new(51);
    let dm = two.stage.asks_for_dm(two.bob, two.alice);
    two.stage.says(two.bob, dm, "you won a boat");
    let asked = &dms(&two, two.alice)[0];
    assert_eq!(asked.request, Some(DmRequest::Incoming));
    assert_eq!((asked.unread, asked.preview.as_deref()), (0, None));
    assert_eq!(
        dms(&two, two.bob)[0].request,
        Some(DmRequest::Outgoing),
        "whoever asks sees that it waits"
    );
    let answer = RequestAnswer::Accept;
    let channel = dm;
    two.does(two.alice, Command::AnswerRequest { channel, answer });
    two.stage.settle();
    for who in [two.alice, two.bob] {
        assert_eq!(dms(&two, who)[0].request, None);
    }
    let taken_up = &dms(&two, two.alice)[0];
    assert_eq!(
        (taken_up.unread, taken_up.preview.as_deref()),
        (1, Some("you won a boat"))
    );
    let answer = RequestAnswer::Decline;
    let again = two
        .stage
        .asks(two.alice, Command::AnswerRequest { channel, answer });
    assert_eq!(again.unwrap_err().code, ErrorCode::Invalid);
}

#[test]
fn who_declines_is_not_asked_again_and_the_other_is_not_told() {
    let mut two = Pair::<Symbolic>::new(52);
    let channel = two.stage.asks_for_dm(two.bob, two.alice);
    let answer = RequestAnswer::Decline;
    two.does(two.alice, Command::AnswerRequest { channel, answer });
    two.stage.settle();
    assert!(dms(&two, two.alice).is_empty());
    assert_eq!(dms(&two, two.bob)[0].request, Some(DmRequest::Outgoing));
    two.stage.says(two.bob, channel, "hello?");
    assert!(dms(&two, two.alice).is_empty());
    two.stage.world.kill(two.alice);
    two.stage.world.revive(two.alice);
    two.stage.settle();
    assert!(dms(&two, two.alice).is_empty(), "also after a restart");
    // Who declined may begin it themself.
    two.stage.asks_for_dm(two.alice, two.bob);
    two.stage.settle();
    assert_eq!(dms(&two, two.alice)[0].request, None);
    assert_eq!(dms(&two, two.bob)[0].request, None);
}

#[test]
fn an_answer_takes_the_conversation_up() {
    let mut two = Pair::<Symbolic>::new(53);
    let dm = two.stage.asks_for_dm(two.bob, two.alice);
    two.stage.says(two.bob, dm, "about the oars");
    two.stage.says(two.alice, dm, "which?");
    two.stage.settle();
    for who in [two.alice, two.bob] {
        assert_eq!(dms(&two, who)[0].request, None);
    }
}

#[test]
fn friends_and_whoever_may_begin_at_once() {
    let mut two = Pair::<Symbolic>::new(54);
    keep(&mut two, Relation::Friend);
    two.stage.asks_for_dm(two.bob, two.alice);
    two.stage.settle();
    assert_eq!(dms(&two, two.alice)[0].request, None);
    let mut two = Pair::<Symbolic>::new(55);
    let who = Contact::Guilds;
    two.does(two.alice, Command::SetContact { who });
    two.stage.asks_for_dm(two.bob, two.alice);
    two.stage.settle();
    assert_eq!(dms(&two, two.alice)[0].request, None);
}

#[test]
fn who_is_muted_raises_no_badge_until_they_are_not() {
    let mut two = Pair::<Symbolic>::new(56);
    let general = two.general;
    keep(&mut two, Relation::Muted);
    two.stage.says(two.bob, general, "look @alice");
    assert_eq!(badges(&two, two.alice), (0, 0));
    let alice = two.stage.user(two.alice);
    let shown = two.shown(two.alice, &format!("look <@{alice}>"));
    assert!(!shown.from_blocked, "it is there to read");
    keep(&mut two, Relation::None);
    assert_eq!(badges(&two, two.alice), (1, 1));
}

#[test]
fn who_is_blocked_is_hidden_on_every_device_and_comes_back_whole() {
    let mut two = Pair::<Symbolic>::new(57);
    let general = two.general;
    let dm = two.stage.dm(two.bob, two.alice);
    two.stage.says(two.bob, dm, "pay up");
    two.stage.says(two.bob, general, "all of you");
    let (laptop, _) = two.stage.signs_in("alice", None);
    let code = two.stage.world.clients[laptop]
        .session()
        .pending_code
        .unwrap();
    two.does(two.alice, Command::ApproveDevice { code });
    keep(&mut two, Relation::Blocked);
    two.stage.says(two.bob, general, "still here");
    for who in [two.alice, laptop] {
        assert!(two.shown(who, "still here").from_blocked);
        assert!(dms(&two, who).is_empty());
    }
    // A conversation that was there takes nothing more; no code says why.
    two.stage.writes(two.bob, dm, "hello?");
    two.stage.settle();
    keep(&mut two, Relation::None);
    assert_eq!(dms(&two, two.alice)[0].preview.as_deref(), Some("pay up"));
    assert!(!two.shown(two.alice, "still here").from_blocked);
}

#[test]
fn who_may_not_contact_somebody_brings_them_into_no_group() {
    let mut two = Pair::<Symbolic>::new(58);
    keep(&mut two, Relation::Blocked);
    let alice = two.stage.user(two.alice);
    let refused = two.stage.asks(
        two.bob,
        Command::CreateGroup {
            users: vec![alice],
            name: None,
        },
    );
    assert_eq!(refused.unwrap_err().code, ErrorCode::Forbidden);
}
