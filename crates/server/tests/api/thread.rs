//! Threads.

use axum::http::Method;
use cloister_wire::{
    MessageId,
    channel::{MessageClass, Send, Sent},
    gateway::Event,
    thread::{ThreadPage, ThreadReads, Threads},
};
use serde_json::{Value, json};

use crate::cast::{
    Answer, Stage,
    live::{Line, Live},
    on_every_database,
    talk::{Voice, two},
};

/// Alice, who owns the guild, and Bob, a member, who both may speak.
async fn voices(stage: &Stage) -> (Voice<'_>, Voice<'_>) {
    let (alice, bob, guild) = two(stage).await;
    let alice = Voice::of(stage, &alice.device, guild.channel).await;
    let bob = Voice::of(stage, &bob.device, guild.channel).await;
    alice
        .share(&alice.sharing(&alice.others()))
        .await
        .expect(200);
    (alice, bob)
}

/// Hands the key of what somebody is going to say to everybody.
async fn speaks(voice: &Voice<'_>) {
    let share = voice.sharing(&voice.others());
    voice.share(&share).await.expect(200);
}

fn sent(answer: &Answer) -> Sent {
    assert_eq!(answer.status, 201, "{}", answer.body);
    serde_json::from_value(answer.body.clone()).unwrap()
}

async fn say(voice: &Voice<'_>, number: u8, index: u32) -> MessageId {
    sent(&voice.send(&voice.message(number, index)).await).id
}

fn within(voice: &Voice<'_>, root: MessageId, number: u8, index: u32) -> Send {
    Send {
        thread: Some(root),
        ..voice.message(number, index)
    }
}

async fn ask(voice: &Voice<'_>, method: Method, tail: &str, body: Option<Value>) -> Answer {
    let path = format!("/api/v1/channels/{}/threads{tail}", voice.channel);
    let ask = voice.stage.ask(method, &path).bearing(&voice.device.access);
    match body {
        Some(body) => ask.json(body).send().await,
        None => ask.send().await,
    }
}

async fn list(voice: &Voice<'_>, query: &str) -> Threads {
    let answer = ask(voice, Method::GET, query, None).await.expect(200);
    serde_json::from_value(answer).unwrap()
}

async fn page(voice: &Voice<'_>, root: MessageId, query: &str) -> ThreadPage {
    let answer = ask(voice, Method::GET, &format!("/{root}{query}"), None).await;
    serde_json::from_value(answer.expect(200)).unwrap()
}

async fn set(voice: &Voice<'_>, root: MessageId, state: &str) -> Answer {
    ask(
        voice,
        Method::PUT,
        &format!("/{root}"),
        Some(json!({"state": state})),
    )
    .await
}

async fn mark(voice: &Voice<'_>, root: MessageId, seq: u64) -> Answer {
    let tail = format!("/{root}/read");
    ask(voice, Method::PUT, &tail, Some(json!({"seq": seq}))).await
}

async fn reads(voice: &Voice<'_>, query: &str) -> ThreadReads {
    let path = format!("/api/v1/threads/reads{query}");
    let ask = voice.stage.get(&path).bearing(&voice.device.access);
    serde_json::from_value(ask.send().await.expect(200)).unwrap()
}

/// The next event that is no message.
async fn told(line: &mut Line) -> Event {
    loop {
        let (_, event) = line.event().await;
        if !matches!(event, Event::MessageSent { .. }) {
            return event;
        }
    }
}

#[tokio::test]
async fn a_thread_hangs_on_a_message_and_counts_what_stands_in_it() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        speaks(&bob).await;
        let (first, second) = (say(&alice, 1, 0).await, say(&alice, 2, 1).await);
        let one = sent(&bob.send(&within(&bob, first, 3, 0)).await);
        let reply = sent(&alice.send(&within(&alice, first, 4, 2)).await);
        stage.wait(1_000);
        sent(&bob.send(&within(&bob, second, 5, 1)).await);
        let about = bob.about(6, 2, MessageClass::Annotation, one.id);
        sent(&bob.send(&about).await);

        let listed = list(&alice, "").await;
        let roots: Vec<_> = listed.threads.iter().map(|one| one.root).collect();
        assert_eq!(roots, [second, first], "the newest message first");
        let thread = &listed.threads[1];
        assert_eq!((thread.messages, thread.last_seq), (2, reply.seq));
        assert_eq!(
            (thread.root_seq, thread.read_seq, thread.archived_at),
            (1, 0, None)
        );
        let brought: Vec<_> = listed.messages.iter().map(|one| one.id).collect();
        assert_eq!(brought, [first, second], "what they hang on comes along");
        assert_eq!(listed.next, None);
        assert!(list(&alice, "?state=archived").await.threads.is_empty());

        let page = page(&bob, first, "").await;
        assert_eq!(page.thread.started_by, page.messages[1].sender_user);
        let seqs: Vec<_> = page.messages.iter().map(|one| one.seq).collect();
        assert_eq!(seqs, [1, 3, 4, 6], "with what was said about its messages");
        assert!(
            page.messages[1..3]
                .iter()
                .all(|one| one.thread == Some(first))
        );
    })
    .await;
}

#[tokio::test]
async fn a_thread_hangs_neither_on_an_answer_in_a_thread_nor_on_what_is_gone() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        speaks(&bob).await;
        let root = say(&alice, 1, 0).await;
        let reply = sent(&bob.send(&within(&bob, root, 2, 0)).await).id;
        let nested = bob.send(&within(&bob, reply, 3, 1)).await;
        assert_eq!(nested.code(), "INVALID");
        let nowhere = MessageId::from_bytes([9; 16]);
        let lost = bob.send(&within(&bob, nowhere, 4, 2)).await;
        assert_eq!(lost.code(), "TARGET_GONE");
        let mut misplaced = bob.about(5, 3, MessageClass::Annotation, root);
        misplaced.thread = Some(root);
        assert_eq!(bob.send(&misplaced).await.code(), "INVALID");
        let listed = list(&bob, "").await;
        assert_eq!(listed.threads[0].messages, 1, "refusals change nothing");

        // What is gone takes no new thread, and leaves the one that it has.
        let other = say(&alice, 6, 1).await;
        for (number, index, gone) in [(7, 2, root), (8, 3, other)] {
            let deletion = alice.about(number, index, MessageClass::Control, gone);
            sent(&alice.send(&deletion).await);
        }
        sent(&bob.send(&within(&bob, root, 9, 4)).await);
        let refused = bob.send(&within(&bob, other, 10, 5)).await;
        assert_eq!(refused.code(), "TARGET_GONE");
        assert_eq!(page(&bob, root, "").await.thread.messages, 2);
    })
    .await;
}

#[tokio::test]
async fn a_closed_thread_takes_nothing_until_somebody_who_may_opens_it() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        let live = Live::of(stage).await;
        let (mut line, _) = live.join(&bob.device).await;
        speaks(&bob).await;
        let root = say(&alice, 1, 0).await;
        assert_eq!(set(&alice, root, "archived").await.code(), "TARGET_GONE");
        sent(&alice.send(&within(&alice, root, 2, 1)).await);
        assert_eq!(set(&bob, root, "archived").await.code(), "FORBIDDEN");
        set(&alice, root, "archived").await.expect(204);
        set(&alice, root, "archived").await.expect(204);
        let event = told(&mut line).await;
        let Event::ThreadChanged {
            thread,
            archived_at,
            ..
        } = event
        else {
            panic!("{event:?}");
        };
        assert_eq!((thread, archived_at.is_some()), (root, true));
        let refused = bob.send(&within(&bob, root, 3, 0)).await;
        assert_eq!(refused.code(), "THREAD_CLOSED");
        assert!(list(&bob, "").await.threads.is_empty());
        assert_eq!(list(&bob, "?state=archived").await.threads.len(), 1);
        set(&alice, root, "open").await.expect(204);
        let event = told(&mut line).await;
        assert!(
            matches!(
                event,
                Event::ThreadChanged {
                    archived_at: None,
                    ..
                }
            ),
            "closing once more was told to nobody: {event:?}"
        );
        sent(&bob.send(&within(&bob, root, 3, 0)).await);

        // Whoever began one may close it.
        let another = say(&alice, 4, 2).await;
        sent(&bob.send(&within(&bob, another, 5, 1)).await);
        set(&bob, another, "archived").await.expect(204);
    })
    .await;
}

#[tokio::test]
async fn how_far_one_has_read_a_thread_is_ones_own_and_never_goes_back() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        let live = Live::of(stage).await;
        let root = say(&alice, 1, 0).await;
        let first = sent(&alice.send(&within(&alice, root, 2, 1)).await).seq;
        let second = sent(&alice.send(&within(&alice, root, 3, 2)).await).seq;
        assert_eq!(mark(&bob, root, second + 1).await.code(), "INVALID");
        let nowhere = MessageId::from_bytes([9; 16]);
        assert_eq!(mark(&bob, nowhere, 1).await.code(), "TARGET_GONE");
        let (mut line, _) = live.join(&bob.device).await;
        mark(&bob, root, second).await.expect(204);
        mark(&bob, root, first).await.expect(204);
        stage.wait(1_000);
        let (_, event) = line.event().await;
        let Event::ThreadReadMoved {
            thread, seq, at, ..
        } = event
        else {
            panic!("{event:?}");
        };
        assert_eq!((thread, seq), (root, second));
        assert_eq!(list(&bob, "").await.threads[0].read_seq, second);
        assert_eq!(list(&alice, "").await.threads[0].read_seq, 0);

        let mine = reads(&bob, "").await;
        assert_eq!((mine.reads.len(), mine.end), (1, true));
        assert_eq!((mine.reads[0].thread, mine.reads[0].seq), (root, second));
        assert!(
            reads(&bob, &format!("?since={}", at + 1))
                .await
                .reads
                .is_empty()
        );
        assert!(
            reads(&bob, &format!("?since={at}&after={root}"))
                .await
                .reads
                .is_empty()
        );
        assert!(reads(&alice, "").await.reads.is_empty());
    })
    .await;
}
