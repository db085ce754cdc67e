//! What every request passes before a handler, and every reply on its way out.
//!
//! In: size of address and headers, no credential in the address, no other site's pages, a valid
//! access token if there is one, the request limit. Out: the security headers, whatever the
//! status.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Uri,
        header::{self, AUTHORIZATION, HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use cloister_wire::{ErrorCode, limits};

use crate::{App, Error, Result, access::Caller, limit::Spent, visitor::Visitor};

/// Pages: everything from this origin only, compiled scripts, one named Trusted Types policy.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
     worker-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; \
     font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types cloister";
/// Answers that are no page: nothing may run, whatever a browser takes them for.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

const HEADERS: [(&str, &str); 10] = [
    (
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "0"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), \
         clipboard-write=(self), geolocation=(), usb=(), payment=(), browsing-topics=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
];

/// Middleware: the security headers, on every status.
pub(super) async fn headers(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let page = !is_api
        && headers
            .get(header::CONTENT_TYPE)
            .is_none_or(|kind| kind != super::reply::JSON);
    let policy = if page { PAGE_POLICY } else { DATA_POLICY };
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    headers.remove(header::SERVER);
    response
}

/// Middleware: refuses what no handler should see, and finds out who asks. Whatever is refused
/// counts as a request all the same.
pub(super) async fn gate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let visitor = Visitor::of(
        request.extensions(),
        request.headers(),
        &app.config.trusted_proxies,
    );
    let caller = caller(&app, request.headers(), &visitor);
    let key = match &caller {
        Ok(Caller::Bearer(claims)) => claims.user.to_string(),
        Ok(Caller::Nobody) | Err(_) => visitor.network(),
    };
    let spent = app.limits.spend(&key, app.env.now());
    let admitted = spent
        .allowed()
        .and_then(|()| check(&app, &request))
        .and(caller);
    let mut response = match admitted {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    limit_headers(response.headers_mut(), &spent);
    response
}

/// Middleware of routes that are not for everybody: nothing is received from somebody who does
/// not say who they are.
pub(super) async fn signed_in(request: Request, next: Next) -> Response {
    match request.extensions().get() {
        Some(Caller::Bearer(_)) => next.run(request).await,
        Some(Caller::Nobody) | None => Error::unauthenticated().into_response(),
    }
}

/// What can be said of a request without asking who sent it.
fn check(app: &App, request: &Request) -> Result<()> {
    let uri = request.uri();
    let headers = request.headers();
    if uri.path_and_query().map_or(0, |one| one.as_str().len()) > limits::URL_BYTES {
        return Err(Error::refuse(
            ErrorCode::TooLarge,
            "The address is too long.",
        ));
    }
    let size: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size > limits::HEADER_BYTES {
        return Err(Error::refuse(
            ErrorCode::TooLarge,
            "The headers are too large.",
        ));
    }
    refuse_credentials(uri)?;
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
        return Ok(());
    }
    check_site(app, uri, headers)
}

/// Addresses are written to logs and histories: nothing secret may stand in one.
fn refuse_credentials(uri: &Uri) -> Result<()> {
    const NAMES: [&str; 12] = [
        "token",
        "access_token",
        "refresh_token",
        "id_token",
        "jwt",
        "auth",
        "authorization",
        "password",
        "secret",
        "api_key",
        "apikey",
        "session",
    ];
    let query = uri.query().unwrap_or_default();
    let looks_secret = query.split('&').any(|pair| {
        let name = pair
            .split('=')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        NAMES.contains(&name.as_str())
    });
    if looks_secret {
        return Err(Error::refuse(
            ErrorCode::CredentialInUrl,
            "Credentials belong in the Authorization header, never in an address.",
        ));
    }
    Ok(())
}

/// Requests that change something come from our own pages, or from no page at all.
fn check_site(app: &App, uri: &Uri, headers: &HeaderMap) -> Result<()> {
    let origin = match headers.get(ORIGIN).map(HeaderValue::to_str) {
        None => None,
        Some(Ok(origin)) => Some(origin),
        Some(Err(_)) => return Err(cross_site()),
    };
    if let Some(origin) = origin
        && !is_own_origin(app, origin, uri, headers)
    {
        return Err(cross_site());
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let allowed = app
        .config
        .allowed_origins
        .iter()
        .any(|one| Some(one.as_str()) == origin);
    match site {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) if allowed => Ok(()),
        Some(_) => Err(cross_site()),
    }
}

/// Is it the origin of the pages that this instance serves, or one that its operator allows?
pub(crate) fn is_own_origin(app: &App, origin: &str, uri: &Uri, headers: &HeaderMap) -> bool {
    let host = uri
        .authority()
        .map(axum::http::uri::Authority::as_str)
        .or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok()));
    let own = host.is_some_and(|host| origin.strip_prefix("https://") == Some(host))
        || app
            .config
            .public_url
            .as_deref()
            .map(|url| url.trim_end_matches('/'))
            == Some(origin);
    own || app.config.allowed_origins.iter().any(|one| one == origin)
}

pub(super) fn cross_site() -> Error {
    Error::refuse(ErrorCode::CrossSite, "This request came from another site.")
}

fn caller(app: &App, headers: &HeaderMap, visitor: &Visitor) -> Result<Caller> {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Ok(Caller::Nobody);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Bearer "));
    let claims = token.and_then(|token| app.keys.tokens().read(token, app.env.now()));
    claims
        .map(|claims| Caller::Bearer(claims.shown_from(visitor.address)))
        .ok_or_else(Error::unauthenticated)
}

fn limit_headers(headers: &mut HeaderMap, spent: &Spent) {
    headers.insert("x-ratelimit-limit", HeaderValue::from(spent.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(spent.remaining));
    headers.insert(
        "x-ratelimit-reset",
        HeaderValue::from(spent.reset_ms.div_ceil(1_000)),
    );
}
