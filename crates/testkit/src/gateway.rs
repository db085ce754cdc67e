//! The server's gateway sessions without sockets: what `gateway::socket` of the server is for
//! WebSockets, here for frames that a simulated network carries.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    net::Ipv4Addr,
    pin::pin,
    task::Poll,
};

use cloister_server::{
    App,
    access::{self, Caller, Claims},
    gateway::{
        admission::{self, Admitted},
        bus::{Delivery, Mailbox},
        published::Encoding,
        session::{Carried, Frame, Input, Output, Session},
    },
};
use cloister_wire::gateway::{ClientFrame, CloseCode};

/// Something on its way down a socket.
#[derive(Debug)]
pub enum ToClient {
    Frame { socket: u64, bytes: Vec<u8> },
    Close { socket: u64, code: u16 },
}

/// All sessions of one life of the server.
#[derive(Debug, Default)]
pub struct Gateway {
    talks: BTreeMap<u64, Talk>,
    output: Vec<ToClient>,
}

#[derive(Debug)]
struct Talk {
    /// None only while the session is being admitted.
    session: Option<Session>,
    live: Option<(Claims, Mailbox)>,
    /// The socket is there; without one the session may wait for its client.
    connected: bool,
}

impl Gateway {
    pub fn open(&mut self, socket: u64, now: u64) {
        let talk = Talk {
            session: Some(Session::open(now)),
            live: None,
            connected: true,
        };
        self.talks.insert(socket, talk);
    }

    pub fn take_output(&mut self) -> Vec<ToClient> {
        std::mem::take(&mut self.output)
    }

    pub async fn frame(&mut self, app: &App, socket: u64, bytes: &[u8]) {
        let Some(talk) = self.talks.get_mut(&socket).filter(|talk| talk.connected) else {
            return;
        };
        let input =
            ciborium::from_reader::<ClientFrame, _>(bytes).map_or(Input::Malformed, Input::Frame);
        let Some(session) = &mut talk.session else {
            return;
        };
        match session.handle(input, app.env.now()) {
            Some(Output::Identify(identify)) => {
                let Some(session) = talk.session.take() else {
                    return;
                };
                // Nothing but the request to hand over is left in any mailbox.
                self.pump(app).await;
                let admitted = self.admit(app, *identify, session).await;
                match admitted {
                    Ok(admitted) => {
                        if let Some(talk) = self.talks.get_mut(&socket) {
                            talk.session = Some(admitted.session);
                            talk.live = Some((admitted.claims, admitted.mailbox));
                        }
                    }
                    Err(code) => self.close(socket, code),
                }
            }
            Some(Output::Close(code)) => self.close(socket, code),
            Some(Output::Derive | Output::Presence(_)) | None => {}
        }
    }

    /// Admission may need another session to hand itself over, so the others go on meanwhile.
    async fn admit(
        &mut self,
        app: &App,
        identify: cloister_wire::gateway::Identify,
        session: Session,
    ) -> Result<Admitted, CloseCode> {
        let mut admission = pin!(admission::admit(
            app,
            identify,
            session,
            Ipv4Addr::LOCALHOST.into()
        ));
        poll_fn(|context| {
            if let Poll::Ready(admitted) = admission.as_mut().poll(context) {
                return Poll::Ready(admitted);
            }
            self.hand_over(app.env.now());
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// Gives every session that another socket asked for away.
    fn hand_over(&mut self, now: u64) {
        let sockets: Vec<u64> = self.talks.keys().copied().collect();
        for socket in sockets {
            let Some(talk) = self.talks.get_mut(&socket) else {
                continue;
            };
            let (Some(session), Some((_, mailbox))) = (&mut talk.session, &mut talk.live) else {
                continue;
            };
            let to = match mailbox.try_next() {
                Some(Delivery::HandOver(to)) => to,
                Some(Delivery::End(code)) => {
                    session.handle(Input::End(code), now);
                    continue;
                }
                // The mailboxes were emptied before, and admitting somebody tells nobody.
                Some(Delivery::Event(_)) | None => continue,
            };
            let Some(talk) = self.talks.remove(&socket) else {
                continue;
            };
            if let (Some(session), Some((_, mailbox))) = (talk.session, talk.live) {
                // The one who asked may be gone: then the session ends here.
                let _ = to.send(Carried { session, mailbox });
            }
            if talk.connected {
                self.output.push(ToClient::Close {
                    socket,
                    code: CloseCode::Superseded.code(),
                });
            }
        }
    }

    /// The client is gone, perhaps for a while.
    pub fn disconnect(&mut self, socket: u64, now: u64) {
        if let Some(talk) = self.talks.get_mut(&socket) {
            talk.connected = false;
            if let Some(session) = &mut talk.session {
                session.handle(Input::Disconnected, now);
            }
        }
    }

    /// Lets every session take its events and the time, and write what its socket takes.
    pub async fn pump(&mut self, app: &App) {
        let sockets: Vec<u64> = self.talks.keys().copied().collect();
        for socket in sockets {
            let code = match self.talks.get_mut(&socket) {
                Some(talk) => talk.run(app).await,
                None => None,
            };
            if let Some(talk) = self.talks.get_mut(&socket)
                && talk.connected
                && let Some(session) = &mut talk.session
            {
                while let Some(frame) = session.next_frame() {
                    let bytes = encode(&frame);
                    self.output.push(ToClient::Frame { socket, bytes });
                }
            }
            if let Some(code) = code {
                self.close(socket, code);
            }
        }
        self.talks.retain(|_, talk| {
            talk.connected || talk.session.as_ref().is_some_and(Session::is_parked)
        });
    }

    fn close(&mut self, socket: u64, code: CloseCode) {
        if let Some(talk) = self.talks.get_mut(&socket) {
            talk.connected = false;
            let code = code.code();
            self.output.push(ToClient::Close { socket, code });
        }
    }
}

impl Talk {
    /// Everything that waits for the session; a code closes the socket.
    async fn run(&mut self, app: &App) -> Option<CloseCode> {
        let mut end = self.give(app, Input::Tick).await;
        while end.is_none() {
            let Some((_, mailbox)) = &mut self.live else {
                break;
            };
            let input = match mailbox.try_next() {
                Some(Delivery::Event(published)) => Input::Published(published),
                Some(Delivery::End(code)) => Input::End(code),
                // Only an admission asks, and it gives up its claim when it ends.
                Some(Delivery::HandOver(_)) => continue,
                None => break,
            };
            end = self.give(app, input).await;
        }
        end
    }

    async fn give(&mut self, app: &App, input: Input) -> Option<CloseCode> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            match self.session.as_mut()?.handle(input, app.env.now()) {
                Some(Output::Close(code)) => return Some(code),
                Some(Output::Derive) => next = self.derive(app).await,
                Some(Output::Identify(_) | Output::Presence(_)) | None => {}
            }
        }
        None
    }

    async fn derive(&self, app: &App) -> Option<Input> {
        let (claims, mailbox) = self.live.as_ref()?;
        let caller = Caller::Bearer(*claims);
        let derived = app
            .db
            .read(move |tx| access::subscription::derive(tx, &caller))
            .await;
        Some(match derived {
            Ok(subscription) => {
                app.bus.follow(mailbox.listener, subscription.guilds());
                Input::Derived(subscription)
            }
            Err(error) => Input::End(admission::code_of(&error)),
        })
    }
}

fn encode(frame: &Frame) -> Vec<u8> {
    match frame {
        Frame::Plain(frame) => {
            let mut bytes = Vec::new();
            ciborium::into_writer(frame, &mut bytes).expect("wire types are writable as CBOR");
            bytes
        }
        Frame::Event { n, published } => published.frame(*n, Encoding::Cbor),
    }
}
