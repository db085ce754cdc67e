//! The gateway connection: one task, from `OpenSocket` to its end.

use std::{io, sync::Arc};

use cloister_client::Input;
use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

use crate::{ServerUrl, tls};

const PATH: &str = "/api/v1/gateway?v=1&encoding=cbor";
/// The largest frame that a server may send.
const FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Connects and passes frames both ways until either side ends it. `tell` gets `SocketOpened`
/// once, then `SocketFrame`s; in any case a `SocketClosed` comes last. Dropping the sender of
/// `frames` closes the connection.
pub(crate) async fn run(
    server: ServerUrl,
    config: Arc<ClientConfig>,
    mut frames: UnboundedReceiver<Vec<u8>>,
    tell: impl Fn(Input),
) {
    let code = match open(&server, config).await {
        Ok(mut socket) => {
            tell(Input::SocketOpened);
            carry(&mut socket, &mut frames, &tell)
                .await
                .unwrap_or_else(|error| {
                    tracing::debug!(%error, "the gateway connection broke");
                    None
                })
        }
        Err(error) => {
            tracing::debug!(%error, "the gateway cannot be reached");
            None
        }
    };
    tell(Input::SocketClosed { code });
}

type Socket = WebSocketStream<tokio_rustls::client::TlsStream<tokio::net::TcpStream>>;

async fn open(server: &ServerUrl, config: Arc<ClientConfig>) -> Result<Socket, tungstenite::Error> {
    let stream = tls::connect(server, config).await?;
    let limits = WebSocketConfig::default()
        .max_message_size(Some(FRAME_BYTES))
        .max_frame_size(Some(FRAME_BYTES));
    let url = server.with_path("wss", PATH);
    let handshake = client_async_with_config(url, stream, Some(limits));
    let wait = std::time::Duration::from_millis(tls::CONNECT_MS);
    match tokio::time::timeout(wait, handshake).await {
        Ok(opened) => opened.map(|(socket, _)| socket),
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}

async fn carry(
    socket: &mut Socket,
    frames: &mut UnboundedReceiver<Vec<u8>>,
    tell: &impl Fn(Input),
) -> Result<Option<u16>, tungstenite::Error> {
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(frame) => socket.send(Message::Binary(frame.into())).await?,
                None => {
                    socket.close(None).await?;
                    return Ok(None);
                }
            },
            message = socket.next() => match message.transpose()? {
                Some(Message::Binary(frame)) => tell(Input::SocketFrame(frame.into())),
                Some(Message::Close(reason)) => return Ok(reason.map(|r| r.code.into())),
                Some(_) => {}
                None => return Ok(None),
            },
        }
    }
}
