//! The API through the router, on both databases.

#[path = "cast/mod.rs"]
mod cast;

mod api {
    mod account;
    mod device;
    mod frame;
    mod guild;
    mod invite;
    mod session;
}
