//! HTTP: out of a request, through one transaction, into a reply. No SQL and no rule here.

pub mod extract;
pub mod guard;
pub mod health;
pub mod instance;
pub mod reply;
pub mod routes;

use axum::{Router, middleware};

use crate::App;

/// Every route, with what surrounds them.
pub fn router(app: &App) -> Router {
    let mut router = Router::new();
    for route in routes::table() {
        router = router.route(route.path, route.into_method_router());
    }
    router
        .layer(middleware::from_fn_with_state(app.clone(), guard::gate))
        .layer(middleware::from_fn(reply::write))
        .layer(middleware::from_fn(guard::headers))
        .with_state(app.clone())
}
