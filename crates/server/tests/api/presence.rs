//! Who is there.

use cloister_server::gateway::presence::tell;
use cloister_wire::{
    UserId,
    gateway::{ClientFrame, CloseCode, Event},
    presence::{Activity, Availability, Presence, PresenceState, Presences, StatePresence},
};
use serde_json::json;

use crate::cast::{
    Answer, Stage,
    live::{Line, Live},
    on_every_database,
    person::{Device, Guild, Person},
    talk::two,
};

fn word(availability: Availability, text: Option<&str>) -> ClientFrame {
    ClientFrame::Presence(StatePresence {
        activity: Activity::Active,
        availability,
        text: text.map(str::to_owned),
        text_until: None,
    })
}

async fn seen_by(stage: &Stage, device: &Device) -> Vec<Presence> {
    let ask = stage.get("/api/v1/presences").bearing(&device.access);
    let answer = ask.send().await.expect(200);
    serde_json::from_value::<Presences>(answer)
        .unwrap()
        .presences
}

/// Says something, and has the server tell of it.
async fn says(stage: &Stage, line: &mut Line, frame: ClientFrame) {
    line.say(&frame).await;
    // The answer to a heartbeat comes after the word was taken.
    line.say(&ClientFrame::Heartbeat { n: 0 }).await;
    line.frame().await;
    tell(&stage.app).await.unwrap();
}

async fn told(line: &mut Line) -> Presence {
    match line.event().await.1 {
        Event::PresenceChanged { presence } => presence,
        other => panic!("{other:?}"),
    }
}

fn is(user: UserId, state: PresenceState, text: Option<&str>) -> Presence {
    Presence {
        user,
        state,
        text: text.map(str::to_owned),
    }
}

#[tokio::test]
async fn people_of_a_guild_see_who_is_there_and_strangers_do_not() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let dave = Person::invited(stage, "dave", 4).await;
        let live = Live::of(stage).await;
        let (mut bobs, _) = live.join(&bob.device).await;
        let (mut line, _) = live.join(&alice.device).await;
        tell(&stage.app).await.unwrap();
        let there = seen_by(stage, &bob.device).await;
        assert!(there.is_empty(), "who says nothing is not there");

        let rowing = word(Availability::Automatic, Some("rowing"));
        says(stage, &mut line, rowing).await;
        let here = is(alice.id, PresenceState::Online, Some("rowing"));
        assert_eq!(told(&mut bobs).await, here);
        assert_eq!(seen_by(stage, &bob.device).await, [here]);
        assert!(seen_by(stage, &dave.device).await.is_empty());

        told(&mut line).await;
        line.say(&word(Availability::DoNotDisturb, None)).await;
        let away = word(Availability::Invisible, Some("away"));
        says(stage, &mut line, away).await;
        let gone = is(alice.id, PresenceState::Offline, None);
        let heard = told(&mut bobs).await;
        assert_eq!(heard, gone, "several changes are told as one");
        assert!(seen_by(stage, &bob.device).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn who_loses_the_connection_is_gone_after_a_moment_and_not_before() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let live = Live::of(stage).await;
        let (mut bobs, _) = live.join(&bob.device).await;
        let (mut line, _) = live.join(&alice.device).await;
        says(stage, &mut line, word(Availability::Automatic, None)).await;
        told(&mut bobs).await;
        drop(line);
        while stage.app.presences.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        tell(&stage.app).await.unwrap();
        assert_eq!(seen_by(stage, &bob.device).await.len(), 1);
        stage.wait(16_000);
        tell(&stage.app).await.unwrap();
        let gone = is(alice.id, PresenceState::Offline, None);
        assert_eq!(told(&mut bobs).await, gone);
    })
    .await;
}

#[tokio::test]
async fn a_block_hides_both_from_each_other() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let live = Live::of(stage).await;
        let (mut bobs, _) = live.join(&bob.device).await;
        let (mut line, _) = live.join(&alice.device).await;
        says(stage, &mut line, word(Availability::Automatic, None)).await;
        told(&mut bobs).await;
        let path = format!("/api/v1/relations/{}", bob.id);
        let ask = stage.put(&path).bearing(&alice.device.access);
        let block = json!({"relation": "blocked"});
        ask.json(block).send().await.expect(204);
        let gone = is(alice.id, PresenceState::Offline, None);
        let heard = told(&mut bobs).await;
        assert_eq!(heard, gone, "the same as when somebody leaves");
        assert!(seen_by(stage, &bob.device).await.is_empty());
        says(stage, &mut bobs, word(Availability::Automatic, None)).await;
        let seen = seen_by(stage, &alice.device).await;
        assert!(seen.iter().all(|one| one.user == alice.id), "{seen:?}");
    })
    .await;
}

#[tokio::test]
async fn a_status_that_is_too_long_ends_the_connection() {
    on_every_database(async |stage| {
        let (alice, _, _) = two(stage).await;
        let live = Live::of(stage).await;
        let (mut line, _) = live.join(&alice.device).await;
        let long = "x".repeat(101);
        line.say(&word(Availability::Automatic, Some(&long))).await;
        assert_eq!(line.closed().await, CloseCode::Malformed.code());
    })
    .await;
}

async fn looks_at(stage: &Stage, person: &Person, guild: &Guild, users: &[UserId]) -> Answer {
    let path = format!("/api/v1/guilds/{}/presences", guild.id);
    let ask = stage.post(&path).bearing(&person.device.access);
    ask.json(json!({"users": users})).send().await
}

#[tokio::test]
async fn members_look_at_each_other_and_at_nobody_else() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let dave = Person::invited(stage, "dave", 4).await;
        let live = Live::of(stage).await;
        let (mut alices, _) = live.join(&alice.device).await;
        let (mut daves, _) = live.join(&dave.device).await;
        says(
            stage,
            &mut alices,
            word(Availability::Automatic, Some("rowing")),
        )
        .await;
        says(stage, &mut daves, word(Availability::Automatic, None)).await;
        let all = [alice.id, bob.id, dave.id];
        let there = looks_at(stage, &bob, &guild, &all).await.expect(200);
        let there: Presences = serde_json::from_value(there).unwrap();
        let here = is(alice.id, PresenceState::Online, Some("rowing"));
        assert_eq!(
            there.presences,
            [here],
            "no stranger, and nobody who is away"
        );

        assert_eq!(
            looks_at(stage, &dave, &guild, &all).await.code(),
            "NOT_FOUND"
        );
        for wrong in [vec![], vec![alice.id; 101]] {
            let refused = looks_at(stage, &bob, &guild, &wrong).await;
            assert_eq!(refused.code(), "INVALID");
        }
        let path = format!("/api/v1/relations/{}", bob.id);
        let ask = stage.put(&path).bearing(&alice.device.access);
        ask.json(json!({"relation": "blocked"}))
            .send()
            .await
            .expect(204);
        let there = looks_at(stage, &bob, &guild, &all).await.expect(200);
        assert_eq!(
            there["presences"],
            json!([]),
            "a block hides them here as well"
        );
    })
    .await;
}
