//! The shell around a session: a WebSocket, the clock, the database and the bus.
//!
//! The shell never waits for a slow reader: it writes when the socket takes more, and goes on
//! listening meanwhile; what waits is in the session, which knows its bound.

use std::{
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, Uri, header::ORIGIN},
    response::Response,
};
use cloister_wire::{
    ErrorCode,
    gateway::{ClientFrame, CloseCode},
    limits::FRAME_BYTES,
    presence::StatePresence,
};
use futures_util::{Sink, SinkExt, StreamExt, stream::SplitSink};
use serde::Deserialize;

use super::{
    admission::{self, Admitted},
    bus::{Delivery, Mailbox},
    lobby::Seat,
    published::{Encoding, encode},
    session::{Carried, Frame, Input, Output, Session},
};
use crate::{
    App, Error, Result,
    access::{self, Caller, Claims},
    http::{address::Query, guard::is_own_origin},
    visitor::Visitor,
};

/// Version of the gateway's frames.
const VERSION: u32 = 1;
/// An idle connection keeps buffers this small.
const READ_BUFFER: usize = 2 * 1024;
const WRITE_BUFFER: usize = 4 * 1024;
/// Nothing is reserved: the largest frame is the `ready` of somebody in very many channels.
const WRITE_BUFFER_MAX: usize = 64 * 1024 * 1024;
/// How long a closing handshake may take.
const CLOSING: Duration = Duration::from_secs(3);
/// Events that may leave in one write.
const BURST: usize = 64;

/// How the client wants to be spoken to.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    v: u32,
    encoding: Spoken,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Spoken {
    Json,
    Cbor,
}

/// `GET /api/v1/gateway?v=1&encoding=json|cbor`. Credentials come in the first frame, never in
/// the address; pages of other sites are refused before the upgrade.
pub async fn open(
    State(app): State<App>,
    Query(options): Query<Options>,
    visitor: Visitor,
    uri: Uri,
    headers: HeaderMap,
    upgrade: std::result::Result<
        WebSocketUpgrade,
        axum::extract::ws::rejection::WebSocketUpgradeRejection,
    >,
) -> Result<Response> {
    if options.v != VERSION {
        return Err(Error::invalid(
            "This server speaks version 1 of the gateway.",
        ));
    }
    if let Some(origin) = headers.get(ORIGIN) {
        let own = origin
            .to_str()
            .is_ok_and(|origin| is_own_origin(&app, origin, &uri, &headers));
        if !own {
            return Err(Error::refuse(
                ErrorCode::CrossSite,
                "This request came from another site.",
            ));
        }
    }
    let upgrade = upgrade.map_err(|_| Error::malformed("This address is for WebSockets."))?;
    let seat = app
        .lobby
        .enter(visitor.network())
        .ok_or_else(|| Error::rate_limited(5_000))?;
    let encoding = match options.encoding {
        Spoken::Json => Encoding::Json,
        Spoken::Cbor => Encoding::Cbor,
    };
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(FRAME_BYTES)
        .max_frame_size(FRAME_BYTES)
        .on_upgrade(move |socket| run(app, socket, encoding, (seat, visitor.address))))
}

async fn run(app: App, socket: WebSocket, encoding: Encoding, (seat, from): (Seat, IpAddr)) {
    let (mut sink, mut stream) = socket.split();
    let session = Session::open(app.env.now());
    let admitted = greet(&app, (&mut sink, &mut stream), session, encoding, from).await;
    drop(seat);
    let Admitted {
        claims,
        session,
        mailbox,
    } = match admitted {
        Ok(admitted) => admitted,
        Err(code) => return say_goodbye(&mut sink, code).await,
    };
    let mut talk = Talk {
        app,
        claims,
        session,
        mailbox,
        encoding,
    };
    let end = talk.over(&mut sink, &mut stream).await;
    match end {
        End::HandOver(to) => {
            let Talk {
                session, mailbox, ..
            } = talk;
            // The one who asked may be gone: then the session ends here.
            let _ = to.send(Carried { session, mailbox });
            say_goodbye(&mut sink, CloseCode::Superseded).await;
        }
        End::Told(code) => {
            talk.leave();
            say_goodbye(&mut sink, code).await;
            drop((sink, stream));
            talk.wait().await;
        }
        End::Broken => {
            talk.leave();
            drop((sink, stream));
            talk.wait().await;
        }
    }
}

type Writer = SplitSink<WebSocket, Message>;
type Reader = futures_util::stream::SplitStream<WebSocket>;

/// Until somebody was let in.
async fn greet(
    app: &App,
    (sink, stream): (&mut Writer, &mut Reader),
    mut session: Session,
    encoding: Encoding,
    from: IpAddr,
) -> Result<Admitted, CloseCode> {
    let mut alarm = Alarm::default();
    while let Some(frame) = session.next_frame() {
        sink.send(message(&frame, encoding))
            .await
            .map_err(|_| CloseCode::Silent)?;
    }
    loop {
        alarm.set(session.deadline(), app.env.now());
        let input = tokio::select! {
            read = stream.next() => match read.map(|read| parse(read, encoding)) {
                None => return Err(CloseCode::Silent),
                Some(input) => input,
            },
            () = alarm.ring() => Input::Tick,
        };
        match session.handle(input, app.env.now()) {
            None => {}
            Some(Output::Identify(identify)) => {
                return admission::admit(app, *identify, session, from).await;
            }
            Some(Output::Close(code)) => return Err(code),
            Some(Output::Derive | Output::Presence(_)) => return Err(CloseCode::NotIdentified),
        }
    }
}

/// A session that goes on over a socket, or waits for one.
struct Talk {
    app: App,
    claims: Claims,
    session: Session,
    mailbox: Mailbox,
    encoding: Encoding,
}

/// How a socket came to its end.
enum End {
    Told(CloseCode),
    Broken,
    HandOver(tokio::sync::oneshot::Sender<Carried>),
}

/// What woke the shell.
enum Woken {
    Input(Input),
    HandOver(tokio::sync::oneshot::Sender<Carried>),
    Broken,
}

impl Talk {
    async fn over(&mut self, sink: &mut Writer, stream: &mut Reader) -> End {
        let mut alarm = Alarm::default();
        loop {
            alarm.set(self.session.deadline(), self.app.env.now());
            let progress = Progress {
                sink,
                session: &mut self.session,
                encoding: self.encoding,
            };
            // In this order: time passes even in a flood, what waits is written before more is
            // taken in, and a client is heard before the bus.
            let woken = tokio::select! {
                biased;
                () = alarm.ring() => Woken::Input(Input::Tick),
                _ = progress => Woken::Broken,
                read = stream.next() => match read.map(|read| parse(read, self.encoding)) {
                    None | Some(Input::Disconnected) => Woken::Broken,
                    Some(input) => Woken::Input(input),
                },
                delivery = self.mailbox.next() => woken_by(delivery),
            };
            let end = match woken {
                Woken::HandOver(to) => Some(End::HandOver(to)),
                Woken::Broken => {
                    self.session.handle(Input::Disconnected, self.app.env.now());
                    Some(End::Broken)
                }
                Woken::Input(input) => match self.handle(input).await {
                    Some(code) => Some(End::Told(code)),
                    None => self.gather().await,
                },
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Takes what else has arrived, so that it leaves in the same write.
    async fn gather(&mut self) -> Option<End> {
        for _ in 0..BURST {
            match woken_by(Some(self.mailbox.try_next()?)) {
                Woken::HandOver(to) => return Some(End::HandOver(to)),
                Woken::Input(input) => {
                    if let Some(code) = self.handle(input).await {
                        return Some(End::Told(code));
                    }
                }
                Woken::Broken => {}
            }
        }
        None
    }

    /// Keeps the session for a client that comes back, while there is a session to keep.
    async fn wait(mut self) {
        let mut alarm = Alarm::default();
        while self.session.is_parked() {
            alarm.set(self.session.deadline(), self.app.env.now());
            let woken = tokio::select! {
                delivery = self.mailbox.next() => woken_by(delivery),
                () = alarm.ring() => Woken::Input(Input::Tick),
            };
            match woken {
                Woken::HandOver(to) => {
                    let Self {
                        session, mailbox, ..
                    } = self;
                    // The one who asked may be gone: then the session ends here.
                    let _ = to.send(Carried { session, mailbox });
                    return;
                }
                Woken::Input(input) => {
                    self.handle(input).await;
                }
                Woken::Broken => {}
            }
        }
    }

    /// Gives the session an input and does what it asks for; a code closes the socket.
    async fn handle(&mut self, input: Input) -> Option<CloseCode> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            match self.session.handle(input, self.app.env.now()) {
                Some(Output::Close(code)) => return Some(code),
                Some(Output::Derive) => next = Some(self.derive().await),
                Some(Output::Presence(word)) => self.state(*word),
                Some(Output::Identify(_)) | None => {}
            }
        }
        None
    }

    fn state(&self, word: StatePresence) {
        let who = (self.claims.user, self.claims.device);
        let now = self.app.env.now();
        self.app
            .presences
            .state(who, self.mailbox.listener, word, now);
    }

    /// The socket is gone, and perhaps comes back.
    fn leave(&self) {
        let who = (self.claims.user, self.claims.device);
        let now = self.app.env.now();
        self.app.presences.leave(who, self.mailbox.listener, now);
    }

    async fn derive(&self) -> Input {
        let caller = Caller::Bearer(self.claims);
        match self
            .app
            .db
            .read(move |tx| access::subscription::derive(tx, &caller))
            .await
        {
            Ok(subscription) => {
                self.app
                    .bus
                    .follow(self.mailbox.listener, subscription.guilds());
                Input::Derived(subscription)
            }
            Err(error) => Input::End(admission::code_of(&error)),
        }
    }
}

fn woken_by(delivery: Option<Delivery>) -> Woken {
    match delivery {
        None => Woken::Input(Input::Lagged),
        Some(Delivery::Event(published)) => Woken::Input(Input::Published(published)),
        Some(Delivery::End(code)) => Woken::Input(Input::End(code)),
        Some(Delivery::HandOver(to)) => Woken::HandOver(to),
    }
}

/// Writes what waits as far as the socket takes it; done only when the socket is broken.
struct Progress<'a> {
    sink: &'a mut Writer,
    session: &'a mut Session,
    encoding: Encoding,
}

impl Future for Progress<'_> {
    type Output = axum::Error;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut sink = Pin::new(&mut *this.sink);
        while this.session.has_frame() {
            match sink.as_mut().poll_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(error),
                Poll::Pending => return Poll::Pending,
            }
            if let Some(frame) = this.session.next_frame()
                && let Err(error) = sink.as_mut().start_send(message(&frame, this.encoding))
            {
                return Poll::Ready(error);
            }
        }
        match sink.poll_flush(context) {
            Poll::Ready(Err(error)) => Poll::Ready(error),
            // Nothing left to do here: something else wakes the shell.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
        }
    }
}

/// Rings when the session's deadline has come. Kept between events, which rarely move it.
#[derive(Default)]
struct Alarm {
    at: Option<u64>,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Alarm {
    fn set(&mut self, deadline: Option<u64>, now: u64) {
        if self.at == deadline {
            return;
        }
        self.at = deadline;
        let Some(at) = deadline else { return };
        let sleep = tokio::time::sleep(Duration::from_millis(at.saturating_sub(now)));
        match &mut self.sleep {
            Some(kept) => kept.set(sleep),
            None => self.sleep = Some(Box::pin(sleep)),
        }
    }

    async fn ring(&mut self) {
        match (self.at, &mut self.sleep) {
            (Some(_), Some(sleep)) => sleep.as_mut().await,
            _ => std::future::pending().await,
        }
        // The session judges by its own clock whether the time has come.
        self.at = None;
    }
}

/// What a client sent.
fn parse(read: Result<Message, axum::Error>, encoding: Encoding) -> Input {
    let frame: Option<ClientFrame> = match (read, encoding) {
        (Err(_) | Ok(Message::Close(_)), _) => return Input::Disconnected,
        (Ok(Message::Ping(_) | Message::Pong(_)), _) => return Input::Control,
        (Ok(Message::Text(text)), Encoding::Json) => serde_json::from_str(&text).ok(),
        (Ok(Message::Binary(bytes)), Encoding::Cbor) => ciborium::from_reader(&bytes[..]).ok(),
        _ => None,
    };
    frame.map_or(Input::Malformed, Input::Frame)
}

fn message(frame: &Frame, encoding: Encoding) -> Message {
    let bytes = match frame {
        Frame::Plain(frame) => encode(frame, encoding),
        Frame::Event { n, published } => published.frame(*n, encoding),
    };
    match encoding {
        // JSON that serde wrote is UTF-8.
        Encoding::Json => Message::Text(String::from_utf8_lossy(&bytes).into_owned().into()),
        Encoding::Cbor => Message::Binary(bytes.into()),
    }
}

async fn say_goodbye(sink: &mut Writer, code: CloseCode) {
    let close = Message::Close(Some(CloseFrame {
        code: code.code(),
        reason: "".into(),
    }));
    // Whoever is gone already does not need it.
    let _ = tokio::time::timeout(CLOSING, async {
        let _ = sink.send(close).await;
        let _ = sink.close().await;
    })
    .await;
}
