//! The live connection: events to the people who may hear them.
//!
//! [`bus`] carries what was committed to the connections of this node; [`session`] is one
//! connection as a pure value, with [`subscription`] for what it may hear; [`published`] encodes
//! an event once for all who receive it. [`socket`] is the shell around a session, `admission`
//! its way in, [`lobby`] the bound on those who have not said who they are.

pub mod admission;
pub mod bus;
pub mod lobby;
pub mod presence;
pub mod published;
pub mod session;
pub mod socket;
pub mod subscription;
