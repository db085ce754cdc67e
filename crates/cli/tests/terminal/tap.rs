//! Somebody on the server's machine who reads what arrives after TLS has been taken off: a relay
//! with the server's own key, between people and the server, that writes down what people say.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc::channel},
    thread,
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// What was said on each connection, as it arrived.
type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

pub struct Tap {
    /// Where to go instead of the server.
    pub url: String,
    heard: Heard,
}

impl Tap {
    /// In front of the server at `url`, whose certificate is below `data`. Ends with the test.
    pub fn before(url: &str, data: &Path) -> Tap {
        let server = url.trim_start_matches("https://").to_owned();
        let (accept, reach) = both_ends(data);
        let heard = Heard::default();
        let (tell, told) = channel();
        let writes = heard.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                tell.send(listener.local_addr().expect("an address"))
                    .expect("somebody waits");
                while let Ok((from, _)) = listener.accept().await {
                    let (accept, reach) = (accept.clone(), reach.clone());
                    let (server, heard) = (server.clone(), writes.clone());
                    tokio::spawn(async move {
                        // People who hang up are no fault of the tap.
                        let _ = relay(from, &server, accept, reach, heard).await;
                    });
                }
            });
        });
        let address = told.recv().expect("the tap listens");
        Tap {
            url: format!("https://{address}"),
            heard,
        }
    }

    /// Everything that people said to the server: requests, and frames of sockets without the
    /// mask that the standard puts on them.
    pub fn heard(&self) -> Vec<u8> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().flat_map(|said| unmasked(said)).collect()
    }
}

fn both_ends(data: &Path) -> (TlsAcceptor, TlsConnector) {
    let folder = data.join("tls");
    let pem = fs::read(folder.join("cert.pem")).expect("a certificate");
    let certificate = CertificateDer::from_pem_slice(&pem).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut as_server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("they fit");
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    let mut as_client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    // The version in which bodies stand as they are.
    as_server.alpn_protocols = vec![b"http/1.1".to_vec()];
    as_client.alpn_protocols = vec![b"http/1.1".to_vec()];
    (Arc::new(as_server).into(), Arc::new(as_client).into())
}

async fn relay(
    from: TcpStream,
    server: &str,
    accept: TlsAcceptor,
    reach: TlsConnector,
    heard: Heard,
) -> io::Result<()> {
    let (mut asks, mut hears) = split(accept.accept(from).await?);
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
    let to = reach
        .connect(name, TcpStream::connect(server).await?)
        .await?;
    let (mut answers, mut to) = split(to);
    tokio::select! {
        ended = write_down(&mut asks, &mut to, &heard) => ended,
        ended = copy(&mut answers, &mut hears) => ended.map(|_| ()),
    }
}

async fn write_down(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    heard: &Heard,
) -> io::Result<()> {
    let at = {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(Vec::new());
        heard.len() - 1
    };
    let mut part = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut part).await?;
        let said = &part[..length];
        if said.is_empty() {
            return to.shutdown().await;
        }
        heard.lock().unwrap_or_else(PoisonError::into_inner)[at].extend_from_slice(said);
        to.write_all(said).await?;
        to.flush().await?;
    }
}

/// The same for a request; for a socket its frames (RFC 6455 section 5.2), which a client masks.
fn unmasked(said: &[u8]) -> Vec<u8> {
    let end = said.windows(4).position(|window| window == b"\r\n\r\n");
    let head = end.map_or(said, |end| &said[..end]).to_ascii_lowercase();
    let is_socket = head.windows(18).any(|part| part == b"upgrade: websocket");
    let (true, Some(end)) = (is_socket, end) else {
        return said.to_vec();
    };
    let (head, mut frames) = said.split_at(end + 4);
    let mut plain = head.to_vec();
    while let Some((frame, rest)) = frame(frames) {
        plain.extend(frame);
        frames = rest;
    }
    plain
}

fn frame(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (first, rest) = bytes.split_first_chunk::<2>()?;
    assert!(first[1] & 0x80 != 0, "a client masks its frames");
    let (length, rest) = match first[1] & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (u64::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk::<8>()?;
            (u64::from_be_bytes(*length), rest)
        }
        short => (u64::from(short), rest),
    };
    let (mask, rest) = rest.split_first_chunk::<4>()?;
    let (masked, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    let plain = masked.iter().zip(mask.iter().cycle());
    Some((plain.map(|(byte, mask)| byte ^ mask).collect(), rest))
}
