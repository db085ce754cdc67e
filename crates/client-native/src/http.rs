//! One request of the engine, performed.

use std::time::Duration;

use cloister_client::{HttpOutcome, Method};
use reqwest::{Client, header, redirect};
use rustls::ClientConfig;

use crate::{ServerUrl, tls};

const REQUEST_MS: u64 = 30_000;
/// More than any answer of the protocol has.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;
const CBOR: &str = "application/cbor";
const CSRF: &str = "x-cloister-csrf";

/// What the engine asks to be sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) bearer: Option<String>,
    pub(crate) csrf: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    server: ServerUrl,
}

impl Http {
    pub(crate) fn new(server: ServerUrl, config: ClientConfig) -> reqwest::Result<Http> {
        let client = Client::builder()
            .tls_backend_preconfigured(config)
            .https_only(true)
            // The WebSocket does not go through a proxy either: both work, or neither.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_millis(tls::CONNECT_MS))
            .timeout(Duration::from_millis(REQUEST_MS))
            .build()?;
        Ok(Http { client, server })
    }

    pub(crate) async fn perform(&self, request: Request) -> HttpOutcome {
        let path = request.path.clone();
        self.send(request).await.unwrap_or_else(|error| {
            tracing::debug!(path, %error, "no answer");
            HttpOutcome::NoAnswer
        })
    }

    async fn send(&self, request: Request) -> reqwest::Result<HttpOutcome> {
        let url = self.server.with_path("https", &request.path);
        let mut builder = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => self.client.post(url),
            Method::Put => self.client.put(url),
            Method::Delete => self.client.delete(url),
        }
        .header(header::ACCEPT, CBOR);
        if let Some(bearer) = request.bearer {
            builder = builder.bearer_auth(bearer);
        }
        if let Some(csrf) = request.csrf {
            builder = builder.header(CSRF, csrf);
        }
        if let Some(body) = request.body {
            builder = builder.header(header::CONTENT_TYPE, CBOR).body(body);
        }
        let mut response = builder.send().await?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > ANSWER_BYTES {
                tracing::warn!(path = request.path, "the answer is too long");
                return Ok(HttpOutcome::NoAnswer);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpOutcome::Answer { status, body })
    }
}
