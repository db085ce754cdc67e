//! What programs look for at addresses that are the same everywhere (RFC 8615).

use std::fmt::Write;

use axum::{
    extract::State,
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Redirect, Response},
};

use crate::{App, Error, Result};

/// What is said in `security.txt` counts for so long (RFC 9116, 2.5.5).
const SECURITY_MS: u64 = 180 * 24 * 60 * 60_000;

/// Where a password is changed (W3C: a well-known URL for changing passwords).
pub async fn change_password() -> Redirect {
    Redirect::to("/you/security")
}

/// Whom to tell of a weakness (RFC 9116), if the operator named somebody.
pub async fn security(State(app): State<App>) -> Result<Response> {
    let contact = app.config.contact.as_ref().ok_or_else(Error::not_found)?;
    let until = i64::try_from((app.env.now() + SECURITY_MS) / 1_000).unwrap_or_default();
    let until = time::OffsetDateTime::from_unix_timestamp(until).map_err(Error::internal)?;
    let mut text = format!(
        "Contact: {contact}\nExpires: {}-{:02}-{:02}T00:00:00Z\nPreferred-Languages: en\n",
        until.year(),
        u8::from(until.month()),
        until.day()
    );
    if let Some(url) = &app.config.public_url {
        let url = url.trim_end_matches('/');
        let _ = writeln!(text, "Canonical: {url}/.well-known/security.txt");
    }
    let mut response = text.into_response();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    Ok(response)
}
