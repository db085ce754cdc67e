//! Cast, clock, chance and simulated network for tests.

pub mod cast;
pub mod client;
pub mod clock;
pub mod gateway;
mod inspect;
pub mod judge;
pub mod mallory;
pub mod meddler;
pub mod server;
pub mod sim;
pub mod trace;
pub mod truth;
pub mod weather;
pub mod world;
