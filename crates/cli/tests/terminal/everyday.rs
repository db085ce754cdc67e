//! What makes a day easier: pins, a status, and what one is told of.

use crate::stage::{Person, Stage};

const GENERAL: &str = "Friends/general";

/// Alice's community with a channel `general`, and Bob in it.
fn friends(stage: &Stage, alice: &Person) -> Person {
    let guild = alice.json(&["guild", "create", "Friends"]);
    let id = guild["id"].as_str().expect("an id").to_owned();
    let channels = alice.all(&["channel", "list", "--guild", &id]);
    if channels.iter().all(|channel| channel["name"] != "general") {
        alice.json(&["channel", "create", "--guild", &id, "general"]);
    }
    let invite = alice.json(&["invite", "create", "--guild", "Friends"]);
    let bob = stage.person("bob");
    let code = invite["code"].as_str().expect("a code");
    bob.json(&stage.register_arguments("bob", code));
    bob
}

#[test]
fn what_is_pinned_at_one_terminal_is_found_at_another() {
    let (stage, alice) = Stage::with_alice();
    let bob = friends(&stage, &alice);
    let id = alice.sends(GENERAL, "the key is under the stone");
    let refused = bob.run(&["pin", "add", &id, "--json"]);
    // Bob's terminal has not read the message, and then may not pin it.
    assert_ne!(refused.code, 0, "{}", refused.stderr);
    bob.reads(GENERAL);
    let refused = bob.run(&["pin", "add", &id, "--json"]);
    assert_eq!((refused.code, refused.error().as_str()), (4, "FORBIDDEN"));

    alice.json(&["pin", "add", &id]);
    let pins = bob.all(&["pin", "list", GENERAL]);
    assert_eq!(pins.len(), 1);
    assert_eq!(pins[0]["body"], "the key is under the stone");
    assert_eq!(pins[0]["pinned_by"], "alice");
    alice.json(&["pin", "remove", &id]);
    assert!(bob.all(&["pin", "list", GENERAL]).is_empty());
}

#[test]
fn a_status_and_what_one_is_told_of_are_set_from_a_terminal() {
    let (stage, alice) = Stage::with_alice();
    let bob = friends(&stage, &alice);
    let set = alice.json(&[
        "presence",
        "set",
        "do-not-disturb",
        "--text",
        "varnishing",
        "--for",
        "4h",
    ]);
    assert_eq!(set["availability"], "do_not_disturb");
    assert_eq!(set["text"], "varnishing");
    assert!(set["text_until"].as_u64().is_some());
    // A terminal never says that its person is there.
    assert!(bob.all(&["presence", "list"]).is_empty());

    let muted = bob.json(&["notice", "mute", GENERAL, "--for", "8h"]);
    assert_eq!(muted["muted"], true);
    let level = bob.json(&["notice", "set", "Friends", "mentions"]);
    assert_eq!(level["level"], "mentions");
    bob.json(&["notice", "unmute", GENERAL]);
    let now = bob.json(&["notice", "show", GENERAL]);
    assert_eq!(now["muted"], false);
    assert_eq!(now["effective"], "mentions");
    let words = bob.all(&["notice", "words", "Rope", "boat house"]);
    let words: Vec<&str> = words
        .iter()
        .map(|one| one["word"].as_str().expect("a word"))
        .collect();
    assert_eq!(words, ["rope", "boat house"]);
    assert!(bob.all(&["notice", "words", "--none"]).is_empty());
}

#[test]
fn what_leaves_later_waits_at_the_terminal_where_it_was_written() {
    let (stage, alice) = Stage::with_alice();
    let bob = friends(&stage, &alice);
    let kept = alice.json(&["later", "send", GENERAL, "at noon", "--in", "1s"]);
    assert!(kept["entry"].as_str().is_some());
    let far = alice.json(&["later", "send", GENERAL, "next week", "--in", "7d"]);
    let far = far["entry"].as_str().expect("an entry").to_owned();
    // A later command finds that the time has come.
    let following = alice.starts(&["read", GENERAL, "--follow"]);
    assert_eq!(following.lines.next_json()["body"], "at noon");
    drop(following);
    assert_eq!(
        bob.reads(GENERAL),
        [("alice".to_owned(), "at noon".to_owned())]
    );
    let waiting = alice.all(&["later", "list"]);
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["body"], "next week");
    let back = alice.json(&["later", "cancel", &far]);
    assert_eq!(back["body"], "next week");
    assert!(alice.all(&["later", "list"]).is_empty());
    let gone = alice.run(&["later", "cancel", &far, "--json"]);
    assert_eq!(gone.code, 6, "{}", gone.stderr);
}

#[test]
fn a_thread_is_begun_read_and_closed_from_terminals() {
    let (stage, alice) = Stage::with_alice();
    let bob = friends(&stage, &alice);
    let root = alice.sends(GENERAL, "who brings bread?");
    let first = bob.json(&["send", GENERAL, "I could", "--thread", &root]);
    assert!(first["id"].as_str().is_some());
    // It is not in the channel, and beside it for whoever asks.
    assert_eq!(alice.reads(GENERAL).len(), 1);
    let thread = alice.all(&["read", GENERAL, "--thread", &root]);
    let bodies: Vec<_> = thread.iter().map(|one| one["body"].clone()).collect();
    assert_eq!(bodies, ["who brings bread?", "I could"]);
    assert_eq!(thread[1]["thread"], root.as_str());

    let listed = alice.all(&["thread", "list", GENERAL]);
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["unread"], &listed[0]["following"]),
        (&1.into(), &true.into())
    );
    alice.json(&["mark-read", "--thread", &root]);
    let listed = alice.all(&["thread", "list", GENERAL]);
    assert_eq!(listed[0]["unread"], 0);

    alice.json(&["thread", "close", &root]);
    assert!(bob.all(&["thread", "list", GENERAL]).is_empty());
    assert_eq!(bob.all(&["thread", "list", GENERAL, "--closed"]).len(), 1);
    let refused = bob.run(&["send", GENERAL, "late", "--thread", &root, "--json"]);
    assert_eq!(refused.error(), "THREAD_CLOSED", "{}", refused.stderr);
    bob.json(&["mark-read", "--all"]);
    let both = bob.run(&["mark-read", GENERAL, "--all", "--json"]);
    assert_eq!(both.code, 2, "{}", both.stderr);
}
