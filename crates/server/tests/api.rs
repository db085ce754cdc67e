//! The API through the router, on both databases.

#[path = "cast/mod.rs"]
mod cast;

mod api {
    mod account;
    mod account_application;
    mod announcement;
    mod application;
    mod audience;
    mod audit;
    mod backup;
    mod channel;
    mod deletion;
    mod device;
    mod dm;
    mod dormancy;
    mod email;
    mod emoji;
    mod factor;
    mod frame;
    mod group;
    mod guild;
    mod guild_log;
    mod history;
    mod inbox;
    mod invite;
    mod look;
    mod mail;
    mod message;
    mod moderation;
    mod newcomer;
    mod operate;
    mod order;
    mod pin;
    mod prekey;
    mod presence;
    mod race;
    mod reader;
    mod report;
    mod retention;
    mod role;
    mod scrub;
    mod security;
    mod seen;
    mod session;
    mod share;
    mod start_over;
    mod term;
    mod thread;
}
