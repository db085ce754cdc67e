//! Stories of what a person is told of.

use cloister_client::{
    Symbolic,
    view::{Command, GuildSummary, NoticeLevel, NoticePlace, NoticeView, Query, QueryReply},
};
use cloister_testkit::cast::Pair;
use cloister_wire::ErrorCode;

type Two = Pair<Symbolic>;

fn rail(two: &Two, who: usize) -> GuildSummary {
    match two.stage.world.clients[who].query(&Query::Guilds) {
        QueryReply::Guilds { mut guilds } => guilds.pop().expect("one guild"),
        other => panic!("{other:?}"),
    }
}

fn notice(two: &Two, who: usize, about: NoticePlace) -> NoticeView {
    match two.stage.world.clients[who].query(&Query::Notice { about }) {
        QueryReply::Notice(view) => view,
        other => panic!("{other:?}"),
    }
}

/// Bob's next device, approved on his first.
fn second_device(two: &mut Two) -> usize {
    let (next, _) = two.stage.signs_in("bob", None);
    let code = two.stage.world.clients[next].session().pending_code;
    let code = code.expect("a pending device shows its code");
    two.does(two.bob, Command::ApproveDevice { code });
    next
}

#[test]
fn what_is_muted_makes_no_badge_on_any_device_until_its_time_is_over() {
    let mut two = Two::new(1);
    let laptop = second_device(&mut two);
    let about = NoticePlace::Channel {
        channel: two.general,
    };
    let for_s = Some(600);
    two.does(two.bob, Command::Mute { about, for_s });
    two.stage.says(two.alice, two.general, "one");
    two.stage.says(two.alice, two.general, "two @bob");
    for who in [two.bob, laptop] {
        let seen = rail(&two, who);
        assert_eq!((seen.unread, seen.mentions), (0, 1), "a mention counts");
        assert!(notice(&two, who, about).muted);
    }
    two.does(two.bob, Command::Mute { about, for_s: None });
    for who in [two.bob, laptop] {
        assert_eq!(rail(&two, who).unread, 2);
        assert!(!notice(&two, who, about).muted);
    }
    two.does(two.bob, Command::MarkAllRead { guild: None });
    for who in [two.bob, laptop] {
        let seen = rail(&two, who);
        assert_eq!((seen.unread, seen.mentions), (0, 0));
    }
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_channel_says_more_than_its_guild() {
    let mut two = Two::new(2);
    let guild = NoticePlace::Guild { guild: two.guild };
    let channel = NoticePlace::Channel {
        channel: two.general,
    };
    let set = |about, level| Command::SetNotice { about, level };
    two.does(two.bob, set(guild, Some(NoticeLevel::Mentions)));
    assert_eq!(
        notice(&two, two.bob, channel).effective,
        Some(NoticeLevel::Mentions)
    );
    two.stage.says(two.alice, two.general, "quietly");
    let seen = rail(&two, two.bob);
    assert_eq!((seen.unread, seen.told, seen.usual), (1, 0, 0));
    two.does(two.bob, set(channel, Some(NoticeLevel::All)));
    let seen = rail(&two, two.bob);
    assert_eq!((seen.unread, seen.told, seen.usual), (1, 1, 0));
    two.does(two.bob, set(channel, None));
    two.does(two.bob, set(guild, None));
    let seen = rail(&two, two.bob);
    assert_eq!((seen.unread, seen.told, seen.usual), (1, 0, 1));
    assert_eq!(rail(&two, two.alice).unread, 0);
}

#[test]
fn a_word_that_somebody_listens_for_is_like_their_name() {
    let mut two = Two::new(3);
    let words = vec![" Rope ".to_owned(), "rope".to_owned(), String::new()];
    two.does(two.bob, Command::SetKeywords { words });
    two.stage.says(two.alice, two.general, "Who has the ROPE?");
    two.stage.says(two.alice, two.general, "we are in europe");
    assert_eq!(rail(&two, two.bob).mentions, 1);
    let QueryReply::Keywords { words } = two.stage.world.clients[two.bob].query(&Query::Keywords)
    else {
        panic!("no words");
    };
    assert_eq!(words, ["rope"]);
    let words = vec!["x".repeat(41)];
    let refused = two.stage.asks(two.bob, Command::SetKeywords { words });
    assert_eq!(refused.unwrap_err().code, ErrorCode::Invalid);
}
