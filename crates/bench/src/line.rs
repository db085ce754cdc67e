//! A gateway connection over TLS, identified, which does not decrypt what it gets.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use cloister_wire::{
    Octets,
    gateway::{ClientFrame, Identify, ServerFrame},
    limits::HEARTBEAT_MS,
};
use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{net::TcpStream, time::interval};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::{api, env, person::Person, server::Door};

const PATH: &str = "/api/v1/gateway?v=1&encoding=cbor";
/// A thousand clients share this machine with the server: small buffers are enough for them.
const BUFFER: usize = 4 * 1024;

pub(crate) struct Line {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    /// Number of the last event that came.
    n: u64,
}

impl Line {
    /// The TLS configuration that lines to one server share.
    pub(crate) fn tls(door: &Door) -> Result<Arc<ClientConfig>> {
        Ok(Arc::new(api::tls(door, &[b"http/1.1"])?))
    }

    /// Connects and waits until the server has let the device in.
    pub(crate) async fn open(
        door: &Door,
        tls: &Arc<ClientConfig>,
        person: &Person,
    ) -> Result<Self> {
        let tcp = TcpStream::connect(door.address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(api::HOST)?;
        let stream = TlsConnector::from(tls.clone()).connect(name, tcp).await?;
        let url = format!("wss://{}:{}{PATH}", api::HOST, door.address.port());
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER);
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        let mut line = Self { socket, n: 0 };
        let identify = Identify {
            access_token: person.token.clone(),
            last_nonce: None,
            next_nonce: Octets(env::random()?),
            writes: 0,
            resume: None,
        };
        line.say(&ClientFrame::Identify(identify)).await?;
        loop {
            match ciborium::from_reader(&line.frame().await?[..])? {
                ServerFrame::Ready(ready) => {
                    line.n = ready.n;
                    return Ok(line);
                }
                ServerFrame::Hello { .. } => {}
                other => bail!("the gateway said {other:?}"),
            }
        }
    }

    /// Connects everybody, so many at once.
    pub(crate) async fn open_all(
        door: &Door,
        people: &[Person],
        at_once: usize,
    ) -> Result<Vec<Self>> {
        let tls = Self::tls(door)?;
        stream::iter(people)
            .map(|person| Self::open(door, &tls, person))
            .buffer_unordered(at_once)
            .try_collect()
            .await
    }

    async fn say(&mut self, frame: &ClientFrame) -> Result<()> {
        let mut bytes = Vec::new();
        ciborium::into_writer(frame, &mut bytes)?;
        Ok(self.socket.send(Message::binary(bytes)).await?)
    }

    async fn frame(&mut self) -> Result<Vec<u8>> {
        loop {
            let next = self.socket.next().await.context("the gateway closed")??;
            match next {
                Message::Binary(bytes) => return Ok(bytes.to_vec()),
                Message::Close(reason) => bail!("the gateway closed: {reason:?}"),
                _ => {}
            }
        }
    }

    /// Stays connected, and gives every frame to `heard` until it breaks.
    pub(crate) async fn listen(mut self, mut heard: impl FnMut(&[u8])) -> Result<()> {
        let mut beat = interval(Duration::from_millis(HEARTBEAT_MS));
        loop {
            tokio::select! {
                _ = beat.tick() => {
                    let n = self.n;
                    self.say(&ClientFrame::Heartbeat { n }).await?;
                }
                frame = self.frame() => {
                    let frame = frame?;
                    self.n += u64::from(is_event(&frame));
                    heard(&frame);
                }
            }
        }
    }
}

/// Whether a frame's `op`, which comes first, says so. Reading all of it would cost more than
/// sending it did.
fn is_event(frame: &[u8]) -> bool {
    contains(&frame[..frame.len().min(16)], b"event")
}

/// Whether a frame brings a message.
pub(crate) fn brings_message(frame: &[u8]) -> bool {
    contains(frame, b"message_sent")
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
