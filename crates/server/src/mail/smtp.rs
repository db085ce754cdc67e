//! Handing a letter to the operator's mail server (RFC 5321), encrypted or not at all.

use std::time::{Duration, SystemTime};

use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
    },
};
use tokio::time::timeout;

use super::{EmailAddress, Letter};
use crate::{
    Error, Result,
    config::{self, Config, MailTls},
};

/// How long a mail server may take for one answer.
const PATIENCE: Duration = Duration::from_mins(1);
const CONNECT: Duration = Duration::from_secs(15);

/// Why a letter did not go.
#[derive(Debug)]
pub enum Trouble {
    /// It may go later.
    Later(String),
    /// It will not go.
    Refused(String),
    /// The answer did not come: it may have gone.
    Unknown(String),
}

impl Trouble {
    pub fn said(&self) -> &str {
        match self {
            Self::Later(said) | Self::Refused(said) | Self::Unknown(said) => said,
        }
    }

    fn of(error: &lettre::transport::smtp::Error) -> Self {
        let said = in_full(error);
        if error.is_permanent() {
            Self::Refused(said)
        } else {
            Self::Later(said)
        }
    }
}

/// A connection on which letters go out, one after the other.
pub struct Line {
    connection: AsyncSmtpConnection,
}

/// A letter as its bytes go out.
pub struct Envelope {
    from: lettre::Address,
    to: lettre::Address,
    bytes: Vec<u8>,
}

impl Line {
    /// Connects, encrypts the way as the configuration says, and signs in.
    pub async fn open(config: &Config, password: Option<&str>) -> Result<Self, Trouble> {
        let mail = &config.mail;
        let host = mail.server.as_deref().unwrap_or_default();
        let hello = ClientId::Domain(own_host(config));
        let tls = match mail.tls {
            MailTls::Off => None,
            MailTls::Starttls | MailTls::Implicit => {
                Some(parameters(mail, host).map_err(|error| Trouble::Later(error.to_string()))?)
            }
        };
        let at_once = tls.clone().filter(|_| mail.tls == MailTls::Implicit);
        let to = (host.trim_matches(['[', ']']), mail.port());
        let connecting =
            AsyncSmtpConnection::connect_tokio1(to, Some(CONNECT), &hello, at_once, None);
        let mut connection = patiently(connecting).await?;
        if let Some(tls) = tls.filter(|_| mail.tls == MailTls::Starttls) {
            patiently(connection.starttls(tls, &hello)).await?;
        }
        if let (Some(username), Some(password)) = (&mail.username, password) {
            let credentials = Credentials::new(username.clone(), password.to_owned());
            let ways = [Mechanism::Plain, Mechanism::Login];
            let signed_in = patiently(connection.auth(&ways, &credentials)).await;
            // A wrong password is put right by the operator, not by giving the letter up.
            signed_in.map_err(|trouble| Trouble::Later(trouble.said().to_owned()))?;
        }
        Ok(Self { connection })
    }

    /// Says from whom and to whom the letter is; its text may follow.
    pub async fn address(&mut self, envelope: &Envelope) -> Result<(), Trouble> {
        let from = Mail::new(Some(envelope.from.clone()), Vec::new());
        let to = Rcpt::new(envelope.to.clone(), Vec::new());
        patiently(self.connection.command(from)).await?;
        patiently(self.connection.command(to)).await?;
        patiently(self.connection.command(Data)).await?;
        Ok(())
    }

    /// Hands the text over. From here on only the answer says whether the mail server has it.
    pub async fn hand(&mut self, envelope: &Envelope) -> Result<(), Trouble> {
        match timeout(PATIENCE, self.connection.message(&envelope.bytes)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.status().is_some() => Err(Trouble::of(&error)),
            Ok(Err(error)) => Err(Trouble::Unknown(in_full(&error))),
            Err(_) => Err(Trouble::Unknown("no answer in time".to_owned())),
        }
    }

    pub async fn close(mut self) {
        let _ = timeout(CONNECT, self.connection.abort()).await;
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl Envelope {
    /// The letter with its headers. The id is the same at every try.
    pub fn of(config: &Config, (id, now): (&str, u64), letter: &Letter) -> Result<Self> {
        let from = config
            .mail
            .from()
            .ok_or_else(|| Error::internal("mail.from is not an address"))?;
        let to = EmailAddress::parse(&letter.to)?.to_lettre();
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        let message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(letter.subject.as_str())
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(now))
            .message_id(Some(format!("<{id}@{}>", own_host(config))))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(
                letter.text.clone(),
                letter.html.clone(),
            ))
            .map_err(Error::internal)?;
        Ok(Self {
            from: from.email,
            to,
            bytes: message.formatted(),
        })
    }
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Envelope")
    }
}

/// The host that people type.
fn own_host(config: &Config) -> String {
    let url = config.public_url.as_deref().unwrap_or_default();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    if host.is_empty() { "localhost" } else { host }.to_owned()
}

fn parameters(mail: &config::Mail, host: &str) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.trim_matches(['[', ']']).to_owned());
    if let Some(file) = &mail.ca_file {
        let pem = std::fs::read(file).map_err(|error| crate::seal::keyring::at(file, &error))?;
        builder =
            builder.add_root_certificate(Certificate::from_pem(&pem).map_err(Error::internal)?);
    }
    builder.build_rustls().map_err(Error::internal)
}

async fn patiently<T>(
    answer: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, Trouble> {
    match timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Trouble::of(&error)),
        Err(_) => Err(Trouble::Later("no answer in time".to_owned())),
    }
}

/// The error with its causes, for the operator.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        said = format!("{said}: {one}");
        cause = one.source();
    }
    said
}
