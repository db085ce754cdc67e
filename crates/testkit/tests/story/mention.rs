//! Stories of whom messages tell, how far people have read, who writes, polls, forwarding, and what
//! disappears.

use cloister_client::{
    Symbolic,
    view::{Command, Query, QueryReply},
};
use cloister_testkit::cast::{Pair, Who};
use cloister_wire::ErrorCode;

fn texts(page: Vec<cloister_client::view::CallView>) -> Vec<String> {
    page.into_iter()
        .map(|call| match call.message.content {
            cloister_client::view::Content::Text { body } => body,
            other => format!("{other:?}"),
        })
        .collect()
}

trait Badges {
    fn calls(&self, who: Who) -> Vec<cloister_client::view::CallView>;
    /// Unread messages and mentions of the one guild.
    fn badges(&self, who: Who) -> (u32, u32);
}

impl Badges for Pair<Symbolic> {
    fn calls(&self, who: Who) -> Vec<cloister_client::view::CallView> {
        match self.stage.world.clients[who].query(&Query::Mentions { limit: 50 }) {
            QueryReply::Mentions { mentions } => mentions,
            other => panic!("no mentions: {other:?}"),
        }
    }

    fn badges(&self, who: Who) -> (u32, u32) {
        match self.stage.world.clients[who].query(&Query::Guilds) {
            QueryReply::Guilds { guilds } => (guilds[0].unread, guilds[0].mentions),
            other => panic!("no guilds: {other:?}"),
        }
    }
}

#[test]
fn a_name_in_a_text_calls_its_person_and_nobody_else() {
    let mut two = Pair::<Symbolic>::new(11);
    let general = two.general;
    let bob = two.stage.user(two.bob);
    two.stage
        .says(two.alice, general, "hello @Bob, see #general and `@bob`");
    let expected = format!("hello <@{bob}>, see <#{general}> and `@bob`");
    let at_bob = two.shown(two.bob, &expected);
    assert!(at_bob.calls_me);
    let written: Vec<&str> = at_bob
        .mentions
        .iter()
        .map(|one| one.written.as_str())
        .collect();
    assert_eq!(written, ["@bob", "#general"]);
    assert!(!two.shown(two.alice, &expected).calls_me);
    assert_eq!(texts(two.calls(two.bob)), [expected]);
    assert!(two.calls(two.alice).is_empty());
    assert_eq!(two.badges(two.bob), (1, 1));
}

#[test]
fn an_answer_calls_whom_it_answers() {
    let mut two = Pair::<Symbolic>::new(12);
    two.stage.says(two.bob, two.general, "anybody?");
    let message = two.id(two.alice, "anybody?");
    let body = "me".to_owned();
    two.does(two.alice, Command::Reply { message, body });
    assert_eq!(two.badges(two.bob), (1, 1));
    assert_eq!(texts(two.calls(two.bob)), ["me"]);
}

#[test]
fn only_who_may_calls_everyone() {
    let mut two = Pair::<Symbolic>::new(13);
    two.stage.says(two.alice, two.general, "@everyone dinner");
    assert_eq!(two.badges(two.bob), (1, 1), "the owner may");
    two.stage.says(two.bob, two.general, "@everyone me too");
    assert_eq!(
        two.badges(two.alice),
        (1, 0),
        "it is said, and tells nobody"
    );
}

#[test]
fn reading_on_one_device_clears_the_badge_on_the_other_even_if_it_was_offline() {
    let mut two = Pair::<Symbolic>::new(14);
    let (general, bob) = (two.general, two.bob);
    let (laptop, _) = two.stage.signs_in("bob", None);
    let code = two.stage.world.clients[laptop]
        .session()
        .pending_code
        .unwrap();
    two.does(bob, Command::ApproveDevice { code });
    two.stage.says(two.alice, general, "one @bob");
    assert_eq!(two.badges(laptop), (1, 1));
    two.stage.world.kill(laptop);
    two.does(bob, Command::MarkAllRead { guild: None });
    assert_eq!(two.badges(bob), (0, 0));
    two.stage.world.revive(laptop);
    two.stage.settle();
    assert_eq!(two.badges(laptop), (0, 0));
}

#[test]
fn what_was_read_offline_stays_read_and_is_told_later() {
    let mut two = Pair::<Symbolic>::new(15);
    let general = two.general;
    two.stage.says(two.alice, general, "one");
    let before: i64 = read_seq(&two);
    // The request is lost with the process that had committed it.
    two.stage
        .world
        .command(two.bob, Command::MarkAllRead { guild: None });
    two.stage.world.kill(two.bob);
    two.stage.world.restart_server();
    two.stage.world.revive(two.bob);
    two.stage.settle();
    assert_eq!(two.badges(two.bob), (0, 0));
    assert!(read_seq(&two) > before, "the server knows now");
}

fn read_seq(two: &Pair<Symbolic>) -> i64 {
    let user = two.stage.user(two.bob);
    let eyes = &two.stage.world.server.eyes;
    eyes.query_row(
        "SELECT read_seq FROM reader WHERE channel_id = ?1 AND user_id = ?2",
        rusqlite::params![two.general.as_bytes(), user.as_bytes()],
        |row| row.get(0),
    )
    .expect("bob reads here")
}

#[test]
fn writing_is_seen_by_the_others_until_it_is_said_or_given_up() {
    let mut two = Pair::<Symbolic>::new(16);
    let channel = two.general;
    let seen = |two: &Pair<Symbolic>, who: Who| match two.stage.world.clients[who]
        .query(&Query::Typing { channel })
    {
        QueryReply::Typing { names } => names,
        other => panic!("no names: {other:?}"),
    };
    two.stage.does(two.alice, Command::Typing { channel });
    two.stage.world.run_for(2_000);
    assert_eq!(seen(&two, two.bob), ["alice"]);
    assert!(seen(&two, two.alice).is_empty());
    two.stage.settle();
    assert!(
        seen(&two, two.bob).is_empty(),
        "it is forgotten after a while"
    );
    two.stage.does(two.alice, Command::Typing { channel });
    two.stage.world.run_for(1_000);
    two.stage.writes(two.alice, channel, "there");
    two.stage.world.run_for(3_000);
    assert!(
        seen(&two, two.bob).is_empty(),
        "what was said is not being written"
    );
}

#[test]
fn a_poll_counts_each_persons_newest_vote_until_it_ends() {
    let mut two = Pair::<Symbolic>::new(17);
    let channel = two.general;
    let command = Command::Poll {
        channel,
        question: "when?".to_owned(),
        options: vec!["Saturday".to_owned(), "Sunday".to_owned()],
        many: false,
        ends_in_s: 600,
    };
    two.does(two.alice, command);
    let poll = |two: &Pair<Symbolic>, who: Who| {
        let query = Query::Timeline {
            channel,
            before: None,
            limit: 10,
        };
        let QueryReply::Timeline(view) = two.stage.world.clients[who].query(&query) else {
            panic!("no timeline");
        };
        let last = view.messages.into_iter().last().expect("there is a poll");
        match last.content {
            cloister_client::view::Content::Poll(poll) => (last.id, poll),
            other => panic!("no poll: {other:?}"),
        }
    };
    let (message, _) = poll(&two, two.bob);
    for (who, choice) in [(two.bob, 0), (two.alice, 1), (two.bob, 1)] {
        let choices = vec![choice];
        two.does(who, Command::Vote { message, choices });
    }
    for who in [two.alice, two.bob] {
        let (_, poll) = poll(&two, who);
        let counts: Vec<u32> = poll.options.iter().map(|one| one.count).collect();
        assert_eq!((counts, poll.voters), (vec![0, 2], 2));
        assert!(poll.options[1].mine && !poll.over);
    }
    let refused = two.stage.asks(
        two.bob,
        Command::Vote {
            message,
            choices: vec![0, 1],
        },
    );
    assert_eq!(refused.unwrap_err().code, ErrorCode::Invalid);
    two.stage.world.run_for(700_000);
    let late = Command::Vote {
        message,
        choices: vec![0],
    };
    assert_eq!(
        two.stage.asks(two.bob, late).unwrap_err().code,
        ErrorCode::Invalid
    );
    assert!(poll(&two, two.alice).1.over);
}

#[test]
fn what_is_forwarded_names_its_first_author() {
    let mut two = Pair::<Symbolic>::new(18);
    two.stage.says(two.alice, two.general, "soup at seven");
    let message = two.id(two.bob, "soup at seven");
    let channel = two.stage.dm(two.bob, two.alice);
    two.does(two.bob, Command::Forward { message, channel });
    let at_alice = two.stage.message(two.alice, channel, "soup at seven");
    assert_eq!(at_alice.forwarded_from.as_deref(), Some("alice"));
    assert_eq!(at_alice.author, two.stage.user(two.bob));
    let message = at_alice.id;
    let general = two.general;
    let channel = general;
    two.does(two.alice, Command::Forward { message, channel });
    let QueryReply::Timeline(view) = two.stage.world.clients[two.bob].query(&Query::Timeline {
        channel: general,
        before: None,
        limit: 10,
    }) else {
        panic!("no timeline");
    };
    let last = view.messages.last().expect("it came back");
    assert_eq!(last.forwarded_from.as_deref(), Some("alice"));
}

#[test]
fn a_message_that_disappears_leaves_every_store_even_without_a_connection() {
    let mut two = Pair::<Symbolic>::new(19);
    let channel = two.general;
    let fleeting = |body: &str, ttl_s| Command::SendFleeting {
        channel,
        body: body.to_owned(),
        reply: None,
        ttl_s,
    };
    two.does(two.alice, fleeting("gone soon", 120));
    two.does(two.alice, fleeting("gone later", 4_000));
    assert_eq!(
        two.stage.sees(two.bob, channel),
        ["gone soon", "gone later"]
    );
    assert!(two.shown(two.bob, "gone soon").expires_at.is_some());
    two.stage.world.kill(two.bob);
    two.stage.world.run_for(200_000);
    two.stage.world.revive(two.bob);
    two.stage.world.run_for(10_000);
    for who in [two.alice, two.bob] {
        assert_eq!(two.stage.sees(who, channel), ["disappeared", "gone later"]);
        let left: u32 = two.stage.world.clients[who]
            .eyes
            .query_row(
                "SELECT count(*) FROM message WHERE body = 'gone soon'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(left, 0);
    }
    let refused = two.stage.asks(two.alice, fleeting("never", 0));
    assert_eq!(refused.unwrap_err().code, ErrorCode::Invalid);
}
