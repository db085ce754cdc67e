//! People with the real engine over an encrypted store on the disk.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use cloister_client::view::{
    Act, Command, CommandReply, Content, Query, QueryReply, Refusal, TimelineView,
};
use cloister_client_native::{Client, Profile};
use cloister_wire::{ChannelId, GuildId, UserId, guild::Membership};

use crate::{
    person::PASSWORD,
    server::{Data, Door, Server},
};

const PATIENCE: Duration = Duration::from_mins(1);

/// Somebody who really encrypts and decrypts.
#[derive(Debug)]
pub(crate) struct Talker {
    pub(crate) client: Client,
}

impl Talker {
    /// The operator of a new server.
    pub(crate) async fn found(data: &Data, server: &Server, name: &str) -> Result<Self> {
        let token = server.set_up.clone();
        Self::register(&data.beside(name), &server.door, name, token, None).await
    }

    /// Somebody who comes by an invite link, and is in its guild then.
    pub(crate) async fn join(profile: &Path, door: &Door, name: &str, link: &str) -> Result<Self> {
        Self::register(profile, door, name, None, Some(link.to_owned())).await
    }

    async fn register(
        profile: &Path,
        door: &Door,
        name: &str,
        set_up_token: Option<String>,
        invite: Option<String>,
    ) -> Result<Self> {
        let address = format!("https://{}", door.address).parse()?;
        let profile = Profile::create(profile, address, Some(door.pin));
        let client = Client::open(profile.map_err(refused)?)
            .await
            .map_err(refused)?;
        let talker = Self { client };
        let register = Command::Register {
            set_up_token,
            invite,
            activation: None,
            username: name.to_owned(),
            display_name: name.to_owned(),
            password: PASSWORD.to_owned(),
            device_name: "Bench".to_owned(),
        };
        talker.order(register).await?;
        Ok(talker)
    }

    /// Gives a command and waits until it took effect.
    pub(crate) async fn order(&self, command: Command) -> Result<CommandReply> {
        self.client.command(command).await.map_err(refused)
    }

    pub(crate) async fn ask(&self, query: Query) -> Result<QueryReply> {
        self.client.query(query).await.map_err(refused)
    }

    pub(crate) async fn create_guild(&self, name: &str) -> Result<GuildId> {
        let name = name.to_owned();
        match self.order(Command::CreateGuild { name }).await? {
            CommandReply::Guild { guild } => Ok(guild),
            other => bail!("making a guild gave {other:?}"),
        }
    }

    /// `CODE#SEED`, for as many as like.
    pub(crate) async fn invite(&self, guild: GuildId) -> Result<String> {
        let invite = Command::CreateInvite {
            guild,
            uses: 0,
            expires_in_s: 0,
            membership: Membership::Lasting,
        };
        match self.order(invite).await? {
            CommandReply::Invite { code, .. } => Ok(code),
            other => bail!("making an invite gave {other:?}"),
        }
    }

    pub(crate) async fn create_channel(&self, guild: GuildId, name: &str) -> Result<ChannelId> {
        let create = Command::CreateChannel {
            guild,
            name: name.to_owned(),
            readers: None,
            continues: None,
        };
        match self.order(create).await? {
            CommandReply::Channel { channel } => Ok(channel),
            other => bail!("making a channel gave {other:?}"),
        }
    }

    pub(crate) async fn kick(&self, guild: GuildId, user: UserId) -> Result<()> {
        let act = Act::Kick { user, reason: None };
        self.order(Command::Govern { guild, act }).await.map(|_| ())
    }

    pub(crate) async fn first_channel(&self, guild: GuildId) -> Result<ChannelId> {
        self.until(&Query::Guild { guild }, "a channel", |reply| match reply {
            QueryReply::Guild { guild } => Some(guild?.channels.first()?.id),
            _ => None,
        })
        .await
    }

    pub(crate) async fn first_guild(&self) -> Result<GuildId> {
        self.until(&Query::Guilds, "a guild", |reply| match reply {
            QueryReply::Guilds { guilds } => Some(guilds.first()?.id),
            _ => None,
        })
        .await
    }

    /// Waits until the server has acknowledged everything.
    pub(crate) async fn is_done(&self) -> Result<()> {
        self.until(&Query::Outbox, "an empty outbox", |reply| match reply {
            QueryReply::Outbox { entries } => entries.is_empty().then_some(()),
            _ => None,
        })
        .await
    }

    /// Waits until this engine has verified that the guild has so many channels.
    pub(crate) async fn knows_channels(&self, guild: GuildId, count: usize) -> Result<()> {
        self.until(
            &Query::Guild { guild },
            "the channels",
            |reply| match reply {
                QueryReply::Guild { guild } => (guild?.channels.len() == count).then_some(()),
                _ => None,
            },
        )
        .await
    }

    /// Waits until this engine has verified that the guild has so many members.
    pub(crate) async fn knows_members(&self, guild: GuildId, count: usize) -> Result<()> {
        self.until(
            &Query::Members {
                guild,
                search: String::new(),
                users: None,
                offset: 0,
                limit: 0,
            },
            "the members",
            |reply| match reply {
                QueryReply::Members(view) => (view.total as usize == count).then_some(()),
                _ => None,
            },
        )
        .await
    }

    /// Queues a message.
    pub(crate) async fn say(&self, channel: ChannelId, text: &str) -> Result<()> {
        let body = text.to_owned();
        self.order(Command::Send { channel, body })
            .await
            .map(|_| ())
    }

    /// Waits until a text of this person's was acknowledged by the server.
    pub(crate) async fn acknowledged(&self, channel: ChannelId, text: &str) -> Result<()> {
        self.sees(channel, |timeline| {
            timeline.pending.is_empty() && holds(timeline, text)
        })
        .await
        .with_context(|| format!("{text:?} was not acknowledged"))
    }

    /// Waits until a text is there, decrypted.
    pub(crate) async fn reads(&self, channel: ChannelId, text: &str) -> Result<()> {
        self.sees(channel, |timeline| holds(timeline, text))
            .await
            .with_context(|| format!("{text:?} did not arrive"))
    }

    async fn sees(&self, channel: ChannelId, wanted: impl Fn(&TimelineView) -> bool) -> Result<()> {
        let query = Query::Timeline {
            channel,
            before: None,
            limit: 50,
        };
        self.until(&query, "the message", |reply| match reply {
            QueryReply::Timeline(timeline) => wanted(&timeline).then_some(()),
            _ => None,
        })
        .await
    }

    async fn until<T>(
        &self,
        query: &Query,
        what: &str,
        find: impl Fn(QueryReply) -> Option<T>,
    ) -> Result<T> {
        let found = self.client.wait_until(query, PATIENCE, find).await;
        found
            .map_err(refused)?
            .with_context(|| format!("an engine did not see {what}"))
    }

    pub(crate) async fn close(self) {
        self.client.close().await;
    }
}

fn holds(timeline: &TimelineView, text: &str) -> bool {
    let mut contents = timeline.messages.iter().map(|message| &message.content);
    contents.any(|content| matches!(content, Content::Text { body } if body == text))
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn refused(refusal: Refusal) -> anyhow::Error {
    anyhow!("{:?}: {}", refusal.code, refusal.message)
}
