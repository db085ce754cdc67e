//! All SQL. One file a noun; every function takes a transaction and, where there is somebody to
//! ask for leave, a permit.

pub mod account;
pub mod account_application;
pub mod application;
pub mod attempt;
pub mod audit;
pub mod backup;
pub mod category;
pub mod channel;
pub mod channel_reader;
pub mod channel_waiting;
pub mod connection;
pub mod db;
pub mod deletion;
pub mod device;
pub mod device_target;
pub mod dm;
pub mod email;
pub mod emoji;
pub mod epoch;
pub mod factor;
pub mod group_session;
pub mod guild;
pub mod guild_log;
pub mod guild_view;
pub mod history;
pub mod inbox;
pub mod instance;
pub mod invite;
pub mod lockout;
pub mod mail;
pub mod message;
pub mod moderation;
pub mod one_time;
pub mod picture;
pub mod pin;
pub mod prekey;
pub mod presence;
pub mod relation;
pub mod report;
pub mod retention;
pub mod role;
pub mod scrub;
pub mod security_event;
pub mod session;
pub mod start_over;
pub mod sweep;
pub mod term;
pub mod thread;

#[cfg(test)]
mod tests;

/// Every statement of every file, so that a test can prepare them all.
#[cfg(test)]
fn statements() -> impl Iterator<Item = db::Sql> {
    let files: &[&[db::Sql]] = &[
        account::STATEMENTS,
        attempt::STATEMENTS,
        audit::STATEMENTS,
        category::STATEMENTS,
        deletion::STATEMENTS,
        device::STATEMENTS,
        guild::STATEMENTS,
        invite::STATEMENTS,
        channel::STATEMENTS,
        channel_reader::STATEMENTS,
        channel_waiting::STATEMENTS,
        connection::STATEMENTS,
        device_target::STATEMENTS,
        dm::STATEMENTS,
        epoch::STATEMENTS,
        group_session::STATEMENTS,
        guild_log::STATEMENTS,
        history::STATEMENTS,
        inbox::STATEMENTS,
        instance::STATEMENTS,
        message::STATEMENTS,
        moderation::STATEMENTS,
        pin::STATEMENTS,
        prekey::STATEMENTS,
        presence::STATEMENTS,
        relation::STATEMENTS,
        role::STATEMENTS,
        scrub::STATEMENTS,
        report::STATEMENTS,
        retention::STATEMENTS,
        session::STATEMENTS,
        email::STATEMENTS,
        mail::STATEMENTS,
        start_over::STATEMENTS,
        factor::STATEMENTS,
        lockout::STATEMENTS,
        one_time::STATEMENTS,
        security_event::STATEMENTS,
    ];
    files.iter().copied().flatten().copied()
}
