//! How long messages are kept, as the operator looks after it.

use clap::{Args, Subcommand};
use cloister_server::{env::Env, operator::retention};
use cloister_wire::retention::Retention as Report;
use serde_json::json;

use super::{Data, fault};
use crate::{
    failure::Failure,
    print::{Print, moment},
    seat,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Retention {
    /// What the instance keeps for how long, the last runs, and what is too old now
    Show(Data),
    /// Remove what is too old now, also beside a running server, which does it once a day
    Run(Run),
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Say what would go, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    data: Data,
}

impl Retention {
    pub(crate) fn run(self, print: &Print) -> Result<(), Failure> {
        match self {
            Retention::Show(data) => show(&report(&data)?, print),
            Retention::Run(Run {
                dry_run: true,
                data,
            }) => due(&report(&data)?, print),
            Retention::Run(Run { data, .. }) => {
                let config = data.of_server()?;
                let ran = retention::run(data.folder(), config, Env::system());
                let (removed, _) = seat::run(async { ran.await.map_err(|error| fault(&error)) })?;
                print.line(
                    &json!({"state": "removed", "messages": removed}),
                    format_args!("{removed} messages removed"),
                )
            }
        }
    }
}

fn report(data: &Data) -> Result<Report, Failure> {
    let config = data.of_server()?;
    let asked = retention::report(data.folder(), config, Env::system());
    seat::run(async { asked.await.map_err(|error| fault(&error)) })
}

fn due(report: &Report, print: &Print) -> Result<(), Failure> {
    for one in &report.due {
        print.line(
            &json!({
                "channel": one.channel, "guild": one.guild, "days": one.days,
                "messages": one.messages,
            }),
            format_args!(
                "{}  {} messages older than {} days",
                one.channel, one.messages, one.days
            ),
        )?;
    }
    let messages: u64 = report.due.iter().map(|one| one.messages).sum();
    let channels = report.due.len();
    print.line(
        &json!({"state": "dry run", "channels": channels, "messages": messages}),
        format_args!("{messages} messages in {channels} channels would go"),
    )
}

fn show(report: &Report, print: &Print) -> Result<(), Failure> {
    let days = report
        .instance_days
        .map_or("for ever".to_owned(), |days| format!("{days} days"));
    print.line(
        &json!({"instance_days": report.instance_days}),
        format_args!("the instance keeps messages {days}"),
    )?;
    for run in &report.runs {
        let end = run.ended_at.map_or("interrupted".to_owned(), moment);
        print.line(
            &json!({
                "started_at": run.started_at, "ended_at": run.ended_at,
                "channels": run.channels, "messages": run.messages,
            }),
            format_args!(
                "{} to {end}: {} messages in {} channels",
                moment(run.started_at),
                run.messages,
                run.channels
            ),
        )?;
    }
    due(report, print)
}
