//! The built binary against a real server: `story` is what people do, `contract` what scripts
//! rely on.

mod account;
mod contract;
mod stage;
mod story;
