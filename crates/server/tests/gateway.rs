//! The gateway over real sockets: the shell around the session, which has tests of its own.

#[path = "cast/mod.rs"]
mod cast;

use std::net::SocketAddr;

use cast::{
    Stage, on_every_database,
    person::{Device, Person},
    talk::{Voice, dm_of, two},
};
use cloister_wire::{
    Hash, Octets,
    gateway::{ClientFrame, CloseCode, Event, Identify, Ready, Resume, ServerFrame},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, client::IntoClientRequest, http::StatusCode},
};

/// The server on a port of this machine, until it is dropped.
struct Live {
    address: SocketAddr,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Live {
    async fn of(stage: &Stage) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = stage
            .app
            .router()
            .into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { address, serving }
    }

    /// A connection that was greeted.
    async fn open(&self) -> Line {
        let socket = self.upgrade("v=1&encoding=json", None).await.unwrap();
        let mut line = Line { socket };
        assert!(matches!(line.frame().await, ServerFrame::Hello { .. }));
        line
    }

    async fn upgrade(
        &self,
        query: &str,
        origin: Option<&str>,
    ) -> Result<WebSocketStream<TcpStream>, Error> {
        let url = format!("ws://{}/api/v1/gateway?{query}", self.address);
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", origin.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        tokio_tungstenite::client_async(request, stream)
            .await
            .map(|(socket, _)| socket)
    }

    /// A device that connects for the first time.
    async fn join(&self, device: &Device) -> (Line, Ready) {
        let mut line = self.open().await;
        line.identify(&hello(device, None, 1)).await;
        let ready = line.ready().await;
        (line, ready)
    }
}

fn hello(device: &Device, last: Option<u8>, next: u8) -> Identify {
    Identify {
        access_token: device.access.clone(),
        last_nonce: last.map(nonce),
        next_nonce: nonce(next),
        writes: 0,
        resume: None,
    }
}

fn nonce(number: u8) -> Hash {
    Octets([number; 32])
}

/// One client's end.
struct Line {
    socket: WebSocketStream<TcpStream>,
}

impl Line {
    async fn identify(&mut self, identify: &Identify) {
        self.say(&ClientFrame::Identify(identify.clone())).await;
    }

    async fn say(&mut self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).unwrap();
        self.socket.send(Message::text(text)).await.unwrap();
    }

    async fn frame(&mut self) -> ServerFrame {
        match self.socket.next().await.unwrap().unwrap() {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("not a frame: {other:?}"),
        }
    }

    async fn ready(&mut self) -> Ready {
        match self.frame().await {
            ServerFrame::Ready(ready) => *ready,
            other => panic!("not ready: {other:?}"),
        }
    }

    async fn event(&mut self) -> (u64, Event) {
        match self.frame().await {
            ServerFrame::Event(frame) => (frame.n, frame.event),
            other => panic!("not an event: {other:?}"),
        }
    }

    /// The next message that is heard, past everything else.
    async fn message(&mut self) -> (u64, u64) {
        loop {
            if let (n, Event::MessageSent { message, .. }) = self.event().await {
                return (n, message.seq);
            }
        }
    }

    async fn closed(&mut self) -> u16 {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("not closed in order: {other:?}"),
            }
        }
    }
}

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
        let ServerFrame::Ready(ready) = next().await else { panic!("ready comes next") };
        assert_eq!(ready.guilds.len(), 1);
        Voice::of(stage, &alice.device, guild.channel).await.say(1).await;
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
