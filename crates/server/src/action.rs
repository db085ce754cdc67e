//! The verbs: what somebody with a permit does. Writes only; one file a noun, one function a verb.
//! What others shall hear of is emitted here, and published after the commit.

pub mod account;
pub mod attempt;
pub mod audit;
pub mod backup;
pub mod category;
pub mod channel;
pub mod connection;
pub mod device;
pub mod dm;
pub mod dormancy;
pub mod ending;
pub mod epoch;
pub mod factor;
pub mod group;
pub mod guild;
pub mod guild_log;
pub mod history;
pub mod inbox;
pub mod invite;
pub mod message;
pub mod moderation;
pub mod nickname;
pub mod password;
pub mod picture;
pub mod pin;
pub mod prekey;
pub mod relation;
pub mod report;
pub mod role;
pub mod rules;
pub mod scrub;
pub mod security;
pub mod session;
pub mod share;
pub mod typing;
