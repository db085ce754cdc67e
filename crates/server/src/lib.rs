//! Accounts, guilds, order, delivery, jobs.
//!
//! The rooms, in reading order: `config` and `env` (what comes from outside), `error`, `app`
//! (what every handler holds), `http` (routes, requests, replies), `access` (who may), `action`
//! (the verbs), `store` (all SQL), `seal` (keys and secrets), `gateway` (live events), `mail` (letters on their way).

pub mod access;
pub mod action;
pub mod app;
pub mod config;
pub mod env;
pub mod error;
pub mod gateway;
pub mod http;
pub mod jobs;
pub mod limit;
pub mod mail;
pub mod measure;
pub mod operator;
mod patience;
pub mod seal;
pub mod serve;
pub mod store;
pub mod tls;
pub mod visitor;
mod web;

#[cfg(test)]
mod testing;

pub use app::App;
pub use error::{Error, Result};
