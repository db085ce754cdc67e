//! What each command does, one file for each group.

pub(crate) mod account;
pub(crate) mod application;
pub(crate) mod audit;
pub(crate) mod ban;
pub(crate) mod channel;
pub(crate) mod deletion;
pub(crate) mod device;
pub(crate) mod email;
pub(crate) mod emoji;
pub(crate) mod group;
pub(crate) mod guild;
pub(crate) mod invite;
pub(crate) mod later;
pub(crate) mod member;
pub(crate) mod message;
pub(crate) mod notice;
pub(crate) mod operator;
pub(crate) mod outbox;
pub(crate) mod people;
pub(crate) mod pin;
pub(crate) mod poll;
pub(crate) mod presence;
pub(crate) mod read;
pub(crate) mod recovery;
pub(crate) mod remark;
pub(crate) mod report;
pub(crate) mod role;
pub(crate) mod search;
pub(crate) mod security;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod thread;
pub(crate) mod verify;

use cloister_wire::moderation::Relation;
use serde_json::json;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use crate::{
    arguments::{Arguments, Command},
    failure::Failure,
    print::Print,
};

pub(crate) fn run(arguments: Arguments, print: &Print) -> Result<(), Failure> {
    let Arguments { global, command } = arguments;
    log(&command);
    match command {
        Command::Serve(serve) => serve.run(print),
        Command::Init(data) => operator::init(&data, print),
        Command::Config(config) => config.run(print),
        Command::Doctor(data) => operator::doctor(&data, print),
        Command::Version => print.line(
            &json!({"version": env!("CARGO_PKG_VERSION")}),
            concat!("cloister ", env!("CARGO_PKG_VERSION")),
        ),
        Command::User(user) => user.run(print),
        Command::Policy(policy) => policy.run(print),
        Command::AccountApplication(application) => application.run(print),
        Command::Retention(retention) => retention.run(print),
        Command::Limits(limits) => limits.run(print),
        Command::Keys(keys) => keys.run(print),
        Command::Mail(mail) => mail.run(print),
        Command::Invite(invite) => invite.run(&global, print),
        Command::Register(register) => register.run(&global, print),
        Command::Apply(apply) => apply.run(&global, print),
        Command::Login(login) => login.run(&global, print),
        Command::Logout(logout) => logout.run(&global, print),
        Command::Whoami => account::whoami(&global, print),
        Command::Guild(guild) => guild.run(&global, print),
        Command::Group(group) => group.run(&global, print),
        Command::Join(join) => join.run(&global, print),
        Command::Channel(channel) => channel.run(&global, print),
        Command::Member(member) => member.run(&global, print),
        Command::Role(role) => role.run(&global, print),
        Command::Emoji(emoji) => emoji.run(&global, print),
        Command::Ban(ban) => ban.run(&global, print),
        Command::Application(application) => application.run(&global, print),
        Command::Audit(audit) => audit.run(&global, print),
        Command::Friend(keep) => keep.run(Relation::Friend, &global, print),
        Command::Mute(keep) => keep.run(Relation::Muted, &global, print),
        Command::Block(keep) => keep.run(Relation::Blocked, &global, print),
        Command::Request(request) => request.run(&global, print),
        Command::Contact(contact) => contact.run(&global, print),
        Command::Send(send) => send.run(&global, print),
        Command::Read(read) => read.run(&global, print),
        Command::Thread(thread) => thread.run(&global, print),
        Command::MarkRead(mark) => mark.run(&global, print),
        Command::Reply(reply) => reply.run(&global, print),
        Command::Forward(forward) => forward.run(&global, print),
        Command::Poll(poll) => poll.run(&global, print),
        Command::Vote(vote) => vote.run(&global, print),
        Command::Edit(edit) => edit.run(&global, print),
        Command::Delete(delete) => delete.run(&global, print),
        Command::React(react) => react.run(&global, print),
        Command::Pin(pin) => pin.run(&global, print),
        Command::Later(later) => later.run(&global, print),
        Command::Notice(notice) => notice.run(&global, print),
        Command::Presence(presence) => presence.run(&global, print),
        Command::Search(search) => search.run(&global, print),
        Command::Report(report) => report.run(&global, print),
        Command::Outbox(outbox) => outbox.run(&global, print),
        Command::Status => status::run(&global, print),
        Command::Device(device) => device.run(&global, print),
        Command::Recovery(recovery) => recovery.run(&global, print),
        Command::Password(password) => password.run(&global, print),
        Command::Account(account) => account.run(&global, print),
        Command::Session(session) => session.run(&global, print),
        Command::Factor(factor) => factor.run(&global, print),
        Command::Email(email) => email.run(&global, print),
        Command::SecurityEvents => security::events(&global, print),
        Command::Verify(verify) => verify.run(&global, print),
    }
}

/// Logs go to stderr: a server's story, and of a client only what is broken. `RUST_LOG` changes it.
fn log(command: &Command) {
    let level = match command {
        Command::Serve(_) => LevelFilter::INFO,
        _ => LevelFilter::OFF,
    };
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
}
