//! The guild log: brought, verified entry by entry, kept.

use std::collections::BTreeSet;

use cloister_e2ee::Primitives;
use cloister_proof::{
    GuildLog, LogEntry, Op, Signed,
    guild_log::{Change, RemoveCause},
};
use cloister_wire::{GuildId, UserId, deletion::DELETED_USERNAME, guild::Log};

use super::log_head;
use crate::{
    core::{Core, Shared, refuse},
    flow::{account, call::CallError, history, people},
    store::{Store, StoreError},
    view::{Refusal, Topic},
};
use cloister_wire::ErrorCode;

pub(super) fn bring_log_soon<P: Primitives>(shared: &Shared<P>, guild: GuildId) {
    shared.spawn_single(format!("log {guild}"), move |shared| async move {
        let brought = bring_log(&shared, guild).await;
        let back = match brought {
            Ok(()) => account::come_back(&shared, guild).await,
            Err(error) => Err(error),
        };
        if let Err(error) = back {
            shared.core().fail(&error);
        }
    });
}

/// Brings and verifies what is new in a guild's log.
pub(crate) async fn bring_log<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
) -> Result<(), Refusal> {
    loop {
        let after = match shared.core().store.guild_log(guild)? {
            Some(log) => log.position.seq,
            None => 0,
        };
        let page: Result<Log, CallError> = shared
            .get(format!("/api/v1/guilds/{guild}/log?after={after}"))
            .await;
        let page = page?;
        let entries: Vec<&[u8]> = page.entries.iter().map(AsRef::as_ref).collect();
        bring_signers(shared, &entries).await?;
        let goes_on = extend_log(&mut shared.core(), guild, after, &entries)?;
        if let Some(head) = page.head.as_ref().filter(|_| goes_on) {
            log_head::take(&mut shared.core(), guild, head)?;
        }
        if goes_on && (page.end || page.entries.is_empty()) {
            return Ok(());
        }
    }
}

/// Device logs of everybody who signed one of these entries, at least as new as they say.
pub(super) async fn bring_signers<P: Primitives>(
    shared: &Shared<P>,
    entries: &[&[u8]],
) -> Result<(), Refusal> {
    let unknown: BTreeSet<UserId> = {
        let core = shared.core();
        let mut unknown = BTreeSet::new();
        for op in entries.iter().filter_map(|entry| signer(entry)) {
            let known = core.store.devlog(op.user)?.map_or(0, |log| log.version);
            if known < op.devlog_version {
                unknown.insert(op.user);
            }
        }
        unknown
    };
    if unknown.is_empty() {
        Ok(())
    } else {
        Ok(people::refresh(shared, &unknown).await?)
    }
}

pub(super) fn signer(entry: &[u8]) -> Option<Op> {
    let entry: LogEntry = Signed::parse(entry).ok()?.open().ok()?;
    match entry.change {
        Change::Op { op } => Signed::parse(op.as_ref()).ok()?.open().ok(),
        Change::Remove { .. } | Change::Ungrant { .. } | Change::RoleEnd { .. } => None,
    }
}

/// Whose account is gone, if the entry says that of somebody.
fn deleted(entry: &[u8]) -> Option<UserId> {
    let entry: LogEntry = Signed::parse(entry).ok()?.open().ok()?;
    match entry.change {
        Change::Remove {
            user,
            cause: RemoveCause::Deleted,
        } => Some(user),
        _ => None,
    }
}

/// Appends verified entries, which continue the log after `after`; what was applied before is
/// skipped. False: the log is not there any more, because the guild was left and entered again.
pub(super) fn extend_log<P: Primitives>(
    core: &mut Core<P>,
    guild: GuildId,
    after: u64,
    entries: &[&[u8]],
) -> Result<bool, Refusal> {
    let Some(row) = core.store.guild(guild)? else {
        return Ok(true);
    };
    let instance = core.store.instance()?.ok_or(StoreError::Unreadable)?;
    let mut log = core
        .store
        .guild_log(guild)?
        .unwrap_or_else(|| GuildLog::empty(guild));
    if log.position.seq < after {
        return Ok(false);
    }
    let signers = signers(&core.store, entries)?;
    for entry in entries {
        let seq = Signed::parse(entry)
            .ok()
            .and_then(|signed| signed.open::<LogEntry>().ok())
            .map(|entry| entry.seq);
        if seq.is_some_and(|seq| seq <= log.position.seq) {
            continue;
        }
        if log.append(entry, &instance.server_key, &signers).is_err() {
            return distrust(
                core,
                guild,
                "The log of this server holds an entry that nobody was allowed to make.",
            );
        }
        core.store.note_guild_head(guild, log.position)?;
        if let Some(user) = deleted(entry) {
            core.store.forget_person(user, DELETED_USERNAME)?;
        }
    }
    if row.genesis.is_some_and(|pinned| pinned != log.genesis) {
        return distrust(
            core,
            guild,
            "This is not the server that the invite link promised.",
        );
    }
    core.store.put_guild_log(&log)?;
    // Whoever the server says owns it: the owner is whom the log names.
    if row.view.owner != log.owner {
        let mut view = row.view;
        view.owner = log.owner;
        core.store.put_guild(&view)?;
    }
    core.tell(Topic::Guild { guild });
    core.tell(Topic::Invites { guild });
    for channel in log.policies.keys() {
        core.tell(Topic::Channel { channel: *channel });
    }
    history::take_waiting(core)?;
    Ok(true)
}

pub(super) fn signers<P: Primitives>(
    store: &Store<P>,
    entries: &[&[u8]],
) -> Result<std::collections::BTreeMap<UserId, cloister_proof::DeviceLog>, StoreError> {
    let users: BTreeSet<UserId> = entries
        .iter()
        .filter_map(|entry| signer(entry))
        .map(|op| op.user)
        .collect();
    users
        .into_iter()
        .filter_map(|user| {
            store
                .devlog(user)
                .transpose()
                .map(|log| log.map(|log| (user, log)))
        })
        .collect()
}

pub(super) fn distrust<P: Primitives, T>(
    core: &mut Core<P>,
    guild: GuildId,
    why: &str,
) -> Result<T, Refusal> {
    core.store.put_guild_violation(guild, why)?;
    core.alarm = Some(why.to_owned());
    core.tell(Topic::Session);
    core.tell(Topic::Guild { guild });
    Err(refuse(ErrorCode::TrustViolation, why))
}
