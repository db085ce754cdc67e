//! The signed log of a guild: members sign, the server checks, puts in order and signs the order.

use std::collections::BTreeMap;

use cloister_proof::{
    DeviceLog, GuildLog, LogEntry, Op, ProofError, Signed,
    epoch::EpochCause,
    guild_log::{Change, OpBody, RemoveCause},
    policy::Readers,
};
use cloister_wire::{Bytes, ErrorCode, GuildId, UserId, gateway::Event, guild::Appended};

use super::epoch;
use crate::{
    Error, Result,
    access::{Actor, Permit, guild::InGuild, policy::Verb},
    gateway::bus::{Audience, Notice},
    seal::authority::Authority,
    store::{self, db::Tx},
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
    let (op, appended, news) = append_quietly(tx, authority, of, op, actor)?;
    tx.emit(news);
    Ok((op, appended))
}

/// The same, for whoever has something to tell before the entry: the news is theirs to emit.
pub(super) fn append_quietly(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    op: &Bytes,
    actor: &Actor,
) -> Result<(Op, Appended, Notice)> {
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
    let (appended, news) = keep(tx, of, &log, &entry)?;
    Ok((checked, appended, news))
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
            store::guild::get_member(tx, permit.guild, *user)?
                .ok_or_else(|| op_invalid("Only somebody who is here can be vouched for."))?;
        }
        OpBody::Policy { policy } => {
            store::channel::state(tx, policy.channel)?
                .filter(|state| state.guild == Some(permit.guild))
                .ok_or_else(|| op_invalid("There is no such channel here."))?;
            if policy.readers != Readers::Everyone {
                return Err(op_invalid("Channels for some members can't be made yet."));
            }
        }
        OpBody::TransferOwner { user, .. } => {
            store::guild::get_member(tx, permit.guild, *user)?
                .ok_or_else(|| op_invalid("Only a member can become the owner."))?;
            of.access_version = store::guild::update_owner(tx, permit, *user)?;
        }
        OpBody::Role { .. } | OpBody::Grant { .. } => {}
        OpBody::Create { .. }
        | OpBody::Invite { .. }
        | OpBody::InviteEnd { .. }
        | OpBody::Join { .. } => {
            return Err(op_invalid("This operation has a request of its own."));
        }
    }
    let (_, appended) = append(tx, authority, of, op, &permit.actor)?;
    if let OpBody::Policy { policy } = body {
        epoch::bump(tx, authority, &[policy.channel], EpochCause::Policy)?;
    }
    Ok(appended)
}

/// Takes somebody out: needs nobody's signature but the server's.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    authority: &Authority,
    of: LogOf,
    user: UserId,
    cause: RemoveCause,
) -> Result<Appended> {
    let mut log = store::guild_log::lock(tx, of.guild)?;
    let at = log.at_ms.max(tx.now());
    let entry = entry(authority, &log, at, Change::Remove { user, cause });
    let nobody: BTreeMap<UserId, DeviceLog> = BTreeMap::new();
    log.append(&entry.to_bytes(), &authority.public_key(), &nobody)
        .map_err(refusal)?;
    let (appended, news) = keep(tx, of, &log, &entry)?;
    tx.emit(news);
    Ok(appended)
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

fn keep(tx: &mut Tx<'_>, of: LogOf, log: &GuildLog, entry: &Signed) -> Result<(Appended, Notice)> {
    let bytes = entry.to_bytes();
    store::guild_log::append(tx, log, &bytes)?;
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
    };
    let head = log.position.head;
    Ok((Appended { seq, head }, Notice::event(audience, event)))
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
