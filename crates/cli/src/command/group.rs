//! Conversations of several people.

use clap::{Args, Subcommand};
use cloister_client::view::{ChannelKind, ChannelView, Command, CommandReply, Query, QueryReply};
use cloister_wire::{ChannelId, UserId};
use serde_json::json;

use crate::{
    arguments::Global,
    failure::{CONFLICT, Failure},
    print::{Print, printable},
    seat::{self, Seat},
    target::{self, unexpected},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// Begin a conversation with several people
    Create {
        /// What to call it; only its people can read that
        #[arg(long)]
        name: Option<String>,
        /// Usernames or ids of the others
        #[arg(required = true, value_name = "USER")]
        users: Vec<String>,
    },
    /// List your conversations of several people
    List,
    /// List the people of one
    Members(Of),
    /// Let somebody in
    Add(Whom),
    /// Take somebody out; its owner may
    Remove(Whom),
    /// Make somebody else the owner
    HandOver(Whom),
    /// Call it something else
    Rename {
        #[command(flatten)]
        of: Of,
        name: String,
    },
    /// Leave; an owner hands it over to whoever came first
    Leave(Of),
}

#[derive(Debug, Args)]
pub(crate) struct Of {
    /// Its id, or @NAME
    group: String,
}

#[derive(Debug, Args)]
pub(crate) struct Whom {
    #[command(flatten)]
    of: Of,
    /// Username or id
    user: String,
}

impl Group {
    pub(crate) fn run(self, global: &Global, print: &Print) -> Result<(), Failure> {
        seat::with_profile(global, print, async |seat| match self {
            Group::Create { name, users } => create(seat, name, &users).await,
            Group::List => list(seat).await,
            Group::Members(of) => members(seat, &of).await,
            Group::Add(whom) => {
                let (channel, user) = find(seat, &whom).await?;
                done(seat, Command::AddToGroup { channel, user }).await
            }
            Group::Remove(whom) => {
                let (channel, user) = find(seat, &whom).await?;
                done(seat, Command::RemoveFromGroup { channel, user }).await
            }
            Group::HandOver(whom) => {
                let (channel, user) = find(seat, &whom).await?;
                done(seat, Command::HandOverGroup { channel, user }).await
            }
            Group::Rename { of, name } => {
                let channel = of.channel(seat).await?;
                done(seat, Command::RenameGroup { channel, name }).await
            }
            Group::Leave(of) => {
                let channel = of.channel(seat).await?;
                done(seat, Command::LeaveGroup { channel }).await
            }
        })
    }
}

impl Of {
    async fn channel(&self, seat: &Seat<'_>) -> Result<ChannelId, Failure> {
        seat.reach().await?;
        self.look(seat).await.map(|view| view.id)
    }

    async fn look(&self, seat: &Seat<'_>) -> Result<ChannelView, Failure> {
        let channel = target::channel(seat, &self.group).await?;
        match seat.query(Query::Channel { channel }).await? {
            QueryReply::Channel {
                channel: Some(view),
            } if matches!(view.kind, ChannelKind::Group { .. }) => Ok(view),
            _ => Err(Failure::new(
                CONFLICT,
                "NOT_FOUND",
                "That is no conversation of several people.",
            )),
        }
    }
}

async fn create(seat: &Seat<'_>, name: Option<String>, users: &[String]) -> Result<(), Failure> {
    seat.reach().await?;
    let mut ids: Vec<UserId> = Vec::new();
    for user in users {
        ids.push(target::person(seat, user).await?);
    }
    let shown = name.clone();
    let command = Command::CreateGroup { users: ids, name };
    match seat.command(command).await? {
        CommandReply::Channel { channel } => seat
            .print
            .line(&json!({"id": channel, "name": shown}), channel),
        other => Err(unexpected(&other)),
    }
}

async fn list(seat: &Seat<'_>) -> Result<(), Failure> {
    seat.reach_if_possible().await?;
    let QueryReply::Dms { dms } = seat.query(Query::Dms).await? else {
        return Err(Failure::other("The engine did not answer the question."));
    };
    for dm in dms.into_iter().filter(|dm| dm.peer.is_none()) {
        seat.print.line(
            &json!({
                "id": dm.channel, "name": dm.display_name, "people": dm.people,
                "unread": dm.unread, "last_at": dm.last_at,
            }),
            format_args!(
                "{}  {}  {} people",
                dm.channel,
                printable(&dm.display_name),
                dm.people
            ),
        )?;
    }
    Ok(())
}

async fn members(seat: &Seat<'_>, of: &Of) -> Result<(), Failure> {
    seat.reach_if_possible().await?;
    for one in of.look(seat).await?.people {
        seat.print.line(
            &json!({
                "user": one.user, "username": one.username, "display_name": one.display_name,
                "right": one.right, "vouched": one.vouched, "me": one.me, "safety": one.safety,
            }),
            format_args!("{}  {}", one.user, printable(&one.username)),
        )?;
    }
    Ok(())
}

async fn find(seat: &Seat<'_>, whom: &Whom) -> Result<(ChannelId, UserId), Failure> {
    let view = {
        seat.reach().await?;
        whom.of.look(seat).await?
    };
    let wanted = whom.user.strip_prefix('@').unwrap_or(&whom.user);
    let inside = view
        .people
        .iter()
        .find(|one| one.username.eq_ignore_ascii_case(wanted) || one.user.to_string() == wanted);
    let user = match inside {
        Some(one) => one.user,
        None => target::person(seat, wanted).await?,
    };
    Ok((view.id, user))
}

async fn done(seat: &Seat<'_>, command: Command) -> Result<(), Failure> {
    match seat.command(command).await? {
        CommandReply::Done => Ok(()),
        other => Err(unexpected(&other)),
    }
}
