//! The first conversation, from terminals alone.

use crate::stage::{Person, Stage, found_in_files};
use serde_json::Value;

const GENERAL: &str = "Friends/general";

/// Alice's community with a channel `general`, and a link that leads there.
fn friends(alice: &Person) -> String {
    let guild = alice.json(&["guild", "create", "Friends"]);
    let id = guild["id"].as_str().expect("an id").to_owned();
    let has_general = alice
        .all(&["channel", "list", "--guild", &id])
        .iter()
        .any(|channel| channel["name"] == "general");
    if !has_general {
        alice.json(&["channel", "create", "--guild", &id, "general"]);
    }
    let invite = alice.json(&["invite", "create", "--guild", "Friends"]);
    invite["code"].as_str().expect("a code").to_owned()
}

fn pair(author: &str, body: &str) -> (String, String) {
    (author.to_owned(), body.to_owned())
}

#[test]
fn two_people_meet_by_an_invite_link_and_talk_in_a_channel_and_in_private() {
    let (stage, alice) = Stage::with_alice();
    let code = friends(&alice);
    assert!(code.contains('#'), "the code holds the seed: {code}");

    let bob = stage.person("bob");
    let registered = bob.json(&stage.register_arguments("bob", &code));
    assert!(
        registered["recovery_key"]
            .as_str()
            .is_some_and(|key| key.len() > 20)
    );
    let members = alice.all(&["member", "list", "--guild", "Friends"]);
    let of_bob = members.iter().find(|member| member["username"] == "bob");
    assert_eq!(
        of_bob.expect("bob is in")["vouched"],
        true,
        "he held the link"
    );

    let id = alice.sends(GENERAL, "the lighthouse is on");
    let read = bob.all(&["read", GENERAL]);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0]["id"], Value::from(id));
    assert_eq!(read[0]["body"], "the lighthouse is on");
    assert!(read[0].get("undecryptable").is_none());

    bob.sends(GENERAL, "I can see it from here");
    let both = [
        pair("alice", "the lighthouse is on"),
        pair("bob", "I can see it from here"),
    ];
    assert_eq!(alice.reads(GENERAL), both);
    assert_eq!(bob.reads(GENERAL), both);

    bob.sends("@alice", "between the two of us");
    alice.sends("@bob", "nobody else hears it");
    let dm = [
        pair("bob", "between the two of us"),
        pair("alice", "nobody else hears it"),
    ];
    assert_eq!(alice.reads("@bob"), dm);
    assert_eq!(bob.reads("@alice"), dm);

    for text in ["lighthouse", "see it from here", "two of us", "nobody else"] {
        assert!(
            !found_in_files(&stage.data(), text),
            "the server wrote down {text:?}"
        );
        assert!(
            !found_in_files(&bob.profile, text),
            "bob's store shows {text:?}"
        );
    }
}

#[test]
fn somebody_with_an_account_joins_by_the_link_and_a_second_time_is_a_conflict() {
    let (stage, alice) = Stage::with_alice();
    let code = friends(&alice);
    let to_instance = stage.operator(&["invite", "create", "--uses", "1", "--json"], &[]);
    let url = to_instance["url"].as_str().expect("a link").to_owned();
    assert!(url.starts_with(&stage.url), "{url} leads to {}", stage.url);

    let carol = stage.person("carol");
    carol.json(&stage.register_arguments("carol", &url));
    assert_eq!(carol.all(&["guild", "list"]).len(), 0);
    let joined = carol.json(&["join", &code]);
    assert_eq!(joined["name"], "Friends");
    let again = carol.run(&["join", &code, "--json"]);
    assert_eq!((again.code, again.error().as_str()), (6, "ALREADY_MEMBER"));

    let dave = stage.person("dave");
    let used_up = dave.run(&stage.register_arguments("dave", &url));
    assert_eq!(used_up.code, 6, "{}", used_up.stderr);

    carol.json(&["guild", "leave", "Friends"]);
    assert_eq!(carol.all(&["guild", "list"]).len(), 0);
    let outside = carol.run(&["send", GENERAL, "let me in"]);
    assert_eq!(outside.code, 6, "{}", outside.stderr);
}

#[test]
fn a_follower_sees_each_message_once_while_another_terminal_uses_the_same_profile() {
    let (stage, alice) = Stage::with_alice();
    let code = friends(&alice);
    let bob = stage.person("bob");
    bob.json(&stage.register_arguments("bob", &code));

    let following = alice.starts(&["read", GENERAL, "--follow"]);
    bob.sends(GENERAL, "one");
    assert_eq!(following.lines.next_json()["body"], "one");
    alice.sends(GENERAL, "two, from a second terminal");
    assert_eq!(
        following.lines.next_json()["body"],
        "two, from a second terminal"
    );
    bob.sends(GENERAL, "three");
    assert_eq!(following.lines.next_json()["body"], "three");
    assert!(following.lines.quiet(), "nothing is printed twice");
}

#[test]
fn a_second_terminal_goes_on_when_the_one_that_holds_the_store_is_killed() {
    let (stage, alice) = Stage::with_alice();
    let code = friends(&alice);
    let bob = stage.person("bob");
    bob.json(&stage.register_arguments("bob", &code));

    let mut first = alice.starts(&["read", GENERAL, "--follow"]);
    bob.sends(GENERAL, "for both");
    assert_eq!(first.lines.next_json()["body"], "for both");
    let second = alice.starts(&["read", GENERAL, "--follow"]);
    assert_eq!(second.lines.next_json()["body"], "for both");
    first.kill();
    bob.sends(GENERAL, "for the one that is left");
    assert_eq!(second.lines.next_json()["body"], "for the one that is left");
}

#[test]
fn a_follower_gets_everything_when_the_server_is_killed_and_comes_back() {
    let (mut stage, alice) = Stage::with_alice();
    let code = friends(&alice);
    let bob = stage.person("bob");
    bob.json(&stage.register_arguments("bob", &code));
    let following = bob.starts(&["read", GENERAL, "--follow"]);
    alice.sends(GENERAL, "before");
    assert_eq!(following.lines.next_json()["body"], "before");

    stage.server.take().expect("it runs").kill();
    stage.serve_again();
    alice.sends(GENERAL, "after");
    assert_eq!(following.lines.next_json()["body"], "after");
    assert_eq!(alice.reads(GENERAL).len(), 2);
}

#[test]
fn what_is_written_without_a_server_stays_in_the_outbox_and_is_sent_later() {
    let (mut stage, alice) = Stage::with_alice();
    friends(&alice);
    alice.sends(GENERAL, "with a server");
    stage.server.take().expect("it runs").kill();

    let unsent = alice.run(&["send", GENERAL, "without one", "--json"]);
    assert_eq!((unsent.code, unsent.error().as_str()), (5, "OFFLINE"));
    assert_eq!(unsent.stdout, "");
    let waiting = alice.all(&["outbox", "list"]);
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["body"], "without one");
    assert_eq!(
        alice.reads(GENERAL),
        [pair("alice", "with a server")],
        "from the store"
    );
    let given_up = alice.run_with_stdin(&["send", GENERAL, "-"], "not this one\n");
    assert_eq!(given_up.code, 5);
    let second = alice.all(&["outbox", "list"])[1]["entry"]
        .as_str()
        .expect("an entry")
        .to_owned();
    assert_eq!(
        alice.json(&["outbox", "drop", &second])["body"],
        "not this one"
    );
    assert_eq!(alice.run(&["outbox", "drop", &second]).code, 6);

    stage.serve_again();
    let retried = alice.run(&["outbox", "retry"]);
    assert_eq!(retried.code, 0, "{}", retried.stderr);
    assert!(alice.all(&["outbox", "list"]).is_empty());
    let both = [pair("alice", "with a server"), pair("alice", "without one")];
    assert_eq!(alice.reads(GENERAL), both);
}

#[test]
fn a_second_device_is_approved_by_its_code_and_reads_and_writes_from_then_on() {
    let (stage, alice) = Stage::with_alice();
    friends(&alice);
    let laptop = stage.person("laptop");
    let mut signing_in = laptop.starts(&stage.login_arguments("alice"));
    let pending = signing_in.lines.next_json();
    let code = pending["code"].as_str().expect("a code").to_owned();

    let devices = alice.all(&["device", "list"]);
    let waiting = devices.iter().find(|device| device["state"] == "pending");
    assert_eq!(
        waiting.expect("it is listed")["code"],
        Value::from(code.clone())
    );
    let wrong = alice.run(&["device", "approve", "AAAA-AAAA-AAAA-AAAA"]);
    assert_ne!(wrong.code, 0);
    alice.json(&["device", "approve", &code]);
    assert_eq!(signing_in.lines.next_json()["state"], "active");
    assert!(signing_in.wait().success());

    alice.sends(GENERAL, "to all my devices");
    assert_eq!(laptop.reads(GENERAL), [pair("alice", "to all my devices")]);
    laptop.sends(GENERAL, "from the new one");
    assert_eq!(alice.reads(GENERAL).len(), 2);

    let id = laptop.json(&["whoami"])["device"]
        .as_str()
        .expect("an id")
        .to_owned();
    alice.json(&["device", "revoke", &id]);
    let revoked = laptop.run(&["send", GENERAL, "still here?"]);
    assert_eq!(revoked.code, 3, "{}", revoked.stderr);
}

#[test]
fn older_messages_are_paged_through_in_order() {
    let (_stage, alice) = Stage::with_alice();
    friends(&alice);
    for number in 1..=5 {
        alice.sends(GENERAL, &format!("number {number}"));
    }
    let newest = alice.all(&["read", GENERAL, "--limit", "2"]);
    let bodies = |lines: &[Value]| -> Vec<String> {
        lines
            .iter()
            .map(|line| line["body"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(bodies(&newest), ["number 4", "number 5"]);
    let oldest = newest[0]["id"].as_str().expect("an id");
    let before = alice.all(&["read", GENERAL, "--limit", "2", "--before", oldest]);
    assert_eq!(bodies(&before), ["number 2", "number 3"]);
}
