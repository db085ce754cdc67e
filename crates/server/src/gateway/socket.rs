//! The shell around a session: a WebSocket, the clock, the database and the bus.
//!
//! The shell never waits for a slow reader: it writes when the socket takes more, and goes on
//! listening meanwhile; what waits is in the session, which knows its bound.

use std::{
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
        .enter(visitor.address)
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
        .on_upgrade(move |socket| run(app, socket, encoding, seat)))
}

async fn run(app: App, socket: WebSocket, encoding: Encoding, seat: Seat) {
    let (mut sink, mut stream) = socket.split();
    let session = Session::open(app.env.now());
    let admitted = greet(&app, &mut sink, &mut stream, session, encoding).await;
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
            say_goodbye(&mut sink, code).await;
            drop((sink, stream));
            talk.wait().await;
        }
        End::Broken => {
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
    sink: &mut Writer,
    stream: &mut Reader,
    mut session: Session,
    encoding: Encoding,
) -> Result<Admitted, CloseCode> {
    while let Some(frame) = session.next_frame() {
        sink.send(message(&frame, encoding))
            .await
            .map_err(|_| CloseCode::Silent)?;
    }
    loop {
        let wait = until(app, &session);
        let input = tokio::select! {
            read = stream.next() => match read.map(|read| parse(read, encoding)) {
                None => return Err(CloseCode::Silent),
                Some(None) => continue,
                Some(Some(input)) => input,
            },
            () = wait => Input::Tick,
        };
        match session.handle(input, app.env.now()) {
            None => {}
            Some(Output::Identify(identify)) => {
                return admission::admit(app, *identify, session).await;
            }
            Some(Output::Close(code)) => return Err(code),
            Some(Output::Derive) => return Err(CloseCode::NotIdentified),
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
    /// The socket takes one more frame.
    Writable,
    Nothing,
    Broken,
}

impl Talk {
    async fn over(&mut self, sink: &mut Writer, stream: &mut Reader) -> End {
        loop {
            let waiting = self.session.has_frame();
            let wait = until(&self.app, &self.session);
            // In this order: time passes even in a flood, what waits is written before more is
            // taken in, and a client is heard before the bus.
            let woken = tokio::select! {
                biased;
                () = wait => Woken::Input(Input::Tick),
                ready = Progress { sink, waiting } => match ready {
                    Ok(()) => Woken::Writable,
                    Err(_) => Woken::Broken,
                },
                read = stream.next() => match read.map(|read| parse(read, self.encoding)) {
                    None | Some(Some(Input::Disconnected)) => Woken::Broken,
                    Some(None) => Woken::Nothing,
                    Some(Some(input)) => Woken::Input(input),
                },
                delivery = self.mailbox.next() => woken_by(delivery),
            };
            match woken {
                Woken::Nothing => {}
                Woken::HandOver(to) => return End::HandOver(to),
                Woken::Broken => {
                    self.session.handle(Input::Disconnected, self.app.env.now());
                    return End::Broken;
                }
                Woken::Writable => {
                    if let Some(frame) = self.session.next_frame()
                        && sink
                            .start_send_unpin(message(&frame, self.encoding))
                            .is_err()
                    {
                        self.session.handle(Input::Disconnected, self.app.env.now());
                        return End::Broken;
                    }
                }
                Woken::Input(input) => {
                    if let Some(code) = self.handle(input).await {
                        return End::Told(code);
                    }
                }
            }
        }
    }

    /// Keeps the session for a client that comes back, while there is a session to keep.
    async fn wait(mut self) {
        while self.session.is_parked() {
            let wait = until(&self.app, &self.session);
            let woken = tokio::select! {
                delivery = self.mailbox.next() => woken_by(delivery),
                () = wait => Woken::Input(Input::Tick),
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
                Woken::Writable | Woken::Nothing | Woken::Broken => {}
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
                Some(Output::Identify(_)) | None => {}
            }
        }
        None
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

/// Waits until the socket takes a frame or, with none waiting, has sent what it took.
struct Progress<'a> {
    sink: &'a mut Writer,
    waiting: bool,
}

impl Future for Progress<'_> {
    type Output = Result<(), axum::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let waiting = self.waiting;
        let sink = Pin::new(&mut *self.sink);
        if waiting {
            return sink.poll_ready(context);
        }
        match sink.poll_flush(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // Nothing left to do here: something else wakes the shell.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
        }
    }
}

async fn until(app: &App, session: &Session) {
    match session.deadline() {
        Some(at) => {
            let ms = at.saturating_sub(app.env.now());
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        None => std::future::pending().await,
    }
}

/// What a client sent; `None` for what the WebSocket layer answers itself.
fn parse(read: Result<Message, axum::Error>, encoding: Encoding) -> Option<Input> {
    let frame: Option<ClientFrame> = match (read, encoding) {
        (Err(_) | Ok(Message::Close(_)), _) => return Some(Input::Disconnected),
        (Ok(Message::Ping(_) | Message::Pong(_)), _) => return None,
        (Ok(Message::Text(text)), Encoding::Json) => serde_json::from_str(&text).ok(),
        (Ok(Message::Binary(bytes)), Encoding::Cbor) => ciborium::from_reader(&bytes[..]).ok(),
        _ => None,
    };
    Some(frame.map_or(Input::Malformed, Input::Frame))
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
