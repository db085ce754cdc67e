//! Every endpoint, one line each. The router, the OpenAPI document and the test that tries every
//! person on every route are made from this one table.

mod conversation;
mod governance;
mod operate;
mod people;
mod security;

use axum::{
    extract::DefaultBodyLimit,
    handler::Handler,
    http::{Method, StatusCode},
    middleware,
    routing::{MethodFilter, MethodRouter, on},
};
use cloister_wire::limits::BODY_BYTES;
use utoipa::{
    ToSchema,
    openapi::{RefOr, schema::Schema},
};

use super::guard;
use crate::App;

/// Whom a route is for. Who is less gets 401, 403 or, where the thing is not theirs to know of,
/// 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    Anyone,
    /// A signed-in device, also one that waits for approval.
    Enrolling,
    /// A signed-in, approved device.
    Person,
    /// A member of the guild in the path.
    Member,
    /// A member with a right that not all have; owners have it.
    Owner,
    /// Somebody who may see the channel in the path.
    Reader,
    /// Somebody who sees the channel in the path and has a right that not all have.
    Manager,
    Operator,
}

/// A type's name and schemas for the OpenAPI document.
pub(super) type Describe = fn() -> (String, Vec<(String, RefOr<Schema>)>);

/// One endpoint.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub who: For,
    /// One sentence.
    pub about: &'static str,
    pub body_bytes: usize,
    pub status: StatusCode,
    pub(super) request: Option<Describe>,
    pub(super) reply: Option<Describe>,
    handler: MethodRouter<App>,
}

/// The whole API.
pub fn table() -> Vec<Route> {
    let mut table = people::table();
    table.extend(conversation::table());
    table.extend(security::table());
    table.extend(governance::table());
    table.extend(operate::table());
    table
}

fn get<H: Handler<T, App>, T: 'static>(path: &'static str, who: For, handler: H) -> Route {
    route(Method::GET, MethodFilter::GET, path, who, handler)
}

fn post<H: Handler<T, App>, T: 'static>(path: &'static str, who: For, handler: H) -> Route {
    route(Method::POST, MethodFilter::POST, path, who, handler)
}

fn put<H: Handler<T, App>, T: 'static>(path: &'static str, who: For, handler: H) -> Route {
    route(Method::PUT, MethodFilter::PUT, path, who, handler)
}

fn delete<H: Handler<T, App>, T: 'static>(path: &'static str, who: For, handler: H) -> Route {
    route(Method::DELETE, MethodFilter::DELETE, path, who, handler)
}

fn route<H: Handler<T, App>, T: 'static>(
    method: Method,
    filter: MethodFilter,
    path: &'static str,
    who: For,
    handler: H,
) -> Route {
    Route {
        method,
        path,
        who,
        about: "",
        body_bytes: BODY_BYTES,
        status: StatusCode::NO_CONTENT,
        request: None,
        reply: None,
        handler: on(filter, handler),
    }
}

impl Route {
    fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// The body that it takes.
    fn takes<T: ToSchema>(mut self) -> Self {
        self.request = Some(describe::<T>);
        self
    }

    /// What it answers, with 200.
    fn gives<T: ToSchema>(mut self) -> Self {
        self.reply = Some(describe::<T>);
        self.status = StatusCode::OK;
        self
    }

    /// What it answers, with 201.
    fn makes<T: ToSchema>(mut self) -> Self {
        self.reply = Some(describe::<T>);
        self.status = StatusCode::CREATED;
        self
    }

    /// Another status than the usual one.
    fn answers(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The largest body that it takes, if not the usual one.
    fn body_bytes(mut self, bytes: usize) -> Self {
        self.body_bytes = bytes;
        self
    }

    pub(super) fn into_method_router(self) -> MethodRouter<App> {
        let handler = self.handler.layer(DefaultBodyLimit::max(self.body_bytes));
        if self.who == For::Anyone {
            return handler;
        }
        handler.layer(middleware::from_fn(guard::signed_in))
    }
}

fn describe<T: ToSchema>() -> (String, Vec<(String, RefOr<Schema>)>) {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    (T::name().into_owned(), schemas)
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}", self.method, self.path, self.who)
    }
}
