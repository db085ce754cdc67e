//! What handlers take out of an address: ids in the path, and the query.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, Path, Query as RawQuery},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// The one id in the path. What is no id names nothing.
#[derive(Debug, Clone, Copy)]
pub struct At<T>(pub T);

/// The two ids in the path, in their order.
#[derive(Debug, Clone, Copy)]
pub struct AtTwo<A, B>(pub A, pub B);

/// The query. Unknown names are refused by its type.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for At<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::not_found())?;
        text.parse().map(Self).map_err(|_| Error::not_found())
    }
}

impl<S: Send + Sync, A: FromStr, B: FromStr> FromRequestParts<S> for AtTwo<A, B> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::not_found())?;
        match (first.parse(), second.parse()) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            _ => Err(Error::not_found()),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        RawQuery::<T>::from_request_parts(parts, state)
            .await
            .map(|RawQuery(query)| Self(query))
            .map_err(|rejection| {
                Error::malformed(format!(
                    "The address can't be used: {}.",
                    rejection.body_text()
                ))
            })
    }
}
