//! Removing messages.

use cloister_wire::{
    MessageId, Octets,
    channel::{History, MessageClass, SealedContent, Send, Sent},
};
use serde_json::{Value, json};

use crate::cast::{
    Answer, Stage, on_every_database,
    talk::{Voice, ciphertext, two},
};

async fn scrub(voice: &Voice<'_>, messages: &[MessageId]) -> Answer {
    let path = format!("/api/v1/channels/{}/scrubs", voice.channel);
    let ask = voice.stage.post(&path).bearing(&voice.device.access);
    ask.json(json!({"messages": messages})).send().await
}

async fn get(voice: &Voice<'_>, rest: &str) -> Value {
    let path = format!("/api/v1/channels/{}/{rest}", voice.channel);
    let ask = voice.stage.get(&path).bearing(&voice.device.access);
    ask.send().await.expect(200)
}

async fn sent(voice: &Voice<'_>, send: &Send) -> MessageId {
    let answer = voice.send(send).await.expect(201);
    serde_json::from_value::<Sent>(answer).unwrap().id
}

async fn history(voice: &Voice<'_>, query: &str) -> History {
    serde_json::from_value(voice.history(query).await.expect(200)).unwrap()
}

/// Alice and Bob in a channel, each ready to speak.
async fn voices(stage: &Stage) -> (Voice<'_>, Voice<'_>) {
    let (alice, bob, guild) = two(stage).await;
    let alice = Voice::of(stage, &alice.device, guild.channel).await;
    let bob = Voice::of(stage, &bob.device, guild.channel).await;
    for voice in [&alice, &bob] {
        voice
            .share(&voice.sharing(&voice.others()))
            .await
            .expect(200);
    }
    (alice, bob)
}

#[tokio::test]
async fn what_is_scrubbed_leaves_a_tombstone_and_takes_its_annotations_along() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        let first = sent(&bob, &bob.message(1, 0)).await;
        let reaction = alice.about(2, 0, MessageClass::Annotation, first);
        sent(&alice, &reaction).await;
        let kept = sent(&alice, &alice.message(3, 1)).await;
        let deletion = bob.about(4, 1, MessageClass::Control, first);
        sent(&bob, &deletion).await;

        let page = history(&alice, "").await;
        let contents: Vec<_> = page.messages.iter().map(|one| &one.content).collect();
        let hash = |number| cloister_proof::hash(&[ciphertext(number).as_ref()]);
        for (at, number) in [(0, 1), (1, 2)] {
            let SealedContent::Scrubbed { hash: left, by, .. } = contents[at] else {
                panic!("{:?} is still there", contents[at]);
            };
            assert_eq!(*left, hash(number));
            assert_eq!(*by, page.messages[0].sender_user);
        }
        assert_eq!(page.messages[2].id, kept);
        let SealedContent::Group { .. } = contents[3] else {
            panic!("the deletion itself stays readable");
        };
        // The chain over the whole history still ends at the signed head.
        let mut head = page.prev_head;
        for one in &page.messages {
            head = cloister_proof::transcript::next(&head, one.id, one.sender_device, &one.content);
        }
        assert_eq!(head, page.head.head);

        let late = alice.about(5, 2, MessageClass::Annotation, first);
        assert_eq!(alice.send(&late).await.code(), "TARGET_GONE");
    })
    .await;
}

#[tokio::test]
async fn others_messages_go_by_right_and_all_of_a_request_or_none() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        let of_alice = sent(&alice, &alice.message(1, 0)).await;
        let of_bob = sent(&bob, &bob.message(2, 0)).await;

        assert_eq!(scrub(&bob, &[of_bob, of_alice]).await.code(), "FORBIDDEN");
        assert_eq!(get(&bob, "scrubs").await["scrubs"], json!([]));
        let nowhere = MessageId::from_bytes([9; 16]);
        assert_eq!(scrub(&alice, &[of_bob, nowhere]).await.code(), "NOT_FOUND");
        assert_eq!(scrub(&alice, &[]).await.code(), "INVALID");

        let done = scrub(&alice, &[of_bob, of_alice, of_bob]).await.expect(200);
        assert_eq!(done["count"], 2);
        let again = scrub(&alice, &[of_bob]).await.expect(200);
        assert_eq!(again["count"], 0, "what is gone can't be removed");
        let list = get(&bob, "scrubs?after=0").await;
        let numbers: Vec<_> = list["scrubs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["n"].clone())
            .collect();
        assert_eq!(numbers, [1, 2]);
        assert_eq!(list["end"], true);
        assert_eq!(get(&bob, "scrubs?after=2").await["scrubs"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn nobody_sends_what_is_scrubbed_already() {
    on_every_database(async |stage| {
        let (alice, _) = voices(stage).await;
        let by = serde_json::from_value(json!("0190c0de-0000-7000-8000-000000000001")).unwrap();
        let empty = Send {
            content: SealedContent::Scrubbed {
                hash: Octets([1; 32]),
                at: 1,
                by,
            },
            ..alice.message(1, 0)
        };
        assert_eq!(alice.send(&empty).await.code(), "INVALID");
        assert!(history(&alice, "").await.messages.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_page_brings_later_annotations_of_its_messages_with_a_cursor() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        let first = sent(&alice, &alice.message(1, 0)).await;
        let second = sent(&alice, &alice.message(2, 1)).await;
        for index in 0..3_u8 {
            let about = if index == 1 { second } else { first };
            let number = 10 + index;
            sent(
                &bob,
                &bob.about(number, u32::from(index), MessageClass::Annotation, about),
            )
            .await;
        }
        let page = history(&alice, "?before=3&limit=2&annotations=2").await;
        let seqs = |all: &[cloister_wire::channel::Message]| -> Vec<u64> {
            all.iter().map(|one| one.seq).collect()
        };
        assert_eq!(seqs(&page.messages), [1, 2]);
        assert_eq!(seqs(&page.annotations), [3, 4]);
        assert_eq!(page.annotations_after, Some(4));
        let rest = get(&alice, "annotations?from=1&to=2&after=4").await;
        assert_eq!(rest["annotations"][0]["seq"], 5);
        assert_eq!(rest["annotations_after"], Value::Null);
        let of_second = get(&alice, "annotations?from=2&to=2").await;
        assert_eq!(of_second["annotations"].as_array().unwrap().len(), 1);
        assert!(
            history(&alice, "?annotations=0")
                .await
                .annotations
                .is_empty()
        );
        assert_eq!(alice.history("?annotations=201").await.code(), "INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_message_that_disappears_is_gone_when_its_time_has_come_and_not_before() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        let fleeting = Send {
            ttl_s: Some(60),
            ..alice.message(1, 0)
        };
        let id = sent(&alice, &fleeting).await;
        sent(&alice, &alice.message(2, 1)).await;
        sent(&bob, &bob.about(3, 0, MessageClass::Annotation, id)).await;
        let left = async || {
            cloister_server::jobs::expire(&stage.app).await.unwrap();
            let page = history(&bob, "").await.messages;
            let gone = |one: &&cloister_wire::channel::Message| {
                matches!(one.content, SealedContent::Scrubbed { .. })
            };
            page.iter()
                .filter(gone)
                .map(|one| one.seq)
                .collect::<Vec<_>>()
        };
        stage.wait(59_000);
        assert!(left().await.is_empty());
        stage.wait(2_000);
        assert_eq!(
            left().await,
            [1, 3],
            "with what was said about it, and nothing else"
        );
        for ttl_s in [0, 91 * 24 * 3_600] {
            let wrong = Send {
                ttl_s: Some(ttl_s),
                ..alice.message(4, 2)
            };
            assert_eq!(alice.send(&wrong).await.code(), "INVALID");
        }
    })
    .await;
}
