//! Mail of a server, as its operator looks after it.

use std::path::PathBuf;

use clap::Subcommand;
use cloister_server::{env::Env, operator::mail};
use serde_json::json;

use super::{Data, fault};
use crate::{
    failure::{self, Failure},
    print::{Print, printable},
    seat,
    secret::{self, Typed},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Mail {
    /// Send a mail at once, and say what the mail server answered
    Test {
        /// To whom
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        #[command(flatten)]
        data: Data,
    },
    /// How many mails wait, and what became of those of the last week
    Status(Data),
    /// Keep the password of the mail server's account, sealed
    Password {
        /// File with the password (`-`: stdin); without it, it is asked for
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        #[command(flatten)]
        data: Data,
    },
}

impl Mail {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        match self {
            Mail::Test { to, data } => test(&data, &to, print),
            Mail::Status(data) => status(&data, print),
            Mail::Password {
                password_file,
                data,
            } => {
                let config = data.of_server()?;
                let password = secret::read(password_file.as_deref(), "Password", Typed::Twice)?;
                let set = mail::set_password(data.folder(), config, Env::system(), &password);
                seat::run(async { set.await.map_err(|error| fault(&error)) })?;
                print.line(&json!({"state": "sealed"}), "sealed")
            }
        }
    }
}

fn test(data: &Data, to: &str, print: &Print) -> Result<(), Failure> {
    let config = data.of_server()?;
    let tested = mail::test(data.folder(), config, Env::system(), to);
    match seat::run(async { tested.await.map_err(|error| fault(&error)) })? {
        Ok(()) => print.line(&json!({"to": to, "state": "sent"}), "sent"),
        Err(said) => Err(Failure::new(
            failure::OTHER,
            "MAIL_NOT_SENT",
            format!("The mail did not go: {}.", printable(&said)),
        )
        .next("Look at [mail] in the configuration.")),
    }
}

fn status(data: &Data, print: &Print) -> Result<(), Failure> {
    let config = data.of_server()?;
    let server = config.mail.server.clone();
    let standing = mail::standing(data.folder(), config, Env::system());
    let standing = seat::run(async { standing.await.map_err(|error| fault(&error)) })?;
    let state = match &server {
        Some(server) => format!("by {server}"),
        None => "off: [mail] names no server, so links are handed out by you".to_owned(),
    };
    let said = standing.said.as_deref().map_or_else(String::new, |said| {
        format!("\nthe mail server said: {}", printable(said))
    });
    print.line(
        &json!({
            "server": server, "waiting": standing.waiting, "sent": standing.sent,
            "failed": standing.failed, "said": standing.said,
        }),
        format_args!(
            "mail {state}\n{} waiting, {} sent and {} failed in the last week{said}",
            standing.waiting, standing.sent, standing.failed
        ),
    )
}
