//! Requests with the person's token, and keeping that token alive.

use std::future::poll_fn;
use std::task::Poll;

use cloister_e2ee::Primitives;
use cloister_wire::{
    ErrorBody, ErrorCode, SessionId,
    account::{ClientKind, Refresh, Tokens},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    core::{RawRequest, Shared, refuse},
    engine::{HttpOutcome, Method},
    store::Trouble,
    view::{Refusal, Topic},
};

/// A token is replaced this long before it runs out.
const TOKEN_MARGIN_MS: u64 = 20_000;
const REFRESHING: &str = "refresh";

/// Why a request brought nothing.
#[derive(Debug, Clone)]
pub(crate) enum CallError {
    /// Whether it arrived is not known.
    NoAnswer,
    Refused {
        status: u16,
        body: ErrorBody,
    },
}

impl CallError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoAnswer => ErrorCode::Offline,
            Self::Refused { body, .. } => body.code,
        }
    }

    /// Nothing happened and nobody is to blame: the same again later.
    pub fn retry_later(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 429 | 500..=599,
                ..
            }
        )
    }

    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::NoAnswer => None,
            Self::Refused { body, .. } => body.retry_after_ms,
        }
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NoAnswer => refuse(ErrorCode::Offline, "The server can't be reached."),
            CallError::Refused { body, .. } => Self {
                code: body.code,
                message: body.message,
                retry_after_ms: body.retry_after_ms,
            },
        }
    }
}

pub(crate) fn to_cbor<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("writing to memory does not fail");
    bytes
}

pub(crate) fn from_cbor<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    ciborium::from_reader(bytes).ok()
}

/// The reply's value, or an error that says that the server speaks another language.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CallError> {
    from_cbor(bytes).ok_or_else(|| CallError::Refused {
        status: 200,
        body: ErrorBody {
            code: ErrorCode::Internal,
            message: "The server's answer could not be read. Is it of another version?".to_owned(),
            retry_after_ms: None,
            epoch: None,
        },
    })
}

/// Requests with ciphertexts, and receipts for them. They wait until the gateway has taken this
/// store for the newest: an older copy would seal twice at the same place of a ratchet, and find
/// out afterwards.
fn is_sealed(method: Method, path: &str) -> bool {
    method == Method::Post
        && (path.ends_with("/messages")
            || path.ends_with("/shares")
            || path.starts_with("/api/v1/to-device"))
}

impl<P: Primitives> Shared<P> {
    pub async fn get<T: DeserializeOwned>(&self, path: String) -> Result<T, CallError> {
        read(&self.call(Method::Get, path, None).await?)
    }

    pub async fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: String,
        body: &B,
    ) -> Result<T, CallError> {
        read(&self.call(Method::Post, path, Some(to_cbor(body))).await?)
    }

    /// A request whose reply says no more than that it was done.
    pub async fn tell_server<B: Serialize>(
        &self,
        method: Method,
        path: String,
        body: &B,
    ) -> Result<(), CallError> {
        self.call(method, path, Some(to_cbor(body)))
            .await
            .map(|_| ())
    }

    /// One request with the access token, with exactly these bytes.
    pub async fn call(
        &self,
        method: Method,
        path: String,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, CallError> {
        self.identified().await;
        if is_sealed(method, &path) && !self.core().link.confirmed {
            return Err(CallError::NoAnswer);
        }
        let mut fresh = false;
        loop {
            let bearer = Some(self.access_token(fresh).await?);
            let request = RawRequest {
                method,
                path: path.clone(),
                body: body.clone(),
                bearer,
                csrf: None,
            };
            let sign_in = self.sign_in();
            match understand(self.request(request).await) {
                Err(CallError::Refused { status: 401, .. }) if !fresh => fresh = true,
                Err(CallError::Refused { status, body }) => {
                    if sign_in == self.sign_in() {
                        self.note_trouble(&body);
                    }
                    return Err(CallError::Refused { status, body });
                }
                other => return other,
            }
        }
    }

    /// Until the gateway has answered who this device is. The counter of writes that the device
    /// names there must not be overtaken by a request, or an honest device looks like a copy.
    async fn identified(&self) {
        poll_fn(|_| {
            if self.core().link.identifying {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// One request by somebody who is not signed in.
    pub async fn call_openly<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, CallError> {
        read(&self.call_openly_done(method, path, body).await?)
    }

    /// The same, whose reply says no more than that it was done.
    pub async fn call_openly_done(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, CallError> {
        let request = RawRequest {
            method,
            path: path.to_owned(),
            body,
            bearer: None,
            csrf: None,
        };
        understand(self.request(request).await)
    }

    /// A token that will live for a while; a new one if `fresh` or needed.
    pub async fn access_token(&self, fresh: bool) -> Result<String, CallError> {
        poll_fn(|_| {
            if self.core().running.contains(REFRESHING) {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        let (tokens, held, now) = {
            let core = self.core();
            (
                core.store.tokens().ok().flatten(),
                core.access.clone(),
                core.now,
            )
        };
        let Some(tokens) = tokens else {
            return Err(signed_out());
        };
        let (token, ends_at) =
            held.unwrap_or_else(|| (tokens.access_token.clone(), tokens.access_expires_at));
        if !fresh && ends_at > now + TOKEN_MARGIN_MS {
            return Ok(token);
        }
        self.core().running.insert(REFRESHING.to_owned());
        let renewed = self.refresh(&tokens).await;
        self.core().running.remove(REFRESHING);
        renewed
    }

    async fn refresh(&self, old: &Tokens) -> Result<String, CallError> {
        let browser = self.core().options.client == ClientKind::Browser;
        let request = RawRequest {
            method: Method::Post,
            path: "/api/v1/sessions/refresh".to_owned(),
            body: Some(to_cbor(&Refresh {
                refresh_token: old.refresh_token.clone(),
            })),
            bearer: None,
            csrf: browser.then(|| old.csrf_token.clone().unwrap_or_default()),
        };
        match understand(self.request(request).await) {
            Ok(bytes) => {
                let tokens: Tokens = read(&bytes)?;
                let stored = self.core().keep_tokens(&tokens);
                stored.map_err(|_| CallError::NoAnswer)?;
                Ok(tokens.access_token)
            }
            Err(CallError::Refused { status, body }) => {
                // Another sign-in may have begun meanwhile, with another device in this place.
                if self.sign_in() != Some(old.session) {
                    return Err(CallError::Refused { status, body });
                }
                // The sign-in is over; the device and what it can read are not.
                if matches!(status, 400..=403) {
                    self.end(if body.code == ErrorCode::DeviceRevoked {
                        Trouble::Revoked
                    } else {
                        Trouble::SignedOut
                    });
                }
                self.note_trouble(&body);
                Err(CallError::Refused { status, body })
            }
            Err(error) => Err(error),
        }
    }

    fn sign_in(&self) -> Option<SessionId> {
        let tokens = self.core().store.tokens().ok().flatten();
        tokens.map(|tokens| tokens.session)
    }

    fn note_trouble(&self, body: &ErrorBody) {
        match body.code {
            ErrorCode::DeviceRevoked => self.end(Trouble::Revoked),
            ErrorCode::DeviceCloned => self.end(Trouble::Cloned),
            _ => {}
        }
    }

    /// Stops this device's work and says why.
    pub fn end(&self, trouble: Trouble) {
        let mut core = self.core();
        // Why a device was revoked is known better from the log than from the refusals after it.
        if matches!(core.store.trouble(), Ok(Some(Trouble::StartedOver))) {
            return;
        }
        if core.store.put_trouble(&trouble).is_ok() {
            core.tell(Topic::Session);
        }
    }
}

fn signed_out() -> CallError {
    CallError::Refused {
        status: 401,
        body: ErrorBody {
            code: ErrorCode::SignedOut,
            message: "Nobody is signed in here.".to_owned(),
            retry_after_ms: None,
            epoch: None,
        },
    }
}

/// Splits an outcome into what was done and what was not.
pub(crate) fn understand(outcome: HttpOutcome) -> Result<Vec<u8>, CallError> {
    match outcome {
        HttpOutcome::NoAnswer => Err(CallError::NoAnswer),
        HttpOutcome::Answer {
            status: 200..=299,
            body,
        } => Ok(body),
        HttpOutcome::Answer { status, body } => {
            let body = from_cbor(&body).unwrap_or_else(|| ErrorBody {
                code: ErrorCode::Internal,
                message: format!("The server answered with status {status}."),
                retry_after_ms: None,
                epoch: None,
            });
            Err(CallError::Refused { status, body })
        }
    }
}
