//! A dishonest hand on everything that travels: what a server may answer instead of the truth,
//! what it may keep back, and what a member's own client may send that no honest one would.

use crate::server::{Server, WireRequest};

/// An answer that may be changed.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// Another body.
    pub fn say<T: serde::Serialize>(&mut self, value: &T) {
        self.body = written(value);
    }
}

/// A value as a body.
pub fn written<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("wire types are writable as CBOR");
    bytes
}

type OnRequest = Box<dyn FnMut(usize, &mut WireRequest)>;
type OnAnswer = Box<dyn FnMut(&Server, usize, &WireRequest, &mut Answer)>;
type OnFrame = Box<dyn FnMut(usize, &[u8]) -> bool>;

/// What is done to requests, to answers and to frames of the gateway; nothing at first.
#[derive(Default)]
pub struct Meddler {
    requests: Option<OnRequest>,
    answers: Option<OnAnswer>,
    frames: Option<OnFrame>,
}

impl std::fmt::Debug for Meddler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meddler")
    }
}

impl Meddler {
    /// Sees and changes what clients ask; the number is the client's.
    pub fn on_requests(&mut self, act: impl FnMut(usize, &mut WireRequest) + 'static) {
        self.requests = Some(Box::new(act));
    }

    /// Sees and changes what they are answered.
    pub fn on_answers(
        &mut self,
        act: impl FnMut(&Server, usize, &WireRequest, &mut Answer) + 'static,
    ) {
        self.answers = Some(Box::new(act));
    }

    /// Says which frames reach a client.
    pub fn on_frames(&mut self, act: impl FnMut(usize, &[u8]) -> bool + 'static) {
        self.frames = Some(Box::new(act));
    }

    pub(crate) fn request(&mut self, client: usize, request: &mut WireRequest) {
        if let Some(act) = &mut self.requests {
            act(client, request);
        }
    }

    pub(crate) fn answer(
        &mut self,
        server: &Server,
        client: usize,
        request: &WireRequest,
        status: u16,
        body: Vec<u8>,
    ) -> (u16, Vec<u8>) {
        let mut answer = Answer { status, body };
        if let Some(act) = &mut self.answers {
            act(server, client, request, &mut answer);
        }
        (answer.status, answer.body)
    }

    pub(crate) fn lets_down(&mut self, client: usize, frame: &[u8]) -> bool {
        self.frames.as_mut().is_none_or(|act| act(client, frame))
    }
}
