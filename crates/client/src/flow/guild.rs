//! Making, leaving and joining guilds; channels; direct conversations. Whatever the guild log
//! records is signed here.

use cloister_e2ee::Primitives;
use cloister_proof::{
    ChannelPolicy, Purpose, Signed, Signer,
    guild_log::{LogRights, Op, OpBody, Position},
    policy::Readers,
};
use cloister_wire::{
    Bytes, ChannelId, ErrorCode, GuildId, Hash, UserId,
    guild::{AppendOp, Appended, CreateChannel, CreateGuild, Dm, DmRequest, Joined, OpenDm},
};

use crate::{
    core::{Core, Shared, refuse},
    engine::Method,
    flow::{audience, call::CallError, sync},
    store::StoreError,
    view::{CommandReply, Refusal, Topic},
};

/// How often an operation is signed anew because the log has moved.
const TRIES: usize = 5;

/// Signs an operation with this device, and with `also` if given.
pub(crate) fn sign<P: Primitives>(
    core: &Core<P>,
    guild: GuildId,
    after: Position,
    body: OpBody,
    also: Option<&dyn Signer>,
) -> Result<Signed, Refusal> {
    let me = core.store.me()?;
    let account = core.store.account()?.ok_or(StoreError::Unreadable)?;
    let log = core.store.devlog(me.user)?.ok_or(StoreError::Unreadable)?;
    let op = Op {
        v: 1,
        guild,
        user: me.user,
        genesis: log.genesis,
        device: me.device,
        devlog_version: log.version,
        after,
        at_ms: core.now,
        body,
    };
    let signers: Vec<&dyn Signer> = std::iter::once(&account as &dyn Signer)
        .chain(also)
        .collect();
    Ok(Signed::seal(Purpose::GuildOp, &op, &signers))
}

/// Where the log stands that this device has verified.
pub(crate) fn position<P: Primitives>(core: &Core<P>, guild: GuildId) -> Result<Position, Refusal> {
    Ok(core
        .store
        .guild_log(guild)?
        .map_or(Position::START, |log| log.position))
}

pub(crate) async fn create<P: Primitives>(
    shared: &Shared<P>,
    name: String,
) -> Result<CommandReply, Refusal> {
    let (request, genesis) = {
        let mut core = shared.core();
        let guild = GuildId::new(core.now, &core.draw());
        let channel = ChannelId::new(core.now, &core.draw());
        let create = sign(
            &core,
            guild,
            Position::START,
            OpBody::Create {
                everyone: LogRights::INVITE,
            },
            None,
        )?;
        let policy = OpBody::Policy {
            policy: ChannelPolicy::text(channel),
        };
        let policy = sign(&core, guild, Position::START, policy, None)?;
        let channel = CreateChannel {
            channel,
            name: "general".to_owned(),
            policy: Bytes(policy.to_bytes()),
            continues: None,
        };
        let genesis = create.payload_hash();
        (
            CreateGuild {
                guild,
                name,
                create: Bytes(create.to_bytes()),
                channel,
            },
            genesis,
        )
    };
    let joined: Joined = shared.post("/api/v1/guilds".to_owned(), &request).await?;
    entered(shared, &joined, Some(&genesis))?;
    Ok(CommandReply::Guild {
        guild: joined.guild.id,
    })
}

/// Stores a guild that this person is in now.
pub(crate) fn entered<P: Primitives>(
    shared: &Shared<P>,
    joined: &Joined,
    genesis: Option<&Hash>,
) -> Result<(), Refusal> {
    {
        let mut core = shared.core();
        let now = core.now;
        core.store.commit(|store| {
            sync::store_guild(store, &joined.guild, now)?;
            match genesis {
                Some(genesis) => store.pin_guild(joined.guild.id, genesis),
                None => Ok(()),
            }
        })?;
        core.tell(Topic::Guilds);
    }
    sync::bring_guild(shared, &joined.guild);
    Ok(())
}

pub(crate) async fn leave<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
) -> Result<CommandReply, Refusal> {
    out(
        shared,
        Method::Post,
        guild,
        format!("/api/v1/guilds/{guild}/leave"),
    )
    .await
}

pub(crate) async fn delete<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
) -> Result<CommandReply, Refusal> {
    out(
        shared,
        Method::Delete,
        guild,
        format!("/api/v1/guilds/{guild}"),
    )
    .await
}

async fn out<P: Primitives>(
    shared: &Shared<P>,
    method: Method,
    guild: GuildId,
    path: String,
) -> Result<CommandReply, Refusal> {
    shared.call(method, path, None).await?;
    let mut core = shared.core();
    core.store.commit(|store| store.delete_guild(guild))?;
    core.tell(Topic::Guilds);
    core.tell(Topic::Dms);
    core.tell(Topic::Guild { guild });
    Ok(CommandReply::Done)
}

/// Makes a text channel: for everybody, or for some.
pub(crate) async fn create_channel<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    name: String,
    readers: Option<Vec<UserId>>,
    continues: Option<ChannelId>,
) -> Result<CommandReply, Refusal> {
    let request = {
        let mut core = shared.core();
        let channel = ChannelId::new(core.now, &core.draw());
        let policy = match readers {
            Some(users) => ChannelPolicy::private(channel, listed(users)),
            None => ChannelPolicy::text(channel),
        };
        let after = position(&core, guild)?;
        let policy = sign(&core, guild, after, OpBody::Policy { policy }, None)?;
        CreateChannel {
            channel,
            name,
            policy: Bytes(policy.to_bytes()),
            continues,
        }
    };
    let made: Result<cloister_wire::guild::Channel, CallError> = shared
        .post(format!("/api/v1/guilds/{guild}/channels"), &request)
        .await;
    let made = made?;
    let mut core = shared.core();
    core.store.commit(|store| {
        store.put_channel(&made, None, 0)?;
        let Some(mut row) = store.guild(guild)? else {
            return Ok(());
        };
        row.view.channels.retain(|one| one.id != made.id);
        row.view.channels.push(made.clone());
        store.put_guild(&row.view)
    })?;
    core.tell(Topic::Guild { guild });
    Ok(CommandReply::Channel { channel: made.id })
}

/// Says by a signed policy who reads a private channel, besides those who read everything.
pub(crate) async fn set_readers<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    users: Vec<UserId>,
) -> Result<CommandReply, Refusal> {
    change_policy(shared, channel, |policy| {
        if policy.readers == Readers::Everyone {
            return Err(refuse(
                ErrorCode::Invalid,
                "Everybody reads this channel. Make a private one instead.",
            ));
        }
        policy.readers = listed(users.clone());
        Ok(())
    })
    .await
}

pub(crate) async fn change_policy<P: Primitives>(
    shared: &Shared<P>,
    channel: ChannelId,
    change: impl Fn(&mut ChannelPolicy) -> Result<(), Refusal>,
) -> Result<CommandReply, Refusal> {
    let row = shared.core().store.channel(channel)?;
    let guild = row.and_then(|row| row.view.guild);
    let guild = guild.ok_or_else(audience::gone)?;
    append(shared, guild, |core| {
        let log = core.store.guild_log(guild)?;
        let policy = log.and_then(|log| log.policies.get(&channel).cloned());
        let mut policy = policy.ok_or_else(audience::gone)?;
        policy.version += 1;
        change(&mut policy)?;
        Ok(OpBody::Policy { policy })
    })
    .await?;
    shared.core().tell(Topic::Channel { channel });
    Ok(CommandReply::Done)
}

fn listed(mut users: Vec<UserId>) -> Readers {
    users.sort();
    users.dedup();
    Readers::Users { users }
}

pub(crate) async fn vouch<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    user: UserId,
) -> Result<CommandReply, Refusal> {
    append(shared, guild, |core| {
        let log = core.store.devlog(user)?;
        let log = log.ok_or_else(|| {
            refuse(
                ErrorCode::RosterUnverifiable,
                "Their device log is not here yet. Try again in a moment.",
            )
        })?;
        Ok(OpBody::Add {
            user,
            genesis: log.genesis,
        })
    })
    .await?;
    Ok(CommandReply::Done)
}

/// Appends an operation to a guild's log.
pub(crate) async fn append<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    body: impl Fn(&Core<P>) -> Result<OpBody, Refusal>,
) -> Result<(), Refusal> {
    for attempt in 1.. {
        let op = {
            let core = shared.core();
            sign(&core, guild, position(&core, guild)?, body(&core)?, None)?
        };
        let answer: Result<Appended, CallError> = shared
            .post(
                format!("/api/v1/guilds/{guild}/log"),
                &AppendOp {
                    op: Bytes(op.to_bytes()),
                },
            )
            .await;
        match answer {
            Ok(_) => break,
            Err(error) if error.code() == ErrorCode::OpInvalid && attempt < TRIES => {
                sync::bring_log(shared, guild).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    sync::bring_log(shared, guild).await
}

/// Appends an operation to a guild's log as it is known here, and leaves the rest to the event
/// about it.
pub(crate) async fn append_once<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    body: OpBody,
) -> Result<(), Refusal> {
    let op = {
        let core = shared.core();
        sign(&core, guild, position(&core, guild)?, body, None)?
    };
    let request = AppendOp {
        op: Bytes(op.to_bytes()),
    };
    let answer: Result<Appended, CallError> = shared
        .post(format!("/api/v1/guilds/{guild}/log"), &request)
        .await;
    answer?;
    Ok(())
}

pub(crate) async fn open_dm<P: Primitives>(
    shared: &Shared<P>,
    peer: UserId,
) -> Result<CommandReply, Refusal> {
    let known = {
        let core = shared.core();
        let row = core.store.dm_with(peer)?;
        let channel = row.map(|row| row.view.id);
        let request = channel.map(|channel| core.store.request(channel));
        channel.zip(request.transpose()?)
    };
    // One that waits for this person is taken up by opening it.
    if let Some((channel, None | Some(DmRequest::Outgoing))) = known {
        return Ok(CommandReply::Channel { channel });
    }
    let dm: Dm = shared
        .post("/api/v1/dms".to_owned(), &OpenDm { peer })
        .await?;
    let mut core = shared.core();
    let now = core.now;
    core.store.commit(|store| sync::store_dm(store, &dm, now))?;
    core.tell(Topic::Dms);
    Ok(CommandReply::Channel {
        channel: dm.channel.id,
    })
}
