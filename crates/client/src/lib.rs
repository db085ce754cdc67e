//! What a person sees: one engine for browser, terminal and bots, over one encrypted store.
//!
//! The engine does no I/O. A shell opens the database, gives it [`Input`]s and the time, and
//! carries out what a [`Step`] says. The law is *commit, then send, then tell*: whatever the
//! engine asks to be sent is already in the store, and what it tells has already happened.
//!
//! Reading order: [`view`] (the contract with shells), [`engine`], `core` (how a flow waits for
//! replies without threads), then the flows: `account`, `sync`, `audience` and `outgoing` (a
//! message on its way out), `queue` and `incoming` (a message on its way in).

mod core;
pub mod engine;
mod flow;
mod search;
mod show;
mod store;
pub mod view;

pub use cloister_e2ee::{Primitives, symbolic::Symbolic, vodozemac::Vodozemac};
pub use engine::{Engine, GenericEngine, HttpOutcome, Input, Method, Options, Outgoing, Step};
pub use store::StoreError;
