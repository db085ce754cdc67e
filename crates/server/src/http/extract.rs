//! What handlers take out of a request: a body, who asks, a cookie.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{
        HeaderMap,
        header::{CONTENT_TYPE, COOKIE},
        request::Parts,
    },
};
use cloister_wire::{ErrorCode, limits::BODY_DEPTH};
use serde::de::DeserializeOwned;

use super::reply::{CBOR, JSON};
use crate::{Error, Result, access::Caller, visitor::Visitor};

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Name of the cookie that holds a browser's refresh token. The prefix makes browsers insist on
/// `Secure`, `Path=/` and no `Domain`.
pub const COOKIE_NAME: &str = "__Host-cloister";

/// A body in JSON or CBOR, by its content type. Unknown fields are refused by the types.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let format = Format::of(request.headers())?;
        let bytes = tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, state))
            .await
            .map_err(|_| {
                Error::refuse(
                    ErrorCode::TimedOut,
                    "The request's body took too long to arrive.",
                )
            })?
            .map_err(|rejection| match rejection.status().as_u16() {
                413 => Error::refuse(ErrorCode::TooLarge, "The request is too large."),
                _ => Error::malformed("The request's body could not be received."),
            })?;
        format.read(&bytes).map(Self)
    }
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Json,
    Cbor,
}

impl Format {
    fn of(headers: &HeaderMap) -> Result<Self> {
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        match kind.split(';').next().unwrap_or_default().trim() {
            JSON => Ok(Self::Json),
            CBOR => Ok(Self::Cbor),
            _ => Err(Error::refuse(
                ErrorCode::UnsupportedMediaType,
                "Send application/json or application/cbor.",
            )),
        }
    }

    fn read<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T> {
        let read = match self {
            // The parser has a depth limit of its own, and none of our types is deep: what is
            // nested where no type expects it ends at the first bracket.
            Self::Json => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
            Self::Cbor => ciborium::de::from_reader_with_recursion_limit(bytes, BODY_DEPTH)
                .map_err(why_not_cbor),
        };
        read.map_err(|why| Error::malformed(format!("The request's body can't be used: {why}.")))
    }
}

/// A sentence's end; the library's own text is for its developers.
fn why_not_cbor(error: ciborium::de::Error<std::io::Error>) -> String {
    use ciborium::de::Error::{Io, RecursionLimitExceeded, Semantic, Syntax};
    match error {
        Semantic(_, why) => why,
        Syntax(at) => format!("there is no CBOR at byte {at}"),
        Io(_) => "it ends too early".to_owned(),
        RecursionLimitExceeded => "it is nested too deeply".to_owned(),
    }
}

/// Who asks, as the gate found from the `Authorization` header: a token whose signature and
/// time were right. Whether its sign-in still lives is asked in the transaction, by `access`.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// From where a request came, as the gate found it.
impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let found = parts.extensions.get::<Self>().cloned();
        Ok(found.unwrap_or_else(|| Self::of(&parts.extensions, &parts.headers, &[])))
    }
}

/// The refresh token of a browser, if the request has the cookie.
pub(super) fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, value)| value.to_owned())
}
