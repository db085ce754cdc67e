//! Whom this client believes to be the server.
//!
//! With a pin, the key of the server's certificate must be the pinned one and nothing else is
//! asked: not its name, not its dates, not who signed it. Without a pin, the certificate must be
//! one that this machine's own list of authorities vouches for.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{Pin, ServerUrl};

pub(crate) const CONNECT_MS: u64 = 10_000;

/// The key of the last certificate that was refused, for the sentence that explains it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refused(Arc<Mutex<Option<Pin>>>);

impl Refused {
    fn set(&self, pin: Option<Pin>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pin;
    }

    pub(crate) fn get(&self) -> Option<Pin> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Gate {
    pin: Option<Pin>,
    /// None where the machine has no list of authorities: then only pins are believed.
    authorities: Option<rustls_platform_verifier::Verifier>,
    provider: Arc<CryptoProvider>,
    refused: Refused,
}

impl ServerCertVerifier for Gate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Pin::of_certificate(end_entity);
        let verdict = match (self.pin, &self.authorities) {
            (Some(pin), _) if shown == Some(pin) => Ok(ServerCertVerified::assertion()),
            (None, Some(authorities)) => authorities.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            _ => Err(CertificateError::UnknownIssuer.into()),
        };
        self.refused.set(if verdict.is_ok() { None } else { shown });
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// A configuration that lets in whom `pin` (or this machine) says. `protocols` is the ALPN offer.
pub(crate) fn config(
    pin: Option<Pin>,
    refused: &Refused,
    protocols: &[&[u8]],
) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let authorities = match pin {
        Some(_) => None,
        None => rustls_platform_verifier::Verifier::new(provider.clone())
            .inspect_err(|error| tracing::warn!(%error, "this machine lists no authorities"))
            .ok(),
    };
    let gate = Gate {
        pin,
        authorities,
        provider: provider.clone(),
        refused: refused.clone(),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(gate))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// A TLS stream to the server, for what is not an ordinary request.
pub(crate) async fn connect(
    server: &ServerUrl,
    config: Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let attempt = async {
        let tcp = TcpStream::connect((server.host(), server.port())).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from(server.host().to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        TlsConnector::from(config).connect(name, tcp).await
    };
    timeout(Duration::from_millis(CONNECT_MS), attempt)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// What a server shows to somebody who looks before signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// It is the pinned key or, without a pin, this machine's authorities vouch for it.
    Believed,
    /// Nobody vouches for it; the person may compare this with what the operator tells.
    Unknown(Pin),
}

/// Looks at a server's certificate and sends it nothing.
pub async fn inspect(server: &ServerUrl, pin: Option<Pin>) -> io::Result<Credential> {
    let refused = Refused::default();
    let config = config(pin, &refused, &[b"http/1.1"]).map_err(io::Error::other)?;
    match connect(server, Arc::new(config)).await {
        Ok(_) => Ok(Credential::Believed),
        Err(error) => refused.get().map(Credential::Unknown).ok_or(error),
    }
}
