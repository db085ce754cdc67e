//! HTTP: out of a request, through one transaction, into a reply. No SQL and no rule here.

pub mod account;
pub mod account_application;
pub mod address;
pub mod application;
pub mod audit;
pub mod backup;
pub mod category;
pub mod channel;
pub mod deletion;
pub mod denied;
pub mod device;
pub mod dm;
pub mod email;
pub mod emoji;
pub mod extract;
pub mod group;
pub mod guard;
pub mod guild;
pub mod guild_log;
pub mod health;
pub mod history;
pub mod inbox;
pub mod instance;
pub mod invite;
pub mod message;
pub mod moderation;
pub mod nickname;
pub mod openapi;
pub mod operate;
pub mod picture;
pub mod pin;
pub mod prekey;
pub mod presence;
pub mod relation;
pub mod reply;
pub mod report;
pub mod retention;
pub mod role;
pub mod routes;
pub mod rules;
pub mod scrub;
pub mod security;
pub mod session;
pub mod term;
pub mod thread;
pub mod typing;
pub mod unreadable;
pub mod well_known;

use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;

use crate::App;

/// Every route, with what surrounds them.
pub fn router(app: &App) -> Router {
    let mut router = Router::new();
    for route in routes::table() {
        router = router.route(route.path, route.into_method_router());
    }
    router
        .merge(crate::web::router())
        .layer(CatchPanicLayer::custom(reply::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), denied::note))
        .layer(middleware::from_fn_with_state(app.clone(), guard::gate))
        .layer(middleware::from_fn(reply::write))
        .layer(middleware::from_fn(guard::headers))
        .with_state(app.clone())
}
