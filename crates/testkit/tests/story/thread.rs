//! Stories of threads.

use cloister_client::{
    Symbolic, Vodozemac,
    view::{ChannelSummary, Command, Content, Query, QueryReply, ThreadLine, ThreadView},
};
use cloister_e2ee::Primitives;
use cloister_testkit::cast::Pair;
use cloister_wire::{ErrorCode, MessageId, thread::ThreadState};

fn texts(view: &ThreadView) -> Vec<&str> {
    let messages = view.messages.iter();
    messages
        .filter_map(|one| match &one.content {
            Content::Text { body } => Some(body.as_str()),
            _ => None,
        })
        .collect()
}

fn seen<P: Primitives>(two: &Pair<P>, who: usize, root: MessageId) -> ThreadView {
    two.stage
        .thread(who, two.general, root)
        .expect("the thread is here")
}

fn list<P: Primitives>(two: &Pair<P>, who: usize, state: ThreadState) -> Vec<ThreadLine> {
    let query = Query::Threads {
        channel: two.general,
        state,
    };
    match two.stage.world.clients[who].query(&query) {
        QueryReply::Threads { threads } => threads,
        other => panic!("{other:?}"),
    }
}

fn summary<P: Primitives>(two: &Pair<P>, who: usize) -> ChannelSummary {
    let guilds = match two.stage.world.clients[who].query(&Query::Guilds) {
        QueryReply::Guilds { guilds } => guilds,
        other => panic!("{other:?}"),
    };
    let guild = guilds[0].id;
    match two.stage.world.clients[who].query(&Query::Guild { guild }) {
        QueryReply::Guild { guild: Some(view) } => {
            let mut channels = view.channels.into_iter();
            channels.find(|one| one.id == two.general).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

/// Alice's next device, approved on her first.
fn second_device<P: Primitives>(two: &mut Pair<P>) -> usize {
    let (next, _) = two.stage.signs_in("alice", None);
    let code = two.stage.world.clients[next].session().pending_code;
    let code = code.expect("a pending device shows its code");
    two.does(two.alice, Command::ApproveDevice { code });
    next
}

#[test]
fn a_thread_stands_beside_the_talk_and_those_who_take_part_are_told() {
    let mut two = Pair::<Vodozemac>::new(1);
    two.stage.says(two.alice, two.general, "who brings bread?");
    let root = two.id(two.alice, "who brings bread?");
    two.stage.says_within(two.bob, root, "I could");
    two.stage.says(two.bob, two.general, "and in the channel");

    // It is not between the messages of the channel, and whoever wrote the first is told.
    for who in [two.alice, two.bob] {
        let shown = two.stage.sees(who, two.general);
        assert_eq!(shown, ["who brings bread?", "and in the channel"]);
        assert_eq!(texts(&seen(&two, who, root)), ["I could"]);
    }
    let of_alice = summary(&two, two.alice);
    assert_eq!((of_alice.unread, of_alice.threads), (1, 1));
    let mark = two.shown(two.alice, "who brings bread?").thread.unwrap();
    assert_eq!((mark.count, mark.unread, mark.following), (1, 1, true));
    assert_eq!(
        summary(&two, two.bob).threads,
        0,
        "nobody is told of their own words"
    );

    // An answer stands where its question does, and a mention inside is one.
    let question = seen(&two, two.alice, root).messages[0].id;
    let body = "with salt, @bob".to_owned();
    let reply = Command::Reply {
        message: question,
        body,
    };
    two.does(two.alice, reply);
    assert_eq!(seen(&two, two.bob, root).messages.len(), 2);
    let of_bob = summary(&two, two.bob);
    assert_eq!((of_bob.threads, of_bob.mentions, of_bob.unread), (1, 1, 1));

    // Reading the channel leaves the thread unread, and the other way round.
    let last = of_bob.last_seq;
    let channel = two.general;
    two.does(two.bob, Command::MarkRead { channel, seq: last });
    assert_eq!(summary(&two, two.bob).threads, 1);
    let seq = seen(&two, two.bob, root).last_seq;
    two.does(two.bob, Command::MarkThreadRead { thread: root, seq });
    let of_bob = summary(&two, two.bob);
    assert_eq!((of_bob.threads, of_bob.mentions, of_bob.unread), (0, 0, 0));
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn how_far_a_thread_is_read_and_whether_it_is_followed_is_the_same_on_all_devices() {
    let mut two = Pair::<Symbolic>::new(2);
    let tablet = second_device(&mut two);
    two.stage.says(two.alice, two.general, "root");
    let root = two.id(two.alice, "root");
    two.stage.says_within(two.bob, root, "one");
    let seq = seen(&two, two.alice, root).last_seq;
    two.does(two.alice, Command::MarkThreadRead { thread: root, seq });
    two.stage.settle();
    assert_eq!(seen(&two, tablet, root).read_seq, seq);
    assert_eq!(summary(&two, tablet).threads, 0);

    // What was read while a device was away, it learns when it comes back.
    two.stage.world.kill(tablet);
    two.stage.says_within(two.bob, root, "two");
    let seq = seen(&two, two.alice, root).last_seq;
    two.does(two.alice, Command::MarkThreadRead { thread: root, seq });
    two.stage.world.revive(tablet);
    two.stage.settle();
    assert_eq!(seen(&two, tablet, root).read_seq, seq);
    assert_eq!(summary(&two, tablet).threads, 0);

    let follow = Some(false);
    two.does(
        two.alice,
        Command::FollowThread {
            thread: root,
            follow,
        },
    );
    two.stage.settle();
    two.stage.says_within(two.bob, root, "three");
    for who in [two.alice, tablet] {
        assert!(!seen(&two, who, root).following);
        assert_eq!(summary(&two, who).threads, 0);
        let mark = two.shown(who, "root").thread.unwrap();
        assert_eq!(mark.unread, 1, "it says so beside the message all the same");
    }
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_closed_thread_is_read_and_not_written_in() {
    let mut two = Pair::<Symbolic>::new(3);
    two.stage.says(two.alice, two.general, "root");
    let root = two.id(two.bob, "root");
    two.stage.says_within(two.bob, root, "one");
    let set = |state| Command::SetThread {
        thread: root,
        state,
    };
    // Bob began it: he may.
    two.does(two.bob, set(ThreadState::Archived));
    two.stage.settle();
    let refused = two.stage.asks(
        two.alice,
        Command::SendInThread {
            thread: root,
            body: "two".to_owned(),
            reply: None,
            ttl_s: None,
        },
    );
    assert_eq!(refused.unwrap_err().code, ErrorCode::ThreadClosed);
    let view = seen(&two, two.alice, root);
    assert!(view.archived_at.is_some() && !view.can_send && view.can_close);
    assert!(list(&two, two.alice, ThreadState::Open).is_empty());
    assert_eq!(list(&two, two.alice, ThreadState::Archived).len(), 1);
    // Who was away when it was opened again sees it with the next look at the list.
    two.stage.world.kill(two.bob);
    two.does(two.alice, set(ThreadState::Open));
    two.stage.world.revive(two.bob);
    two.stage.settle();
    let load = Command::LoadThreads {
        channel: two.general,
        state: ThreadState::Archived,
        before: None,
    };
    two.does(two.bob, load);
    assert!(list(&two, two.bob, ThreadState::Archived).is_empty());
    assert_eq!(list(&two, two.bob, ThreadState::Open).len(), 1);
    two.stage.says_within(two.alice, root, "two");
    assert_eq!(texts(&seen(&two, two.bob, root)), ["one", "two"]);
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn a_thread_outlives_the_message_that_it_hangs_on() {
    let mut two = Pair::<Vodozemac>::new(4);
    two.stage.says(two.alice, two.general, "root");
    two.stage.says(two.alice, two.general, "another");
    let root = two.id(two.alice, "root");
    let another = two.id(two.alice, "another");
    two.stage.says_within(two.bob, root, "one");
    let messages = vec![root, another];
    two.does(two.alice, Command::Delete { messages });
    two.stage.settle();
    two.stage.says_within(two.bob, root, "two");
    let view = seen(&two, two.alice, root);
    assert_eq!(texts(&view), ["one", "two"]);
    let removed = Content::Removed { by_name: None };
    assert_eq!(view.root.unwrap().content, removed);
    // On what is gone none begins.
    let refused = two.stage.asks(
        two.bob,
        Command::SendInThread {
            thread: another,
            body: "late".to_owned(),
            reply: None,
            ttl_s: None,
        },
    );
    assert_eq!(refused.unwrap_err().code, ErrorCode::TargetGone);
    // A message of a thread is taken back like every other.
    let messages = vec![view.messages[0].id];
    let gone = two.stage.asks(two.bob, Command::Delete { messages });
    gone.unwrap();
    two.stage.settle();
    assert_eq!(texts(&seen(&two, two.alice, root)), ["two"]);
    assert_eq!(two.stage.world.broken, None);
}

#[test]
fn an_old_thread_is_brought_whole_beside_what_the_device_has() {
    let mut two = Pair::<Symbolic>::new(5);
    two.stage.says(two.alice, two.general, "root");
    let root = two.id(two.alice, "root");
    two.stage.says_within(two.alice, root, "one");
    for number in 0..120 {
        two.stage
            .writes(two.bob, two.general, &format!("talk {number}"));
    }
    two.stage.settle();
    two.stage.says_within(two.bob, root, "two");

    let tablet = second_device(&mut two);
    two.stage.settle();
    let channel = two.general;
    let load = Command::LoadHistory {
        channel,
        before: None,
    };
    two.does(tablet, load);
    two.stage.settle();
    assert!(
        two.stage
            .thread(tablet, two.general, root)
            .is_some_and(|view| view.root.is_none())
    );
    let state = ThreadState::Open;
    let load = Command::LoadThreads {
        channel,
        state,
        before: None,
    };
    two.does(tablet, load);
    two.does(
        tablet,
        Command::LoadThread {
            thread: root,
            before: None,
        },
    );
    two.stage.settle();
    let view = seen(&two, tablet, root);
    assert!(view.root.is_some(), "what it hangs on came along");
    assert_eq!(view.messages.len(), 2);
    assert_eq!(view.count, 2);
    let shown = two.stage.sees(tablet, two.general);
    assert_eq!(
        shown.len(),
        99,
        "what came with it makes no gap in the channel"
    );

    // Reading further back brings it into its place, once.
    let load = Command::LoadHistory {
        channel,
        before: Some(1),
    };
    two.does(tablet, load);
    two.stage.settle();
    let shown = two.stage.sees(tablet, two.general);
    assert_eq!(shown.len(), 121);
    assert_eq!(seen(&two, tablet, root).messages.len(), 2);
    assert_eq!(two.stage.world.broken, None);
}
