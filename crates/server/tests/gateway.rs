//! The gateway over real sockets: the shell around the session, which has tests of its own.

#[path = "cast/mod.rs"]
mod cast;

use cast::{
    live::{Live, hello},
    on_every_database,
    person::{Device, Person},
    talk::{Voice, dm_of, two},
};
use cloister_wire::{
    Octets,
    gateway::{ClientFrame, CloseCode, Event, Resume, ServerFrame},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message, http::StatusCode};

#[tokio::test]
async fn what_is_said_arrives_at_everybody_who_reads() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let live = Live::of(stage).await;
        let (mut line, ready) = live.join(&bob.device).await;
        assert_eq!(ready.guilds[0].channels[0].id, guild.channel);
        assert_eq!(
            (ready.n, ready.one_time_keys, ready.devlog_version),
            (0, 3, 1)
        );
        Voice::of(stage, &alice.device, guild.channel)
            .await
            .say(2)
            .await;
        let (n, first) = line.event().await;
        assert!(matches!(first, Event::ToDevice { item } if item.seq == 1));
        assert_eq!(n, 1);
        assert_eq!(line.message().await, (2, 1));
        assert_eq!(line.message().await, (3, 2));
    })
    .await;
}

#[tokio::test]
async fn cbor_says_the_same_as_json() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let live = Live::of(stage).await;
        let mut socket = live.upgrade("v=1&encoding=cbor", None).await.unwrap();
        let mut identify = Vec::new();
        let frame = ClientFrame::Identify(hello(&bob.device, None, 1));
        ciborium::into_writer(&frame, &mut identify).unwrap();
        socket.send(Message::binary(identify)).await.unwrap();
        let mut next = async || -> ServerFrame {
            let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() else {
                panic!("CBOR travels in binary messages")
            };
            ciborium::from_reader(&bytes[..]).unwrap()
        };
        assert!(matches!(next().await, ServerFrame::Hello { .. }));
        let ServerFrame::Ready(ready) = next().await else {
            panic!("ready comes next")
        };
        assert_eq!(ready.guilds.len(), 1);
        Voice::of(stage, &alice.device, guild.channel)
            .await
            .say(1)
            .await;
        assert!(matches!(next().await, ServerFrame::Event(_)));
        let second = next().await;
        let heard = |frame: &ServerFrame| {
            matches!(frame, ServerFrame::Event(one)
                if matches!(&one.event, Event::MessageSent { message, .. } if message.seq == 1))
        };
        assert!(heard(&second), "{second:?}");
    })
    .await;
}

#[tokio::test]
async fn who_has_no_valid_token_is_closed() {
    on_every_database(async |stage| {
        let (alice, ..) = two(stage).await;
        let live = Live::of(stage).await;
        let mut line = live.open().await;
        let forged = Device {
            access: format!("{}x", alice.device.access),
            ..alice.device
        };
        line.identify(&hello(&forged, None, 1)).await;
        assert_eq!(line.closed().await, CloseCode::Unauthenticated.code());
    })
    .await;
}

#[tokio::test]
async fn pages_of_other_sites_cannot_connect() {
    on_every_database(async |stage| {
        let live = Live::of(stage).await;
        for origin in ["https://evil.example", "null"] {
            let refused = live.upgrade("v=1&encoding=json", Some(origin)).await;
            let Err(Error::Http(response)) = refused else {
                panic!("not refused")
            };
            assert_eq!(response.status(), StatusCode::FORBIDDEN);
        }
        let own = format!("https://{}", live.address);
        assert!(live.upgrade("v=1&encoding=json", Some(&own)).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn other_versions_and_credentials_in_the_address_are_refused() {
    on_every_database(async |stage| {
        let live = Live::of(stage).await;
        for query in [
            "v=2&encoding=json",
            "v=1&encoding=xml",
            "v=1&encoding=json&token=x",
        ] {
            assert!(
                matches!(live.upgrade(query, None).await, Err(Error::Http(_))),
                "{query}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn frames_that_are_none_or_too_large_close_the_connection() {
    on_every_database(async |stage| {
        let live = Live::of(stage).await;
        let mut line = live.open().await;
        line.socket
            .send(Message::text("{\"op\":\"dance\"}"))
            .await
            .unwrap();
        assert_eq!(line.closed().await, CloseCode::Malformed.code());
        let mut line = live.open().await;
        let large = "x".repeat(cloister_wire::limits::FRAME_BYTES + 1);
        line.socket.send(Message::text(large)).await.unwrap();
        let end = line.socket.next().await;
        assert!(!matches!(end, Some(Ok(Message::Text(_)))), "{end:?}");
    })
    .await;
}

#[tokio::test]
async fn a_broken_connection_goes_on_where_it_was() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let live = Live::of(stage).await;
        let (mut line, ready) = live.join(&bob.device).await;
        let voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.say(1).await;
        assert_eq!(line.message().await, (2, 1));
        drop(line);
        voice.send(&voice.message(7, 1)).await.expect(201);
        voice.send(&voice.message(8, 2)).await.expect(201);
        let mut again = live.open().await;
        let mut identify = hello(&bob.device, Some(1), 2);
        identify.resume = Some(Resume {
            gateway: ready.gateway,
            n: 2,
        });
        again.identify(&identify).await;
        assert_eq!(again.frame().await, ServerFrame::Resumed { n: 2 });
        assert_eq!(again.message().await, (3, 2));
        assert_eq!(again.message().await, (4, 3));
    })
    .await;
}

#[tokio::test]
async fn a_session_of_somebody_else_or_none_begins_anew() {
    on_every_database(async |stage| {
        let (alice, bob, _) = two(stage).await;
        let live = Live::of(stage).await;
        let (_line, ready) = live.join(&bob.device).await;
        let mut other = live.open().await;
        let mut identify = hello(&alice.device, None, 1);
        identify.resume = Some(Resume {
            gateway: ready.gateway,
            n: 0,
        });
        other.identify(&identify).await;
        let own = other.ready().await;
        assert_eq!(own.user, alice.id);
        assert_ne!(own.gateway, ready.gateway);
    })
    .await;
}

#[tokio::test]
async fn a_newer_connection_of_the_device_takes_over() {
    on_every_database(async |stage| {
        let (_, bob, _) = two(stage).await;
        let live = Live::of(stage).await;
        let (mut first, _) = live.join(&bob.device).await;
        let mut second = live.open().await;
        second.identify(&hello(&bob.device, Some(1), 2)).await;
        second.ready().await;
        assert_eq!(first.closed().await, CloseCode::Superseded.code());
    })
    .await;
}

#[tokio::test]
async fn a_copied_store_is_noticed_and_the_device_suspended() {
    on_every_database(async |stage| {
        let (_, bob, guild) = two(stage).await;
        let live = Live::of(stage).await;
        let (first, _) = live.join(&bob.device).await;
        drop(first);
        let mut second = live.open().await;
        second.identify(&hello(&bob.device, Some(1), 2)).await;
        second.ready().await;
        // The copy still holds the pair from before.
        let mut copy = live.open().await;
        copy.identify(&hello(&bob.device, Some(1), 9)).await;
        assert_eq!(copy.closed().await, CloseCode::DeviceCloned.code());
        assert_eq!(second.closed().await, CloseCode::DeviceCloned.code());
        let path = format!("/api/v1/channels/{}/messages", guild.channel);
        let ask = stage.get(&path).bearing(&bob.device.access);
        ask.send().await.refused(423, "DEVICE_CLONED");
    })
    .await;
}

#[tokio::test]
async fn who_leaves_hears_that_and_nothing_after_it() {
    on_every_database(async |stage| {
        let (alice, bob, guild) = two(stage).await;
        let dm = dm_of(stage, &alice, &bob).await;
        let live = Live::of(stage).await;
        let (mut line, _) = live.join(&bob.device).await;
        let path = format!("/api/v1/guilds/{}/leave", guild.id);
        stage
            .post(&path)
            .bearing(&bob.device.access)
            .send()
            .await
            .expect(204);
        let mut voice = Voice::of(stage, &alice.device, guild.channel).await;
        voice.session = Octets([0x98; 32]);
        voice.send(&voice.message(1, 0)).await.expect(201);
        let direct = Voice::of(stage, &alice.device, dm).await;
        direct
            .send(&direct.direct(2, &direct.others()))
            .await
            .expect(201);
        let left = line.event().await.1;
        assert!(
            matches!(left, Event::GuildLeft { guild: one } if one == guild.id),
            "{left:?}"
        );
        assert!(matches!(line.event().await.1, Event::ToDevice { .. }));
        let (_, Event::MessageSent { message, .. }) = line.event().await else {
            panic!("the direct message comes next")
        };
        assert_eq!(message.channel, dm);
    })
    .await;
}

#[tokio::test]
async fn who_joins_hears_the_guild_from_then_on() {
    on_every_database(async |stage| {
        let (alice, _, guild) = two(stage).await;
        let carol = Person::invited(stage, "carol", 5).await;
        let live = Live::of(stage).await;
        let (mut line, ready) = live.join(&carol.device).await;
        assert!(ready.guilds.is_empty());
        let link = alice.invite(stage, &guild, "second-gate", 0).await;
        carol.join(stage, &guild, &link).await.expect(201);
        let joined = line.event().await.1;
        assert!(matches!(joined, Event::GuildJoined { guild: one } if one.id == guild.id));
        Voice::of(stage, &alice.device, guild.channel)
            .await
            .say(1)
            .await;
        assert_eq!(line.message().await.1, 1);
    })
    .await;
}

#[tokio::test]
async fn a_sign_out_ends_the_connection() {
    on_every_database(async |stage| {
        let (_, bob, _) = two(stage).await;
        let live = Live::of(stage).await;
        let (mut line, _) = live.join(&bob.device).await;
        let ask = stage.delete("/api/v1/session").bearing(&bob.device.access);
        ask.send().await.expect(204);
        assert_eq!(line.closed().await, CloseCode::Unauthenticated.code());
    })
    .await;
}

#[tokio::test]
async fn a_waiting_device_hears_of_its_approval_and_of_nothing_else() {
    on_every_database(async |stage| {
        let (mut alice, bob, guild) = two(stage).await;
        let second = alice.add_pending(stage, 0x21).await;
        let live = Live::of(stage).await;
        let (mut line, ready) = live.join(&second).await;
        assert!(ready.guilds.is_empty());
        Voice::of(stage, &bob.device, guild.channel)
            .await
            .say(1)
            .await;
        let read = format!("/api/v1/channels/{}/read", guild.channel);
        let ask = stage.put(&read).bearing(&alice.device.access);
        ask.json(json!({"seq": 1})).send().await.expect(204);
        let (token, approval) = (alice.device.access.clone(), alice.approval(&second));
        alice.append(stage, &token, &approval).await.expect(204);
        let heard = line.event().await.1;
        assert!(
            matches!(heard, Event::DevlogAppended { version: 2, .. }),
            "{heard:?}"
        );
    })
    .await;
}
