//! Stories of what people say about messages: answers, edits, reactions, deletions.

use cloister_client::{
    Symbolic, Vodozemac,
    view::{Command, EditView, MessageView, Query, QueryReply},
};
use cloister_e2ee::content::MessageContent;
use cloister_testkit::cast::Pair;
use cloister_wire::ErrorCode;

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
    let mut two = Pair::<Vodozemac>::new(1);
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
    let mut two = Pair::<Vodozemac>::new(2);
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
    let mut two = Pair::<Symbolic>::new(3);
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
    let mut two = Pair::<Symbolic>::new(4);
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
    let mut two = Pair::<Vodozemac>::new(5);
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
    let mut two = Pair::<Vodozemac>::new(6);
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
    let mut two = Pair::<Vodozemac>::new(7);
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
    let mut two = Pair::<Symbolic>::new(8);
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
    let mut two = Pair::<Symbolic>::new(9);
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
    let mut two = Pair::<Symbolic>::new(10);
    let (general, guild) = (two.general, two.guild);
    two.stage.says(two.alice, general, "hello");
    let message = two.id(two.alice, "hello");
    let unread = |two: &Pair<Symbolic>| match two.stage.world.clients[two.bob]
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
