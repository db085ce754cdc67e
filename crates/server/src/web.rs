//! The web client inside the program: static files that can be hashed, and its page for every
//! address that is none of the API's.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, header::CACHE_CONTROL},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

use crate::{App, Error};

/// Names below here carry a hash of their content.
const HASHED: &str = "/assets/";
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Everything that is none of the API's.
pub(crate) fn router() -> Router<App> {
    files().layer(middleware::from_fn(only_pages))
}

/// Addresses of the API that don't exist get no page, and hashed files may be kept.
async fn only_pages(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let page =
        matches!(*request.method(), Method::GET | Method::HEAD) && !path.starts_with("/api/");
    if !page {
        return Error::not_found().into_response();
    }
    let hashed = path.starts_with(HASHED);
    let mut response = next.run(request).await;
    if hashed {
        let html = response
            .headers()
            .get(axum::http::header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        // The fallback is the page; a file that is gone is gone.
        if html {
            return Error::not_found().into_response();
        }
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    }
    response
}

/// The files are brotli inside the program, and unpacked for whoever does not take that: a third
/// of a second of work, which the start does not wait for.
#[cfg(cloister_web)]
fn files() -> Router<App> {
    use std::{sync::OnceLock, thread};
    use tower::ServiceExt as _;

    static FILES: OnceLock<Router> = OnceLock::new();
    thread::spawn(|| FILES.get_or_init(unpack));
    Router::new().fallback(async |request: Request| -> Response {
        // Whoever is here first waits; after that it is there.
        let files = match FILES.get() {
            Some(files) => files.clone(),
            None => match tokio::task::spawn_blocking(|| FILES.get_or_init(unpack)).await {
                Ok(files) => files.clone(),
                Err(error) => return Error::internal(error).into_response(),
            },
        };
        files.oneshot(request).await.into_response()
    })
}

#[cfg(cloister_web)]
fn unpack() -> Router {
    memory_serve::load!()
        .index_file(Some("/index.html"))
        .fallback(Some("/index.html"))
        .fallback_status(axum::http::StatusCode::OK)
        // Every browser takes brotli over TLS; gzip would have to be made at every start.
        .enable_gzip(false)
        .html_cache_control(memory_serve::CacheControl::NoCache)
        .cache_control(memory_serve::CacheControl::NoCache)
        .into_router()
}

/// In a build without the web client, a page that says so.
#[cfg(not(cloister_web))]
fn files() -> Router<App> {
    const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
        <title>Cloister</title><h1>Cloister is running</h1>\
        <p>This build has no web client inside. Build it with <code>cargo xtask run</code>, or \
        use the command line.</p></html>";
    Router::new().fallback(async || axum::response::Html(PAGE))
}
