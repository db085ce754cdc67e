//! Stories of messages that are kept for a while.

use cloister_client::{
    Symbolic,
    view::{Act, Command, Content, Query, QueryReply},
};
use cloister_testkit::cast::{Pair, Who};

const DAY_MS: u64 = 24 * 60 * 60_000;

fn gone(two: &Pair<Symbolic>, who: Who) -> usize {
    let query = Query::Timeline {
        channel: two.general,
        before: None,
        limit: 100,
    };
    match two.stage.world.clients[who].query(&query) {
        QueryReply::Timeline(view) => view
            .messages
            .iter()
            .filter(|one| one.content == Content::Disappeared)
            .count(),
        other => panic!("no timeline: {other:?}"),
    }
}

#[test]
fn what_is_too_old_leaves_every_device_by_itself_and_not_before() {
    let mut two = Pair::<Symbolic>::new(961);
    let (alice, bob, guild, general) = (two.alice, two.bob, two.guild, two.general);
    two.stage.says(alice, general, "one");
    two.stage.says(bob, general, "two");
    let keep = |days| Command::Govern {
        guild,
        act: Act::SetRetention {
            channel: Some(general),
            days,
        },
    };
    two.does(alice, keep(Some(1)));
    two.stage.world.run_for(DAY_MS / 2);
    two.stage.says(bob, general, "three");
    assert_eq!(two.stage.sees(alice, general), ["one", "two", "three"]);
    two.stage.world.run_for(DAY_MS / 2 - 10 * 60_000);
    assert_eq!(two.stage.sees(bob, general), ["one", "two", "three"]);
    two.stage.world.run_for(20 * 60_000);
    for who in [alice, bob] {
        assert_eq!(
            two.stage.sees(who, general),
            ["disappeared", "disappeared", "three"]
        );
        assert_eq!(gone(&two, who), 2);
    }
    assert_eq!(two.stage.world.broken, None);
}
