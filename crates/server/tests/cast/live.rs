//! The server on a port of this machine, and clients of its gateway.

use std::{net::SocketAddr, time::Duration};

use cloister_wire::{
    Hash, Octets,
    gateway::{ClientFrame, Event, Identify, Ready, ServerFrame},
};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use super::{Stage, person::Device};

/// So long a frame may be on its way. A test that waits for one that never comes ends then.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server on a port of this machine, until it is dropped.
pub struct Live {
    pub address: SocketAddr,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Live {
    pub async fn of(stage: &Stage) -> Self {
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
    pub async fn open(&self) -> Line {
        let socket = self.upgrade("v=1&encoding=json", None).await.unwrap();
        let mut line = Line { socket };
        assert!(matches!(line.frame().await, ServerFrame::Hello { .. }));
        line
    }

    pub async fn upgrade(
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
    pub async fn join(&self, device: &Device) -> (Line, Ready) {
        let mut line = self.open().await;
        line.identify(&hello(device, None, 1)).await;
        let ready = line.ready().await;
        (line, ready)
    }
}

pub fn hello(device: &Device, last: Option<u8>, next: u8) -> Identify {
    Identify {
        access_token: device.access.clone(),
        last_nonce: last.map(nonce),
        next_nonce: nonce(next),
        writes: 0,
        resume: None,
    }
}

pub fn nonce(number: u8) -> Hash {
    Octets([number; 32])
}

/// One client's end.
pub struct Line {
    pub socket: WebSocketStream<TcpStream>,
}

impl Line {
    pub async fn identify(&mut self, identify: &Identify) {
        self.say(&ClientFrame::Identify(identify.clone())).await;
    }

    pub async fn say(&mut self, frame: &ClientFrame) {
        let text = serde_json::to_string(frame).unwrap();
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next thing on the socket; none: it is over.
    async fn next(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .expect("a frame in time")
    }

    pub async fn frame(&mut self) -> ServerFrame {
        match self.next().await.unwrap().unwrap() {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("not a frame: {other:?}"),
        }
    }

    pub async fn ready(&mut self) -> Ready {
        match self.frame().await {
            ServerFrame::Ready(ready) => *ready,
            other => panic!("not ready: {other:?}"),
        }
    }

    pub async fn event(&mut self) -> (u64, Event) {
        match self.frame().await {
            ServerFrame::Event(frame) => (frame.n, frame.event),
            other => panic!("not an event: {other:?}"),
        }
    }

    /// The next message that is heard, past everything else.
    pub async fn message(&mut self) -> (u64, u64) {
        loop {
            if let (n, Event::MessageSent { message, .. }) = self.event().await {
                return (n, message.seq);
            }
        }
    }

    pub async fn closed(&mut self) -> u16 {
        loop {
            match self.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("not closed in order: {other:?}"),
            }
        }
    }
}
