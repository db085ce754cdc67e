//! Connections that say nothing are not kept: whoever connects has some seconds for the first bytes
//! of a request. After them the timeouts of HTTP count.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum_server::accept::Accept;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// How long the first bytes, and headers, may take.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// As many as tell which version of HTTP is spoken.
const FIRST_BYTES: usize = 24;

/// Accepts what `inner` accepts, and hangs up on those who stay silent.
#[derive(Debug, Clone)]
pub(crate) struct Impatient<A>(pub(crate) A);

impl<I, S, A> Accept<I, S> for Impatient<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = Patience<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepting = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            let waiting = Some((Box::pin(tokio::time::sleep(HEADER_TIMEOUT)), 0));
            Ok((Patience { stream, waiting }, service))
        })
    }
}

/// A connection whose first bytes are waited for.
#[derive(Debug)]
pub(crate) struct Patience<T> {
    stream: T,
    /// Until when, and how many have come.
    waiting: Option<(Pin<Box<Sleep>>, usize)>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Patience<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some((deadline, come)) = &mut self.waiting else {
            return read;
        };
        *come += buffer.filled().len() - before;
        if *come >= FIRST_BYTES {
            self.waiting = None;
        } else if read.is_pending() && deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patience<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    fn patience<T>(stream: T) -> Patience<T> {
        Patience {
            stream,
            waiting: Some((Box::pin(tokio::time::sleep(SHORT)), 0)),
        }
    }

    #[tokio::test]
    async fn whoever_says_nothing_is_not_waited_for() {
        let (mut client, server) = tokio::io::duplex(64);
        client.write_all(b"PRI * HT").await.unwrap();
        let mut bytes = Vec::new();
        let error = patience(server).read_to_end(&mut bytes).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(bytes, b"PRI * HT");
    }

    #[tokio::test]
    async fn whoever_began_a_request_is_waited_for_by_http() {
        let (mut client, server) = tokio::io::duplex(64);
        let mut server = patience(server);
        client.write_all(&[b'x'; FIRST_BYTES]).await.unwrap();
        server.read_exact(&mut [0; FIRST_BYTES]).await.unwrap();
        let later = async {
            tokio::time::sleep(3 * SHORT).await;
            client.write_all(b"y").await.unwrap();
        };
        let (read, ()) = tokio::join!(server.read_u8(), later);
        assert_eq!(read.unwrap(), b'y');
    }
}
