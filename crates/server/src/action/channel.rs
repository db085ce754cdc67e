//! Channels: making one, and how far somebody has read.

use cloister_proof::{
    ChannelPolicy,
    epoch::EpochCause,
    guild_log::OpBody,
    policy::{ChannelClass, MinTrust, Readers, SUITE_TEXT},
    transcript,
};
use cloister_wire::{
    ChannelId, ErrorCode, Permissions,
    channel::MarkRead,
    gateway::Event,
    guild::{Channel, CreateChannel, CreateGroup},
    limits,
};

use super::{audit, epoch, guild_log, guild_log::LogOf};
use crate::{
    Error, Result,
    access::{self, Actor, Permit, channel::View, guild::InGuild},
    gateway::bus::{Audience, Notice},
    seal::authority::Authority,
    store::{self, channel::New, db::Tx},
};

/// Makes a text channel in a guild that there is.
pub fn create(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Permit<'_, InGuild>,
    request: &CreateChannel,
) -> Result<Channel> {
    let access_version = store::guild::update_access(tx, permit, permit.guild, 0)?;
    let of = LogOf {
        guild: permit.guild,
        access_version,
    };
    let mut channel = make(tx, authority, of, request, &permit.actor)?;
    channel.my_permissions = permit.permissions;
    let made = audit::Act::new(audit::CHANNEL_CREATE, audit::channel(channel.id))
        .after(&serde_json::json!({"name": channel.name}));
    audit::note(tx, permit, made)?;
    Ok(channel)
}

/// Makes a text channel with the policy that a member signed, and its first epoch.
pub(super) fn make(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    request: &CreateChannel,
    actor: &Actor,
) -> Result<Channel> {
    let name = channel_name(&request.name)?;
    let count = store::channel::count(tx, of.guild)?;
    let position = store::channel::count_loose(tx, of.guild)?;
    if count >= limits::CHANNELS_PER_GUILD {
        return Err(Error::refuse(
            ErrorCode::TooMany,
            "A server has at most 500 channels.",
        ));
    }
    if store::channel::exists(tx, request.channel)? {
        return Err(Error::invalid(
            "This channel's id is taken. Draw another one.",
        ));
    }
    let (op, log, news) = guild_log::append_quietly(tx, authority, of, &request.policy, actor)?;
    let policy = first_policy(&op.body)?;
    let private = policy.min_trust != MinTrust::Any || policy.readers != Readers::Everyone;
    let kept = policy.channel == request.channel
        && policy.class == ChannelClass::Encrypted
        && (private || *policy == ChannelPolicy::text(request.channel));
    if !kept {
        return Err(Error::refuse(
            ErrorCode::OpInvalid,
            "A text channel begins encrypted: for all members with shared history, or for some.",
        ));
    }
    let id = request.channel;
    let continues = predecessor(tx, of, request, actor)?;
    let new = New {
        continues,
        ..new(of, policy, name, position)
    };
    store::channel::insert(tx, &new)?;
    tx.emit(news);
    guild_log::follow_readers(tx, of, &log)?;
    let everyone = store::channel::rules(tx, of.guild)?.everyone;
    let channel = Channel {
        id,
        guild: Some(of.guild),
        name: name.to_owned(),
        topic: String::new(),
        category: None,
        slow_mode_s: 0,
        retention_days: None,
        kept_days: store::channel::view(tx, id, actor.user)?.kept_days,
        writers: cloister_wire::guild::Writers::All,
        position,
        epoch: 1,
        last_seq: 0,
        read_seq: 0,
        joined_seq: 0,
        scrub_seq: 0,
        pin_version: 0,
        waiting: 0,
        waits: false,
        continues,
        my_permissions: everyone,
    };
    // Readers of a list have heard of it already.
    if policy.readers == Readers::Everyone {
        announce(tx, of, &channel);
    }
    epoch::bump(tx, authority, &[id], EpochCause::Created)?;
    Ok(channel)
}

fn announce(tx: &mut Tx<'_>, of: LogOf, channel: &Channel) {
    let LogOf {
        guild,
        access_version,
    } = of;
    tx.emit(Notice::event(
        Audience::Channel {
            guild,
            channel: channel.id,
            access_version,
        },
        Event::ChannelCreated {
            guild,
            channel: Box::new(channel.clone()),
        },
    ));
}

/// Makes the one channel of a conversation of several people.
pub(super) fn make_group(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    request: &CreateGroup,
    actor: &Actor,
) -> Result<()> {
    if store::channel::exists(tx, request.channel)? {
        return Err(Error::invalid(
            "This channel's id is taken. Draw another one.",
        ));
    }
    let (op, _) = guild_log::append(tx, authority, of, &request.policy, actor)?;
    let policy = first_policy(&op.body)?;
    if *policy != ChannelPolicy::group(request.channel) {
        return Err(Error::refuse(
            ErrorCode::OpInvalid,
            "A group conversation begins encrypted, for vouched people, without earlier history.",
        ));
    }
    store::channel::insert(tx, &new(of, policy, "", 0))?;
    epoch::bump(tx, authority, &[request.channel], EpochCause::Created)
}

fn first_policy(body: &OpBody) -> Result<&ChannelPolicy> {
    match body {
        OpBody::Policy { policy } => Ok(policy),
        _ => Err(Error::refuse(
            ErrorCode::OpInvalid,
            "A channel begins with its policy.",
        )),
    }
}

fn new<'a>(of: LogOf, policy: &ChannelPolicy, name: &'a str, position: u32) -> New<'a> {
    New {
        id: policy.channel,
        guild: Some(of.guild),
        name,
        position,
        suite: SUITE_TEXT,
        head: transcript::start(policy.channel),
        readers: listing(policy),
        history: policy.history,
        continues: None,
    }
}

/// The channel that goes on in the new one: one of this guild that its maker sees, and that does
/// not go on in another one yet.
fn predecessor(
    tx: &mut Tx<'_>,
    of: LogOf,
    request: &CreateChannel,
    actor: &Actor,
) -> Result<Option<ChannelId>> {
    let Some(old) = request.continues else {
        return Ok(None);
    };
    let state = store::channel::lock(tx, old)?
        .filter(|state| state.guild == Some(of.guild))
        .ok_or_else(Error::not_found)?;
    let stored = store::guild::get_acting(tx, of.guild, actor)?;
    let stored = stored.ok_or_else(Error::not_found)?;
    let rights = access::guild::in_channel(tx, &stored, actor.user, old)?;
    if !rights.contains(Permissions::VIEW_CHANNEL)
        || !access::guild::is_reader(tx, &state, actor.user)?
    {
        return Err(Error::not_found());
    }
    if store::channel::is_continued(tx, old)? {
        return Err(Error::invalid(
            "This channel goes on in another one already.",
        ));
    }
    Ok(Some(old))
}

/// Whether a policy names its readers.
pub(super) fn listing(policy: &ChannelPolicy) -> store::channel::Readers {
    match policy.readers {
        Readers::Everyone => store::channel::Readers::Everyone,
        Readers::Roles { .. } | Readers::Users { .. } => store::channel::Readers::Listed,
    }
}

/// A name that can stand in a list.
pub(super) fn channel_name(text: &str) -> Result<&str> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > limits::NAME_CHARS || name.chars().any(char::is_control) {
        return Err(Error::invalid("A channel's name has 1 to 80 characters."));
    }
    Ok(name)
}

/// Moves the cursor forward; it never goes back.
pub fn mark_read(tx: &mut Tx<'_>, permit: &Permit<'_, View>, request: &MarkRead) -> Result<()> {
    if request.seq > permit.state.last_seq {
        return Err(Error::invalid("There is no message with that number yet."));
    }
    let channel = permit.channel();
    if store::channel::mark_read(tx, channel, permit.user(), request.seq)? {
        let event = Event::ReadMoved {
            channel,
            seq: request.seq,
        };
        tx.emit(Notice::event(Audience::User(permit.user()), event));
    }
    Ok(())
}
