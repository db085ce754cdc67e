//! Bringing the store up to date: after connecting, and with every event.

use std::collections::BTreeSet;

use cloister_e2ee::Primitives;
use cloister_proof::{GuildLog, LogEntry, Op, Signed, guild_log::Change};
use cloister_wire::{
    GuildId, UserId,
    channel::EpochView,
    gateway::{Event, Ready},
    guild::{Dm, Guild, Log, Members},
    key::KeyCounts,
    limits::{LOG_PAGE, MEMBERS_PAGE, ONE_TIME_KEYS_LOW},
};

use crate::{
    core::{Core, Shared, refuse},
    flow::{call::CallError, device, incoming, outgoing, people, prekeys, queue},
    store::{Store, StoreError},
    view::{Refusal, Topic},
};
use cloister_wire::ErrorCode;

/// The server's account of everything this person may see.
pub(crate) fn ready<P: Primitives>(shared: &Shared<P>, ready: Ready) {
    let stored = store_ready(&mut shared.core(), &ready);
    if let Err(error) = stored {
        shared.core().fail(&error);
        return;
    }
    let Ready {
        queue_seq,
        one_time_keys,
        fallback_used,
        devlog_version,
        user,
        ..
    } = ready;
    let shared = shared.clone();
    shared.clone().spawn(async move {
        let (own_version, taken) = {
            let core = shared.core();
            let version = core
                .store
                .devlog(user)
                .ok()
                .flatten()
                .map_or(0, |log| log.version);
            (version, core.store.queue_seq().unwrap_or(0))
        };
        if devlog_version > own_version {
            if let Err(error) = people::refresh(&shared, &BTreeSet::from([user])).await {
                shared.core().fail(&Refusal::from(error));
            }
        }
        if let Err(error) = device::notice_standing(&shared) {
            shared.core().fail(&error);
        }
        if queue_seq > taken {
            queue::drain(&shared);
        }
        if (one_time_keys as usize) < ONE_TIME_KEYS_LOW || fallback_used {
            prekeys::supply(
                &shared,
                KeyCounts {
                    one_time: one_time_keys,
                    fallback_used,
                },
            );
        }
        device::reload(&shared);
        go_on(&shared);
    });
}

/// Starts again whatever was interrupted.
pub(crate) fn go_on<P: Primitives>(shared: &Shared<P>) {
    let (guilds, channels, busy) = {
        let core = shared.core();
        let now = core.now;
        if let Err(error) = core.store.prune_items(now) {
            drop(core);
            shared.core().fail(&Refusal::from(error));
            return;
        }
        let guilds = core.store.guilds().unwrap_or_default();
        let channels = core.store.all_channels().unwrap_or_default();
        (
            guilds,
            channels,
            core.store.busy_channels().unwrap_or_default(),
        )
    };
    for guild in guilds {
        bring_guild(shared, &guild);
    }
    for row in channels {
        if row.view.last_seq > row.high {
            incoming::catch_up(shared, row.view.id);
        }
    }
    for channel in busy {
        outgoing::pump(shared, channel);
    }
    queue::acknowledge(shared);
    queue::resend(shared);
    queue::settle(shared);
}

fn store_ready<P: Primitives>(core: &mut Core<P>, ready: &Ready) -> Result<(), Refusal> {
    let now = core.now;
    let gone = core.store.commit(|store| {
        let mut gone = Vec::new();
        for guild in &ready.guilds {
            store_guild(store, guild, now)?;
        }
        for guild in store.guilds()? {
            if !ready.guilds.iter().any(|one| one.id == guild.id) {
                store.delete_guild(guild.id)?;
                gone.push(guild.id);
            }
        }
        for dm in &ready.dms {
            store_dm(store, dm, now)?;
        }
        Ok::<_, StoreError>(gone)
    })?;
    for guild in gone
        .into_iter()
        .chain(ready.guilds.iter().map(|guild| guild.id))
    {
        core.tell(Topic::Guild { guild });
    }
    core.tell(Topic::Guilds);
    core.tell(Topic::Dms);
    Ok(())
}

/// Stores a guild with its channels as the server shows them.
pub(crate) fn store_guild<P: Primitives>(
    store: &Store<P>,
    guild: &Guild,
    now: u64,
) -> Result<(), StoreError> {
    store.put_guild(guild)?;
    for row in store.channels_of(guild.id)? {
        if !guild
            .channels
            .iter()
            .any(|channel| channel.id == row.view.id)
        {
            store.delete_channel(row.view.id)?;
        }
    }
    for channel in &guild.channels {
        store.put_channel(channel, None, 0)?;
        note_epoch(store, channel.id, channel.epoch, now)?;
    }
    Ok(())
}

pub(crate) fn store_dm<P: Primitives>(
    store: &Store<P>,
    dm: &Dm,
    now: u64,
) -> Result<(), StoreError> {
    store.put_person(dm.peer, &dm.username, &dm.display_name)?;
    store.put_channel(&dm.channel, Some(dm.peer), dm.last_at)?;
    note_epoch(store, dm.channel.id, dm.channel.epoch, now)
}

/// Marks an audience that is not the newest one.
fn note_epoch<P: Primitives>(
    store: &Store<P>,
    channel: cloister_wire::ChannelId,
    epoch: u64,
    now: u64,
) -> Result<(), StoreError> {
    let known = store
        .channel(channel)?
        .and_then(|row| row.audience)
        .map_or(0, |audience| audience.epoch);
    if known < epoch {
        store.mark_stale(channel, now)
    } else {
        Ok(())
    }
}

/// Brings the log and the members of a guild, if they are behind.
pub(crate) fn bring_guild<P: Primitives>(shared: &Shared<P>, guild: &Guild) {
    let id = guild.id;
    let (log_behind, members_behind) = {
        let core = shared.core();
        let log = core
            .store
            .guild_log(id)
            .ok()
            .flatten()
            .map_or(0, |log| log.position.seq);
        let members = core
            .store
            .guild(id)
            .ok()
            .flatten()
            .map_or(-1, |row| row.members_version);
        (log < guild.log_seq, members != guild.access_version as i64)
    };
    if log_behind {
        bring_log_soon(shared, id);
    }
    if members_behind {
        let version = guild.access_version;
        shared.spawn_single(format!("members {id}"), move |shared| async move {
            if let Err(error) = bring_members(&shared, id, version).await {
                shared.core().fail(&error);
            }
        });
    }
}

fn bring_log_soon<P: Primitives>(shared: &Shared<P>, guild: GuildId) {
    shared.spawn_single(format!("log {guild}"), move |shared| async move {
        if let Err(error) = bring_log(&shared, guild).await {
            shared.core().fail(&error);
        }
    });
}

async fn bring_members<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    version: u64,
) -> Result<(), Refusal> {
    let mut all = Vec::new();
    let mut after: Option<UserId> = None;
    loop {
        let from = after.map_or_else(String::new, |user| format!("&after={user}"));
        let page: Result<Members, CallError> = shared
            .get(format!(
                "/api/v1/guilds/{guild}/members?limit={MEMBERS_PAGE}{from}"
            ))
            .await;
        let page = page?;
        after = page.members.last().map(|member| member.user);
        all.extend(page.members);
        if page.end || after.is_none() {
            break;
        }
    }
    let mut core = shared.core();
    core.store.commit(|store| {
        store.clear_members(guild)?;
        for member in &all {
            store.put_person(member.user, &member.username, &member.display_name)?;
            store.put_member(guild, member.user, member.joined_at)?;
        }
        store.put_members_version(guild, version)
    })?;
    core.tell(Topic::Guild { guild });
    Ok(())
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
            .get(format!(
                "/api/v1/guilds/{guild}/log?after={after}&limit={LOG_PAGE}"
            ))
            .await;
        let page = page?;
        let entries: Vec<&[u8]> = page.entries.iter().map(AsRef::as_ref).collect();
        bring_signers(shared, &entries).await?;
        extend_log(&mut shared.core(), guild, &entries)?;
        if page.end || page.entries.is_empty() {
            return Ok(());
        }
    }
}

/// Device logs of everybody who signed one of these entries, at least as new as they say.
async fn bring_signers<P: Primitives>(
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

fn signer(entry: &[u8]) -> Option<Op> {
    let entry: LogEntry = Signed::parse(entry).ok()?.open().ok()?;
    match entry.change {
        Change::Op { op } => Signed::parse(op.as_ref()).ok()?.open().ok(),
        Change::Remove { .. } => None,
    }
}

/// Appends verified entries to the log that is here; what was applied before is skipped.
fn extend_log<P: Primitives>(
    core: &mut Core<P>,
    guild: GuildId,
    entries: &[&[u8]],
) -> Result<(), Refusal> {
    let Some(row) = core.store.guild(guild)? else {
        return Ok(());
    };
    let instance = core.store.instance()?.ok_or(StoreError::Unreadable)?;
    let mut log = core
        .store
        .guild_log(guild)?
        .unwrap_or_else(|| GuildLog::empty(guild));
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
    }
    if row.genesis.is_some_and(|pinned| pinned != log.genesis) {
        return distrust(
            core,
            guild,
            "This is not the server that the invite link promised.",
        );
    }
    core.store.put_guild_log(&log)?;
    core.tell(Topic::Guild { guild });
    core.tell(Topic::Invites { guild });
    Ok(())
}

fn signers<P: Primitives>(
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

fn distrust<P: Primitives>(core: &mut Core<P>, guild: GuildId, why: &str) -> Result<(), Refusal> {
    core.store.put_guild_violation(guild, why)?;
    core.alarm = Some(why.to_owned());
    core.tell(Topic::Session);
    core.tell(Topic::Guild { guild });
    Err(refuse(ErrorCode::TrustViolation, why))
}

/// Something happened.
pub(crate) fn event<P: Primitives>(shared: &Shared<P>, event: Event) {
    if let Err(error) = apply(shared, event) {
        shared.core().fail(&error);
    }
}

fn apply<P: Primitives>(shared: &Shared<P>, event: Event) -> Result<(), Refusal> {
    match event {
        Event::MessageSent { message, head } => {
            shared
                .core()
                .store
                .update_channel_view(message.channel, |view| {
                    view.last_seq = view.last_seq.max(message.seq)
                })?;
            incoming::arrive(shared, &message, &head)?;
        }
        Event::EpochChanged { epoch } => epoch_changed(&mut shared.core(), &epoch)?,
        Event::LogAppended {
            guild,
            seq,
            entry,
            access_version,
        } => log_appended(shared, guild, seq, entry.as_ref(), access_version)?,
        Event::MemberJoined {
            guild,
            member,
            access_version,
        } => {
            let mut core = shared.core();
            core.store.commit(|store| {
                store.put_person(member.user, &member.username, &member.display_name)?;
                store.put_member(guild, member.user, member.joined_at)?;
                store.put_members_version(guild, access_version)?;
                update_guild(store, guild, |view| {
                    view.access_version = access_version;
                    view.member_count += 1;
                })
            })?;
            core.tell(Topic::Guild { guild });
        }
        Event::MemberLeft {
            guild,
            user,
            access_version,
        } => {
            let mut core = shared.core();
            core.store.commit(|store| {
                store.delete_member(guild, user)?;
                store.put_members_version(guild, access_version)?;
                update_guild(store, guild, |view| {
                    view.access_version = access_version;
                    view.member_count = view.member_count.saturating_sub(1);
                })
            })?;
            core.tell(Topic::Guild { guild });
        }
        Event::ChannelCreated { guild, channel } => {
            let mut core = shared.core();
            let now = core.now;
            core.store.commit(|store| {
                store.put_channel(&channel, None, 0)?;
                note_epoch(store, channel.id, channel.epoch.max(1), now)?;
                update_guild(store, guild, |view| {
                    view.channels.retain(|one| one.id != channel.id);
                    view.channels.push(channel.clone());
                })
            })?;
            core.tell(Topic::Guild { guild });
        }
        Event::GuildJoined { guild } => {
            let mut core = shared.core();
            let now = core.now;
            core.store.commit(|store| store_guild(store, &guild, now))?;
            core.tell(Topic::Guilds);
            drop(core);
            bring_guild(shared, &guild);
        }
        Event::GuildLeft { guild } => {
            let mut core = shared.core();
            core.store.commit(|store| store.delete_guild(guild))?;
            core.tell(Topic::Guilds);
            core.tell(Topic::Guild { guild });
        }
        Event::DmOpened { dm } => {
            let mut core = shared.core();
            let now = core.now;
            core.store.commit(|store| store_dm(store, &dm, now))?;
            core.tell(Topic::Dms);
        }
        Event::DevlogAppended {
            user,
            version,
            entry,
        } => devlog_appended(shared, user, version, entry.as_ref())?,
        Event::DeviceWaiting { .. } => device::reload(shared),
        Event::ToDevice { item } => queue::arrive(shared, &item)?,
        Event::ReadMoved { channel, seq } => {
            let mut core = shared.core();
            core.store
                .update_channel_view(channel, |view| view.read_seq = view.read_seq.max(seq))?;
            if let Some(row) = core.store.channel(channel)? {
                incoming::tell(&mut core, &row);
            }
        }
        Event::KeysLow {
            one_time,
            fallback_used,
        } => prekeys::supply(
            shared,
            KeyCounts {
                one_time,
                fallback_used,
            },
        ),
    }
    Ok(())
}

/// Only notes that the audience is another one: it is brought and verified before the next
/// message is encrypted.
fn epoch_changed<P: Primitives>(core: &mut Core<P>, view: &EpochView) -> Result<(), Refusal> {
    let now = core.now;
    let known = core
        .store
        .channel(view.channel)?
        .and_then(|row| row.audience)
        .map_or(0, |audience| audience.epoch);
    if view.epoch > known {
        core.store.commit(|store| {
            store.mark_stale(view.channel, now)?;
            store.update_channel_view(view.channel, |channel| {
                channel.epoch = channel.epoch.max(view.epoch)
            })
        })?;
        core.tell(Topic::Channel {
            channel: view.channel,
        });
    }
    Ok(())
}

fn log_appended<P: Primitives>(
    shared: &Shared<P>,
    guild: GuildId,
    seq: u64,
    entry: &[u8],
    access_version: u64,
) -> Result<(), Refusal> {
    let ready = {
        let core = shared.core();
        core.store.commit(|store| {
            update_guild(store, guild, |view| {
                view.log_seq = view.log_seq.max(seq);
                view.access_version = view.access_version.max(access_version);
            })
        })?;
        let next = core
            .store
            .guild_log(guild)?
            .is_some_and(|log| log.position.seq + 1 == seq);
        let signer_known = match signer(entry) {
            Some(op) => core
                .store
                .devlog(op.user)?
                .is_some_and(|log| log.version >= op.devlog_version),
            None => true,
        };
        next && signer_known
    };
    if ready {
        return extend_log(&mut shared.core(), guild, &[entry]);
    }
    bring_log_soon(shared, guild);
    Ok(())
}

fn devlog_appended<P: Primitives>(
    shared: &Shared<P>,
    user: UserId,
    version: u64,
    entry: &[u8],
) -> Result<(), Refusal> {
    let (mine, known) = {
        let core = shared.core();
        (core.store.me()?.user == user, core.store.devlog(user)?)
    };
    let Some(known) = known else { return Ok(()) };
    if version == known.version + 1 {
        if mine {
            device::grow_own_log(shared, entry)?;
            device::reload(shared);
            return Ok(());
        }
        match known.appended(entry) {
            Ok(grown) => return Ok(shared.core().store.put_devlog(&grown)?),
            Err(_) => {
                return Ok(shared
                    .core()
                    .store
                    .put_violation(user, "An entry of their device log does not continue it.")?);
            }
        }
    }
    if version > known.version {
        let shared = shared.clone();
        shared.clone().spawn(async move {
            if let Err(error) = people::refresh(&shared, &BTreeSet::from([user])).await {
                shared.core().fail(&Refusal::from(error));
            }
            if mine {
                if let Err(error) = device::notice_standing(&shared) {
                    shared.core().fail(&error);
                }
            }
        });
    }
    Ok(())
}

fn update_guild<P: Primitives>(
    store: &Store<P>,
    guild: GuildId,
    change: impl FnOnce(&mut Guild),
) -> Result<(), StoreError> {
    let Some(mut row) = store.guild(guild)? else {
        return Ok(());
    };
    change(&mut row.view);
    store.put_guild(&row.view)
}
