//! The signed log of a guild: members sign, the server checks, puts in order and signs the order.

use std::collections::{BTreeMap, BTreeSet};

use cloister_proof::{
    ChannelPolicy, DeviceLog, GuildLog, LogEntry, Op, ProofError, Signed,
    epoch::EpochCause,
    guild_log::{Change, OpBody, RemoveCause, RoleHeld},
    policy::{HistoryRule, MinTrust, Readers},
};
use cloister_wire::role::TransferGuild;
use cloister_wire::{
    Bytes, ChannelId, ErrorCode, GuildId, UserId,
    channel::SignedHead,
    gateway::Event,
    guild::{Appended, GuildKind},
};

use super::{audit, channel, deletion, epoch, group, history, term};
use crate::{
    Error, Result,
    access::{self, Actor, Permit, guild::InGuild, policy::Verb},
    app::Parts,
    gateway::bus::{Audience, Notice},
    seal::authority::Authority,
    store::{self, channel::ReadsFrom, db::Tx},
};

/// A guild, with the version of its rights after the change that is being logged.
#[derive(Debug, Clone, Copy)]
pub struct LogOf {
    pub guild: GuildId,
    pub access_version: u64,
}

impl LogOf {
    /// The guild of a permit, whose rights do not change.
    pub fn now(permit: &Permit<'_, InGuild>) -> Self {
        Self {
            guild: permit.guild,
            access_version: permit.access_version,
        }
    }
}

/// Begins the log of a new guild with its `Create`.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    create: &Bytes,
    actor: &Actor,
) -> Result<(Op, Appended)> {
    let (op, appended) = append(tx, authority, of, create, actor)?;
    if appended.seq == 1 && matches!(op.body, OpBody::Create { .. }) {
        Ok((op, appended))
    } else {
        Err(op_invalid("A guild's log begins with its creation."))
    }
}

/// Appends what a member signed, if the log alone allows it.
pub(super) fn append(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    op: &Bytes,
    actor: &Actor,
) -> Result<(Op, Appended)> {
    let (op, log, news) = append_quietly(tx, authority, of, op, actor)?;
    tx.emit(news);
    let changed = follow_readers(tx, of, &log)?;
    let cause = match op.body {
        OpBody::Policy { .. } | OpBody::Role { .. } | OpBody::Grant { .. } => EpochCause::Rights,
        _ => EpochCause::Removed,
    };
    epoch::bump(tx, authority, &changed, cause)?;
    Ok((op, appended(&log)))
}

/// The same, for whoever has something to tell before the entry: the news is theirs to emit.
pub(super) fn append_quietly(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    op: &Bytes,
    actor: &Actor,
) -> Result<(Op, GuildLog, Notice)> {
    let mut log = store::guild_log::lock(tx, of.guild)?;
    let devlogs = BTreeMap::from([(actor.user, devlog(tx, actor.user)?)]);
    let at = log.at_ms.max(tx.now());
    let checked = log.check(op.as_ref(), &devlogs).map_err(refusal)?;
    if checked.user != actor.user || checked.device != actor.device {
        return Err(op_invalid("The operation was signed by another device."));
    }
    let entry = entry(authority, &log, at, Change::Op { op: op.clone() });
    log.append(&entry.to_bytes(), &authority.public_key(), &devlogs)
        .map_err(refusal)?;
    let news = keep(tx, authority, of, &log, &entry)?;
    Ok((checked, log, news))
}

/// What a member needs the right to, for what they signed. The log itself decides as well.
pub fn verb(op: &Bytes) -> Verb {
    let body = Signed::parse(op.as_ref()).and_then(|signed| signed.open::<Op>());
    match body.map(|op| op.body) {
        Ok(OpBody::Add { .. }) => Verb::Vouch,
        Ok(OpBody::Policy { .. }) => Verb::SetPolicy,
        Ok(OpBody::Role { .. } | OpBody::Grant { .. }) => Verb::GiveRoles,
        Ok(OpBody::TransferOwner { .. }) => Verb::HandOver,
        // Refused by what follows, whoever asks.
        _ => Verb::LookAround,
    }
}

/// Appends what a member signed, and carries it out: vouching, roles, a channel's policy, another
/// owner. The log gives every right; the server adds none.
pub fn sign(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Permit<'_, InGuild>,
    op: &Bytes,
) -> Result<Appended> {
    let mut of = LogOf::now(permit);
    let body = Signed::parse(op.as_ref())
        .and_then(|signed| signed.open::<Op>())
        .map_err(refusal)?
        .body;
    match &body {
        OpBody::Add { user, .. } => {
            let known = store::guild::get_member(tx, permit.guild, *user)?.is_some();
            if !known && permit.kind == GuildKind::Group {
                return group::admit(tx, authority, permit, *user, op);
            }
            if !known {
                return Err(op_invalid("Only somebody who is here can be vouched for."));
            }
        }
        OpBody::Policy { policy } => {
            store::channel::lock(tx, policy.channel)?
                .filter(|state| state.guild == Some(permit.guild))
                .ok_or_else(|| op_invalid("There is no such channel here."))?;
            if permit.kind == GuildKind::Group && policy.readers != Readers::Everyone {
                return Err(op_invalid("Everybody in a group conversation reads it."));
            }
        }
        // A guild is handed over with the password once more.
        OpBody::TransferOwner { user, .. } if permit.kind == GuildKind::Group => {
            store::guild::get_member(tx, permit.guild, *user)?
                .ok_or_else(|| op_invalid("Only a member can become the owner."))?;
            deletion::check_stays(tx, *user)?;
            of.access_version = store::guild::update_owner(tx, permit, *user)?;
        }
        // Whether a role is given by itself is changed with the role.
        OpBody::Role { role, held, .. }
            if (*held == RoleHeld::ByVouched)
                != store::term::automatic(tx, permit, *role)?.is_some() =>
        {
            return Err(op_invalid("Change first when this role is given."));
        }
        OpBody::Role { .. } | OpBody::Grant { .. } => {}
        // Somebody whose account started over comes back as who they are now.
        OpBody::Join { .. } if store::start_over::is_marked(tx, permit)? => {
            store::start_over::clear(tx, permit.guild, permit.user)?;
        }
        OpBody::Create { .. }
        | OpBody::Invite { .. }
        | OpBody::InviteEnd { .. }
        | OpBody::Join { .. }
        | OpBody::TransferOwner { .. } => {
            return Err(op_invalid("This operation has a request of its own."));
        }
    }
    let (_, appended) = append(tx, authority, of, op, &permit.actor)?;
    if let Some(act) = noted(&body) {
        audit::note(tx, permit, act)?;
    }
    match &body {
        OpBody::Policy { policy } => follow_policy(tx, authority, of, policy)?,
        OpBody::Add { user, .. } => hand_over_withheld(tx, authority, of, *user)?,
        OpBody::Join { .. } => epoch::bump_guild(tx, authority, permit.guild, EpochCause::Joined)?,
        _ => {}
    }
    Ok(appended)
}

/// A new policy: who reads, and a new epoch in any case.
fn follow_policy(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    policy: &ChannelPolicy,
) -> Result<()> {
    let channel = policy.channel;
    let state = store::channel::lock(tx, channel)?.ok_or_else(Error::not_found)?;
    let readers = channel::listing(policy);
    store::channel::update_policy(tx, channel, readers, policy.history)?;
    if policy.history == HistoryRule::None {
        store::history::close(tx, channel)?;
    }
    let log = store::guild_log::lock(tx, of.guild)?;
    follow_readers(tx, of, &log)?;
    if readers == store::channel::Readers::Everyone && state.readers != readers {
        reveal(tx, of, channel)?;
    }
    epoch::bump(tx, authority, &[channel], EpochCause::Policy)
}

/// A channel that some read is for everybody now.
fn reveal(tx: &mut Tx<'_>, of: LogOf, channel: ChannelId) -> Result<()> {
    let before = store::channel_reader::get(tx, channel)?;
    for user in store::guild::users(tx, of.guild)? {
        if !before.contains(&user) {
            show(tx, of, channel, user)?;
        }
    }
    store::channel_reader::update(tx, channel, &BTreeSet::new(), &before)
}

/// Somebody was vouched for: channels that withheld their keys hand them over.
fn hand_over_withheld(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    user: UserId,
) -> Result<()> {
    let log = store::guild_log::lock(tx, of.guild)?;
    let mut channels = Vec::new();
    let mut opened = Vec::new();
    for (channel, policy) in &log.policies {
        let Some(state) = store::channel::state(tx, *channel)? else {
            continue;
        };
        if policy.min_trust != MinTrust::Any && log.reads(*channel, user) {
            store::group_session::forget_withheld(tx, *channel, user)?;
            channels.push(*channel);
        }
        if state.shared_since.is_some() {
            opened.push(state);
        }
    }
    epoch::bump(tx, authority, &channels, EpochCause::Vouched)?;
    for state in opened {
        let audience = epoch::audience_of(tx, &state)?;
        let seen = epoch::may_see(tx, &state, user)?;
        if seen && history::open_back(tx, &state, &audience, &log, user)? {
            show(tx, of, state.id, user)?;
        }
    }
    Ok(())
}

/// Makes the lists of readers say what the log says now. Whoever gains a channel hears of it,
/// and so does whoever loses one. Says which channels have another list.
pub(super) fn follow_readers(tx: &mut Tx<'_>, of: LogOf, log: &GuildLog) -> Result<Vec<ChannelId>> {
    let mut changed = Vec::new();
    // The log lets them read; the server keeps them out for now, which needs no signature.
    let apart = store::moderation::quarantined(tx, of.guild)?;
    for channel in store::channel_reader::listed(tx, of.guild)? {
        let before = store::channel_reader::get(tx, channel)?;
        let mut now = log.readers(channel);
        now.retain(|user| !apart.contains(user));
        term::narrow(tx, log, channel, &mut now)?;
        let gained: BTreeSet<UserId> = now.difference(&before).copied().collect();
        let lost: BTreeSet<UserId> = before.difference(&now).copied().collect();
        if gained.is_empty() && lost.is_empty() {
            continue;
        }
        store::channel_reader::update(tx, channel, &gained, &lost)?;
        for user in gained {
            store::channel::enter(tx, channel, user, ReadsFrom::of(log, user))?;
            show(tx, of, channel, user)?;
        }
        for user in lost {
            let guild = of.guild;
            let hidden = Event::ChannelHidden { guild, channel };
            tx.emit(Notice::event(Audience::User(user), hidden));
        }
        changed.push(channel);
    }
    Ok(changed)
}

/// Tells somebody of a channel that they may read from now on.
fn show(tx: &mut Tx<'_>, of: LogOf, channel: ChannelId, user: UserId) -> Result<()> {
    let Some(stored) = store::guild::get(tx, of.guild, user)? else {
        return Ok(());
    };
    let rights = access::guild::permissions_of(&stored, user);
    let view = store::channel::view(tx, channel, user)?.into_wire(rights);
    let created = Event::ChannelCreated {
        guild: of.guild,
        channel: Box::new(view),
    };
    tx.emit(Notice::event(Audience::User(user), created));
    Ok(())
}

/// Hands the guild over, as its owner signed; the password was asked for before.
pub fn hand_over(
    tx: &mut Tx<'_>,
    parts: &Parts,
    permit: &Permit<'_, InGuild>,
    request: &TransferGuild,
) -> Result<Appended> {
    let to = request.to;
    store::guild::get_member(tx, permit.guild, to)?
        .ok_or_else(|| op_invalid("Only a member can become the owner."))?;
    deletion::check_stays(tx, to)?;
    let access_version = store::guild::update_owner(tx, permit, to)?;
    let of = LogOf {
        guild: permit.guild,
        access_version,
    };
    let (op, appended) = append(tx, &parts.authority, of, &request.op, &permit.actor)?;
    if !matches!(op.body, OpBody::TransferOwner { user, .. } if user == to) {
        return Err(op_invalid(
            "The operation hands the server to somebody else.",
        ));
    }
    let act = audit::Act::new(audit::GUILD_TRANSFER, audit::guild(permit.guild))
        .before(&serde_json::json!({"owner": permit.user}))
        .after(&serde_json::json!({"owner": to}));
    audit::note(tx, permit, act)?;
    super::role::changed(tx, parts, permit)?;
    Ok(appended)
}

/// The server takes back a role that the log gave, or ends one: removals need no signature.
pub(super) fn take_back(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    change: Change,
) -> Result<()> {
    let mut log = store::guild_log::lock(tx, of.guild)?;
    let there = match &change {
        Change::Ungrant { user, role } => log
            .roles
            .get(role)
            .is_some_and(|known| known.holders.contains(user)),
        Change::RoleEnd { role } => log.roles.contains_key(role),
        Change::Op { .. } | Change::Remove { .. } => false,
    };
    if !there {
        return Ok(());
    }
    let at = log.at_ms.max(tx.now());
    let entry = entry(authority, &log, at, change);
    let nobody: BTreeMap<UserId, DeviceLog> = BTreeMap::new();
    log.append(&entry.to_bytes(), &authority.public_key(), &nobody)
        .map_err(refusal)?;
    let news = keep(tx, authority, of, &log, &entry)?;
    tx.emit(news);
    Ok(())
}

/// What the audit log says of a signed operation that was carried out.
fn noted(body: &OpBody) -> Option<audit::Act> {
    match body {
        OpBody::Add { user, .. } => {
            Some(audit::Act::new(audit::MEMBER_VOUCH, audit::member(*user)))
        }
        OpBody::Policy { policy } => Some(
            audit::Act::new(audit::CHANNEL_POLICY, audit::channel(policy.channel))
                .after(&serde_json::json!({"version": policy.version})),
        ),
        OpBody::Role { role, rights, .. } => Some(
            audit::Act::new(audit::ROLE_SIGN, audit::role(*role))
                .after(&serde_json::json!({"rights": rights.0})),
        ),
        OpBody::Grant { role, user, .. } => Some(
            audit::Act::new(audit::ROLE_GRANT, audit::member(*user))
                .after(&serde_json::json!({"role": role})),
        ),
        _ => None,
    }
}

/// Takes people out: needs nobody's signature but the server's.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    users: &[UserId],
    cause: RemoveCause,
) -> Result<()> {
    let mut log = store::guild_log::lock(tx, of.guild)?;
    let at = log.at_ms.max(tx.now());
    let nobody: BTreeMap<UserId, DeviceLog> = BTreeMap::new();
    for user in users {
        let change = Change::Remove { user: *user, cause };
        let bytes = entry(authority, &log, at, change).to_bytes();
        log.append(&bytes, &authority.public_key(), &nobody)
            .map_err(refusal)?;
        store::guild_log::insert(tx, &log, &bytes)?;
        tx.emit(news(authority, of, &log, bytes));
    }
    // What the log amounts to is written once for all of them.
    store::guild_log::put_state(tx, &log)?;
    follow_readers(tx, of, &log).map(|_| ())
}

fn entry(authority: &Authority, log: &GuildLog, at_ms: u64, change: Change) -> Signed {
    authority.sign_entry(&LogEntry {
        v: 1,
        incarnation: authority.incarnation(),
        guild: log.guild,
        seq: log.position.seq + 1,
        prev: log.position.head,
        at_ms,
        change,
    })
}

pub(super) const fn appended(log: &GuildLog) -> Appended {
    Appended {
        seq: log.position.seq,
        head: log.position.head,
    }
}

fn keep(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    log: &GuildLog,
    entry: &Signed,
) -> Result<Notice> {
    let bytes = entry.to_bytes();
    store::guild_log::insert(tx, log, &bytes)?;
    store::guild_log::put_state(tx, log)?;
    Ok(news(authority, of, log, bytes))
}

fn news(authority: &Authority, of: LogOf, log: &GuildLog, bytes: Vec<u8>) -> Notice {
    let LogOf {
        guild,
        access_version,
    } = of;
    let seq = log.position.seq;
    let audience = Audience::Guild {
        guild,
        access_version,
    };
    let event = Event::LogAppended {
        guild,
        seq,
        entry: Bytes(bytes),
        access_version,
        head: Some(authority.sign_log_head(guild, log.position)),
    };
    Notice::event(audience, event)
}

/// The server's word on where the log stands now.
pub fn head(
    tx: &mut Tx<'_>,
    authority: &Authority,
    permit: &Permit<'_, InGuild>,
) -> Result<SignedHead> {
    let position = store::guild_log::position(tx, permit.guild)?;
    Ok(authority.sign_log_head(permit.guild, position))
}

/// A person's device log, verified.
fn devlog(tx: &mut Tx<'_>, user: UserId) -> Result<DeviceLog> {
    let entries = store::epoch::devlog_entries(tx, user)?;
    DeviceLog::replay(&entries).map_err(Error::internal)
}

fn op_invalid(sentence: &'static str) -> Error {
    Error::refuse(ErrorCode::OpInvalid, sentence)
}

fn refusal(error: ProofError) -> Error {
    match error {
        ProofError::Malformed => Error::malformed("The operation can't be read."),
        ProofError::BadSignature => {
            Error::bad_signature("The operation's signature does not check.")
        }
        ProofError::Broken => op_invalid("The operation does not continue the guild's log."),
        ProofError::Mismatch => op_invalid("The operation is about something else."),
        ProofError::NotAllowed => op_invalid("The guild's log does not allow this operation."),
        ProofError::UnknownSigner => op_invalid("The operation names an unknown device log."),
    }
}
