//! Applications for an account, as the operator decides about them on the machine.

use clap::{Args, Subcommand};
use cloister_server::{env::Env, operator::account_application as deed};
use cloister_wire::account_application::{
    AccountApplication as Applied, ApplicationDecision, Handing,
};
use serde_json::json;

use super::{Data, fault};
use crate::{
    failure::Failure,
    print::{Print, moment, printable},
    seat,
};

#[derive(Debug, Subcommand)]
pub(crate) enum AccountApplication {
    /// List applications that wait, with their answers
    List {
        /// Those that were decided
        #[arg(long)]
        decided: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Let an applicant in: prints a one-time password to hand over, good for a day
    Approve {
        /// Name that they applied with
        name: String,
        /// Mail a link instead, to the address that they gave
        #[arg(long)]
        mail: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Turn an applicant away
    Reject(Reject),
    /// Choose what applicants are asked
    Questions {
        /// A question, once for each; without any, nothing is asked
        #[arg(long = "ask", value_name = "TEXT")]
        asked: Vec<String>,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Reject {
    /// Name that they applied with
    name: String,
    /// Told to them, if they gave an address
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    data: Data,
}

impl AccountApplication {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        match self {
            AccountApplication::List { decided, data } => {
                let config = data.of_server()?;
                let listed = deed::list(data.folder(), config, Env::system(), decided);
                let page = seat::run(async { listed.await.map_err(|error| fault(&error)) })?;
                page.applications
                    .iter()
                    .try_for_each(|one| line(one, print))
            }
            AccountApplication::Approve { name, mail, data } => {
                let mut config = data.of_server()?;
                config.public_url = config.public_url.or_else(|| data.last_address());
                let by = if mail {
                    Handing::Mail
                } else {
                    Handing::Password
                };
                let of = (name.clone(), by);
                let approved = deed::approve(data.folder(), config, Env::system(), of);
                let approved = seat::run(async { approved.await.map_err(|error| fault(&error)) })?;
                let shown = match (&approved.url, &approved.password) {
                    (Some(url), Some(password)) => format!("{password}\n{url}"),
                    _ => "mailed".to_owned(),
                };
                print.line(
                    &json!({
                        "username": name, "url": approved.url, "password": approved.password,
                    }),
                    shown,
                )
            }
            AccountApplication::Reject(reject) => {
                let config = reject.data.of_server()?;
                let of = (reject.name.clone(), reject.reason);
                let rejected = deed::reject(reject.data.folder(), config, Env::system(), of);
                seat::run(async { rejected.await.map_err(|error| fault(&error)) })?;
                let state = "rejected";
                print.line(&json!({"username": reject.name, "state": state}), state)
            }
            AccountApplication::Questions { asked, data } => {
                let config = data.of_server()?;
                let count = asked.len();
                let set = deed::set_questions(data.folder(), config, Env::system(), asked);
                seat::run(async { set.await.map_err(|error| fault(&error)) })?;
                print.line(
                    &json!({"questions": count}),
                    format_args!("{count} questions"),
                )
            }
        }
    }
}

fn line(one: &Applied, print: &Print) -> Result<(), Failure> {
    let value = serde_json::to_value(one).unwrap_or_default();
    let state = match one.decision {
        None => "waits",
        Some(ApplicationDecision::Approved) => "approved",
        Some(ApplicationDecision::Rejected) => "rejected",
    };
    let said = one.answers.iter().fold(String::new(), |said, one| {
        let (question, answer) = (printable(&one.question), printable(&one.answer));
        format!("{said}\n  {question}\n    {answer}")
    });
    let address = one.address.as_deref().unwrap_or("no address");
    print.line(
        &value,
        format_args!(
            "{}  {state}  {}  {}{said}",
            printable(&one.username),
            moment(one.created_at),
            printable(address)
        ),
    )
}
