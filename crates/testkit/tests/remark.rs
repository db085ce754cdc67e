//! Stories of what people say about messages: answers, edits, reactions, deletions.

use cloister_client::{
    Symbolic, Vodozemac,
    view::{Command, EditView, MessageView, Query, QueryReply},
};
use cloister_e2ee::content::MessageContent;
use cloister_testkit::cast::{Stage, Who};
use cloister_wire::{ChannelId, ErrorCode, GuildId, MessageId};

struct Two<P: cloister_client::Primitives> {
    stage: Stage<P>,
    alice: Who,
    bob: Who,
    guild: GuildId,
    general: ChannelId,
}

fn two<P: cloister_client::Primitives>(seed: u64) -> Two<P> {
    let mut stage = Stage::new(seed);
    let alice = stage.operator("alice");
    let (guild, general) = stage.guild(alice);
    let link = stage.link(alice, guild);
    let (bob, _) = stage.newcomer("bob", &link);
    Two {
        stage,
        alice,
        bob,
        guild,
        general,
    }
}

impl<P: cloister_client::Primitives> Two<P> {
    fn id(&self, who: Who, body: &str) -> MessageId {
        self.stage.message(who, self.general, body).id
    }

    fn shown(&self, who: Who, body: &str) -> MessageView {
        self.stage.message(who, self.general, body)
    }

    fn does(&mut self, who: Who, command: Command) {
        self.stage.does(who, command);
        self.stage.settle();
    }
}

fn reactions(message: &MessageView) -> Vec<(String, u32, bool)> {
    let views = message.reactions.iter();
    views
        .map(|one| (one.emoji.clone(), one.count, one.mine))
        .collect()
}

fn emoji(text: &str) -> String {
    text.to_owned()
}

#[test]
fn an_answer_quotes_what_it_answers_on_every_screen() {
    let mut two = two::<Vodozemac>(1);
    two.stage.says(two.alice, two.general, "who brings bread?");
    let message = two.id(two.bob, "who brings bread?");
    let body = "I do".to_owned();
    two.does(two.bob, Command::Reply { message, body });
    for who in [two.alice, two.bob] {
        let reply = two.shown(who, "I do").reply.expect("it is an answer");
        assert_eq!(reply.message, message);
        assert_eq!(reply.author_name.as_deref(), Some("alice"));
        assert_eq!(reply.preview.as_deref(), Some("who brings bread?"));
        assert!(!reply.gone);
    }
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn an_edit_replaces_the_text_everywhere_and_keeps_its_history() {
    let mut two = two::<Vodozemac>(2);
    two.stage.says(two.alice, two.general, "on Saturday");
    let message = two.id(two.alice, "on Saturday");
    for body in ["on Sunday", "on Monday"] {
        let body = body.to_owned();
        two.does(two.alice, Command::Edit { message, body });
    }
    for who in [two.alice, two.bob] {
        assert_eq!(two.stage.sees(who, two.general), ["on Monday"]);
        assert!(two.shown(who, "on Monday").edited_at.is_some());
        let query = Query::Edits {
            channel: two.general,
            message,
        };
        let QueryReply::Edits { edits } = two.stage.world.clients[who].query(&query) else {
            panic!("no edits");
        };
        let texts: Vec<&str> = edits
            .iter()
            .map(|EditView { body, .. }| body.as_str())
            .collect();
        assert_eq!(texts, ["on Saturday", "on Sunday", "on Monday"]);
    }
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn nobody_changes_what_somebody_else_said() {
    let mut two = two::<Symbolic>(3);
    two.stage.says(two.alice, two.general, "mine");
    let message = two.id(two.bob, "mine");
    let body = "forged".to_owned();
    let refused = two.stage.asks(two.bob, Command::Edit { message, body });
    assert_eq!(refused.unwrap_err().code, ErrorCode::Forbidden);
    let refused = two.stage.asks(
        two.bob,
        Command::Delete {
            messages: vec![message],
        },
    );
    assert_eq!(refused.unwrap_err().code, ErrorCode::Forbidden);
    two.stage.settle();
    for who in [two.alice, two.bob] {
        assert_eq!(two.stage.sees(who, two.general), ["mine"]);
    }
}

/// A client that lies sends an edit of somebody else's message, which the server can't tell from
/// a reaction: whoever receives it does not believe it (CVE-2026-45057).
#[test]
fn an_edit_by_another_person_is_not_believed() {
    let mut two = two::<Symbolic>(4);
    two.stage.says(two.alice, two.general, "mine");
    two.stage.says(two.bob, two.general, "bob's own");
    let own = two.id(two.bob, "bob's own");
    let foreign = two.id(two.bob, "mine");
    // Bob's engine is stopped before it could encrypt, and its outbox is tampered with.
    two.stage.world.kill(two.bob);
    two.stage.world.revive(two.bob);
    let content = MessageContent::Edit {
        body: "forged".to_owned(),
    };
    two.stage.world.command(
        two.bob,
        Command::React {
            message: own,
            emoji: emoji("👍"),
        },
    );
    two.stage.world.kill(two.bob);
    let client = &two.stage.world.clients[two.bob];
    let frame: Vec<u8> = client
        .eyes
        .query_row("SELECT frame FROM outbox", [], |row| row.get(0))
        .expect("the entry waits in the outbox");
    let at = frame
        .windows(16)
        .position(|bytes| bytes == own.as_bytes())
        .expect("it names its target");
    let frame = [&frame[..at], foreign.as_bytes(), &frame[at + 16..]].concat();
    let changed = client
        .eyes
        .execute(
            "UPDATE outbox SET content = ?1, frame = ?2, state = 0, request = NULL, entry = ?3",
            // The reaction itself may have left already, under its own transaction.
            rusqlite::params![cloister_proof::encode(&content), frame, [7_u8; 16]],
        )
        .unwrap();
    assert_eq!(changed, 1, "the entry waits in the outbox");
    two.stage.world.revive(two.bob);
    two.stage.settle();
    assert_eq!(
        two.stage.sees(two.alice, two.general),
        ["mine", "bob's own"]
    );
    let shown = two.shown(two.alice, "mine");
    assert!(shown.edited_at.is_none() && shown.reactions.is_empty());
    let kept: u32 = two.stage.world.clients[two.alice]
        .eyes
        .query_row(
            "SELECT count(*) FROM message WHERE target = ?1 AND class = 1",
            [foreign.as_bytes()],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(kept, 1, "the forged edit did arrive");
}

#[test]
fn reactions_are_counted_by_person_and_can_be_taken_back() {
    let mut two = two::<Vodozemac>(5);
    two.stage.says(two.alice, two.general, "soup is ready");
    let message = two.id(two.alice, "soup is ready");
    for who in [two.alice, two.bob] {
        let emoji = emoji("🍲");
        two.does(who, Command::React { message, emoji });
    }
    two.does(
        two.bob,
        Command::React {
            message,
            emoji: emoji("❤️"),
        },
    );
    let at_alice = reactions(&two.shown(two.alice, "soup is ready"));
    assert_eq!(at_alice, [(emoji("🍲"), 2, true), (emoji("❤️"), 1, false)]);
    two.does(
        two.alice,
        Command::Unreact {
            message,
            emoji: emoji("🍲"),
        },
    );
    for (who, mine) in [(two.alice, false), (two.bob, true)] {
        let shown = reactions(&two.shown(who, "soup is ready"));
        assert_eq!(shown[0], (emoji("🍲"), 1, mine));
    }
    let refused = two.stage.asks(
        two.bob,
        Command::React {
            message,
            emoji: "no".to_owned(),
        },
    );
    assert_eq!(refused.unwrap_err().code, ErrorCode::Invalid);
}

#[test]
fn what_an_author_deletes_is_gone_from_every_store_and_from_the_server() {
    let mut two = two::<Vodozemac>(6);
    let general = two.general;
    two.stage.says(two.alice, general, "a secret");
    let message = two.id(two.alice, "a secret");
    let body = "a better secret".to_owned();
    two.does(two.alice, Command::Edit { message, body });
    two.does(
        two.bob,
        Command::React {
            message,
            emoji: emoji("🤫"),
        },
    );
    let body = "what is it?".to_owned();
    two.does(two.bob, Command::Reply { message, body });
    two.does(
        two.alice,
        Command::Delete {
            messages: vec![message],
        },
    );
    for who in [two.alice, two.bob] {
        assert_eq!(two.stage.sees(who, general), ["deleted", "what is it?"]);
        let reply = two.shown(who, "what is it?").reply.unwrap();
        assert!(reply.gone && reply.preview.is_none());
        let left: u32 = two.stage.world.clients[who]
            .eyes
            .query_row(
                "SELECT count(*) FROM message WHERE (id = ?1 OR (target = ?1 AND class = 1))
                 AND (body IS NOT NULL OR content IS NOT NULL OR sealed IS NOT NULL)",
                [message.as_bytes()],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(left, 0, "content is left in a store");
    }
    let left: u32 = two
        .stage
        .world
        .server
        .eyes
        .query_row(
            "SELECT count(*) FROM message WHERE (id = ?1 OR (target_id = ?1 AND class = 'annotation'))
             AND ct IS NOT NULL",
            [message.as_bytes()],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(left, 0, "ciphertext is left on the server");
    // The chain over the history still holds for everybody.
    two.stage.says(two.bob, general, "never mind");
    for who in [two.alice, two.bob] {
        assert_eq!(two.stage.world.clients[who].session().alarm, None);
    }
    let refused = two.stage.asks(
        two.bob,
        Command::React {
            message,
            emoji: emoji("👍"),
        },
    );
    assert_eq!(refused.unwrap_err().code, ErrorCode::TargetGone);
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn an_owner_removes_what_a_member_said_and_everybody_sees_who_did() {
    let mut two = two::<Vodozemac>(7);
    let general = two.general;
    two.stage.says(two.bob, general, "spam");
    let message = two.id(two.alice, "spam");
    two.does(
        two.alice,
        Command::Delete {
            messages: vec![message],
        },
    );
    for who in [two.alice, two.bob] {
        assert_eq!(two.stage.sees(who, general), ["removed by alice"]);
    }
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_removal_reaches_a_client_that_was_away() {
    let mut two = two::<Symbolic>(8);
    let general = two.general;
    two.stage.says(two.bob, general, "one");
    two.stage.says(two.bob, general, "two");
    two.stage.world.kill(two.bob);
    let messages = vec![two.id(two.alice, "one"), two.id(two.alice, "two")];
    two.does(two.alice, Command::Delete { messages });
    // Long enough for the server to forget what it would have played back.
    two.stage.world.run_for(300_000);
    two.stage.world.revive(two.bob);
    two.stage.settle();
    let shown = two.stage.sees(two.bob, general);
    assert_eq!(shown, ["removed by alice", "removed by alice"]);
}

#[test]
fn an_edit_that_arrives_before_the_key_of_its_message_still_counts() {
    let mut two = two::<Symbolic>(9);
    let general = two.general;
    two.stage.says(two.alice, general, "first");
    two.stage.world.kill(two.bob);
    two.stage.says(two.alice, general, "draft");
    let message = two.id(two.alice, "draft");
    let body = "final".to_owned();
    two.does(two.alice, Command::Edit { message, body });
    two.stage.world.revive(two.bob);
    two.stage.settle();
    assert_eq!(two.stage.sees(two.bob, general), ["first", "final"]);
}

#[test]
fn annotations_are_not_unread_messages() {
    let mut two = two::<Symbolic>(10);
    let (general, guild) = (two.general, two.guild);
    two.stage.says(two.alice, general, "hello");
    let message = two.id(two.alice, "hello");
    let unread = |two: &Two<Symbolic>| match two.stage.world.clients[two.bob]
        .query(&Query::Guild { guild })
    {
        QueryReply::Guild { guild: Some(view) } => view.channels[0].unread,
        other => panic!("no guild: {other:?}"),
    };
    assert_eq!(unread(&two), 1);
    let body = "hello there".to_owned();
    two.does(two.alice, Command::Edit { message, body });
    two.does(
        two.alice,
        Command::React {
            message,
            emoji: emoji("👋"),
        },
    );
    assert_eq!(unread(&two), 1);
    two.does(
        two.alice,
        Command::Delete {
            messages: vec![message],
        },
    );
    assert_eq!(unread(&two), 0, "what is gone can't be read");
}

fn texts(page: Vec<cloister_client::view::CallView>) -> Vec<String> {
    page.into_iter()
        .map(|call| match call.message.content {
            cloister_client::view::Content::Text { body } => body,
            other => format!("{other:?}"),
        })
        .collect()
}

impl Two<Symbolic> {
    fn calls(&self, who: Who) -> Vec<cloister_client::view::CallView> {
        match self.stage.world.clients[who].query(&Query::Mentions { limit: 50 }) {
            QueryReply::Mentions { mentions } => mentions,
            other => panic!("no mentions: {other:?}"),
        }
    }

    /// Unread messages and mentions of the one guild.
    fn badges(&self, who: Who) -> (u32, u32) {
        match self.stage.world.clients[who].query(&Query::Guilds) {
            QueryReply::Guilds { guilds } => (guilds[0].unread, guilds[0].mentions),
            other => panic!("no guilds: {other:?}"),
        }
    }
}

#[test]
fn a_name_in_a_text_calls_its_person_and_nobody_else() {
    let mut two = two::<Symbolic>(11);
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
    let mut two = two::<Symbolic>(12);
    two.stage.says(two.bob, two.general, "anybody?");
    let message = two.id(two.alice, "anybody?");
    let body = "me".to_owned();
    two.does(two.alice, Command::Reply { message, body });
    assert_eq!(two.badges(two.bob), (1, 1));
    assert_eq!(texts(two.calls(two.bob)), ["me"]);
}

#[test]
fn only_who_may_calls_everyone() {
    let mut two = two::<Symbolic>(13);
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
    let mut two = two::<Symbolic>(14);
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
    let mut two = two::<Symbolic>(15);
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

fn read_seq(two: &Two<Symbolic>) -> i64 {
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
    let mut two = two::<Symbolic>(16);
    let channel = two.general;
    let seen = |two: &Two<Symbolic>, who: Who| match two.stage.world.clients[who]
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
    let mut two = two::<Symbolic>(17);
    let channel = two.general;
    let command = Command::Poll {
        channel,
        question: "when?".to_owned(),
        options: vec!["Saturday".to_owned(), "Sunday".to_owned()],
        many: false,
        ends_in_s: 600,
    };
    two.does(two.alice, command);
    let poll = |two: &Two<Symbolic>, who: Who| {
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
    let mut two = two::<Symbolic>(18);
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
