//! Conversations of several people: made, joined by others, named, left.

use std::collections::BTreeSet;

use cloister_e2ee::{Primitives, content::MessageContent};
use cloister_proof::{
    ChannelPolicy,
    guild_log::{LogRights, OpBody, Position},
};
use cloister_wire::{
    Bytes, ChannelId, ErrorCode, GuildId, UserId,
    guild::{CreateGroup, GuildKind, Joined, RemoveFromGroup},
    limits::NAME_CHARS,
};

use crate::{
    core::{Core, Shared, refuse},
    engine::Method,
    flow::{guild, people, say},
    view::{CommandReply, Refusal, Topic},
};

/// Makes a conversation with these people, and names it if asked to.
pub(crate) async fn create<P: Primitives>(
    shared: &Shared<P>,
    users: Vec<UserId>,
    name: Option<String>,
) -> Result<CommandReply, Refusal> {
    let users: BTreeSet<UserId> = users.into_iter().collect();
    bring_logs(shared, &users).await?;
    let (request, genesis) = {
        let mut core = shared.core();
        let guild = GuildId::new(core.now, &core.draw());
        let channel = ChannelId::new(core.now, &core.draw());
        let sign = |core: &Core<P>, body| guild::sign(core, guild, Position::START, body, None);
        let everyone = LogRights::VOUCH;
        let create = sign(&core, OpBody::Create { everyone })?;
        let policy = ChannelPolicy::group(channel);
        let policy = sign(&core, OpBody::Policy { policy })?;
        let add = users
            .iter()
            .map(|user| {
                let add = letting_in(&core, *user)?;
                Ok(Bytes(sign(&core, add)?.to_bytes()))
            })
            .collect::<Result<Vec<_>, Refusal>>()?;
        let genesis = create.payload_hash();
        let request = CreateGroup {
            guild,
            create: Bytes(create.to_bytes()),
            add,
            channel,
            policy: Bytes(policy.to_bytes()),
        };
        (request, genesis)
    };
    let joined: Joined = shared.post("/api/v1/groups".to_owned(), &request).await?;
    guild::entered(shared, &joined, Some(&genesis))?;
    shared.core().tell(Topic::Dms);
    if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
        rename(shared, request.channel, &name)?;
    }
    Ok(CommandReply::Channel {
        channel: request.channel,
    })
}

/// Lets somebody in, and tells them what the conversation is called.
pub(crate) async fn add<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    user: UserId,
) -> Result<CommandReply, Refusal> {
    let (group, title) = group_of(shared, channel)?;
    bring_logs(shared, &BTreeSet::from([user])).await?;
    guild::append(shared, group, |core| letting_in(core, user)).await?;
    if let Some(title) = title {
        rename(shared, channel, &title)?;
    }
    Ok(CommandReply::Done)
}

/// The owner takes somebody out.
pub(crate) async fn remove<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    user: UserId,
) -> Result<CommandReply, Refusal> {
    let (group, _) = group_of(shared, channel)?;
    shared
        .tell_server(
            Method::Post,
            format!("/api/v1/groups/{group}/remove"),
            &RemoveFromGroup { user },
        )
        .await?;
    Ok(CommandReply::Done)
}

/// The owner makes somebody else the owner.
pub(crate) async fn hand_over<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    user: UserId,
) -> Result<CommandReply, Refusal> {
    let (group, _) = group_of(shared, channel)?;
    hand_to(shared, group, user).await?;
    Ok(CommandReply::Done)
}

async fn hand_to<P: Primitives>(
    shared: &Shared<P>,
    group: GuildId,
    user: UserId,
) -> Result<(), Refusal> {
    guild::append(shared, group, |core| {
        let log = core.store.guild_log(group)?;
        let member = log.and_then(|log| log.members.get(&user).copied());
        let genesis = member.ok_or_else(not_here)?.genesis;
        Ok(OpBody::TransferOwner { user, genesis })
    })
    .await
}

/// Leaves. An owner hands over first, to whoever came first; the last one ends it.
pub(crate) async fn leave<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<CommandReply, Refusal> {
    let (group, _) = group_of(shared, channel)?;
    let (alone, heir) = {
        let core = shared.core();
        let me = core.store.me()?.user;
        let log = core.store.guild_log(group)?;
        let log = log.ok_or_else(not_here)?;
        let heir = log
            .members
            .iter()
            .filter(|(user, member)| **user != me && member.vouched)
            .min_by_key(|(user, member)| (member.joined_seq, **user))
            .map(|(user, _)| *user);
        (log.members.len() == 1, heir.filter(|_| log.is_owner(me)))
    };
    if alone {
        return guild::delete(shared, group).await;
    }
    if let Some(heir) = heir {
        hand_to(shared, group, heir).await?;
    }
    guild::leave(shared, group).await
}

/// Names the conversation, encrypted, as one of its messages.
pub(crate) fn rename<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    name: &str,
) -> Result<CommandReply, Refusal> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARS || name.chars().any(char::is_control) {
        return Err(refuse(
            ErrorCode::Invalid,
            "A conversation's name has 1 to 80 characters.",
        ));
    }
    group_of(shared, channel)?;
    let name = name.to_owned();
    say::name(shared, channel, MessageContent::Name { name })?;
    Ok(CommandReply::Done)
}

/// The operation that lets somebody in, as the account that this device knows.
fn letting_in<P: Primitives>(core: &Core<P>, user: UserId) -> Result<OpBody, Refusal> {
    if core.store.distrust(user)?.is_some() {
        return Err(refuse(
            ErrorCode::TrustViolation,
            "Their keys changed in a way that can't be right. Find out why before you let them in.",
        ));
    }
    let log = core.store.devlog(user)?.ok_or_else(|| {
        refuse(
            ErrorCode::NotFound,
            "You can only write to people with whom you share a server.",
        )
    })?;
    let genesis = log.genesis;
    Ok(OpBody::Add { user, genesis })
}

async fn bring_logs<P: Primitives>(
    shared: &Shared<P>,
    users: &BTreeSet<UserId>,
) -> Result<(), Refusal> {
    Ok(people::refresh(shared, users).await?)
}

/// The group of a channel, and what it is called.
fn group_of<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
) -> Result<(GuildId, Option<String>), Refusal> {
    let core = shared.core();
    let row = core.store.channel(channel)?.ok_or_else(not_here)?;
    let guild = row.view.guild.ok_or_else(not_here)?;
    let kind = core.store.guild(guild)?.map(|row| row.view.kind);
    if kind == Some(GuildKind::Group) {
        Ok((guild, row.title))
    } else {
        Err(not_here())
    }
}

fn not_here() -> Refusal {
    refuse(ErrorCode::NotFound, "That conversation is not here.")
}
