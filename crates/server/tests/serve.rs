//! The sockets: what is printed, what a connection may be, and how it ends.

use std::{
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use cloister_server::{
    config::{Config, Passwords, TlsVersion},
    env::Env,
    serve::{Ready, prepare, serve},
};
use rustls::{
    ClientConfig, DigitallySignedStruct, NamedGroup, ProtocolVersion, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A server on a free port, and how to end it.
struct Running {
    ready: Ready,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<cloister_server::Result<()>>,
}

async fn start(data: &Path) -> Running {
    start_with(data, |_| {}).await
}

async fn start_with(data: &Path, change: impl FnOnce(&mut Config)) -> Running {
    let mut config: Config = prepare(data, None).unwrap();
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.passwords = Passwords {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
        ..Passwords::default()
    };
    change(&mut config);
    let (stop, stopped) = oneshot::channel();
    let (said, heard) = oneshot::channel();
    let data = data.to_owned();
    let ended = tokio::spawn(async move {
        let ready = |ready: &Ready| said.send(ready.clone()).unwrap();
        serve(&data, config, Env::system(), ready, async {
            stopped.await.unwrap();
        })
        .await
    });
    let ready = heard.await.unwrap();
    Running { ready, stop, ended }
}

impl Running {
    async fn end(self) {
        self.stop.send(()).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(10), self.ended).await;
        ended.expect("ends within 10 s").unwrap().unwrap();
    }
}

/// Takes any certificate, and keeps it.
#[derive(Debug)]
struct Keep(Mutex<Option<Vec<u8>>>, CryptoProvider);

impl ServerCertVerifier for Keep {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = Some(end_entity.to_vec());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General(
            "TLS 1.2 must not be spoken".to_owned(),
        ))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            signed,
            &self.1.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}

/// A ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2), with what such a client would offer.
fn hello_of_tls_1_2() -> Vec<u8> {
    let extensions: &[u8] = &[
        0, 10, 0, 4, 0, 2, 0, 29, // supported groups: X25519
        0, 11, 0, 2, 1, 0, // point formats
        0, 13, 0, 4, 0, 2, 4, 3, // ECDSA with P-256 and SHA-256
    ];
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0]);
    body.extend([0, extensions.len() as u8]);
    body.extend(extensions);
    let mut hello = vec![22, 3, 1, 0, body.len() as u8 + 4, 1, 0, 0, body.len() as u8];
    hello.extend(body);
    hello
}

async fn connect(
    running: &Running,
    alpn: &[&[u8]],
) -> std::io::Result<(TlsStream<TcpStream>, Vec<u8>)> {
    let provider = aws_lc_rs::default_provider();
    let keep = Arc::new(Keep(Mutex::default(), provider.clone()));
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(keep.clone())
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let socket = TcpStream::connect(running.ready.bound).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await?;
    let certificate = keep.0.lock().unwrap().take().unwrap();
    Ok((stream, certificate))
}

async fn get(stream: &mut TlsStream<TcpStream>, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_is_printed_is_what_a_client_meets() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let running = start(&data).await;
    let port = running.ready.bound.port();
    let said = running.ready.to_string();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], format!("listening https://127.0.0.1:{port}"));
    let (mut stream, certificate) = connect(&running, &[b"http/1.1"]).await.unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).unwrap();
    let hash = Sha256::digest(parsed.public_key().raw);
    let hex = hash
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    assert_eq!(lines[1], format!("certificate sha256:{hex}"));
    assert!(lines[2].starts_with(&format!("set-up https://127.0.0.1:{port}/setup#")));

    let session = stream.get_ref().1;
    assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let group = session.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, NamedGroup::X25519MLKEM768);
    let answer = get(&mut stream, "/api/version").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.to_lowercase().contains("\r\nserver:"), "{answer}");
    running.end().await;
}

#[tokio::test]
async fn http_2_is_preferred_and_older_tls_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    let (stream, _) = connect(&running, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let mut old = TcpStream::connect(running.ready.bound).await.unwrap();
    old.write_all(&hello_of_tls_1_2()).await.unwrap();
    let mut alert = Vec::new();
    old.read_to_end(&mut alert).await.unwrap();
    // A fatal alert, `protocol_version`.
    assert_eq!((alert[0], &alert[5..]), (21, [2, 70].as_slice()));
    let mut plain = TcpStream::connect(running.ready.bound).await.unwrap();
    plain
        .write_all(b"GET /api/version HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(
        !answer.starts_with(b"HTTP"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    drop(stream);
    running.end().await;
}

#[tokio::test]
async fn tls_1_2_is_spoken_only_where_the_operator_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let running = start_with(folder.path(), |config| {
        config.tls.min_version = TlsVersion::V1_2;
    })
    .await;
    let mut old = TcpStream::connect(running.ready.bound).await.unwrap();
    old.write_all(&hello_of_tls_1_2()).await.unwrap();
    let mut answer = [0; 6];
    old.read_exact(&mut answer).await.unwrap();
    // A handshake record with a server's hello.
    assert_eq!((answer[0], answer[5]), (22, 2));
    let (stream, _) = connect(&running, &[b"h2"]).await.unwrap();
    let spoken = stream.get_ref().1.protocol_version();
    assert_eq!(spoken, Some(ProtocolVersion::TLSv1_3));
    drop((old, stream));
    running.end().await;
}

/// Writes a new certificate with its key, and gives the certificate.
fn certify(cert: &Path, key: &Path) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(cert, made.cert.pem()).unwrap();
    made.cert.der().to_vec()
}

/// Asks on a connection that stays open: the answer has no body.
async fn ask_health(stream: &mut TlsStream<TcpStream>) {
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 204"));
}

#[tokio::test]
async fn a_replaced_certificate_is_taken_and_open_connections_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let first = certify(&cert, &key);
    let running = start_with(&folder.path().join("data"), |config| {
        config.tls.cert_file = Some(cert.clone());
        config.tls.key_file = Some(key.clone());
    })
    .await;
    let (mut open, shown) = connect(&running, &[b"http/1.1"]).await.unwrap();
    assert_eq!(shown, first);

    // What is no certificate changes nothing.
    std::fs::write(&cert, "half of it").unwrap();
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        ask_health(&mut open).await;
    }
    assert_eq!(connect(&running, &[b"h2"]).await.unwrap().1, first);

    let second = certify(&cert, &key);
    let mut shown = first;
    for _ in 0..100 {
        if shown == second {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        ask_health(&mut open).await;
        shown = connect(&running, &[b"h2"]).await.unwrap().1;
    }
    assert_eq!(shown, second);
    ask_health(&mut open).await;
    drop(open);
    running.end().await;
}

#[tokio::test]
async fn a_restart_keeps_keys_certificate_and_set_up_link() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = start(&data).await;
    let before = first.ready.clone();
    first.end().await;
    let second = start(&data).await;
    assert_eq!(second.ready.fingerprint, before.fingerprint);
    let token = |ready: &Ready| {
        ready
            .set_up
            .clone()
            .unwrap()
            .split('#')
            .nth(1)
            .unwrap()
            .to_owned()
    };
    assert_eq!(token(&second.ready), token(&before));
    second.end().await;

    assert_eq!(mode(&data), 0o700);
    for file in [
        "cloister.toml",
        "set-up.token",
        "tls/key.pem",
        "keys/server.key",
        "keys/token.key",
        "keys/frank.key",
        "keys/pepper.key",
    ] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let database = std::fs::read(data.join("cloister.db")).unwrap();
    let token = token(&before);
    assert!(
        !database
            .windows(token.len())
            .any(|part| part == token.as_bytes())
    );
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_plainly() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = prepare(folder.path(), None).unwrap();
    config.listen = taken.local_addr().unwrap();
    let refused = serve(
        folder.path(),
        config,
        Env::system(),
        |_| {},
        std::future::pending(),
    )
    .await;
    let sentence = refused.unwrap_err().to_string();
    assert!(sentence.contains("Can't listen on 127.0.0.1"), "{sentence}");
}

#[tokio::test]
async fn headers_that_never_end_are_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path()).await;
    let (mut stream, _) = connect(&running, &[b"http/1.1"]).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    for _ in 0..3_000 {
        if stream
            .write_all(b"x-padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")
            .await
            .is_err()
        {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
    running.end().await;
}

#[tokio::test]
async fn numbers_are_told_on_this_machine_only_where_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let quiet = start(folder.path()).await;
    assert_eq!(quiet.ready.metrics, None);
    quiet.end().await;
    let running = start_with(folder.path(), |config| {
        config.metrics.listen = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let address = running.ready.metrics.expect("a listener");
    let answer = async |path: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let numbers = answer("/metrics").await;
    assert!(numbers.starts_with("HTTP/1.1 200"), "{numbers}");
    assert!(
        numbers.contains("cloister_unreadable_messages{cause=\"key_missing\"} 0"),
        "{numbers}"
    );
    // The rest of the server is not there.
    assert!(answer("/api/version").await.starts_with("HTTP/1.1 404"));
    running.end().await;
    assert!(TcpStream::connect(address).await.is_err());
}
