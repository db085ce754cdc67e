//! Members of a guild.

use clap::Subcommand;
use serde_json::json;

use crate::{
    arguments::Global,
    failure::Failure,
    print::{Print, printable},
    seat, target,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Member {
    /// List the members, and who of them joined without a proof
    List {
        /// Name or id of the guild
        #[arg(long)]
        guild: String,
    },
}

impl Member {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        let Member::List { guild } = self;
        seat::with_profile(global, print, async |seat| {
            seat.reach_if_possible().await?;
            let guild = target::guild(seat, &guild).await?.id;
            for member in target::guild_view(seat, guild).await?.members {
                let owner = if member.owner { "  owner" } else { "" };
                let vouched = if member.vouched {
                    ""
                } else {
                    "  not vouched for"
                };
                seat.print.line(
                    &json!({
                        "user": member.user, "username": member.username,
                        "display_name": member.display_name, "owner": member.owner,
                        "vouched": member.vouched, "joined_at": member.joined_at,
                        "me": member.me, "safety": member.safety,
                    }),
                    format_args!(
                        "{}  {}{owner}{vouched}",
                        member.user,
                        printable(&member.username)
                    ),
                )?;
            }
            Ok(())
        })
    }
}
