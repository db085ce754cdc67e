//! The live connection: events to the people who may hear them.
//!
//! [`bus`] carries what was committed to the connections of this node; [`session`] is one
//! connection as a pure value, with [`subscription`] for what it may hear; [`published`] encodes
//! an event once for all who receive it.

pub mod bus;
pub mod published;
pub mod session;
pub mod subscription;
