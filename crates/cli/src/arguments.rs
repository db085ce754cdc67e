//! Everything that can be typed. Each group of commands keeps its own arguments beside what it
//! does with them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::command::{
    account, application, audit, ban, channel, deletion, device, email, emoji, group, guild,
    invite, later, member, message, notice, operator, outbox, people, pin, poll, presence, read,
    recovery, remark, report, role, search, security, serve, thread, verify,
};

/// Private community chat that you host yourself, encrypted end to end.
#[derive(Debug, Parser)]
#[command(
    name = "cloister",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "Run a server: `cloister serve`. Join one: `cloister register --invite LINK`."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Print one JSON object a line, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Folder of the account to use [default: `cloister` in the user's data folder]
    #[arg(long, global = true, value_name = "DIR", env = "CLOISTER_PROFILE")]
    pub(crate) profile: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a server
    Serve(serve::Serve),
    /// Make a server's data folder without starting it
    Init(operator::Data),
    /// Look at a server's configuration
    #[command(subcommand)]
    Config(operator::Config),
    /// Check that a server's data folder is healthy
    Doctor(operator::Data),
    /// Print the version
    Version,
    /// People of a server, by its operator
    #[command(subcommand)]
    User(operator::User),
    /// Rules of a server: who becomes somebody, and who needs a second factor
    #[command(subcommand)]
    Policy(operator::Policy),
    /// Applications for an account, by the server's operator
    #[command(subcommand)]
    AccountApplication(operator::AccountApplication),
    /// How long a server keeps messages
    #[command(subcommand)]
    Retention(operator::Retention),
    /// Limits of a server, by its operator
    #[command(subcommand)]
    Limits(operator::Limits),
    /// Keys of a server, by its operator
    #[command(subcommand)]
    Keys(operator::Keys),
    /// Mail of a server, by its operator
    #[command(subcommand)]
    Mail(operator::Mail),
    /// Make, list and end invites
    #[command(subcommand)]
    Invite(invite::Invite),

    /// Sign up with an invite
    Register(account::Register),
    /// Apply for an account, where a server takes people that way
    Apply(account::Apply),
    /// Sign in on this machine
    Login(account::Login),
    /// Sign out: this device ends and what it stored is destroyed
    Logout(account::Logout),
    /// Who is signed in here
    Whoami,
    /// Guilds: the communities that you are in
    #[command(subcommand)]
    Guild(guild::Guild),
    /// Conversations of several people
    #[command(subcommand)]
    Group(group::Group),
    /// Join a guild by an invite
    Join(guild::Join),
    /// Channels of a guild
    #[command(subcommand)]
    Channel(channel::Channel),
    /// Members of a guild
    #[command(subcommand)]
    Member(member::Member),
    /// Emoji that a guild makes itself
    #[command(subcommand)]
    Emoji(emoji::Emoji),
    /// Roles of a guild, and why somebody may do something
    #[command(subcommand)]
    Role(role::Role),
    /// Who is kept out of a guild
    #[command(subcommand)]
    Ban(ban::Ban),
    /// Applications to join a guild: others', and your own
    #[command(subcommand)]
    Application(application::Application),
    /// What was done in a guild, and that nobody rewrote it
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Your friends
    #[command(subcommand)]
    Friend(people::Keep),
    /// People whose words raise no badge
    #[command(subcommand)]
    Mute(people::Keep),
    /// People who can't begin a conversation with you, and whose words are hidden
    #[command(subcommand)]
    Block(people::Keep),
    /// People who ask to write to you
    #[command(subcommand)]
    Request(people::Request),
    /// Who may begin a conversation with you
    Contact(people::MayContact),
    /// Send a message
    Send(message::Send),
    /// Read messages
    Read(read::Read),
    /// What hangs on a message of a channel
    #[command(subcommand)]
    Thread(thread::Thread),
    /// Say that you have read a channel, a thread, a guild or everything
    MarkRead(thread::MarkRead),
    /// Answer a message
    Reply(remark::Reply),
    /// Send a copy of a message to another channel
    Forward(remark::Forward),
    /// Ask everybody in a channel
    Poll(poll::Poll),
    /// Choose in a poll
    Vote(poll::Vote),
    /// Change one of your messages
    Edit(remark::Edit),
    /// Take messages back, or remove others' where you may
    Delete(remark::Delete),
    /// React to a message with an emoji
    React(remark::React),
    /// Keep messages at hand in a channel, and see which are
    #[command(subcommand)]
    Pin(pin::Pin),
    /// Messages that leave later, from this machine
    #[command(subcommand)]
    Later(later::Later),
    /// What you are told of, and what is muted
    #[command(subcommand)]
    Notice(notice::Notice),
    /// Who is there, and what others see of you
    #[command(subcommand)]
    Presence(presence::Presence),
    /// Find messages by what was said in them, on this machine
    Search(search::Search),
    /// Report messages, and look at reports
    #[command(subcommand)]
    Report(report::Report),
    /// Messages that were not sent yet
    #[command(subcommand)]
    Outbox(outbox::Outbox),
    /// Connection, outbox, devices and what could not be read
    Status,
    /// Your devices
    #[command(subcommand)]
    Device(device::Device),
    /// Your ways back in when your devices are lost
    #[command(subcommand)]
    Recovery(recovery::Recovery),
    /// Your password
    #[command(subcommand)]
    Password(security::Password),
    /// Whether your account stays, and its end
    #[command(subcommand)]
    Account(deletion::Account),
    /// Where you are signed in
    #[command(subcommand)]
    Session(security::Session),
    /// Your second factor: codes of an authenticator
    #[command(subcommand)]
    Factor(security::Factor),
    /// Your e-mail address
    #[command(subcommand)]
    Email(email::Email),
    /// What happened to your account
    SecurityEvents,
    /// Make sure that somebody's keys are theirs
    Verify(verify::Verify),
}

/// For how many days something is kept; none: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days(pub(crate) Option<u32>);

/// `30d`, or `forever`.
pub(crate) fn days(text: &str) -> Result<Days, String> {
    if text == "forever" {
        return Ok(Days(None));
    }
    let count = text.strip_suffix('d').and_then(|count| count.parse().ok());
    match count {
        Some(count @ 1..) => Ok(Days(Some(count))),
        _ => Err(format!(
            "{text:?} is not a number of days like 30d, or `forever`"
        )),
    }
}

/// How long something lasts: `90s`, `15m`, `12h`, `7d`, in seconds.
pub(crate) fn duration_s(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is not a time like 90s, 15m, 12h or 7d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let in_one = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    match count.checked_mul(in_one) {
        Some(0) => Err("it would be over at once".into()),
        Some(seconds) => Ok(seconds),
        None => Err(format!("{text:?} is too long")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_time_is_a_number_with_a_unit() {
        assert_eq!(duration_s("7d"), Ok(604_800));
        assert_eq!(duration_s("90s"), Ok(90));
        for text in ["", "d", "7", "7w", "-1d", "0h", "9999999d", "7é"] {
            assert!(duration_s(text).is_err(), "{text}");
        }
    }
}
