//! What the engine does by itself and on command. Each flow is an async function over
//! [`crate::core::Shared`]; what must survive a crash is committed to the store before a flow
//! waits, and [`sync::ready`] starts again whatever a crash interrupted.

pub(crate) mod account;
pub(crate) mod application;
pub(crate) mod audience;
pub(crate) mod backup;
pub(crate) mod call;
pub(crate) mod command;
pub(crate) mod connect;
pub(crate) mod device;
pub(crate) mod envelope;
pub(crate) mod expiry;
mod fork;
pub(crate) mod govern;
pub(crate) mod group;
pub(crate) mod guild;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod incoming;
pub(crate) mod invite;
pub(crate) mod mention;
pub(crate) mod notice;
pub(crate) mod operate;
pub(crate) mod outgoing;
pub(crate) mod own;
pub(crate) mod people;
pub(crate) mod pin;
mod poll;
pub(crate) mod prekeys;
pub(crate) mod presence;
pub(crate) mod queue;
pub(crate) mod reading;
pub(crate) mod recovery;
pub(crate) mod remark;
pub(crate) mod report;
pub(crate) mod say;
pub(crate) mod schedule;
pub(crate) mod search;
pub(crate) mod security;
pub(crate) mod sync;
pub(crate) mod thread;
pub(crate) mod typing;
pub(crate) mod vault;
pub(crate) mod verify;
pub(crate) mod ways;
