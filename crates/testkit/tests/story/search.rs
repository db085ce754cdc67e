//! Stories of people who look for what was said.

use cloister_client::{
    Symbolic,
    view::{Command, Query, QueryReply, SearchNote, SearchOrder, SearchView},
};
use cloister_testkit::cast::{Pair, Stage, Who};

type Plain = Stage<Symbolic>;

fn page(text: &str, order: SearchOrder, cursor: Option<String>, limit: u32) -> Query {
    Query::Search {
        text: text.to_owned(),
        channel: None,
        order,
        cursor,
        limit,
        zone_minutes: 0,
    }
}

fn ask(stage: &Plain, who: Who, query: &Query) -> SearchView {
    match stage.world.clients[who].query(query) {
        QueryReply::Search(view) => view,
        other => panic!("a search was answered with {other:?}"),
    }
}

/// Results as lines, hits in brackets, newest first.
fn found(stage: &Plain, who: Who, text: &str) -> Vec<String> {
    let view = ask(stage, who, &page(text, SearchOrder::Newest, None, 50));
    lines(&view)
}

fn lines(view: &SearchView) -> Vec<String> {
    let line = |parts: &[cloister_client::view::SnippetPart]| {
        parts
            .iter()
            .map(|part| {
                if part.hit {
                    format!("[{}]", part.text)
                } else {
                    part.text.clone()
                }
            })
            .collect()
    };
    view.results.iter().map(|one| line(&one.snippet)).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story")]
fn what_was_said_in_channels_and_in_private_is_found_with_its_place() {
    let mut two = Pair::<Symbolic>::new(41);
    two.stage
        .says(two.alice, two.general, "The Lighthouse is on");
    two.stage
        .says(two.bob, two.general, "I see the light, @alice");
    let dm = two.stage.dm(two.alice, two.bob);
    two.stage.says(two.alice, dm, "no light for the others");
    for who in [two.alice, two.bob] {
        assert_eq!(
            found(&two.stage, who, "LIGHT"),
            [
                "no [light] for the others",
                "I see the [light], @alice",
                "The [Light]house is on"
            ]
        );
    }
    let newest = page("light", SearchOrder::Newest, None, 50);
    let view = ask(&two.stage, two.bob, &newest);
    assert_eq!((view.total, view.more, view.next.clone()), (3, false, None));
    assert_eq!(view.results[0].channel_name, "alice");
    assert_eq!(view.results[0].guild, None);
    assert_eq!(view.results[2].channel_name, "general");
    assert_eq!(view.results[2].guild_name.as_deref(), Some("Garden"));
    assert_eq!(view.results[2].author_name, "alice");
    // Whole words fit better than parts of words.
    let best = page("light", SearchOrder::Relevance, None, 50);
    assert_eq!(
        lines(&ask(&two.stage, two.bob, &best))[2],
        "The [Light]house is on"
    );

    for (text, count) in [
        ("light from:alice", 2),
        ("light from:me", 1),
        ("light in:general", 2),
        ("light in:Garden/general from:bob", 1),
        ("light in:@alice", 1),
        ("mentions:alice", 1),
        ("mentions:me", 0),
        ("after:2000 light", 3),
        ("before:2000 light", 0),
        ("has:link", 0),
        ("has:mention", 1),
        ("\"the light\"", 2),
    ] {
        assert_eq!(found(&two.stage, two.bob, text).len(), count, "{text}");
    }
    let odd = page(
        "from:nobody in:nowhere has:dragons light",
        SearchOrder::Newest,
        None,
        5,
    );
    let view = ask(&two.stage, two.bob, &odd);
    assert!(view.results.is_empty());
    let name = |name: &str| name.to_owned();
    assert_eq!(
        view.notes,
        [
            SearchNote::NoSuchKind {
                text: name("dragons")
            },
            SearchNote::NobodyCalled {
                name: name("nobody")
            },
            SearchNote::NoChannelCalled {
                name: name("nowhere")
            },
        ]
    );
    assert!(
        ask(
            &two.stage,
            two.bob,
            &page("  ", SearchOrder::Newest, None, 5)
        )
        .empty
    );
}

#[test]
fn pages_follow_each_other_without_gap_or_repeat() {
    let mut two = Pair::<Symbolic>::new(42);
    for number in 0..23 {
        two.stage
            .writes(two.alice, two.general, &format!("stone {number}"));
    }
    two.stage.settle();
    for order in [SearchOrder::Newest, SearchOrder::Relevance] {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let view = ask(&two.stage, two.bob, &page("stone", order, cursor, 5));
            seen.extend(view.results.iter().map(|one| one.seq));
            cursor = view.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, (1..=23).rev().collect::<Vec<_>>(), "{order:?}");
    }
}

#[test]
fn the_index_outlives_a_crash_and_forgets_what_was_left() {
    let mut two = Pair::<Symbolic>::new(43);
    two.stage.says(two.alice, two.general, "xylophone");
    two.stage.world.kill(two.bob);
    two.stage.world.revive(two.bob);
    two.stage.settle();
    assert_eq!(found(&two.stage, two.bob, "xylo"), ["[xylo]phone"]);
    let guild = two.guild;
    two.stage.does(two.bob, Command::LeaveGuild { guild });
    two.stage.settle();
    assert!(found(&two.stage, two.bob, "xylo").is_empty());
    assert_eq!(found(&two.stage, two.alice, "xylo").len(), 1);
}

#[test]
fn an_index_that_is_gone_is_filled_again_and_says_how_far_it_is() {
    let mut two = Pair::<Symbolic>::new(44);
    for number in 0..30 {
        two.stage
            .writes(two.alice, two.general, &format!("stone {number}"));
    }
    two.stage.settle();
    two.stage.world.kill(two.bob);
    two.stage.world.clients[two.bob]
        .eyes
        .execute("DELETE FROM meta WHERE name = 'index_version'", [])
        .unwrap();
    two.stage.world.revive(two.bob);
    let view = ask(
        &two.stage,
        two.bob,
        &page("stone", SearchOrder::Newest, None, 5),
    );
    assert_eq!(view.index.all, 30);
    two.stage.settle();
    let view = ask(
        &two.stage,
        two.bob,
        &page("stone", SearchOrder::Newest, None, 5),
    );
    assert_eq!((view.total, view.index.all), (30, 0));
}

#[test]
fn older_messages_are_brought_from_the_server_to_be_searched() {
    let mut two = Pair::<Symbolic>::new(45);
    for number in 0..130 {
        two.stage
            .writes(two.alice, two.general, &format!("stone {number}"));
    }
    two.stage.settle();
    // Bob's store keeps nothing but the newest ten, as after a long absence.
    two.stage.world.kill(two.bob);
    let eyes = &two.stage.world.clients[two.bob].eyes;
    eyes.execute("DELETE FROM message WHERE seq <= 120", [])
        .unwrap();
    eyes.execute("UPDATE message SET place = NULL", []).unwrap();
    eyes.execute("UPDATE channel SET low = 121, reached_start = 0", [])
        .unwrap();
    eyes.execute("DELETE FROM meta WHERE name = 'index_version'", [])
        .unwrap();
    two.stage.world.revive(two.bob);
    two.stage.settle();
    let asked = page("stone", SearchOrder::Newest, None, 5);
    let view = ask(&two.stage, two.bob, &asked);
    assert_eq!((view.total, view.older.channels), (10, 1));
    two.stage
        .does(two.bob, Command::BringOlder { channel: None });
    two.stage.settle();
    let view = ask(&two.stage, two.bob, &asked);
    assert_eq!(
        (view.total, view.older.channels, view.older.brought),
        (130, 0, 120)
    );
    assert!(!view.older.bringing && view.older.failed.is_none());
}
