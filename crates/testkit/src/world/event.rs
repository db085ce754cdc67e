//! What happens when the time of an event has come.

use cloister_client::{HttpOutcome, Input, Primitives};

use crate::{gateway::ToClient, server::WireRequest};

use super::{Event, Line, World, name::method};

impl<P: Primitives> World<P> {
    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Request {
                client,
                life,
                id,
                request,
                answered,
            } => self.serve(client, life, id, request, answered),
            Event::Reply {
                client,
                life,
                id,
                outcome,
            } => {
                if self.lives(client, life) {
                    let request = id;
                    self.give(client, Input::Reply { request, outcome });
                }
            }
            Event::Open {
                client,
                life,
                socket,
            } => self.open(client, life, socket),
            Event::FrameUp { socket, bytes } => {
                self.reach_in(socket);
                self.server.frame(socket, &bytes);
                self.pump();
            }
            Event::CloseUp { socket } => {
                self.server.disconnect(socket);
                self.pump();
            }
            Event::OpenDown {
                client,
                life,
                socket,
            } => {
                if self.holds(client, life, socket) {
                    self.give(client, Input::SocketOpened);
                }
            }
            Event::FrameDown {
                client,
                life,
                socket,
                bytes,
            } => {
                if self.holds(client, life, socket) && !self.clients[client].closing {
                    self.give(client, Input::SocketFrame(bytes));
                }
            }
            Event::CloseDown {
                client,
                life,
                socket,
                code,
            } => self.closed(client, life, socket, code),
            Event::Wake { client, life, at } => {
                if self.lives(client, life) && self.clients[client].wake_at == Some(at) {
                    self.clients[client].wake_at = None;
                    self.give(client, Input::Tick);
                }
            }
            Event::Revive { client } => self.revive(client),
        }
    }

    /// A dishonest hand on what the server knows of the device behind a socket.
    fn reach_in(&self, socket: u64) {
        let client = self
            .lines
            .get(&socket)
            .map(|line| &self.clients[line.client]);
        let me = client.and_then(|client| client.session_if_running()?.me);
        if let (Some(mallory), Some(me)) = (&self.mallory, me) {
            let done = mallory.before_frame(&self.server, me.device);
            done.expect("the database of the server takes what Mallory writes");
        }
    }

    fn open(&mut self, client: usize, life: u64, socket: u64) {
        if !self.lines.contains_key(&socket) {
            return;
        }
        self.server.open_socket(socket);
        let at = self.now() + self.weather.delay(&mut self.chance);
        if let Some(line) = self.lines.get_mut(&socket) {
            line.down_at = at;
        }
        self.at(
            at,
            Event::OpenDown {
                client,
                life,
                socket,
            },
        );
        self.pump();
    }

    fn closed(&mut self, client: usize, life: u64, socket: u64, code: Option<u16>) {
        if self.holds(client, life, socket) {
            self.trace.note(format!(
                "{} socket closed {code:?}",
                self.clients[client].name
            ));
            self.clients[client].socket = None;
            self.give(client, Input::SocketClosed { code });
        }
    }

    pub(super) fn serve(
        &mut self,
        client: usize,
        life: u64,
        id: u64,
        mut request: WireRequest,
        answered: bool,
    ) {
        if let Some(mallory) = &mut self.mallory {
            let done = mallory.before(&self.server, &mut request);
            done.expect("the database of the server takes what Mallory writes");
        }
        self.meddler.request(client, &mut request);
        if self.lives(client, life)
            && let Err(broken) = self.judge.watch_keys(&self.clients[client].eyes, &request)
        {
            self.broken.get_or_insert(broken);
        }
        let (status, body) = self.server.handle(&request);
        let mut everybody_out = false;
        if let Some(mallory) = &mut self.mallory {
            let done = mallory.after(&self.server);
            everybody_out = done.expect("the database of the server takes what Mallory writes");
        }
        self.trace.note(format!(
            "{} {} {} {} {status}",
            self.now(),
            self.clients[client].name,
            method(request.method),
            request.path
        ));
        if let Err(broken) = self.judge.watch(&self.server.eyes, &request, status, &body) {
            self.broken.get_or_insert(broken);
        }
        if answered {
            let (status, body) = self
                .meddler
                .answer(&self.server, client, &request, status, body);
            let outcome = HttpOutcome::Answer { status, body };
            let at = self.now() + self.weather.delay(&mut self.chance);
            self.at(
                at,
                Event::Reply {
                    client,
                    life,
                    id,
                    outcome,
                },
            );
        }
        self.pump();
        if everybody_out {
            self.restart_server();
        }
    }

    /// Sends down the sockets what the server says.
    pub(super) fn pump(&mut self) {
        for output in self.server.pump() {
            match output {
                ToClient::Frame { socket, bytes } => {
                    let at = self.now() + self.weather.delay(&mut self.chance);
                    let torn = self.chance.happens(self.weather.torn);
                    let Some(line) = self.lines.get_mut(&socket) else {
                        continue;
                    };
                    line.down_at = line.down_at.max(at);
                    let Line {
                        client,
                        life,
                        down_at,
                        ..
                    } = *line;
                    if torn {
                        self.tear(client);
                        continue;
                    }
                    if !self.meddler.lets_down(client, &bytes) {
                        continue;
                    }
                    self.at(
                        down_at,
                        Event::FrameDown {
                            client,
                            life,
                            socket,
                            bytes,
                        },
                    );
                }
                ToClient::Close { socket, code } => {
                    if let Some(line) = self.lines.get(&socket).copied() {
                        self.close_down(socket, line, Some(code));
                    }
                }
            }
        }
    }

    pub(super) fn lives(&self, client: usize, life: u64) -> bool {
        self.clients[client].life == life && self.clients[client].is_running()
    }

    pub(super) fn holds(&self, client: usize, life: u64, socket: u64) -> bool {
        self.lives(client, life) && self.clients[client].socket == Some(socket)
    }
}
