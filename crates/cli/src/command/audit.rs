//! The audit log: read by moderators, held on to by every member, verified by the operator.

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand};
use cloister_client::view::{AuditFormat, Question, Told};
use cloister_server::{env::Env, operator};
use cloister_wire::Bytes;
use serde_json::json;

use super::{operator::Data, operator::fault, role::ask};
use crate::{
    arguments::Global,
    failure::{self, Failure},
    print::{Print, moment, printable},
    seat::{self, Seat},
    target,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Follow every audit log of a server, and compare it with kept checkpoints
    Verify(Verify),
    /// Keep the newest checkpoint of a guild's audit log that this device has checked
    Checkpoint {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// List the newest entries
    List {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// Only this act, such as `member.ban`
        #[arg(long)]
        action: Option<String>,
    },
    /// Write the newest entries into a file
    Export {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
        /// csv or json
        #[arg(long, default_value = "csv", value_parser = format_of)]
        format: AuditFormat,
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    data: Data,
    /// A checkpoint that somebody kept; may be repeated
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
}

fn format_of(text: &str) -> Result<AuditFormat, String> {
    match text {
        "csv" => Ok(AuditFormat::Csv),
        "json" => Ok(AuditFormat::Json),
        _ => Err(format!("{text:?} is neither csv nor json")),
    }
}

impl Audit {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        match self {
            Audit::Verify(verify) => verify.run(print),
            other => seat::with_profile(global, print, async |seat| {
                seat.reach().await?;
                other.at(seat).await
            }),
        }
    }

    async fn at(self, seat: &Seat<'_>) -> Result<(), Failure> {
        match self {
            Audit::Verify(_) => Ok(()),
            Audit::Checkpoint { guild, output } => {
                let guild = target::guild(seat, &guild).await?.id;
                let told = ask(seat, guild, Question::AuditCheckpoint).await?;
                let Told::Checkpoint { seq, checkpoint } = told else {
                    return Err(another());
                };
                fs::write(&output, format!("{checkpoint}\n"))?;
                let file = output.display().to_string();
                seat.print.line(
                    &json!({"guild": guild, "seq": seq, "file": file}),
                    format_args!("entry {seq} kept in {file}"),
                )
            }
            Audit::List { guild, action } => list(seat, &guild, action).await,
            Audit::Export {
                guild,
                format,
                output,
            } => {
                let guild = target::guild(seat, &guild).await?.id;
                let told = ask(seat, guild, Question::AuditFile { format }).await?;
                let Told::File { text, .. } = told else {
                    return Err(another());
                };
                fs::write(&output, text)?;
                let file = output.display().to_string();
                seat.print
                    .line(&json!({"guild": guild, "file": file}), &file)
            }
        }
    }
}

impl Verify {
    /// 0 for intact logs, 1 for a log that was tampered with.
    fn run(self, print: &Print) -> Result<(), Failure> {
        let mut kept = Vec::new();
        for file in &self.checkpoint {
            let text = fs::read_to_string(file)?;
            let bytes: Bytes = serde_json::from_value(json!(text.trim()))
                .map_err(|_| Failure::usage(format!("{} is not a checkpoint.", file.display())))?;
            kept.push(bytes.0);
        }
        let config = self.data.of_server()?;
        let verified = operator::audit_verify(self.data.folder(), config, Env::system(), kept);
        let verdict = seat::run(async { verified.await.map_err(|error| fault(&error)) })?;
        for one in &verdict.findings {
            print.line(
                &json!({"guild": one.guild, "seq": one.seq, "finding": one.what}),
                format_args!("guild {} entry {}: {}", one.guild, one.seq, one.what),
            )?;
        }
        let (guilds, entries) = (verdict.guilds, verdict.entries);
        if verdict.findings.is_empty() {
            return print.line(
                &json!({"intact": true, "guilds": guilds, "entries": entries}),
                format_args!("intact: {entries} entries of {guilds} guilds"),
            );
        }
        Err(Failure::new(
            failure::OTHER,
            "AUDIT_TAMPERED",
            "The audit log was tampered with.",
        ))
    }
}

async fn list(seat: &Seat<'_>, guild: &str, action: Option<String>) -> Result<(), Failure> {
    let guild = target::guild(seat, guild).await?.id;
    let question = Question::Audit {
        before: None,
        actor: None,
        action,
        target: None,
    };
    let Told::Audit { entries, .. } = ask(seat, guild, question).await? else {
        return Err(another());
    };
    for entry in entries {
        let actor = entry.actor_name.as_deref().unwrap_or("the server");
        let reason = entry.reason.as_deref().unwrap_or_default();
        seat.print.line(
            &json!(entry),
            format_args!(
                "{}  {}  {}  {}  {}  {}",
                entry.seq,
                moment(entry.at),
                printable(actor),
                entry.action,
                printable(&entry.target),
                printable(reason)
            ),
        )?;
    }
    Ok(())
}

fn another() -> Failure {
    Failure::other("The engine answered another question.")
}
