//! Stories of accounts that end.

use cloister_client::{
    Symbolic,
    view::{AccountAct, Command, Content, DeviceState, Query, QueryReply, SessionView},
};
use cloister_testkit::cast::{Pair, Who};
use cloister_wire::{ErrorCode, deletion::DELETED_NAME, guild::DmRequest};

fn session(two: &Pair<Symbolic>, who: Who) -> SessionView {
    match two.stage.world.clients[who].query(&Query::Session) {
        QueryReply::Session(session) => session,
        other => panic!("no session: {other:?}"),
    }
}

fn ask(two: &mut Pair<Symbolic>, who: Who, username: &str) {
    let username = username.to_owned();
    let act = AccountAct::AskDeletion { username };
    two.does(who, Command::Account { act });
}

/// What is left of the messages in the channel of the two, with their authors' names.
fn left(two: &Pair<Symbolic>, who: Who) -> Vec<(String, Content)> {
    let query = Query::Timeline {
        channel: two.general,
        before: None,
        limit: 100,
    };
    match two.stage.world.clients[who].query(&query) {
        QueryReply::Timeline(view) => view
            .messages
            .into_iter()
            .map(|one| (one.author_name, one.content))
            .collect(),
        other => panic!("no timeline: {other:?}"),
    }
}

#[test]
fn whoever_is_about_to_go_is_told_on_every_device_and_stays_by_one_act() {
    let mut two = Pair::<Symbolic>::new(951);
    let bob = two.bob;
    let username = "alice".to_owned();
    let act = AccountAct::AskDeletion { username };
    let refused = two.stage.asks(bob, Command::Account { act }).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotConfirmed);
    ask(&mut two, bob, "bob");
    assert!(session(&two, bob).deletion_at.is_some());
    let act = AccountAct::KeepAccount;
    two.does(bob, Command::Account { act });
    assert_eq!(session(&two, bob).deletion_at, None);
    two.stage.world.server.end_accounts();
    two.stage.says(bob, two.general, "I stay");
    assert_eq!(two.stage.sees(two.alice, two.general), ["I stay"]);
}

#[test]
fn who_is_gone_has_no_name_on_anybodys_device_and_the_log_still_verifies() {
    let mut two = Pair::<Symbolic>::new(952);
    let (alice, bob, general) = (two.alice, two.bob, two.general);
    let link = two.stage.link(alice, two.guild);
    let (carol, _) = two.stage.newcomer("carol", &link);
    two.stage.settle();
    two.stage.says(bob, general, "remember me");
    two.stage.says(alice, general, "always");
    let dm = two.stage.dm(bob, alice);
    two.stage.says(bob, dm, "only for you");
    two.stage.world.server.set_grace(0);
    two.stage.settle();
    // Carol hears of it when she is back.
    two.stage.world.kill(carol);
    ask(&mut two, bob, "bob");
    two.stage.world.server.end_accounts();
    // It is told with the next heartbeat.
    two.stage.world.run_for(60_000);
    two.stage.world.revive(carol);
    two.stage.settle();
    for who in [alice, carol] {
        let seen = left(&two, who);
        assert!(
            matches!(&seen[0], (name, Content::Removed { .. }) if name == DELETED_NAME),
            "{seen:?}"
        );
        assert!(matches!(&seen[1].1, Content::Text { body } if body == "always"));
        let members = two.stage.world.clients[who].members(two.guild);
        assert_eq!(members.len(), 2, "{members:?}");
    }
    assert_ne!(session(&two, bob).state, DeviceState::Active);
    let QueryReply::Dms { dms } = two.stage.world.clients[alice].query(&Query::Dms) else {
        panic!("no conversations");
    };
    assert_eq!(dms[0].display_name, DELETED_NAME);
    assert_eq!(dms[0].request, Some(DmRequest::Gone));
    two.stage.says(alice, general, "still here");
    assert_eq!(two.stage.world.broken, None);
    for who in [alice, carol] {
        assert_eq!(session(&two, who).alarm, None);
    }
}
