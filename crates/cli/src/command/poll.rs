//! Asking and choosing.

use clap::Args;
use cloister_client::view::{Command, CommandReply};
use cloister_wire::MessageId;

use crate::{
    arguments::{Global, duration_s},
    command::{message::acknowledged, remark},
    failure::Failure,
    print::Print,
    seat,
    target::{self, unexpected},
};

#[derive(Debug, Args)]
pub(crate) struct Poll {
    /// GUILD/CHANNEL or @user, by names or ids
    target: String,
    question: String,
    /// 2 to 12 options
    #[arg(required = true, num_args = 2..=12)]
    options: Vec<String>,
    /// People may choose several
    #[arg(long)]
    many: bool,
    /// Ends after 15m, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = duration_s)]
    ends: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Vote {
    message: MessageId,
    /// Numbers of options, from 1; none takes the vote back
    #[arg(value_parser = clap::value_parser!(u32).range(1..=12))]
    options: Vec<u32>,
}

impl Poll {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| {
            seat.reach().await?;
            let command = Command::Poll {
                channel: target::channel(seat, &self.target).await?,
                question: self.question,
                options: self.options,
                many: self.many,
                ends_in_s: self.ends.unwrap_or(0),
            };
            match seat.command(command).await? {
                CommandReply::Queued { entry } => acknowledged(seat, &entry).await,
                other => Err(unexpected(&other)),
            }
        })
    }
}

impl Vote {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let message = self.message;
        let command = Command::Vote {
            message,
            choices: self.options.iter().map(|one| one - 1).collect(),
        };
        seat::with_profile(global, print, async |seat| {
            remark::carry_out(seat, command, &[message]).await
        })
    }
}
