//! Pinning messages.

use cloister_wire::{
    MessageId,
    channel::{Pins, Sent},
    gateway::Event,
    limits::PINS_PER_CHANNEL,
};
use serde_json::json;

use crate::cast::{
    Answer, Stage,
    live::Live,
    on_every_database,
    talk::{Voice, dm_of, two},
};

async fn change(voice: &Voice<'_>, method: axum::http::Method, message: MessageId) -> Answer {
    let path = format!("/api/v1/channels/{}/pins/{message}", voice.channel);
    let ask = voice.stage.ask(method, &path);
    ask.bearing(&voice.device.access).send().await
}

async fn pin(voice: &Voice<'_>, message: MessageId) -> Answer {
    change(voice, axum::http::Method::PUT, message).await
}

async fn unpin(voice: &Voice<'_>, message: MessageId) -> Answer {
    change(voice, axum::http::Method::DELETE, message).await
}

async fn pins(voice: &Voice<'_>) -> Pins {
    let path = format!("/api/v1/channels/{}/pins", voice.channel);
    let ask = voice.stage.get(&path).bearing(&voice.device.access);
    serde_json::from_value(ask.send().await.expect(200)).unwrap()
}

async fn sent(voice: &Voice<'_>, number: u8, index: u32) -> MessageId {
    let answer = voice.send(&voice.message(number, index)).await.expect(201);
    serde_json::from_value::<Sent>(answer).unwrap().id
}

/// Alice, who owns the guild, and Bob, a member.
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

fn messages(pins: &Pins) -> Vec<MessageId> {
    pins.pins.iter().map(|pin| pin.message).collect()
}

#[tokio::test]
async fn who_has_the_right_pins_and_everybody_who_reads_sees_it() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        let (first, second) = (sent(&alice, 1, 0).await, sent(&alice, 2, 1).await);
        let live = Live::of(stage).await;
        let (mut line, _) = live.join(&bob.device).await;
        assert_eq!(pin(&bob, first).await.code(), "FORBIDDEN");
        assert_eq!(unpin(&bob, first).await.code(), "FORBIDDEN");
        assert_eq!(pins(&bob).await.version, 0, "a refusal changes nothing");

        pin(&alice, first).await.expect(204);
        stage.wait(1_000);
        pin(&alice, second).await.expect(204);
        pin(&alice, second).await.expect(204);
        let listed = pins(&bob).await;
        assert_eq!(messages(&listed), [second, first], "the newest pin first");
        assert_eq!(listed.version, 2, "pinning once more changes nothing");
        assert_eq!(listed.pins[1].seq, 1);
        for version in [1, 2] {
            let (_, event) = line.event().await;
            let Event::PinsChanged {
                channel,
                version: told,
                pins,
            } = event
            else {
                panic!("{event:?}");
            };
            assert_eq!((channel, told), (alice.channel, version));
            assert_eq!(pins.len() as u64, version);
        }
        unpin(&alice, first).await.expect(204);
        unpin(&alice, first).await.expect(204);
        assert_eq!(messages(&pins(&bob).await), [second]);
        assert_eq!(pins(&bob).await.version, 3);
    })
    .await;
}

#[tokio::test]
async fn what_is_removed_is_pinned_no_more_and_what_is_not_there_never_was() {
    on_every_database(async |stage| {
        let (alice, bob) = voices(stage).await;
        let message = sent(&alice, 1, 0).await;
        pin(&alice, message).await.expect(204);
        let path = format!("/api/v1/channels/{}/scrubs", alice.channel);
        let ask = stage.post(&path).bearing(&alice.device.access);
        ask.json(json!({"messages": [message]}))
            .send()
            .await
            .expect(200);
        let left = pins(&bob).await;
        assert!(left.pins.is_empty());
        assert_eq!(left.version, 2, "who was away sees that it changed");
        assert_eq!(pin(&alice, message).await.code(), "TARGET_GONE");
        let nowhere = MessageId::from_bytes([9; 16]);
        assert_eq!(pin(&alice, nowhere).await.code(), "TARGET_GONE");
    })
    .await;
}

#[tokio::test]
async fn a_channel_keeps_fifty_messages_at_hand_and_no_more() {
    on_every_database(async |stage| {
        let (alice, _) = voices(stage).await;
        let mut last = None;
        for number in 0..=PINS_PER_CHANNEL as u8 {
            stage.wait(2_000);
            let message = sent(&alice, number + 1, u32::from(number)).await;
            let answer = pin(&alice, message).await;
            if u32::from(number) < PINS_PER_CHANNEL {
                answer.expect(204);
            } else {
                assert_eq!(answer.code(), "TOO_MANY");
                last = Some(message);
            }
        }
        let listed = pins(&alice).await;
        assert_eq!(listed.pins.len() as u32, PINS_PER_CHANNEL);
        assert!(!messages(&listed).contains(&last.expect("one too many")));
    })
    .await;
}

#[tokio::test]
async fn both_people_of_a_conversation_pin() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let channel = dm_of(stage, &alice, &bob).await;
        let alice = Voice::of(stage, &alice.device, channel).await;
        let bob = Voice::of(stage, &bob.device, channel).await;
        let direct = alice.direct(1, &alice.others());
        let answer = alice.send(&direct).await.expect(201);
        let message = serde_json::from_value::<Sent>(answer).unwrap().id;
        pin(&bob, message).await.expect(204);
        assert_eq!(messages(&pins(&alice).await), [message]);
    })
    .await;
}
