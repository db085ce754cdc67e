//! Replies: one value, written as JSON or CBOR, whichever the caller accepts.
//!
//! A handler returns a value or an error; both wait in the response's extensions until
//! `write` knows the format. Errors are logged here, once.

use std::{any::Any, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderValue, StatusCode,
        header::{
            ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, SET_COOKIE, VARY,
            WWW_AUTHENTICATE,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use cloister_wire::{ErrorBody, ErrorCode};
use serde::Serialize;

use crate::{Error, error::status_of};

pub const JSON: &str = "application/json";
pub const CBOR: &str = "application/cbor";

/// What a handler answers.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    value: T,
    cookie: Option<HeaderValue>,
}

impl<T> Reply<T> {
    pub fn ok(value: T) -> Self {
        Self {
            status: StatusCode::OK,
            value,
            cookie: None,
        }
    }

    pub fn created(value: T) -> Self {
        Self {
            status: StatusCode::CREATED,
            value,
            cookie: None,
        }
    }

    /// Sets a cookie of the browser.
    #[must_use]
    pub fn with_cookie(mut self, cookie: Option<HeaderValue>) -> Self {
        self.cookie = cookie;
        self
    }
}

/// Done, and nothing to say: 204.
#[derive(Debug, Default)]
pub struct Done {
    cookie: Option<HeaderValue>,
}

impl Done {
    #[must_use]
    pub fn with_cookie(mut self, cookie: Option<HeaderValue>) -> Self {
        self.cookie = cookie;
        self
    }
}

/// A value that waits for its format.
trait Render: Send + Sync {
    fn json(&self) -> serde_json::Result<Vec<u8>>;
    fn cbor(&self) -> Result<Vec<u8>, ciborium::ser::Error<std::io::Error>>;
}

impl<T: Serialize + Send + Sync> Render for T {
    fn json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    fn cbor(&self) -> Result<Vec<u8>, ciborium::ser::Error<std::io::Error>> {
        let mut bytes = Vec::new();
        ciborium::into_writer(self, &mut bytes)?;
        Ok(bytes)
    }
}

#[derive(Clone)]
struct Waiting(Arc<dyn Render>);

impl<T: Serialize + Send + Sync + 'static> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response
            .extensions_mut()
            .insert(Waiting(Arc::new(self.value)));
        set_cookie(&mut response, self.cookie);
        response
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        set_cookie(&mut response, self.cookie);
        response
    }
}

fn set_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if self.is_fault() {
            tracing::error!(error = %self, "a request failed");
        }
        let denied = self.denial();
        let mut response = error_response(self.body());
        if let Some(denied) = denied {
            response.extensions_mut().insert(denied);
        }
        response
    }
}

/// A handler that panicked is a fault like any other: the caller gets an answer.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer that catches panics gives the value away"
)]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Error::internal(format!("a handler panicked: {said}")).into_response()
}

fn error_response(body: ErrorBody) -> Response {
    let status =
        StatusCode::from_u16(status_of(body.code)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = status.into_response();
    let headers = response.headers_mut();
    if let Some(ms) = body.retry_after_ms {
        headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000).max(1)));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response.extensions_mut().insert(Waiting(Arc::new(body)));
    response
}

/// Middleware: writes the waiting value in the format that the request accepts, and gives the
/// router's own refusals (no such route, wrong method) the same form as ours.
pub(super) async fn write(request: Request, next: Next) -> Response {
    let cbor = request
        .headers()
        .get_all(ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains(CBOR)));
    let mut response = next.run(request).await;
    if response.extensions().get::<Waiting>().is_none()
        && response.headers().get(CONTENT_TYPE).is_none()
    {
        match response.status() {
            StatusCode::NOT_FOUND => response = Error::not_found().into_response(),
            StatusCode::METHOD_NOT_ALLOWED => {
                let allow = response.headers_mut().remove(ALLOW);
                let sentence = "This address exists, but not for that method.";
                response = Error::refuse(ErrorCode::MethodNotAllowed, sentence).into_response();
                if let Some(allow) = allow {
                    response.headers_mut().insert(ALLOW, allow);
                }
            }
            _ => {}
        }
    }
    let Some(Waiting(value)) = response.extensions_mut().remove::<Waiting>() else {
        return response;
    };
    let written = if cbor {
        value.cbor().map_err(|error| error.to_string())
    } else {
        value.json().map_err(|error| error.to_string())
    };
    let (mut parts, _) = response.into_parts();
    match written {
        Ok(bytes) => {
            let kind = if cbor { CBOR } else { JSON };
            parts
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            parts
                .headers
                .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            parts
                .headers
                .append(VARY, HeaderValue::from_static("accept"));
            Response::from_parts(parts, Body::from(bytes))
        }
        Err(error) => {
            tracing::error!(error, "a reply could not be written");
            parts.status = StatusCode::INTERNAL_SERVER_ERROR;
            Response::from_parts(parts, Body::empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware, routing::get};
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_with_a_code_and_says_nothing_of_the_cause() {
        async fn falls() -> Done {
            panic!("the cause")
        }
        let router: Router = Router::new()
            .route("/", get(falls))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn(write));
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1_000)
            .await
            .unwrap();
        let body: ErrorBody = serde_json::from_slice(&body).unwrap();
        assert_eq!(body.code, ErrorCode::Internal);
        assert!(!body.message.contains("the cause"));
    }
}
