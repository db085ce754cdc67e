//! Requests of one client over one kept connection (TLS 1.3, HTTP/2, CBOR).

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use reqwest::{RequestBuilder, header};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::server::Door;

const CBOR: &str = "application/cbor";
/// A name in every self-signed certificate of the server.
pub(crate) const HOST: &str = "localhost";
const PATIENCE: Duration = Duration::from_secs(30);

/// Believes exactly this server's certificate.
pub(crate) fn tls(door: &Door, protocols: &[&[u8]]) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&door.certificate)?)?;
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
    Ok(config)
}

/// A client without an account; requests that need one bring a token.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    base: Arc<str>,
}

impl Api {
    pub(crate) fn new(door: &Door) -> Result<Self> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(door, &[b"h2"])?)
            .resolve(HOST, door.address)
            .no_proxy()
            .timeout(PATIENCE)
            .build()?;
        let base = format!("https://{HOST}:{}", door.address.port());
        Ok(Self {
            client,
            base: base.into(),
        })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, token: &str) -> Result<T> {
        let request = self.client.get(self.url(path)).bearer_auth(token);
        read(path, request).await
    }

    /// The answer as it came, for whom reading it would cost more than getting it.
    pub(crate) async fn fetch(&self, path: &str, token: &str) -> Result<Vec<u8>> {
        let request = self.client.get(self.url(path)).bearer_auth(token);
        let answer = request.header(header::ACCEPT, CBOR).send().await?;
        Ok(answer.error_for_status()?.bytes().await?.to_vec())
    }

    pub(crate) async fn get_openly<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(path, self.client.get(self.url(path))).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&str>,
        body: &impl Serialize,
    ) -> Result<T> {
        let mut bytes = Vec::new();
        ciborium::into_writer(body, &mut bytes)?;
        let mut request = self.client.post(self.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let request = request.header(header::CONTENT_TYPE, CBOR).body(bytes);
        read(path, request).await
    }

    /// A file as a browser that takes `encodings` gets it.
    pub(crate) async fn file(&self, path: &str, encodings: &str) -> Result<Vec<u8>> {
        let request = self
            .client
            .get(self.url(path))
            .header(header::ACCEPT_ENCODING, encodings);
        let answer = request.send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

async fn read<T: DeserializeOwned>(path: &str, request: RequestBuilder) -> Result<T> {
    let answer = request.header(header::ACCEPT, CBOR).send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    if !status.is_success() {
        let said: ciborium::Value = ciborium::from_reader(&body[..])?;
        bail!("{path} was answered with {status}: {said:?}");
    }
    ciborium::from_reader(&body[..]).with_context(|| format!("{path}: not the answer we know"))
}
