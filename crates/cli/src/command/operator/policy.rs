//! The rules of an instance, as its operator chooses them.

use clap::{Args, Subcommand};
use cloister_server::{env::Env, operator::person};
use cloister_wire::operate::{Policy as Rules, SetPolicy};
use serde_json::{Value, json};

use super::{Data, fault};
use crate::{failure::Failure, print::Print, seat};

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Print the rules in force, and settings that are weak
    Show(Data),
    /// Choose rules, also beside a running server; what is not named stays
    Set(Set),
    /// Let the rules be as the configuration says
    Reset(Data),
}

#[derive(Debug, Args)]
pub(crate) struct Set {
    /// How one becomes somebody here: `invite`, `open`, `application` or `closed`
    #[arg(long, value_name = "MODE")]
    registration: Option<String>,
    /// Who must have a second factor: `nobody`, `staff` or `all`
    #[arg(long, value_name = "WHO")]
    second_factor: Option<String>,
    #[command(flatten)]
    data: Data,
}

impl Policy {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        match self {
            Policy::Show(data) => show(&ask(&data, None)?, print),
            Policy::Set(set) => {
                let word = |text: String| serde_json::from_value(Value::String(text));
                let registration = set.registration.map(word).transpose();
                let registration = registration.map_err(|_| unknown("--registration"))?;
                let word = |text: String| serde_json::from_value(Value::String(text));
                let second_factor = set.second_factor.map(word).transpose();
                let second_factor = second_factor.map_err(|_| unknown("--second-factor"))?;
                let now = ask(&set.data, None)?;
                let chosen = SetPolicy {
                    registration: registration.or(now.registration_chosen),
                    second_factor: second_factor.or(now.second_factor_chosen),
                };
                show(&ask(&set.data, Some(chosen))?, print)
            }
            Policy::Reset(data) => {
                let chosen = SetPolicy {
                    registration: None,
                    second_factor: None,
                };
                show(&ask(&data, Some(chosen))?, print)
            }
        }
    }
}

fn ask(data: &Data, set: Option<SetPolicy>) -> Result<Rules, Failure> {
    let config = data.of_server()?;
    let asked = person::policy(data.folder(), config, Env::system(), set);
    seat::run(async { asked.await.map_err(|error| fault(&error)) })
}

fn unknown(option: &str) -> Failure {
    Failure::usage(format!("{option} takes one of the words in `--help`."))
}

fn show(rules: &Rules, print: &Print) -> Result<(), Failure> {
    let value = serde_json::to_value(rules).unwrap_or_default();
    let said = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let from = |chosen: bool| {
        if chosen {
            "chosen by an operator"
        } else {
            "as the configuration says"
        }
    };
    let weak = rules
        .weak
        .iter()
        .fold(String::new(), |said, one| said + "\nweak: " + &one.sentence);
    print.line(
        &json!(value),
        format_args!(
            "registration: {} ({})\nsecond factor: {} ({}){weak}",
            said("registration"),
            from(rules.registration_chosen.is_some()),
            said("second_factor"),
            from(rules.second_factor_chosen.is_some()),
        ),
    )
}
