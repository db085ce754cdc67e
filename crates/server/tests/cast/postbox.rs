//! A mail server that keeps what it takes, for stories about mail: over TLS as the real ones.

use std::{
    num::NonZero,
    path::Path,
    sync::{Arc, Mutex},
};

use cloister_server::config::{Config, MailTls};
use mail_parser::MessageParser;
use rcgen::{CertificateParams, KeyPair};
use smtp_proto::{Request, request::receiver::DataReceiver};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// How the mail server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Takes,
    /// `451`: come back later.
    Busy,
    /// `550`: there is no such mailbox.
    Refuses,
    /// Takes the letter and hangs up before it says so.
    HangsUp,
}

/// A letter as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub from: String,
    pub to: Vec<String>,
    pub raw: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub id: String,
    /// Came over TLS, and who signed in.
    pub over_tls: bool,
    pub login: String,
}

impl Arrived {
    /// The token behind the `#` of the letter's link to a page.
    pub fn token(&self, page: &str) -> String {
        let start = format!("https://chat.example.org/{page}#");
        let at = self
            .text
            .find(&start)
            .unwrap_or_else(|| panic!("{page}? {}", self.text));
        let rest = &self.text[at + start.len()..];
        rest.split_whitespace().next().unwrap().to_owned()
    }
}

#[derive(Debug)]
struct Inside {
    manner: Manner,
    arrived: Vec<Arrived>,
}

/// Listens on a port of this machine until it is dropped.
#[derive(Debug)]
pub struct Postbox {
    inside: Arc<Mutex<Inside>>,
    port: u16,
    ca: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Postbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Postbox {
    pub async fn open() -> Self {
        Self::at(0).await
    }

    /// One that has a port of its own.
    pub async fn at(port: u16) -> Self {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned()];
        let cert = CertificateParams::new(names)
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], private)
            .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inside = Arc::new(Mutex::new(Inside {
            manner: Manner::Takes,
            arrived: Vec::new(),
        }));
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let kept = inside.clone();
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, kept) = (acceptor.clone(), kept.clone());
                tokio::spawn(async move {
                    let Some(plain) = talk(BufReader::new(socket), &kept, false).await else {
                        return;
                    };
                    let Ok(secure) = acceptor.accept(plain.into_inner()).await else {
                        return;
                    };
                    talk(BufReader::new(secure), &kept, true).await;
                });
            }
        });
        Self {
            inside,
            port,
            ca: cert.pem(),
            serving,
        }
    }

    /// A configuration whose mails come here. `folder` keeps the certificate.
    pub fn configure(&self, mut config: Config, folder: &Path) -> Config {
        let ca_file = folder.join("postbox.pem");
        std::fs::write(&ca_file, &self.ca).unwrap();
        config.public_url = Some("https://chat.example.org".to_owned());
        config.mail.server = Some("localhost".to_owned());
        config.mail.port = NonZero::new(self.port);
        config.mail.tls = MailTls::Starttls;
        config.mail.username = Some("chat".to_owned());
        config.mail.password = Some("hunter2".to_owned());
        config.mail.from = Some("Rowing club <chat@example.org>".to_owned());
        config.mail.ca_file = Some(ca_file);
        config
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn behave(&self, manner: Manner) {
        self.inside.lock().unwrap().manner = manner;
    }

    /// What has arrived since the last time.
    pub fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.inside.lock().unwrap().arrived)
    }

    /// The one letter that has arrived since the last time.
    #[track_caller]
    pub fn one(&self) -> Arrived {
        let arrived = self.take();
        let subjects: Vec<&str> = arrived.iter().map(|one| one.subject.as_str()).collect();
        assert_eq!(arrived.len(), 1, "{subjects:?}");
        arrived[0].clone()
    }
}

/// Serves one connection. Gives the stream back when the client wants TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    inside: &Mutex<Inside>,
    over_tls: bool,
) -> Option<BufReader<S>> {
    if !over_tls {
        say(&mut stream, "220 localhost").await?;
    }
    let (mut from, mut to, mut login) = (String::new(), Vec::new(), String::new());
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        let manner = inside.lock().unwrap().manner;
        match Request::parse(&mut line.iter()) {
            Ok(Request::Ehlo { .. }) if over_tls => {
                say(&mut stream, "250-localhost\r\n250 AUTH PLAIN").await?;
            }
            Ok(Request::Ehlo { .. }) => say(&mut stream, "250-localhost\r\n250 STARTTLS").await?,
            Ok(Request::StartTls) => {
                say(&mut stream, "220 go ahead").await?;
                return Some(stream);
            }
            Ok(Request::Auth {
                initial_response, ..
            }) => {
                login = initial_response.into_owned();
                say(&mut stream, "235 welcome").await?;
            }
            Ok(Request::Mail { from: given }) => {
                from = given.address.into_owned();
                to.clear();
                say(&mut stream, "250 ok").await?;
            }
            Ok(Request::Rcpt { to: given }) => match manner {
                Manner::Busy => say(&mut stream, "451 later").await?,
                Manner::Refuses => say(&mut stream, "550 no such mailbox").await?,
                _ => {
                    to.push(given.address.into_owned());
                    say(&mut stream, "250 ok").await?;
                }
            },
            Ok(Request::Data) => {
                say(&mut stream, "354 go ahead").await?;
                let raw = text_of(&mut stream).await?;
                let envelope = (from.clone(), to.clone(), login.clone());
                let letter = read(&raw, envelope, over_tls);
                inside.lock().unwrap().arrived.push(letter);
                if manner == Manner::HangsUp {
                    return None;
                }
                say(&mut stream, "250 it is ours now").await?;
            }
            Ok(Request::Quit) => {
                say(&mut stream, "221 bye").await;
                return None;
            }
            _ => say(&mut stream, "500 what?").await?,
        }
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    line: &str,
) -> Option<()> {
    stream
        .write_all(format!("{line}\r\n").as_bytes())
        .await
        .ok()?;
    stream.flush().await.ok()
}

async fn text_of<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<Vec<u8>> {
    let (mut receiver, mut raw) = (DataReceiver::new(), Vec::new());
    let mut chunk = [0_u8; 4096];
    loop {
        let read = stream.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        if receiver.ingest(&mut chunk[..read].iter(), &mut raw) {
            return Some(raw);
        }
    }
}

fn read(raw: &[u8], (from, to, login): (String, Vec<String>, String), over_tls: bool) -> Arrived {
    let parsed = MessageParser::default().parse(raw).unwrap();
    Arrived {
        from,
        to,
        subject: parsed.subject().unwrap_or_default().to_owned(),
        text: parsed.body_text(0).unwrap_or_default().into_owned(),
        html: parsed.body_html(0).unwrap_or_default().into_owned(),
        id: parsed.message_id().unwrap_or_default().to_owned(),
        raw: String::from_utf8_lossy(raw).into_owned(),
        over_tls,
        login,
    }
}
