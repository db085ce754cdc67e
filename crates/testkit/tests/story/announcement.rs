//! Stories of channels in which only some write.

use cloister_client::{
    Symbolic,
    view::{Act, Command, Query, QueryReply},
};
use cloister_testkit::cast::{Pair, Who};
use cloister_wire::guild::Writers;

fn can_send(two: &Pair<Symbolic>, who: Who) -> bool {
    let channel = two.general;
    match two.stage.world.clients[who].query(&Query::Channel { channel }) {
        QueryReply::Channel {
            channel: Some(view),
        } => view.can_send,
        other => panic!("no channel: {other:?}"),
    }
}

#[test]
fn others_read_react_and_answer_in_threads_where_only_some_announce() {
    let mut two = Pair::<Symbolic>::new(82);
    let general = two.general;
    let guild = match two.stage.world.clients[two.alice].query(&Query::Guilds) {
        QueryReply::Guilds { guilds } => guilds[0].id,
        other => panic!("no guilds: {other:?}"),
    };
    assert!(can_send(&two, two.bob));
    let act = Act::EditChannel {
        channel: general,
        name: "news".to_owned(),
        topic: String::new(),
        slow_mode_s: 0,
        writers: Some(Writers::Announcers),
    };
    two.does(two.alice, Command::Govern { guild, act });
    two.stage.settle();
    assert!(can_send(&two, two.alice) && !can_send(&two, two.bob));
    two.stage.says(two.alice, general, "the boats are painted");
    let message = two.shown(two.bob, "the boats are painted").id;
    let emoji = "\u{1f6f6}".to_owned();
    two.does(two.bob, Command::React { message, emoji });
    two.stage.settle();
    let shown = two.shown(two.alice, "the boats are painted");
    assert_eq!(shown.reactions[0].count, 1);
}
